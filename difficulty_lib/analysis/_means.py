"""Means and their differences, with intervals."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from difficulty_lib._errors import DataError
from difficulty_lib.analysis._estimate import Estimate, bootstrap


def mean(values: ArrayLike, *, resamples: int = 1000, seed: int = 0) -> Estimate:
    """The mean with a bootstrap interval.

    Args:
        values: shape (N,).
        resamples: bootstrap resamples of the values.
        seed: of the resampling.

    Raises:
        DataError: if there are no values.
    """
    x = _checked(values)
    return bootstrap(lambda rows: x[rows].mean(axis=-1), len(x), resamples=resamples, seed=seed)


def mean_difference(
    first: ArrayLike, second: ArrayLike, *, resamples: int = 1000, seed: int = 0
) -> Estimate:
    """Mean of `first` minus mean of `second`, unpaired: each is resampled by itself.

    Args:
        first: shape (N,).
        second: shape (M,).
        resamples: bootstrap resamples.
        seed: of the resampling.

    Raises:
        DataError: if one has no values.
    """
    a, b = _checked(first), _checked(second)
    rng = np.random.default_rng(seed)
    draws = [rng.choice(a, len(a)).mean() - rng.choice(b, len(b)).mean() for _ in range(resamples)]
    low, high = np.quantile(draws, [0.025, 0.975])
    return Estimate(float(a.mean() - b.mean()), float(low), float(high), n=len(a) + len(b))


def _checked(values: ArrayLike) -> np.ndarray:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or not len(array):
        raise DataError(f"a mean of values of shape {array.shape}; expected at least one value")
    return array
