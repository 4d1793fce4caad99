"""`difficulty explore`: a page of one's own runs."""

import json

import pytest
from cli.test_rank_command import plain_rows


def read(path):
    code = path.read_text("utf8")
    return json.loads(code[code.index("= ") + 2 :].removesuffix(";\n"))


@pytest.fixture
def kept(rank, home, files):
    """A table, and the run that `difficulty rank` kept of it."""
    file = files.write_csv(home / "rows.csv", plain_rows())
    assert rank(file, "--keep", home / "kept").code == 0
    return file


def test_a_page_of_a_kept_run_with_its_texts(difficulty, home, files, kept):
    given = ["--file", kept, "--text", "text", "--label", "label"]
    outcome = difficulty("explore", home / "kept", "--out", "page", "--projection", *given)
    assert outcome.code == 0, outcome.err
    assert outcome.out == "page: page/index.html\n"
    assert sorted(p.name for p in (home / "page").iterdir()) == [
        "data.js",
        "index.html",
        "texts.js",
    ]
    rows = plain_rows()
    assert read(home / "page" / "texts.js")["values"] == [[row["text"] for row in rows]]
    numbers = read(home / "page" / "data.js")
    assert numbers["count"] == 24
    assert numbers["projection"]["titles"] == ["x", "y"]
    assert "difficulty explore" in (home / "page" / "index.html").read_text("utf8")


def test_without_the_file_it_says_how_to_see_the_texts(difficulty, home, kept):
    outcome = difficulty("explore", home / "kept", home / "kept", "--out", "page")
    assert outcome.code == 0, outcome.err
    assert "--file" in outcome.out
    assert not (home / "page" / "texts.js").exists()
    assert len(read(home / "page" / "data.js")["sides"]) == 2


def test_what_cannot_be_explored_is_refused_in_a_line(difficulty, home, files, kept):
    before = files.under(home)
    other = [{**row, "text": f"{row['text']} more"} for row in plain_rows()]
    columns = ["--text", "text", "--label", "label"]
    cases = {
        "no run.json": [home / "nowhere", "--out", "page"],
        "is a file": [home / "kept", "--out", "rows.csv"],
        "expected --text COLUMN": [home / "kept", "--out", "page", "--file", kept],
        "no column 'nothing'": [
            *[home / "kept", "--out", "page", "--file", kept],
            *["--text", "nothing", "--label", "label"],
        ],
        "no sample of dev": [
            home / "kept",
            "--out",
            "page",
            "--split",
            "dev",
            "--file",
            kept,
            *columns,
        ],
        "texts are not at hand": [home / "kept", "--out", "page", "--projection"],
    }
    for message, arguments in cases.items():
        outcome = difficulty("explore", *arguments)
        assert outcome.code == 2, message
        assert message in outcome.err
        assert len(outcome.err.splitlines()) == 1
    assert files.under(home) == before
    changed = files.write_csv(home / "other.csv", other)
    outcome = difficulty("explore", home / "kept", "--out", "page", "--file", changed, *columns)
    assert "other texts or labels" in outcome.one_line()
