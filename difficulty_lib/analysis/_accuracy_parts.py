"""Accuracy as a function of a score, with Wilson's intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from difficulty_lib._errors import DataError
from difficulty_lib.analysis._estimate import share


def accuracy_by_part(
    hardness: ArrayLike, correct: ArrayLike, *, parts: int = 10, seed: int = 0, level: float = 0.95
) -> pd.DataFrame:
    """Accuracy in each of several equal parts of the samples, from the easiest to the hardest.

    Args:
        hardness: shape (N,), high is hard.
        correct: shape (N,), whether a model is right about a sample.
        parts: how many; N or fewer.
        seed: of the order among equal values, which is random.
        level: of Wilson's intervals.

    Returns:
        A row per part: `part` from 1 (easiest), `value` (share that is right), `low`, `high`, `n`.

    Raises:
        DataError: on lengths that differ, fewer samples than parts, or what is not finite.
    """
    hard, right = np.asarray(hardness, dtype=float), np.asarray(correct, dtype=bool)
    if hard.shape != right.shape or hard.ndim != 1 or not 1 <= parts <= len(hard):
        raise DataError(
            f"{parts} parts of shapes {hard.shape} and {right.shape}; expected two lists of one "
            "length, and no more parts than samples"
        )
    if not np.isfinite(hard).all():
        raise DataError(f"{(~np.isfinite(hard)).sum()} scores are not finite; expected numbers")
    order = np.lexsort((np.random.default_rng(seed).permutation(len(hard)), hard))
    rows = []
    for number, chosen in enumerate(np.array_split(order, parts), start=1):
        found = share(right[chosen], level=level)
        rows.append(
            {"part": number, "value": found.value, "low": found.low, "high": found.high}
            | {"n": found.n}
        )
    return pd.DataFrame(rows)
