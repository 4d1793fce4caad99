"""Whole numbers that must be whole: ids, epochs, labels and predictions are never rounded."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from difficulty_lib._errors import DynamicsError


def integers(values: ArrayLike, what: str) -> NDArray[np.int64]:
    """The values as int64.

    Raises:
        DynamicsError: if one of them is missing or has a fraction, naming `what`.
    """
    try:
        if np.asarray(values).dtype.kind in "iub":
            return np.asarray(values, dtype=np.int64)
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise DynamicsError(f"{what}: not numbers; expected integers") from None
    wrong = array[~(np.isfinite(array) & (array == np.round(array)))]
    if wrong.size:
        raise DynamicsError(f"{what}: {wrong.flat[0]} is no integer; expected integers")
    return array.astype(np.int64)
