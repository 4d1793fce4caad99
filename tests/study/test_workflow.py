"""The notebooks and the workflow, as far as they can be checked without executing them."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import papermill
import pytest
import yaml

from difficulty_lib.study import run_configs

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
EDITIONS = {p.stem: yaml.safe_load(p.read_text()) for p in (ROOT / "workflow").glob("*.yml")}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebook_is_stripped_and_parameterised(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
    assert sum("parameters" in cell.metadata.get("tags", []) for cell in code) == 1


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebook_is_thin(path):
    notebook = nbformat.read(path, as_version=4)
    source = "\n".join(c.source for c in notebook.cells if c.cell_type == "code")
    assert "def " not in source
    assert "class " not in source
    assert len(source.splitlines()) < 150


@pytest.mark.parametrize("edition", EDITIONS)
def test_chapters_give_parameters_that_the_notebook_has(edition):
    for name, chapter in EDITIONS[edition]["chapters"].items():
        source = ROOT / "notebooks" / f"{chapter['notebook']}.ipynb"
        assert set(chapter["parameters"]) <= set(papermill.inspect_notebook(str(source))), name
        # A chapter on images trains by itself and has no runs.
        assert bool(run_configs(chapter["parameters"])) == (chapter["notebook"] != "images"), name
        assert f"chapters/{name}" in (ROOT / "book" / "_toc.yml").read_text("utf8")


def test_published_runs_are_recorded():
    for chapter in EDITIONS["published"]["chapters"].values():
        for config in run_configs(chapter["parameters"]):
            folder = ROOT / EDITIONS["published"]["runs"] / config.folder_name
            assert (folder / "run.json").exists(), folder


def dry_run(folder, edition, cache, *options):
    command = [sys.executable, "-m", "snakemake", "--snakefile", "workflow/Snakefile", "--dry-run"]
    return subprocess.run(
        [*command, "--configfile", edition, "--cores", "1", "--nolock", *options],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "DIFFICULTY_CHARTS": "book", "XDG_CACHE_HOME": str(cache)},
        cwd=folder,
    )


@pytest.mark.parametrize(("edition", "books"), [("quick", 1), ("published", 0)])
def test_workflow_plans_runs_chapters_and_book(tmp_path, edition, books):
    done = dry_run(ROOT, f"workflow/{edition}.yml", tmp_path, "--forceall")
    assert done.returncode == 0, done.stderr
    chapters = EDITIONS[edition]["chapters"]
    said = (done.stdout + done.stderr).split("Job stats:")[1]
    counts = {
        p[0]: int(p[1]) for p in map(str.split, said.splitlines()) if len(p) == 2 and p[1].isdigit()
    }
    assert counts["notebook"] == len(chapters)
    runs = {run.folder_name for c in chapters.values() for run in run_configs(c["parameters"])}
    recorded = {path.parent.name for path in ROOT.glob("data/runs/*/run.json")}
    # In the quick edition published runs are shown as they are.
    assert counts["run"] == len(runs - recorded if edition == "quick" else runs)
    assert counts.get("book", 0) == books


def test_published_runs_are_not_made_anew_for_the_times_of_a_clones_files(tmp_path):
    """Those that steer others are, in a fresh clone, newer than these by chance."""
    chapter = EDITIONS["published"]["chapters"]["out-of-distribution"]
    configs = run_configs(chapter["parameters"])
    for config in configs:
        record = tmp_path / EDITIONS["published"]["runs"] / config.folder_name / "run.json"
        record.parent.mkdir(parents=True)
        record.write_bytes((ROOT / record.relative_to(tmp_path)).read_bytes())
        age = 3600 if {"mixup", "selected"} & set(config.intervention) else 0
        os.utime(record, (time.time() - age,) * 2)
    for name in ("workflow", "difficulty_lib", "notebooks"):
        (tmp_path / name).symlink_to(ROOT / name)
    edition = EDITIONS["published"] | {"chapters": {"out-of-distribution": chapter}}
    (tmp_path / "one.yml").write_text(yaml.safe_dump(edition))
    done = dry_run(tmp_path, "one.yml", tmp_path, "--rerun-triggers", "mtime")
    assert done.returncode == 0, done.stderr
    jobs = (done.stdout + done.stderr).split("Job stats:")[1]
    assert "notebook" in jobs
    assert not re.search(r"^run ", jobs, re.MULTILINE)


@pytest.mark.parametrize("name", EDITIONS["published"]["chapters"])
def test_a_published_page_holds_no_warning(name):
    """It would show the paths of the machine that executed it."""
    page = nbformat.read(ROOT / "book" / "chapters" / f"{name}.ipynb", as_version=4)
    outputs = [output for cell in page.cells for output in cell.get("outputs", [])]
    assert outputs
    assert not [output.text for output in outputs if output.get("name") == "stderr"]
