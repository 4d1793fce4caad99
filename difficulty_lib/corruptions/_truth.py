"""What is known of a corruption: which samples, where, and which could not be corrupted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from difficulty_lib._errors import DataError

TRUTH = ("corrupted", "start", "end", "kind", "original", "replacement", "problem")


@dataclass(frozen=True)
class Change:
    """What one sample's label, or text, became.

    Attributes:
        label: the new label, or text.
        start: where the changed piece starts in it, in characters; of an answer, in the context;
            −1 where the label is a class.
        end: where it ends.
        kind: "name", "number", "summary", "class", "answer", "truncated", "foreign", or what was
            done to a copy's text: "doubled", "dropped", "punctuation", "case".
        original: the piece, or the class, as it was.
        replacement: what it is now.
    """

    label: Any
    start: int
    end: int
    kind: str
    original: Any
    replacement: Any


def corrupted(
    frame: pd.DataFrame, target: str, changes: Mapping[int, Change | str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The corrupted frame and the truth.

    Args:
        frame: left as it is.
        target: the column that changes, of the labels or of texts.
        changes: place → the change, or why there is none of a row that was to be corrupted.

    Returns:
        The frame with the new labels; and a frame on its index with `corrupted` (bool), `start` and
        `end` (characters of the changed piece in the new text, −1 where there is none), `kind`,
        `original`, `replacement`, and `problem`: why a sample that was chosen is as it was, else "".

    Raises:
        DataError: if no sample was corrupted.
    """
    require_some(frame, changes)
    labels = frame[target].tolist()
    for place, change in changes.items():
        if isinstance(change, Change):
            labels[place] = change.label
    new = pd.Series(labels, index=frame.index, dtype=frame[target].dtype)
    return frame.assign(**{target: new}), truth_table(frame.index, changes)


def truth_table(index: pd.Index, changes: Mapping[int, Change | str]) -> pd.DataFrame:
    """The truth on an index: place → the change, or why there is none."""
    columns: dict[str, list[Any]] = {
        "corrupted": [False] * len(index),
        "start": [-1] * len(index),
        "end": [-1] * len(index),
        **{name: [""] * len(index) for name in TRUTH[3:]},
    }
    for place, change in changes.items():
        if isinstance(change, str):
            columns["problem"][place] = change
            continue
        columns["corrupted"][place] = True
        for name in TRUTH[1:6]:
            columns[name][place] = getattr(change, name)
    return pd.DataFrame(columns, index=index)


def require_some(frame: pd.DataFrame, changes: Mapping[int, Change | str]) -> None:
    """Refuse a corruption of nothing.

    Raises:
        DataError: if no sample was corrupted.
    """
    if any(isinstance(change, Change) for change in changes.values()):
        return
    reasons = sorted({change for change in changes.values() if isinstance(change, str)})
    raise DataError(
        f"none of {len(frame)} samples was corrupted: {len(changes)} were chosen"
        f"{' (' + '; '.join(reasons) + ')' if reasons else ''}; "
        "expected a higher rate, more samples or another seed"
    )
