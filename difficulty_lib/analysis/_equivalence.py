"""Is a difference too small to matter? Two one-sided tests on pairs, such as runs of one seed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib._extras import require
from difficulty_lib.analysis._estimate import Estimate


@dataclass(frozen=True)
class Equivalence:
    """What pairs say of a difference and of a margin below which it does not matter.

    Attributes:
        difference: mean of first − second, with the paired t interval.
        margin: the difference that would matter, in the values' unit.
        above: p of the test that the difference is not above −margin.
        below: p of the test that the difference is not below +margin.
        alpha: level of either test.
        inner: the difference with the interval of level 1 − 2 alpha, which lies within ± margin
            exactly if the pairs are equivalent.
    """

    difference: Estimate
    margin: float
    above: float
    below: float
    alpha: float
    inner: Estimate

    @property
    def p(self) -> float:
        """Of the two tests together: the larger."""
        return max(self.above, self.below)

    @property
    def equivalent(self) -> bool:
        """Whether the difference is shown to be smaller than the margin."""
        return self.p < self.alpha

    @property
    def verdict(self) -> str:
        """One of "equivalent", "higher", "lower" (the interval leaves out 0) and "undecided".

        A difference can be both: shown to be there, and shown to be too small to matter. Then it is
        "equivalent".
        """
        if self.equivalent:
            return "equivalent"
        if self.difference.excludes(0.0):
            return "higher" if self.difference.value > 0 else "lower"
        return "undecided"


def equivalence(
    first: ArrayLike | pd.Series,
    second: ArrayLike | pd.Series,
    margin: float,
    *,
    alpha: float = 0.05,
    level: float = 0.95,
) -> Equivalence:
    """Two one-sided paired t tests of whether first − second lies within ± margin.

    Args:
        first: shape (S,), a value per pair (seed); as a Series, its index says which.
        second: shape (S,), in the same order; as a Series, its index has the same pairs.
        margin: above 0, in the values' unit: .004 of an accuracy from 0 to 1 is .4 points.
        alpha: level of either test, and so of both together.
        level: of the interval of the difference.

    Raises:
        ConfigError: on a margin, alpha or level that cannot be.
        DataError: if the pairs are not the same, fewer than two, or not finite.

    Source: Schuirmann 1987.
    """
    if isinstance(margin, bool) or not isinstance(margin, int | float) or not 0 < margin < math.inf:
        raise ConfigError(f"margin is {margin!r}; expected a number above 0")
    for name, value, most in (("alpha", alpha, 0.5), ("level", level, 1.0)):
        if not 0 < value < most:
            raise ConfigError(f"{name} is {value!r}; expected above 0, below {most:g}")
    d = _differences(first, second)
    stats = require("scipy.stats", "train")
    n, mean = len(d), float(d.mean())
    error = float(d.std(ddof=1)) / math.sqrt(n)

    def beyond(t: float) -> float:
        """P(T > t)."""
        return float(stats.t.sf(t, n - 1))

    def interval(coverage: float) -> Estimate:
        half = float(stats.t.ppf((1 + coverage) / 2, n - 1)) * error
        return Estimate(mean, mean - half, mean + half, n=n, level=coverage)

    return Equivalence(
        difference=interval(level),
        margin=float(margin),
        above=beyond(_ratio(mean + margin, error)),
        below=beyond(_ratio(margin - mean, error)),
        alpha=alpha,
        inner=interval(1 - 2 * alpha),
    )


def _ratio(distance: float, error: float) -> float:
    if error > 0:
        return distance / error
    return math.copysign(math.inf, distance) if distance else 0.0  # pairs that all differ alike


def _differences(first: ArrayLike | pd.Series, second: ArrayLike | pd.Series) -> np.ndarray:
    if isinstance(first, pd.Series) and isinstance(second, pd.Series):
        for name, one in (("first", first), ("second", second)):
            if not one.index.is_unique:
                doubled = one.index[one.index.duplicated()].unique()
                raise DataError(f"{name}: doubled pairs, first: {doubled[:5].tolist()}")
        alone = first.index.symmetric_difference(second.index)
        if len(alone):
            raise DataError(
                f"{len(alone)} pairs are in one of the two alone, first: {alone[:5].tolist()}; "
                "expected both for every seed"
            )
        second = second.loc[first.index]
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if a.shape != b.shape or a.ndim != 1 or len(a) < 2:
        raise DataError(f"values of shapes {a.shape} and {b.shape}; expected two pairs or more")
    if not (np.isfinite(a) & np.isfinite(b)).all():
        raise DataError("a value is not finite; expected a number for every pair")
    return a - b
