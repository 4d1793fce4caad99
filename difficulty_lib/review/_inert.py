"""CSV cells that a spreadsheet would run, made inert in a way that can be taken back.

Wherever a cell, or what another separator would make a cell of, begins as a formula does, one
apostrophe is put before it: at the start of the cell and after each semicolon, tab, line feed or
carriage return inside it, if the next character, not counting spaces, quotes, apostrophes and
invisible characters, is one of `= + - @` or their full-width forms; at the start of the cell, a
tab, a carriage return or a line feed counts, too. Cells that are plain numbers, such as -1.5, stay.

An apostrophe at such a place is doubled by the same rule, so that `restore` is exact.
"""

from __future__ import annotations

import re

import pandas as pd

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_PASSED = (  # what may stand before the formula: spaces, quotes, invisible characters
    r"[ \x00-\x08\x0b\x0c\x0e-\x1f\x7f-\xa0\xad\u034f\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f"
    r"\u3000\ufeff\"'`\u00ab\u00bb\u00b4\u2018-\u201f\u2039\u203a\uff02\uff07]*"
)
_BEGINS = r"[=+\-@\uff1d\uff0b\uff0d\uff20\u2212\ufe62\ufe63\ufe66\ufe6b]"
_PLACE = rf"(?:\A(?={_PASSED}(?:{_BEGINS}|[\t\r\n]))|(?<=[;\t\r\n])(?={_PASSED}{_BEGINS}))"
_DANGEROUS = re.compile(_PLACE)
# The same places in the written cell, each with the apostrophe that was put there.
_MARKED = re.compile(
    rf"(?:\A'(?={_PASSED}(?:{_BEGINS}|[\t\r\n]))|(?<=[;\t\r\n])'(?={_PASSED}{_BEGINS}))"
)


def inert(cell: str) -> str:
    """The cell as it is written to CSV: no spreadsheet takes it, or a part of it, for a formula."""
    return cell if _NUMBER.fullmatch(cell) else _DANGEROUS.sub("'", cell)


def restore(cell: str) -> str:
    """The cell that `inert` was given."""
    return cell if _NUMBER.fullmatch(cell) else _MARKED.sub("", cell)


def inert_table(table: pd.DataFrame) -> pd.DataFrame:
    """A table with its texts, and the names of its columns, as `inert` writes them."""
    return _each(table, inert)


def restore_table(table: pd.DataFrame) -> pd.DataFrame:
    """The table that `inert_table` was given; read the CSV as text, with no value for missing."""
    return _each(table, restore)


def _each(table: pd.DataFrame, change: object) -> pd.DataFrame:
    def cell(value: object) -> object:
        return change(value) if isinstance(value, str) else value  # type: ignore[operator]

    changed = table.copy()
    for place in range(table.shape[1]):
        column = table.iloc[:, place]
        if not pd.api.types.is_numeric_dtype(column):
            changed.isetitem(place, column.map(cell))
    changed.columns = pd.Index([cell(name) for name in table.columns], dtype=object)
    return changed
