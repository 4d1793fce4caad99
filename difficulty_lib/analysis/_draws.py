"""Several statistics of the same resamples, with percentile intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from difficulty_lib._errors import DataError

Array = NDArray[np.float64]
Pairs = Sequence[tuple[int, int]]
CELLS = 2_000_000  # values held at a time


def checked_runs(values: ArrayLike, pairs: Pairs | None, least: int = 3) -> tuple[Array, Pairs]:
    """Scores of several runs, shape (R, N), and which of them are set against each other.

    Raises:
        DataError: on fewer than two runs or `least` samples, a value that is not finite, or a
            pair of runs that are not there.
    """
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 2 or len(x) < 2 or x.shape[1] < least:
        raise DataError(
            f"scores of shape {x.shape}; expected two runs or more of {least} samples or more"
        )
    if not np.isfinite(x).all():
        raise DataError(f"{(~np.isfinite(x)).sum()} scores are not finite; expected numbers")
    if pairs is None:
        pairs = [(i, j) for i in range(len(x)) for j in range(i + 1, len(x))]
    strange = [pair for pair in pairs if not all(0 <= run < len(x) for run in pair)]
    if not pairs or strange:
        raise DataError(f"pairs of runs {list(pairs)}; expected numbers from 0 to {len(x) - 1}")
    return x, pairs


def resampled(
    statistics: Callable[[Array], Array], x: Array, resamples: int, seed: int, level: float
) -> pd.DataFrame:
    """Statistics of runs with a percentile bootstrap over their samples.

    Args:
        statistics: of scores, shape (R, B, N), to shape (B, K).
        x: shape (R, N).
        resamples: of the samples, the same ones for every run.
        seed: of the resampling.
        level: of the intervals.

    Returns:
        K rows: `value`, `low`, `high`; the ends are NaN without a resample.
    """
    rng = np.random.default_rng(seed)
    n = x.shape[1]
    value = statistics(x[:, None])[0]
    draws = [
        statistics(x[:, rng.integers(0, n, size=(size, n))]) for size in blocks(resamples, x.size)
    ]
    low, high = percentiles(np.concatenate(draws) if draws else value[None] * np.nan, level)
    return pd.DataFrame({"value": value, "low": low, "high": high})


def blocks(count: int, cells: int) -> list[int]:
    """So many repetitions in blocks that hold a bounded number of values, each of so many cells."""
    step = max(1, CELLS // max(cells, 1))
    return [min(step, count - start) for start in range(0, count, step)]


def percentiles(draws: Array, level: float) -> tuple[Array, Array]:
    """The ends of the middle `level` of the draws, shape (B, K), that are numbers."""
    tail = (1 - level) / 2
    ends = np.full((2, draws.shape[1]), np.nan)
    for column, values in enumerate(draws.T):
        known = values[np.isfinite(values)]
        if len(known):
            ends[:, column] = np.quantile(known, [tail, 1 - tail])
    return ends[0], ends[1]
