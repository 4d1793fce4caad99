"""A small copy of the repository with an edition of two runs and one chapter, and what it plans."""

import contextlib
import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import nbformat
import yaml
from training import tiny

ROOT = Path(__file__).parents[2]
SNAKEMAKE = [sys.executable, "-m", "snakemake", "--snakefile", "workflow/Snakefile"]
PARAMETERS = {
    "task": "nli",
    "dataset": "tiny-nli",
    "model": "model",
    "seeds": [1, 2],
    "epochs": 1,
    "batch_size": 16,
    "train_size": 16,
    "eval_size": 8,
    "splits": ["validation"],
}
CHAPTER = "book/chapters/tiny.ipynb"


def make_checkout(folder: Path) -> Path:
    """The workflow and the library as they are, and an edition that takes seconds."""
    copied = ("workflow", "difficulty_lib", "data/fixtures", "book/_ext")
    for name in copied:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("datasets", "models", "budget"):
        shutil.copy2(ROOT / f"data/{name}.toml", folder / "data")
    shutil.copy2(ROOT / "_config.yml", folder)
    (folder / "notebooks").mkdir()
    write_notebook(folder, "print(seeds)")
    write_edition(folder)
    tiny.save_tiny(folder / "model")
    return folder


def write_notebook(folder: Path, code: str) -> None:
    """The chapter's source: its parameters, and this."""
    cells = [nbformat.v4.new_code_cell("\n".join(f"{name} = None" for name in PARAMETERS))]
    cells[0].metadata["tags"] = ["parameters"]
    cells.append(nbformat.v4.new_code_cell(code))
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=kernel)
    nbformat.write(notebook, folder / "notebooks/tiny.ipynb")


def write_edition(folder: Path, *, edition: str = "quick", **changed) -> None:
    """The edition's file; `limit_hours` is the edition's, all else is the chapter's."""
    limit = {"limit_hours": changed.pop("limit_hours")} if "limit_hours" in changed else {}
    chapter = {"notebook": "tiny", "parameters": PARAMETERS | changed}
    content = {"edition": edition, "runs": "runs", "chapters": {"tiny": chapter}, **limit}
    (folder / "tiny.yml").write_text(yaml.safe_dump(content), "utf8")


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Of a workflow in the copy, which asks no network; the library is the installed one."""
    known = {k: v for k, v in os.environ.items() if k not in ("DIFFICULTY_DATA", "SLURM_JOB_ID")}
    return known | {
        "PYTHONSAFEPATH": "1",  # the copy's library, not compiled yet, is only there to be edited
        "DIFFICULTY_CHARTS": "book",
        "XDG_CACHE_HOME": str(folder / "cache"),
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "",
        **more,
    }


def command(*targets: str, profile: str = "local") -> list[str]:
    """As the Makefile calls it."""
    chosen = ["--workflow-profile", f"workflow/profiles/{profile}", "--configfile", "tiny.yml"]
    return [*SNAKEMAKE, *chosen, *(["--cores", "1"] if targets else []), "--", *targets]


def runs_of(folder: Path) -> list[str]:
    """Names of the runs that are recorded in the copy."""
    return sorted(path.parent.name for path in folder.glob("runs/*/run.json"))


def planned(folder: Path) -> list[str]:
    """What the workflow would do now, the book aside: "seed 1", "chapter". A dry run of the real one."""
    from snakemake.api import SnakemakeApi
    from snakemake.settings import types
    from snakemake.settings.enums import Quietness, RerunTrigger

    profile = yaml.safe_load((folder / "workflow/profiles/local/config.yaml").read_text("utf8"))
    triggers = RerunTrigger.parse_choices_set(profile["rerun-triggers"])
    set_to = {k: environment(folder)[k] for k in ("DIFFICULTY_CHARTS", "HF_HUB_OFFLINE")}
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.chdir(folder))
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        before = dict(os.environ)
        stack.callback(lambda: (os.environ.clear(), os.environ.update(before)))
        os.environ.update(set_to)
        output = types.OutputSettings(quiet={Quietness.ALL})
        api = stack.enter_context(SnakemakeApi(output))
        workflow = api.workflow(
            resource_settings=types.ResourceSettings(cores=1),
            config_settings=types.ConfigSettings(configfiles=[folder / "tiny.yml"]),
            snakefile=folder / "workflow/Snakefile",
            workdir=folder,
        )
        dag = workflow.dag(
            types.DAGSettings(
                rerun_triggers=frozenset(triggers),
                force_incomplete=profile["rerun-incomplete"],
            )
        )
        dag.execute_workflow(executor="dryrun")
        found = workflow._workflow.dag
        jobs = [job for job in found.jobs if found.needrun(job)]
        return sorted(_in_words(job) for job in jobs if job.rule.name in ("run", "notebook"))


def _in_words(job) -> str:
    return f"seed {job.params.settings['seed']}" if job.rule.name == "run" else "chapter"


def make(folder: Path, *targets: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the workflow for these targets, the chapter if none is given."""
    return subprocess.run(
        command(*(targets or (CHAPTER,))),
        cwd=folder,
        env=environment(folder, **more),
        capture_output=True,
        text=True,
        check=False,
    )
