"""Corrupted samples that are added to the others, under ids that none of them has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from difficulty_lib._errors import DataError
from difficulty_lib.corruptions._truth import Change, truth_table

ADDED = ("added", "source")  # what the truth of a corruption that adds rows says beside `TRUTH`
_LARGEST = int(np.iinfo(np.int64).max)


def new_ids(index: pd.Index) -> list[int]:
    """An id for every row that might get a companion, which no row has.

    It is the row's own id and a power of ten that is beyond all ids: the companion of 123 among ids
    to 3,999 is 10,123.

    Raises:
        DataError: if the ids are so large that there is no such integer.
    """
    ids = [int(sample_id) for sample_id in index]
    if not ids:
        return []
    beyond = 10 ** len(str(max(max(ids), max(ids) - min(ids), 0)))
    if max(ids) + beyond > _LARGEST:
        raise DataError(
            f"sample {max(ids)}: no room for new ids beyond it; expected ids of at most 18 digits"
        )
    return [sample_id + beyond for sample_id in ids]


def grown(
    frame: pd.DataFrame,
    rows: pd.DataFrame,
    changes: Sequence[Change],
    sources: Sequence[int],
    problems: Mapping[int, str],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The frame with the rows after it, and the truth.

    Args:
        frame: left as it is.
        rows: the new samples, on their new ids, with the frame's columns.
        changes: what is wrong with each of them, shape (rows,).
        sources: the ids of what each of them was made from, shape (rows,).
        problems: place in the frame → why a chosen sample was given no companion.

    Returns:
        The grown frame; and the truth on its index: `corrupted` and `added` are True of the new
        samples, `source` is −1 of the others.
    """
    whole = pd.concat([frame, rows]).rename_axis(index=frame.index.name)
    count = len(frame)
    places = {count + place: change for place, change in enumerate(changes)}
    truth = truth_table(whole.index, {**problems, **places})
    added = np.arange(len(whole)) >= count
    source = np.concatenate([np.full(count, -1), np.array(sources, dtype=np.int64)])
    return whole, truth.assign(added=added, source=source)
