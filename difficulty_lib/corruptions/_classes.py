"""Labels that are classes, and which other class one becomes."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib.corruptions._choice import OTHER, draws
from difficulty_lib.corruptions._truth import Change


def class_labels(
    frame: pd.DataFrame, target: str, classes: int | None
) -> tuple[NDArray[np.int64], int]:
    """The labels, shape (N,), and how many classes there are.

    Args:
        frame: with the column of labels.
        target: its name.
        classes: how many there are; up to the frame's largest label, at least 2, if not given.

    Raises:
        ConfigError: on a number of classes that cannot be.
        DataError: on labels that are no classes.
    """
    if not pd.api.types.is_integer_dtype(frame[target].dtype):
        raise DataError(
            f"'{target}' is of type {frame[target].dtype}; expected integers, a class each"
        )
    empty = frame.index[frame[target].isna()]
    if len(empty):
        raise DataError(f"sample {empty[0]}: no label in '{target}'; expected a class")
    labels = frame[target].to_numpy(dtype=np.int64)
    if classes is not None and (isinstance(classes, bool) or not isinstance(classes, int)):
        raise ConfigError(f"classes is {classes!r}; expected a whole number of at least 2")
    count = int(labels.max(initial=1)) + 1 if classes is None else classes
    if count < 2:
        raise ConfigError(f"classes is {classes}; expected at least 2")
    outside = np.flatnonzero((labels < 0) | (labels >= count))
    if len(outside):
        raise DataError(
            f"sample {frame.index[outside[0]]}: label {labels[outside[0]]}; "
            f"expected 0 to {count - 1}"
        )
    return labels, count


def any_other(
    frame: pd.DataFrame, labels: NDArray[np.int64], count: int, seed: int
) -> NDArray[np.int64]:
    """For every row one of the other classes, each as likely: shape (N,)."""
    # One of the classes that follow, in a ring, so that the own one is left out.
    step = 1 + (draws(frame, seed, OTHER) * (count - 1)).astype(np.int64)
    other: NDArray[np.int64] = (labels + step) % count
    return other


def flipped(
    labels: NDArray[np.int64], new: NDArray[np.int64], places: NDArray[np.int64]
) -> dict[int, Change | str]:
    """What becomes of the labels at the places."""
    return {
        int(place): Change(int(new[place]), -1, -1, "class", int(labels[place]), int(new[place]))
        for place in places
    }
