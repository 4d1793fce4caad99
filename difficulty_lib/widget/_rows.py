"""The ranked rows of a session, from whatever holds them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from difficulty_lib._errors import DataError
from difficulty_lib.data import read_table_file
from difficulty_lib.review import RankedRows, ranked_rows

SAMPLE_ID = "sample_id"


def rows_of(
    ranked: pd.DataFrame | str | Path, text: Sequence[str], label: str, id_column: str | None
) -> tuple[RankedRows, NDArray[np.int64]]:
    """The rows in the order of their ranks, and the place in `ranked` of each of them.

    Args:
        ranked: a table with a `suspicion_rank`, or a file of one. An index called `sample_id`
            becomes a column.
        text: its columns of texts.
        label: its column of labels.
        id_column: a column of unique ids, if any.

    Raises:
        DataError: if the table cannot be read, or is none that `difficulty rank` wrote.
    """
    table = ranked if isinstance(ranked, pd.DataFrame) else read_table_file(ranked)
    if table.index.name == SAMPLE_ID and SAMPLE_ID not in table.columns:
        table = table.reset_index()
    place = "place"
    while place in table.columns:
        place += "_"
    found = ranked_rows(table.assign(**{place: np.arange(len(table))}), text, label, id_column)
    places = found.table[place].to_numpy(dtype=np.int64)
    return RankedRows(found.table.drop(columns=place), tuple(text), label, id_column), places


def sample_ids(rows: RankedRows, column: str | None) -> NDArray[np.int64]:
    """Ids of the rows in a run, shape (N,), in the order of their ranks.

    Raises:
        DataError: if there is no such column, or it does not hold whole numbers, each once.
    """
    name = column or SAMPLE_ID
    while column is None and f"{name}_difficulty" in rows.table.columns:
        name += "_difficulty"  # `difficulty rank` left the user's own column as it was
    if name not in rows.table.columns:
        raise DataError(
            f"no column '{name}' that says which sample of the run a row is; expected one, "
            "or a table indexed by sample_id, or its name as sample_id="
        )
    numbers = pd.to_numeric(rows.table[name], errors="coerce").to_numpy(dtype=float)
    wrong = np.flatnonzero(~(numbers == np.floor(numbers)))
    if len(wrong):
        value = rows.table[name].iloc[wrong[0]]
        raise DataError(f"column '{name}': {value!r} is no sample id; expected whole numbers")
    ids, counts = np.unique(numbers.astype(np.int64), return_counts=True)
    if (counts > 1).any():
        raise DataError(
            f"column '{name}': {ids[counts > 1][0]} is there twice; expected unique ids"
        )
    return numbers.astype(np.int64)
