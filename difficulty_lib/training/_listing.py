"""Which samples every epoch of a split must have: read from the encoded rows, checked, written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from difficulty_lib._errors import DynamicsError
from difficulty_lib.dynamics import write_samples
from difficulty_lib.training._evaluation import ID_COLUMN, Rows
from difficulty_lib.training._labels import NAMES, is_class, is_span, label_of

Listed = tuple[NDArray[np.int64], NDArray[np.int64] | None]


def samples_of(split: str, rows: Rows) -> Listed:
    """Ids and labels of encoded rows, sorted by id; labels are None where one is not a number.

    Args:
        split: for messages.
        rows: encoded samples with `labels` (or `label`, or a span's positions) and, if they are to
            be keyed by more than their place, `sample_id`.

    Raises:
        DynamicsError: if a row has no label, or an id is there more than once.
    """
    rows = _needed_columns(rows)
    ids, labels = [], []
    for place in range(len(rows)):
        row = rows[place]
        label = label_of(row)
        if label is None:
            raise DynamicsError(
                f"split '{split}', row {place}: no 'labels'; there are {', '.join(map(str, row))}"
            )
        ids.append(int(row.get(ID_COLUMN, place)))
        labels.append(int(label) if is_class(label) else None)
    if len(rows) and is_span(rows[0]):  # a question may have several features
        return np.unique(np.array(ids, dtype=np.int64)), None
    array = np.array(ids, dtype=np.int64)
    order = np.argsort(array, kind="stable")
    unique, counts = np.unique(array, return_counts=True)
    if len(unique) != len(array):
        raise DynamicsError(
            f"split '{split}': sample_id is not unique, first: "
            f"{', '.join(map(str, unique[counts > 1][:5]))}; expected one row per id"
        )
    if None in labels:
        return array[order], None
    return array[order], np.array(labels, dtype=np.int64)[order]


def list_samples(folder: Path, split: str, rows: Rows) -> Listed:
    """Write which ids, with which labels, every epoch of this split must have.

    Raises:
        DynamicsError: as `samples_of`.
    """
    ids, labels = samples_of(split, rows)
    write_samples(folder, split, ids, labels)
    return ids, labels


def check_classes(split: str, listed: Listed, classes: int) -> None:
    """Refuse labels that the model has no class for, before a GPU's assertion hides which.

    Raises:
        DynamicsError: naming the first ids.
    """
    ids, labels = listed
    if labels is None:
        return
    wrong = (labels < 0) | (labels >= classes)
    if wrong.any():
        raise DynamicsError(
            f"split '{split}': {int(wrong.sum())} labels are out of range, first: label "
            f"{labels[wrong][0]} of sample {ids[wrong][0]}; expected 0 to {classes - 1}, the model's "
            "classes"
        )


def _needed_columns(rows: Any) -> Any:
    """The rows without the columns that are not needed, where that spares reading them."""
    names = getattr(rows, "column_names", None)
    if not isinstance(names, list) or not hasattr(rows, "select_columns"):
        return rows
    if rows.format["type"] == "custom":  # a transform of the user's may need the others
        return rows
    needed = [name for name in (ID_COLUMN, *NAMES) if name in names]
    return rows.select_columns(needed) if len(needed) > 1 or "labels" in needed else rows
