"""One registry: every score is exported, cited, in the book's table, on the API page, and tested."""

import re
import sys
from pathlib import Path

import pytest

import difficulty_lib.scores as package
from difficulty_lib import SCORES
from difficulty_lib.dynamics import STREAMS
from difficulty_lib.scores import Score, methods_table

ROOT = Path(__file__).parents[2]
BOOK = ROOT / "book"


@pytest.fixture(scope="module")
def tables():
    """The book's extension, which needs Sphinx."""
    pytest.importorskip("sphinx")
    sys.path.insert(0, str(BOOK / "_ext"))
    try:
        import registry_tables
    finally:
        sys.path.remove(str(BOOK / "_ext"))
    return registry_tables


def keys():
    entries = (BOOK / "references.bib").read_text("utf8")
    return re.findall(r"^@\w+\{\s*([^,\s]+),", entries, re.MULTILINE)


@pytest.mark.parametrize("name", SCORES)
def test_its_source_is_in_the_bibliography(name):
    assert keys().count(SCORES[name].citation) == 1


def test_no_two_sources_share_a_key():
    assert len(keys()) == len(set(keys()))


@pytest.mark.parametrize("name", SCORES)
def test_it_has_a_row_in_the_methods_table(tables, name):
    entry = SCORES[name]
    lines = [line for line in tables.table_lines(SCORES.values()) if line]
    heads = [place for place, line in enumerate(lines) if line.startswith("**")]
    start = lines.index(f"**{entry.title}** (`{name}`)")
    row = " ".join(lines[start : min([h for h in heads if h > start], default=len(lines))])
    assert f"${entry.formula}$" in row
    assert f"{'high' if entry.higher_is_harder else 'low'} is {entry.means}" in row
    assert f"{{cite:p}}`{entry.citation}`" in row
    assert all(f"`{need}`" in row for need in entry.needs)
    assert ("several runs" in row) == entry.several_runs
    assert ("held-out" in row) == entry.held_out
    assert name in methods_table()["name"].tolist()


@pytest.mark.parametrize("name", SCORES)
def test_it_is_on_the_api_page(tables, name):
    lines = tables.api_lines(SCORES.values())
    paths = [line.split()[-1] for line in lines if "autofunction" in line]
    mine = [path for path in paths if path.rsplit(".", 1)[1] == name]
    assert len(mine) == 1
    module = mine[0].rsplit(".", 1)[0]
    assert getattr(sys.modules[module], name) is SCORES[name].function


@pytest.mark.parametrize(
    ("page", "directive"), [("scores.md", "scores-table"), ("api.md", "scores-api")]
)
def test_the_pages_are_made_from_the_registry(page, directive):
    assert f"```{{{directive}}}" in (BOOK / page).read_text("utf8")


@pytest.mark.parametrize("name", SCORES)
def test_it_is_exported_and_documented(name):
    assert getattr(package, name) is SCORES[name].function
    said = SCORES[name].function.__doc__
    assert "Args:" in said
    assert "Returns:" in said
    assert ("high is" if SCORES[name].higher_is_harder else "low is") in said


def test_what_the_package_exports_is_no_module_by_mistake():
    """A function that is named as its file is hidden by it, unless it is imported from there."""
    from types import ModuleType

    modules = {name for name, value in vars(package).items() if isinstance(value, ModuleType)}
    files = {path.stem for path in Path(package.__file__).parent.glob("[a-z]*.py")}
    functions = {name for name in files if name in SCORES or name in ("ensemble",)}
    assert not modules & functions


def test_every_file_of_scores_is_imported():
    registered = {entry.function.__module__.rsplit(".", 1)[1] for entry in SCORES.values()}
    files = {path.stem for path in Path(package.__file__).parent.glob("[a-z]*.py")}
    assert files == registered


def test_a_score_that_is_forgotten_anywhere_is_noticed(tables):
    """The checks above see a score that is registered and nothing else."""

    def unheard_of(loss):
        return loss[-1]

    entry = Score(
        name="unheard_of",
        function=unheard_of,
        higher_is_harder=True,
        means="difficult",
        title="unheard of",
        formula="x",
        citation="nobody1900",
        default_stream="evaluation",
    )
    from scores.test_scores import REFERENCES

    assert entry.name not in REFERENCES
    assert entry.citation not in keys()
    assert not hasattr(package, entry.name)
    assert "**unheard of** (`unheard_of`)" in tables.table_lines([entry])
    assert any(line.endswith(".unheard_of") for line in tables.api_lines([entry]))


def test_streams_of_the_registry_exist():
    for entry in SCORES.values():
        assert entry.default_stream in STREAMS
        assert entry.only_stream in (None, *STREAMS)
