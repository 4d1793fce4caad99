"""Finding samples again by their texts, where two sources have no id in common."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from difficulty_lib._errors import DataError


def join_by_text(
    table: pd.DataFrame, frame: pd.DataFrame, columns: Sequence[str] = ("premise", "hypothesis")
) -> pd.Series:
    """The sample_id of each row of `table`, where `frame` has a sample of the same texts.

    Texts are the same if they are equal once every run of white space is one space and there is
    none around them. Of texts that occur several times, the first row of `table` goes with the
    lowest id of `frame`, the second with the next: no sample is given twice.

    Args:
        table: rows with the text columns, any index.
        frame: a split of a data set, indexed by sample_id, with the text columns.
        columns: which columns must be the same.

    Returns:
        Named `sample_id`, indexed as `table`, of type Int64: missing where there is no such sample.

    Raises:
        DataError: if one of the two lacks a column.
    """
    for what, given in (("table", table), ("data set", frame)):
        for column in columns:
            if column not in given.columns:
                raise DataError(
                    f"join by text: the {what} has no column '{column}'; "
                    f"there are {', '.join(map(str, given.columns))}"
                )
    known = dict(zip(_keys(frame.sort_index(), columns), frame.index.sort_values().tolist()))
    found = [known.get(key) for key in _keys(table, columns)]
    return pd.Series(found, index=table.index, dtype="Int64", name="sample_id")


def _keys(frame: pd.DataFrame, columns: Sequence[str]) -> list[tuple[object, ...]]:
    """Normalised texts of every row, and how often they occurred above it."""
    texts = pd.DataFrame(
        {str(i): [" ".join(str(t).split()) for t in frame[c]] for i, c in enumerate(columns)}
    )
    before = texts.groupby(list(texts.columns)).cumcount() if len(texts) else []
    return list(zip(*(texts[c] for c in texts.columns), before))
