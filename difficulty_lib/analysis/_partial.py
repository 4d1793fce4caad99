"""What one score says of something beyond what another says already."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from difficulty_lib._errors import DataError
from difficulty_lib.analysis._estimate import Estimate, _pearson, _ranks, bootstrap

Array = NDArray[np.float64]


def partial_spearman(
    x: ArrayLike, y: ArrayLike, given: ArrayLike, *, resamples: int = 1000, seed: int = 0
) -> Estimate:
    """Spearman of x and y with the ranks of a third variable taken out of both.

    Args:
        x: shape (N,).
        y: shape (N,), in the same order.
        given: shape (N,), what is held fixed.
        resamples: bootstrap resamples of the samples.
        seed: of the resampling.

    Raises:
        DataError: on lengths that differ, or fewer than four samples.
    """
    a, b, c = (np.asarray(v, dtype=np.float64) for v in (x, y, given))
    if not a.shape == b.shape == c.shape or a.ndim != 1 or len(a) < 4:
        raise DataError(
            f"a partial correlation of shapes {a.shape}, {b.shape} and {c.shape}; expected four "
            "samples or more of each"
        )

    def statistic(rows: NDArray[np.int64]) -> Array:
        first, second, third = (_ranks(v[rows]) for v in (a, b, c))
        xy, xz, yz = _pearson(first, second), _pearson(first, third), _pearson(second, third)
        with np.errstate(invalid="ignore", divide="ignore"):
            result: Array = (xy - xz * yz) / np.sqrt((1 - xz**2) * (1 - yz**2))
        return result

    return bootstrap(statistic, len(a), resamples=resamples, seed=seed)
