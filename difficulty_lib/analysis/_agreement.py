"""How far runs agree on what is hard: correlations between pairs of runs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from difficulty_lib._errors import ConfigError
from difficulty_lib.analysis._draws import Pairs, checked_runs, resampled
from difficulty_lib.analysis._estimate import Estimate, _pearson
from difficulty_lib.analysis._measures import rank_correlation

Array = NDArray[np.float64]
CORRELATIONS = {"spearman": rank_correlation, "pearson": _pearson}


def run_agreement(
    values: ArrayLike,
    pairs: Pairs | None = None,
    *,
    method: str = "spearman",
    resamples: int = 500,
    seed: int = 0,
    level: float = 0.95,
) -> Estimate:
    """Mean correlation of a score between pairs of runs.

    Args:
        values: shape (R, N), a score of the same N ≥ 3 samples in R ≥ 2 runs.
        pairs: which runs are set against each other, by number; all if not given. Of two models
            those of one with those of the other.
        method: "spearman" or "pearson".
        resamples: bootstrap resamples of the samples.
        seed: of the resampling.
        level: of the interval.

    Returns:
        The mean over the pairs, −1 to 1, NaN where a run gives every sample the same. The interval
        is over other samples, for these runs; `seed_agreement` is over other seeds, too.

    Raises:
        ConfigError: on another method.
        DataError: on fewer runs or samples, values that are not finite, or unknown runs.
    """
    mean = _mean_correlation(method)
    x, pairs = checked_runs(values, pairs)
    return _estimate(lambda runs: mean(runs, pairs), x, resamples, seed, level)


def agreement_difference(
    values: ArrayLike,
    pairs: Pairs,
    others: Pairs,
    *,
    method: str = "spearman",
    resamples: int = 500,
    seed: int = 0,
    level: float = 0.95,
) -> Estimate:
    """How much more some pairs of runs agree than others: the difference of two mean correlations.

    Two models agree less than reruns of each if `pairs` are of one model's run and the other's,
    `others` the reruns of both, and the interval lies below zero.

    Args:
        values: shape (R, N), a score of the same N ≥ 3 samples in R ≥ 2 runs.
        pairs: the pairs of runs whose agreement is asked for, by number.
        others: those it is set against.
        method: "spearman" or "pearson".
        resamples: bootstrap resamples of the samples, the same for both means.
        seed: of the resampling.
        level: of the interval.

    Returns:
        The mean correlation over `pairs` less that over `others`, −2 to 2. The interval is over
        other samples, for these runs.

    Raises:
        ConfigError: as `run_agreement`.
        DataError: as `run_agreement`.
    """
    mean = _mean_correlation(method)
    x, pairs = checked_runs(values, pairs)
    _, others = checked_runs(values, others)
    return _estimate(lambda runs: mean(runs, pairs) - mean(runs, others), x, resamples, seed, level)


def _mean_correlation(method: str) -> Callable[[Array, Pairs], Array]:
    """Of resampled runs and pairs of them, the mean over the pairs, one for each resample."""
    if method not in CORRELATIONS:
        raise ConfigError(f"method is '{method}'; expected {' or '.join(CORRELATIONS)}")
    correlation = CORRELATIONS[method]

    def mean(runs: Array, pairs: Pairs) -> Array:
        found: Array = np.mean([correlation(runs[i], runs[j]) for i, j in pairs], axis=0)
        return found

    return mean


def _estimate(
    statistic: Callable[[Array], Array], x: Array, resamples: int, seed: int, level: float
) -> Estimate:
    found = resampled(lambda runs: statistic(runs)[:, None], x, resamples, seed, level).iloc[0]
    value, low, high = (float(found[name]) for name in ("value", "low", "high"))
    return Estimate(value, low, high, n=x.shape[1], level=level)
