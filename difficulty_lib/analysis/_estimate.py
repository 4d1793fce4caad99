"""Estimates with intervals: correlations by bootstrap, shares by Wilson's formula."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from difficulty_lib._errors import DataError
from difficulty_lib._extras import require
from difficulty_lib.analysis._resampled import drawn_rows, spearman_of

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A number with its confidence interval.

    Attributes:
        value: the estimate on the whole sample.
        low: lower end of the interval.
        high: upper end.
        level: the interval's level, such as 0.95.
        n: number of samples it rests on.
    """

    value: float
    low: float
    high: float
    n: int
    level: float = 0.95

    def __str__(self) -> str:
        return f"{self.value:.2f} [{self.low:.2f}, {self.high:.2f}]"

    def excludes(self, number: float) -> bool:
        """Whether the interval lies wholly to one side of `number`."""
        return number < self.low or number > self.high


def _ranks(values: Array) -> Array:
    stats = require("scipy.stats", "train")
    ranked: Array = stats.rankdata(values, axis=-1)
    return ranked


def _pearson(x: Array, y: Array) -> Array:
    x = x - x.mean(axis=-1, keepdims=True)
    y = y - y.mean(axis=-1, keepdims=True)
    norm = np.sqrt((x**2).sum(axis=-1) * (y**2).sum(axis=-1))
    with np.errstate(invalid="ignore"):
        result: Array = (x * y).sum(axis=-1) / norm
    return result


def bootstrap(
    statistic: Callable[[NDArray[np.int64]], Array],
    n: int,
    *,
    resamples: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> Estimate:
    """Percentile bootstrap over samples.

    Args:
        statistic: of row numbers, shape (…, n), to one number per leading index.
        n: number of samples.
        resamples: bootstrap resamples.
        seed: of the resampling.
        level: of the interval.
    """
    value = float(statistic(np.arange(n)[None])[0])
    draws = [statistic(rows) for rows in drawn_rows(n, resamples, seed)]
    values = np.concatenate(draws)
    values = values[np.isfinite(values)]
    tail = (1 - level) / 2
    low, high = np.quantile(values, [tail, 1 - tail]) if len(values) else (np.nan, np.nan)
    return Estimate(value, float(low), float(high), n=n, level=level)


def spearman(x: ArrayLike, y: ArrayLike, *, resamples: int = 1000, seed: int = 0) -> Estimate:
    """Spearman's rank correlation with a bootstrap interval.

    Args:
        x: shape (N,).
        y: shape (N,), in the same order.
        resamples: bootstrap resamples of the pairs.
        seed: of the resampling.

    Raises:
        DataError: on lengths that differ, or fewer than three pairs.
    """
    return _correlation(x, y, ranked=True, resamples=resamples, seed=seed)


def pearson(x: ArrayLike, y: ArrayLike, *, resamples: int = 1000, seed: int = 0) -> Estimate:
    """Pearson's correlation with a bootstrap interval; arguments as for `spearman`."""
    return _correlation(x, y, ranked=False, resamples=resamples, seed=seed)


def _correlation(
    x: ArrayLike, y: ArrayLike, *, ranked: bool, resamples: int, seed: int
) -> Estimate:
    a, b = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if a.shape != b.shape or a.ndim != 1 or len(a) < 3:
        raise DataError(
            f"a correlation of shapes {a.shape} and {b.shape}; expected three pairs or more"
        )
    statistic = spearman_of(a, b) if ranked else lambda rows: _pearson(a[rows], b[rows])
    return bootstrap(statistic, len(a), resamples=resamples, seed=seed)


def share(successes: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Share of true values, with Wilson's interval.

    Args:
        successes: booleans, shape (N,).
        level: of the interval.
    """
    stats = require("scipy.stats", "train")
    flags = np.asarray(successes, dtype=bool)
    if not len(flags):
        raise DataError("a share of no samples; expected at least one")
    result = stats.binomtest(int(flags.sum()), len(flags))
    interval = result.proportion_ci(confidence_level=level, method="wilson")
    return Estimate(
        float(flags.mean()), float(interval.low), float(interval.high), len(flags), level
    )
