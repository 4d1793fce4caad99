"""The link check finds what is broken, and only that."""

import runpy
from pathlib import Path

import pytest

LINKS = runpy.run_path(str(Path(__file__).parents[2] / "workflow/scripts/links.py"))


@pytest.fixture
def site(tmp_path):
    (tmp_path / "site/sub").mkdir(parents=True)
    (tmp_path / "outside.html").write_text("<p>")
    (tmp_path / "site/sub/b c.html").write_text('<h1 id="heré">b</h1><a href="../a.html">a</a>')
    (tmp_path / "site/sub/index.html").write_text("<p>")
    return tmp_path / "site"


def broken(site, body):
    (site / "a.html").write_text(f'<h1 id="top">a</h1>{body}', encoding="utf8")
    LINKS["read"].cache_clear()
    return LINKS["check"](site)[1]


@pytest.mark.parametrize(
    "body",
    [
        '<a href="sub/b%20c.html#her%C3%A9">',
        '<a href="#top">',
        '<a href="sub">',
        '<a href="a.html?q=1#top">',
        '<a href="https://example.org/none#x"><a href="mailto:a@b.c"><a href="//x.y/z">',
        '<img src="data:image/png;base64,AAAA">',
        '<a href=""><a>',
        '<meta http-equiv="refresh" content="0;url=sub/b%20c.html">',
    ],
)
def test_good_links(site, body):
    assert broken(site, body) == []


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ('<a href="none.html">', "no such file"),
        ('<img src="none.png">', "no such file"),
        ('<iframe src="sub/none/index.html">', "no such file"),
        ('<script src="x.js"></script>', "no such file"),
        ('<link rel="stylesheet" href="x.css">', "no such file"),
        ('<a href="sub/b%20c.html#nowhere">', "no such place"),
        ('<a href="#nowhere">', "no such place"),
        ('<a href="../outside.html">', "leads out"),
        ('<a href="/a.html">', "leads out"),
        ('<meta http-equiv="refresh" content="0;url=none.html">', "no such file"),
    ],
)
def test_bad_links(site, body, why):
    (line,) = broken(site, body)
    assert line.startswith("a.html: ")
    assert why in line


def test_a_folder_without_pages_is_no_book(tmp_path):
    assert "make study" in LINKS["check"](tmp_path)[1][0]
