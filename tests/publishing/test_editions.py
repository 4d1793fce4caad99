"""Editions beside each other: earlier ones stay as they were."""

import json
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "workflow" / "scripts"
MADE = runpy.run_path(str(SCRIPTS / "editions.py"))
LINKS = runpy.run_path(str(SCRIPTS / "links.py"))


def book(folder, words, pdf=False):
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "_static").mkdir(parents=True)
    (folder / "index.html").write_text(f"<p>{words}</p><a href='_static/x.css'>x</a>")
    (folder / "_static/x.css").write_text("")
    if pdf:
        (folder / "difficulty-in-language-data.pdf").write_bytes(b"%PDF")
    return folder


def test_a_new_edition_leaves_the_old_ones_readable(tmp_path):
    site = tmp_path / "site"
    MADE["publish"](book(tmp_path / "book", "first", pdf=True), site, "v0.1.0")
    MADE["publish"](book(tmp_path / "book", "main"), site, "latest")
    MADE["publish"](book(tmp_path / "book", "second"), site, "v0.2.0")
    MADE["publish"](book(tmp_path / "book", "main again"), site, "latest")
    said = {v: (site / v / "index.html").read_text() for v in ("v0.1.0", "v0.2.0", "latest")}
    assert [w in said[v] for v, w in zip(said, ("first", "second", "main again"), strict=True)] == [
        True
    ] * 3
    versions = json.loads((site / "versions.json").read_text())
    assert [v["version"] for v in versions] == ["latest", "v0.2.0", "v0.1.0"]
    assert all((site / v["url"]).exists() for v in versions)
    page = (site / "index.html").read_text()
    assert page.count("<li>") == 3
    assert page.count(".pdf") == 1
    assert LINKS["check"](site) == (len({"_static/x.css"}) * 3 + 4, [])
    assert sorted(p.name for p in site.iterdir() if p.is_dir()) == ["latest", "v0.1.0", "v0.2.0"]


def test_the_order_of_versions():
    given = ["v0.9.0", "latest", "v0.10.0", "v1.0.0-rc.1", "v1.0.0", "v0.10.1"]
    made = sorted(given, key=MADE["order"], reverse=True)
    assert made == ["latest", "v1.0.0", "v1.0.0-rc.1", "v0.10.1", "v0.10.0", "v0.9.0"]


@pytest.mark.parametrize("version", ["../x", "", "a b", "v1/2", ".git", "main"])
def test_a_name_that_is_no_version_is_refused(tmp_path, version):
    with pytest.raises(SystemExit, match="expected latest, or a release"):
        MADE["publish"](book(tmp_path / "book", "x"), tmp_path / "site", version)
    assert not (tmp_path / "site").exists()


def test_a_book_that_is_not_built_is_refused_in_one_line(tmp_path):
    command = [sys.executable, SCRIPTS / "editions.py", tmp_path / "none", tmp_path / "s", "latest"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.strip() == f"{tmp_path / 'none'}: no index.html; run: make study"
