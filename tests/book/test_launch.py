"""Buttons: none without a repository, and small copies of the sources that can be executed."""

import ast
import json
from pathlib import Path

import nbformat
import pytest

from difficulty_lib.book._launch import launch_links, repository, small_copy
from difficulty_lib.book._small import write_small

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "notebooks").glob("*.ipynb"))
ADDRESS = "https://github.com/someone/difficulty"


@pytest.fixture(autouse=True)
def nowhere(monkeypatch):
    for name in ("DIFFICULTY_REPOSITORY", "DIFFICULTY_REF", "DIFFICULTY_VERSION"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", ""),
        ("repository-code:", ""),
        ("repository-code: https://example.org/x/y", ""),
        ("repository-code: https://github.com/only-owner", ""),
        (f"repository-code: {ADDRESS}", ADDRESS),
        (f'repository-code: "{ADDRESS}.git"', ADDRESS),
        (f"repository-code: '{ADDRESS}/'  # where it is", ADDRESS),
    ],
)
def test_the_address_stands_in_one_place(tmp_path, line, expected):
    (tmp_path / "CITATION.cff").write_text(f"cff-version: 1.2.0\n{line}\ntitle: t\n")
    assert repository(tmp_path) == expected


def test_a_forks_address_goes_first(tmp_path, monkeypatch):
    (tmp_path / "CITATION.cff").write_text(f"repository-code: {ADDRESS}\n")
    monkeypatch.setenv("DIFFICULTY_REPOSITORY", "https://github.com/fork/it")
    assert repository(tmp_path) == "https://github.com/fork/it"


def test_no_address_no_buttons(tmp_path):
    assert launch_links(repository(tmp_path), "nli") == {}


def test_buttons_open_the_source_at_the_published_state(monkeypatch):
    monkeypatch.setenv("DIFFICULTY_REF", "a/branch")
    monkeypatch.setenv("DIFFICULTY_VERSION", "v0.1.0")
    assert launch_links(ADDRESS, "nli") == {
        "Binder": "https://mybinder.org/v2/gh/someone/difficulty/a%2Fbranch"
        "?urlpath=lab/tree/small/nli.ipynb",
        "Colab": "https://colab.research.google.com/github/someone/difficulty/blob/gh-pages/"
        "v0.1.0/small/nli.ipynb",
    }


@pytest.mark.parametrize("source", SOURCES, ids=lambda p: p.stem)
def test_a_small_copy_differs_in_size_and_installs_itself(source):
    whole = json.loads(source.read_text("utf8"))
    made = small_copy(whole, ADDRESS)
    nbformat.validate(nbformat.from_dict(made))
    install, *cells = made["cells"]
    assert f"git+{ADDRESS}@HEAD" in "".join(install["source"])
    changed = [
        (a, b) for a, b in zip(whole["cells"], cells, strict=True) if a["source"] != b["source"]
    ]
    parameters = next(c for c in cells if "parameters" in c["metadata"].get("tags", []))
    values = {
        node.targets[0].id: node.value
        for node in ast.parse("".join(parameters["source"])).body
        if isinstance(node, ast.Assign)
    }
    assert len(changed) == ("size" in values)
    if "size" in values:
        assert ast.literal_eval(values["size"]) == "small"


def test_without_an_address_nothing_is_installed(tmp_path):
    sources = tmp_path / "notebooks"
    sources.mkdir()
    (sources / "nli.ipynb").write_bytes((ROOT / "notebooks/nli.ipynb").read_bytes())
    (written,) = write_small(sources, tmp_path / "small")
    before, after = (json.loads((f).read_text("utf8")) for f in (sources / "nli.ipynb", written))
    assert len(before["cells"]) == len(after["cells"])
    assert "pip install" not in written.read_text("utf8")


def test_binder_makes_what_its_button_opens():
    made = (ROOT / "postBuild").read_text("utf8").splitlines()[-1].split()
    assert made == ["python", "-m", "difficulty_lib.book._small", "notebooks", "small"]
