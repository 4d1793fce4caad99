"""Only what failed or changed is done again: the real workflow, killed, failing, going on, changed."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time

import pytest
from workflow.checkout import (
    CHAPTER,
    PARAMETERS,
    command,
    environment,
    make,
    make_checkout,
    planned,
    runs_of,
    write_edition,
    write_notebook,
)

from difficulty_lib.study import run_configs

ALL = ["chapter", "seed 1", "seed 2"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A copy in which the workflow was killed, then failed in part, then came to its end."""
    folder = make_checkout(tmp_path_factory.mktemp("grid") / "checkout")
    story = {"at first": planned(folder)}
    story["killed"] = kill_in_a_run(folder)
    story["after the kill"] = planned(folder)
    # The second seed has no place to be recorded, so it alone fails.
    blocked = blocked_folder(folder)
    failed = make(folder)
    story["failed"] = failed.returncode, failed.stderr
    story["recorded"] = runs_of(folder)
    blocked.unlink()
    story["after the failure"] = planned(folder)
    done = make(folder)
    story["done"] = done.returncode, done.stderr
    story["at last"] = planned(folder)
    return folder, story


def kill_in_a_run(folder):
    """Kill the workflow and all it started once both runs are under way; the GPUs that they had."""
    locks = folder / "tmp" / f"difficulty-gpus-{os.getuid()}"
    locks.parent.mkdir()
    two = ["--cores", "4", "--resources", "gpu=2"]
    started = subprocess.Popen(
        [*command(profile="local")[:-1], *two, "--", CHAPTER],
        cwd=folder,
        env=environment(folder, CUDA_VISIBLE_DEVICES="3,5", TMPDIR=str(locks.parent)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    held = {}
    try:
        deadline = time.monotonic() + 300
        while len(held) < 2:
            assert started.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.1)
            held = {path.name: path.read_text() for path in locks.glob("*") if path.read_text()}
    finally:
        os.killpg(started.pid, signal.SIGKILL)
        started.wait()
    return held, runs_of(folder)


def blocked_folder(folder):
    """A file where the second seed's run would be written."""
    with contextlib.chdir(folder):
        name = run_configs(PARAMETERS | {"seeds": [2]})[0].folder_name
    path = folder / "runs" / f"{name}.partial"
    path.parent.mkdir(exist_ok=True)
    path.write_text("in the way")
    return path


@pytest.fixture
def checkout(whole, tmp_path):
    """A copy of the finished one, with its memory of what was made from what."""
    return shutil.copytree(whole[0], tmp_path / "checkout")


def edited(path, more="\n"):
    path.write_text(path.read_text("utf8") + more, "utf8")


def test_all_of_it_is_planned_at_first(whole):
    assert whole[1]["at first"] == ALL


def test_a_killed_workflow_is_neither_locked_nor_taken_for_done(whole):
    assert whole[1]["killed"][1] == []
    assert whole[1]["after the kill"] == ALL


def test_two_runs_side_by_side_have_a_gpu_each(whole):
    held = whole[1]["killed"][0]
    assert sorted(held) == ["3", "5"]
    assert held["3"] != held["5"]


def test_after_a_failure_what_succeeded_stays(whole):
    code, said = whole[1]["failed"]
    assert code != 0, said
    assert [name.split("-seed")[1][0] for name in whole[1]["recorded"]] == ["1"]
    assert whole[1]["after the failure"] == ["chapter", "seed 2"]


def test_it_resumes_and_comes_to_an_end(whole):
    folder, story = whole
    code, said = story["done"]
    assert code == 0, said
    assert story["at last"] == []
    assert len(runs_of(folder)) == 2
    assert (folder / CHAPTER).exists()


def test_it_says_how_much_is_left_and_what_ran(whole):
    failed, done = whole[1]["failed"][1], whole[1]["done"][1]
    assert "0 of 2 runs recorded\n2 runs left: 2 runs of unknown length" in failed
    assert "1 of 2 runs recorded\n1 run left: about " in failed
    assert "2 of 2 runs recorded" in done
    name = next(name for name in runs_of(whole[0]) if "seed2" in name)
    record = json.loads((whole[0] / "runs" / name / "run.json").read_text())
    where = record["environment"]
    assert f"{name}  {where['date']}  {where['hardware']}  " in done
    assert "1 run, " in done.split("  ")[-1]


def test_a_new_seed_adds_its_run_alone(checkout):
    write_edition(checkout, seeds=[1, 2, 3])
    assert planned(checkout) == ["chapter", "seed 3"]


def test_a_seed_less_only_executes_the_chapter(checkout):
    write_edition(checkout, seeds=[1])
    assert planned(checkout) == ["chapter"]


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("training/_loop.py", ALL),
        ("dynamics/_store.py", ALL),
        ("charts/_curves.py", ["chapter"]),
        ("scores/action.py", ["chapter"]),
        ("widget/_desk.py", []),
    ],
)
def test_an_edit_in_the_library_makes_what_depends_on_it(checkout, part, expected):
    edited(checkout / "difficulty_lib" / part)
    assert planned(checkout) == expected


def test_an_edit_in_a_notebook_executes_it(checkout):
    write_notebook(checkout, "print(len(seeds))")
    assert planned(checkout) == ["chapter"]


@pytest.mark.parametrize(
    "touched", ["notebooks/tiny.ipynb", "difficulty_lib/training/_loop.py", "data/datasets.toml"]
)
def test_a_touched_file_is_no_change(checkout, touched):
    os.utime(checkout / touched)
    assert planned(checkout) == []


def test_a_deleted_chapter_is_executed_again(checkout):
    (checkout / CHAPTER).unlink()
    assert planned(checkout) == ["chapter"]


def test_a_deleted_run_is_trained_again_and_its_chapter_executed(checkout):
    shutil.rmtree(next((checkout / "runs").glob("*seed2*")))
    assert planned(checkout) == ["chapter", "seed 2"]


def test_a_run_above_the_limit_is_left_out_with_its_chapter(checkout):
    write_edition(checkout, seeds=[1, 2, 3], limit_hours=1e-9)
    (checkout / CHAPTER).unlink()
    assert planned(checkout) == []
    write_edition(checkout, seeds=[1, 2, 3], limit_hours=1)
    assert planned(checkout) == ["chapter", "seed 3"]


def test_on_a_cluster_every_run_is_a_job_with_one_gpu(whole, tmp_path):
    folder = shutil.copytree(whole[0], tmp_path / "checkout")
    write_edition(folder, seeds=[1, 2, 3, 4])
    asked = [*command(profile="slurm")[:-1], "--dry-run", "--", CHAPTER]
    done = subprocess.run(
        asked, cwd=folder, env=environment(folder), capture_output=True, text=True, check=False
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    jobs = {part.split(":")[0]: part for part in said.split("\nrule ")[1:]}
    resources = [line for line in said.splitlines() if line.strip().startswith("resources:")]
    assert sum("gpu=1" in line and "runtime=1440" in line for line in resources) == 2
    assert "gpu=" not in jobs["notebook"].split("Job stats")[0]
    assert "runtime=240" in jobs["notebook"]
