"""What is known of a corruption: which samples, where, and which could not be corrupted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from difficulty_lib._errors import DataError

TRUTH = ("corrupted", "start", "end", "kind", "original", "replacement", "problem")


@dataclass(frozen=True)
class Change:
    """What one sample's label became.

    Attributes:
        label: the new label.
        start: where the changed piece starts in it, in characters; −1 where the label is no text.
        end: where it ends.
        kind: "name", "number", "summary" or "class".
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
    frame: pd.DataFrame, target: str, changes: dict[int, Change | str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The corrupted frame and the truth.

    Args:
        frame: left as it is.
        target: the label's column.
        changes: place → the change, or why there is none of a row that was to be corrupted.

    Returns:
        The frame with the new labels; and a frame on its index with `corrupted` (bool), `start` and
        `end` (characters of the changed piece in the new text, −1 where there is none), `kind`,
        `original`, `replacement`, and `problem`: why a sample that was chosen is as it was, else "".

    Raises:
        DataError: if no sample was corrupted.
    """
    done = {place: change for place, change in changes.items() if isinstance(change, Change)}
    if not done:
        reasons = sorted({change for change in changes.values() if isinstance(change, str)})
        raise DataError(
            f"none of {len(frame)} samples was corrupted: {len(changes)} were chosen"
            f"{' (' + '; '.join(reasons) + ')' if reasons else ''}; "
            "expected a higher rate, more samples or another seed"
        )
    labels = frame[target].tolist()
    columns: dict[str, list[Any]] = {
        "corrupted": [False] * len(frame),
        "start": [-1] * len(frame),
        "end": [-1] * len(frame),
        **{name: [""] * len(frame) for name in TRUTH[3:]},
    }
    for place, change in changes.items():
        if isinstance(change, str):
            columns["problem"][place] = change
            continue
        labels[place] = change.label
        columns["corrupted"][place] = True
        for name in TRUTH[1:6]:
            columns[name][place] = getattr(change, name)
    new = pd.Series(labels, index=frame.index, dtype=frame[target].dtype)
    return frame.assign(**{target: new}), pd.DataFrame(columns, index=frame.index)
