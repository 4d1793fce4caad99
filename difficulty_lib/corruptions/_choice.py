"""Which samples are corrupted: of their ids and the seed alone, so that every order gives the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib._whole import whole_number
from difficulty_lib.data._hashing import CORRUPTION, unit_hash

RATES = (0.01, 0.4)
_DRAWS = 8
CHOICE, PIECE, OTHER, KIND = range(4)  # what a draw decides


def draws(frame: pd.DataFrame, seed: int, what: int) -> NDArray[np.float64]:
    """A number in [0, 1) for every row, of its id, the seed and what it decides: shape (N,)."""
    return unit_hash(frame.index.to_numpy(), salt=CORRUPTION + _DRAWS * seed + what)


def chosen(
    frame: pd.DataFrame, rate: float, seed: int, columns: Sequence[str]
) -> NDArray[np.bool_]:
    """Which rows are to be corrupted, shape (N,): each with probability `rate`.

    Those of a lower rate are among those of a higher one, and those of a part of the data among
    those of the whole.

    Raises:
        ConfigError: on a rate or seed that cannot be.
        DataError: on an index that is not unique integers, or a missing column.
    """
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not _within(rate):
        raise ConfigError(f"rate is {rate!r}; expected a number from {RATES[0]} to {RATES[1]}")
    whole_number("seed", seed, 0)
    if not pd.api.types.is_integer_dtype(frame.index.dtype) or not frame.index.is_unique:
        raise DataError("the frame's index is not unique integers; expected sample_id")
    for column in columns:
        if column not in frame.columns:
            raise DataError(f"no column '{column}'; there are {', '.join(map(str, frame.columns))}")
    picked: NDArray[np.bool_] = draws(frame, int(seed), CHOICE) < rate
    return picked


def _within(rate: float) -> bool:
    return RATES[0] <= rate <= RATES[1]


def strings(frame: pd.DataFrame, column: str) -> list[str]:
    """A column whose values are strings.

    Raises:
        DataError: if one is not, naming the first.
    """
    values = frame[column].tolist()
    for sample_id, value in zip(frame.index, values):
        if not isinstance(value, str):
            raise DataError(f"sample {sample_id}: '{column}' is {value!r}; expected a string")
    return values
