"""CSV that a spreadsheet does not run, and the way back."""

import csv
import io
import re

import pandas as pd
import pytest
from hostile import FORMULAS, HOSTILE
from hypothesis import given
from hypothesis import strategies as st

from difficulty_lib.review import inert, inert_table, restore, restore_table

BEGINNINGS = "=+-@＝＋－＠"
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
NASTY = st.text(st.sampled_from("=+-@＝'\" ;,\t\r\n\u200b\ufeffa1.|e"), max_size=12)


def runs(cell: str) -> bool:
    """Whether a spreadsheet may take the cell for a formula: written apart from the code's rule."""
    if NUMBER.fullmatch(cell):
        return False
    if cell[:1] in ("\t", "\r", "\n"):
        return True
    visible = [c for c in cell if c.isprintable() and not c.isspace()]
    while visible and visible[0] in '"‘’`':
        visible.pop(0)
    return bool(visible) and visible[0] in BEGINNINGS


@pytest.mark.parametrize("cell", FORMULAS, ids=ascii)
def test_formulas_do_not_run(cell):
    assert inert(cell) != cell
    assert not any(runs(part) for part in re.split("[;\t\r\n]", inert(cell)))
    assert restore(inert(cell)) == cell


@given(NASTY)
def test_no_part_of_any_cell_runs(cell):
    written = inert(cell)
    assert not runs(written)
    if not NUMBER.fullmatch(cell):
        for part in re.split("[;\t\r\n]", written):
            assert not runs(part)


@given(NASTY)
def test_the_way_back_is_exact(cell):
    assert restore(inert(cell)) == cell
    assert restore(inert(inert(cell))) == inert(cell)


@given(st.text())
def test_the_way_back_is_exact_for_any_text(cell):
    assert restore(inert(cell)) == cell


@pytest.mark.parametrize(
    "cell",
    ["", "plain text", "it's", "'quoted'", "a - b, c + d = e", "-1.5", "+3", "1e-7", "x@y.org"],
)
def test_ordinary_cells_stay(cell):
    assert inert(cell) == cell


def test_a_table_goes_through_csv_and_back():
    texts = [text for text in HOSTILE if not re.search("[\ud800-\udfff\x00]", text)]
    table = pd.DataFrame(
        {
            "text": texts,
            "=name": [f"{number}" for number in range(len(texts))],
            "score": [-0.5 * number for number in range(len(texts))],
        }
    )
    text = inert_table(table).to_csv(index=False, quoting=csv.QUOTE_NONNUMERIC)
    for row in csv.reader(io.StringIO(text, newline="")):
        assert not any(runs(cell) for cell in row)
    read = pd.read_csv(io.StringIO(text, newline=""), dtype=str, keep_default_na=False)
    back = restore_table(read)
    assert back.columns.tolist() == table.columns.tolist()
    assert back["text"].tolist() == table["text"].tolist()
    assert back["score"].astype(float).tolist() == table["score"].tolist()
    assert "=name" in table.columns  # the table itself is left alone
