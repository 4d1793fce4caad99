"""A ratio of two means over pairs, with Fieller's interval."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from difficulty_lib._errors import DataError
from difficulty_lib._extras import require
from difficulty_lib.analysis import Estimate


def ratio_of_means(first: ArrayLike, second: ArrayLike, level: float = 0.95) -> Estimate:
    """Mean of the first over mean of the second, paired.

    Args:
        first: shape (S,), a value per pair.
        second: shape (S,), in the same order.
        level: of the interval.

    Returns:
        Ends are infinite where the second mean is not shown to differ from 0: then no ratio is
        excluded, or none but a middle range is. NaN where it is 0.

    Raises:
        DataError: on other shapes, fewer than two pairs, or a value that is not finite.

    Source: Fieller 1954: all ratios r for which mean(first − r second) is not shown to differ from 0.
    """
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if a.shape != b.shape or a.ndim != 1 or len(a) < 2:
        raise DataError(f"values of shapes {a.shape} and {b.shape}; expected two pairs or more")
    if not (np.isfinite(a) & np.isfinite(b)).all():
        raise DataError("a value is not finite; expected a number for every pair")
    n = len(a)
    stats = require("scipy.stats", "train")
    t = float(stats.t.ppf((1 + level) / 2, n - 1))
    over, under = float(a.mean()), float(b.mean())
    (va, vab), (_, vb) = (t * t * np.cov(a, b, ddof=1) / n).tolist()
    value = over / under if under else math.nan
    # (over − r under)² ≤ va − 2 r vab + r² vb
    square, linear, constant = under * under - vb, over * under - vab, over * over - va
    inside = linear * linear - square * constant
    if square <= 0:
        return Estimate(value, -math.inf, math.inf, n=n, level=level)
    root = math.sqrt(max(inside, 0.0))
    return Estimate(value, (linear - root) / square, (linear + root) / square, n=n, level=level)
