"""Every claim has a verdict, or a reason for having none, and it follows from the figures."""

import json
import math
from pathlib import Path

import nbformat
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib.claims import (
    CLAIMS,
    Claim,
    Measure,
    count_line,
    found,
    glued,
    judged,
    table_lines,
)
from difficulty_lib.claims._registry import SOURCES
from difficulty_lib.claims._table import slug

ROOT = Path(__file__).parents[2]
CHAPTERS = ROOT / "book" / "chapters"
NUMBER = st.floats(-5, 5)


def executed():
    """The executed chapters that are here; a fresh clone has the published ones."""
    names = {m.chapter for claim in CLAIMS.values() for m in claim.measures}
    return {n: CHAPTERS / f"{n}.ipynb" for n in names if (CHAPTERS / f"{n}.ipynb").exists()}


def findings():
    stored = {name: glued(path) for name, path in executed().items()}
    return [found(claim, stored) for claim in CLAIMS.values()]


def claim(**given):
    settings = {
        "name": "made",
        "says": "A claim.",
        "source": "paper",
        "place": "§ 1",
        "what": "a correlation",
        "side": "above",
        "bar": 0.25,
        "why_bar": "a quarter",
        "measures": (Measure("first", "one", "r", "Some section"),),
    }
    return Claim(**(settings | given))


def figures(value, low, high, name="r"):
    return {name: value, f"{name}_low": low, f"{name}_high": high}


# The rule


@given(NUMBER, NUMBER, NUMBER)
def test_an_interval_is_judged_as_all_its_points_are(one, other, bar):
    low, high = min(one, other), max(one, other)
    points = [low + (high - low) * k / 20 for k in range(20)] + [high]
    above = {(point > bar) - (point < bar) for point in points}
    expected = {frozenset({1}): "yes", frozenset({-1}): "no"}.get(frozenset(above), "open")
    assert judged(low, high, "above", bar) == expected
    mirrored = judged(-high, -low, "below", -bar)
    assert mirrored == expected


def test_an_end_on_the_bar_decides_nothing():
    assert judged(0.0, 0.5, "above", 0.0) == "open"
    assert judged(-0.5, 0.0, "above", 0.0) == "open"


@pytest.mark.parametrize("ends", [(math.nan, 1.0), (0.0, math.inf), (1.0, 0.0)])
def test_what_is_no_interval_is_refused(ends):
    with pytest.raises(DataError, match="expected two numbers, the lower first"):
        judged(*ends, "above", 0.0)


# The verdict


def test_one_figure_decides():
    for ends, verdict in (
        ((0.3, 0.5), "confirmed"),
        ((0, 0.2), "refuted"),
        ((0, 0.5), "undecided"),
    ):
        finding = found(claim(), {"one": figures(0.2, *ends)})
        assert finding.verdict == verdict
        assert bool(finding.reason) == (verdict == "undecided")


def test_figures_that_disagree_decide_nothing_and_are_named():
    two = (Measure("here", "one", "r", "A"), Measure("there", "two", "r", "B"))
    stored = {"one": figures(0.4, 0.3, 0.5), "two": figures(0.1, 0.0, 0.2)}
    finding = found(claim(measures=two), stored)
    assert finding.verdict == "undecided"
    assert finding.reason == "yes for here; no for there"


def test_a_bar_can_be_a_figure_of_the_chapter():
    measured = claim(measures=(Measure("a", "one", "r", "A", bar="null"),), why_bar="chance")
    low = found(measured, {"one": figures(0.4, 0.3, 0.5) | {"null": 0.2}})
    high = found(measured, {"one": figures(0.4, 0.3, 0.5) | {"null": 0.9}})
    assert (low.verdict, high.verdict) == ("confirmed", "refuted")
    assert "chance, 0.20." in "\n".join(table_lines([low]))


def test_a_chapter_without_the_figure_is_an_error_unless_a_command_would_make_it():
    stored = {"one": {"other": 1.0}}
    with pytest.raises(ConfigError, match="chapter one stores no r, r_low, r_high"):
        found(claim(), stored)
    waiting = found(claim(command="make study"), stored)
    assert (waiting.verdict, waiting.reason) == ("undecided", "not measured yet")
    unclear = found(claim(says="Open."), {"one": figures(0.2, 0.1, 0.3)})
    rows = "\n".join(table_lines([waiting, unclear]))
    assert "Nothing yet; this decides it: `make study`" in rows
    assert rows.index("Open.") < rows.index("A claim.")
    assert count_line([waiting, unclear]).endswith(
        "2 undecided, 1 of these because their runs are not recorded yet."
    )
    assert count_line([unclear]).endswith("1 undecided.")


def test_a_claim_without_its_chapter_says_so():
    assert found(claim(), {}).reason == "not executed here: first"


def test_a_claim_needs_a_figure():
    with pytest.raises(ConfigError, match="'made' has no figure"):
        claim(measures=())


# The chapters


def test_figures_are_read_as_the_book_reads_them(tmp_path):
    glue = pytest.importorskip("myst_nb").glue
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    InteractiveShell.instance()
    values = {"one": 0.1 + 0.2, "none": math.nan, "count": 17, "name": "el2n", "minus": -1e-9}
    with capture_output() as captured:
        for name, value in values.items():
            glue(name, value, display=False)
    outputs = [
        nbformat.v4.new_output("display_data", data=o.data, metadata=o.metadata)
        for o in captured.outputs
    ]
    cell = nbformat.v4.new_code_cell("…", outputs=outputs)
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "a.ipynb")
    read = glued(tmp_path / "a.ipynb")
    assert math.isnan(read.pop("none"))
    assert read == {k: v for k, v in values.items() if k != "none"}


@pytest.mark.parametrize("text", ["", "[]", "{}", "not json"])
def test_what_is_no_notebook_is_refused(tmp_path, text):
    (tmp_path / "a.ipynb").write_text(text, "utf8")
    with pytest.raises(DataError, match="expected an executed notebook"):
        glued(tmp_path / "a.ipynb")


# The registry


def test_every_claim_has_a_verdict_or_a_reason():
    for finding in findings():
        assert finding.verdict in ("confirmed", "refuted", "undecided")
        assert bool(finding.reason) == (finding.verdict == "undecided"), finding.claim.name
        if finding.reason == "not measured yet":
            assert finding.claim.command, finding.claim.name


def test_every_claim_is_on_the_page_once():
    read = findings()
    table = "\n".join(table_lines(read))
    for finding in read:
        said = f"{finding.claim.says} [{SOURCES[finding.claim.source]}"
        assert table.count(said) == 1, finding.claim.name
    counted = [int(word) for word in count_line(read).replace(",", "").split() if word.isdigit()]
    assert counted[0] == len(CLAIMS) == sum(counted[1:4])


def test_published_chapters_are_read():
    read = {r.measure.chapter for finding in findings() for r in finding.readings}
    assert {"sentiment-emotion", "nli", "question-answering", "mislabel-audit-emotion"} <= read


def test_quoted_numbers_are_those_of_their_chapters():
    """Against the notebooks' own records, read anew."""
    lines = "\n".join(table_lines(findings())).replace("\u00a0", " ")
    for finding in findings():
        for reading in finding.readings:
            text = executed()[reading.measure.chapter].read_text("utf8")
            stored = [
                "".join(output["data"]["application/papermill.record/text/plain"])
                for cell in json.loads(text)["cells"]
                for output in cell.get("outputs", [])
                for name in [output.get("metadata", {}).get("scrapbook", {}).get("name")]
                for wanted in ("", "_low", "_high")
                if name == reading.measure.figure + wanted
            ]
            said = [
                f"{float(number):{reading.measure.form}}".replace("-", "−").replace("%", " %")
                for number in stored
            ]
            assert len(said) == 3, (finding.claim.name, stored)
            row = f"[{reading.measure.of}](chapters/{reading.measure.chapter}.ipynb#"
            assert row in lines
            assert f"**{said[0]}** ({said[1]} to {said[2]})" in lines, finding.claim.name


def test_the_answer_in_words_is_what_the_verdicts_say():
    """The front page's three sentences are typed; their numbers are not."""
    said = {
        "people-disagree": "confirmed",
        "questions": "confirmed",
        "planted-errors": "undecided",
        "planted-errors-best": "undecided",
        "errors-or-disputes": "undecided",
        "missed-by-entropy-mnli": "confirmed",
        "missed-by-entropy-emotion": "refuted",
    }
    stored = {name: glued(path) for name, path in executed().items()}
    read = {name: found(CLAIMS[name], stored) for name in said}
    here = {n: f.verdict for n, f in read.items() if not f.reason.startswith("not executed here")}
    assert here == {name: said[name] for name in here}
    assert len(here) >= 6


def test_links_name_headings_of_the_notebooks():
    sources = {}
    for edition in ("quick", "published"):
        settings = yaml.safe_load((ROOT / "workflow" / f"{edition}.yml").read_text("utf8"))
        sources |= {name: told["notebook"] for name, told in settings["chapters"].items()}
    for entry in CLAIMS.values():
        for measure in entry.measures:
            name = sources.get(measure.chapter, measure.chapter)
            cells = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", 4).cells
            headings = [
                line.lstrip("# ")
                for cell in cells
                if cell.cell_type == "markdown"
                for line in cell.source.splitlines()
                if line.startswith("#")
            ]
            assert measure.section in headings, (entry.name, measure.section)


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("Do a hundred people find them hard, too?", "do-a-hundred-people-find-them-hard-too"),
        ("From seed-to-seed", "from-seed-to-seed"),
    ],
)
def test_anchors_are_those_of_myst(heading, anchor):
    main = pytest.importorskip("myst_parser.mdit_to_docutils.base")
    assert slug(heading) == main.default_slugify(heading) == anchor


def test_no_claim_is_made_twice():
    says = [entry.says for entry in CLAIMS.values()]
    assert len(set(says)) == len(says)
    assert {entry.source for entry in CLAIMS.values()} == set(SOURCES)
