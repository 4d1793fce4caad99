import re
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import difficulty_lib

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]


def locked():
    lines = (ROOT / "requirements.lock").read_text("utf8").splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): Version(version) for name, version in pairs}


def requirements():
    listed = [*PROJECT["dependencies"], *(r for rs in EXTRAS.values() for r in rs)]
    return [r for r in map(Requirement, listed) if r.name != PROJECT["name"]]


@pytest.mark.parametrize("requirement", requirements(), ids=lambda r: r.name)
def test_the_lock_satisfies_every_requirement(requirement):
    assert locked()[canonicalize_name(requirement.name)] in requirement.specifier


def test_the_lock_names_no_build_of_one_machine():
    assert not [name for name, version in locked().items() if version.local]


def test_extra_all_is_all_the_others():
    named = re.fullmatch(r"difficulty-lib\[(.+)\]", EXTRAS["all"][0]).group(1)
    assert set(named.split(",")) == set(EXTRAS) - {"all"}


def test_the_core_needs_three_packages_only():
    names = {Requirement(r).name for r in PROJECT["dependencies"]}
    assert names == {"numpy", "pandas", "pyarrow"}


def test_conda_environment_installs_the_lock():
    text = (ROOT / "environment.yml").read_text("utf8")
    assert "-r requirements.lock" in text
    python = re.search(r"python=([\d.]+)", text).group(1)
    assert Version(python) in Requirement(f"python{PROJECT['requires-python']}").specifier


def test_one_version():
    citation = (ROOT / "CITATION.cff").read_text("utf8")
    assert re.search(r"^version: (.+)$", citation, re.MULTILINE).group(1) == (
        difficulty_lib.__version__
    )
    assert "version" in PROJECT["dynamic"]


def test_contributing_names_the_makefiles_targets():
    makefile = (ROOT / "Makefile").read_text("utf8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    named = set(re.findall(r"^make ([a-z]+)", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE))
    assert named
    assert named <= targets


def test_every_dependency_has_its_reason():
    text = (ROOT / "CONTRIBUTING.md").read_text("utf8")
    core = {"numpy", "pandas", "pyarrow"}
    assert [r.name for r in requirements() if r.name not in core and r.name not in text] == []


def test_the_wheel_carries_registry_types_and_report(tmp_path):
    from hatchling.builders.wheel import WheelBuilder

    path = next(WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"]))
    names = set(zipfile.ZipFile(path).namelist())
    for wanted in (
        "difficulty_lib/py.typed",
        "difficulty_lib/report/report.html",
        "difficulty_lib/report/report.css",
        "difficulty_lib/report/report.js",
        "difficulty_lib/widget/audit.js",
        "difficulty_lib/widget/audit.css",
        "difficulty_lib/explorer/explorer.html",
        "difficulty_lib/_registry_data/datasets.toml",
        "difficulty_lib/_registry_data/models.toml",
    ):
        assert wanted in names
    assert not [name for name in names if name.startswith(("tests/", "data/", "book/"))]
