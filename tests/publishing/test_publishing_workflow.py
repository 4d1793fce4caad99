"""The workflow for GitHub Pages: it parses, its actions are pinned, its steps are make targets."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / ".github/workflows/book.yml").read_text("utf8")
WORKFLOW = yaml.safe_load(TEXT)
MAKEFILE = (ROOT / "Makefile").read_text("utf8")
JOBS = WORKFLOW["jobs"]


def steps(job):
    return JOBS[job]["steps"]


def made(job):
    said = "\n".join(step.get("run", "") for step in steps(job))
    return re.findall(r"^make ([a-z-]+)", said, re.MULTILINE)


def test_every_action_is_pinned_to_a_commit_that_says_its_version():
    used = re.findall(r"uses: (.*)", TEXT)
    assert len(used) >= 6
    for line in used:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line


@pytest.mark.parametrize("job", JOBS)
def test_steps_are_make_targets_that_exist(job):
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
    assert made(job)
    assert set(made(job)) <= targets


def test_publish_check_does_what_the_workflow_does():
    recipe = MAKEFILE.split("\npublish-check:")[1].split("\n\n")[0]
    here = re.findall(r"\$\(MAKE\) ([a-z-]+)", recipe)
    assert here == made("build") + made("publish")


def test_only_the_publishing_job_may_write_and_never_for_a_pull_request():
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert [job for job in JOBS if "write" in str(JOBS[job].get("permissions", {}))] == ["publish"]
    assert JOBS["publish"]["if"] == "github.event_name != 'pull_request'"
    assert JOBS["publish"]["needs"] == "build"
    assert "pull_request_target" not in TEXT
    # Nothing that a stranger writes is pasted into a script.
    assert not re.findall(r"\$\{\{", "".join(s.get("run", "") for j in JOBS for s in steps(j)))


def test_a_pull_request_has_its_book_as_an_artifact():
    upload = next(s for s in steps("build") if "upload-artifact" in s.get("uses", ""))
    assert upload["with"]["path"] == "_build/html"
    download = next(s for s in steps("publish") if "download-artifact" in s.get("uses", ""))
    assert download["with"] == {"name": upload["with"]["name"], "path": "_build/html"}


def test_pythons_are_among_those_that_the_project_supports():
    for job in JOBS:
        given = next(s for s in steps(job) if "setup-python" in s.get("uses", ""))
        assert given["with"]["python-version"] == "3.11"
