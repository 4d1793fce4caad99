"""What one score says of something beyond what another says already."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from difficulty_lib._errors import DataError
from difficulty_lib.analysis._estimate import Estimate, bootstrap
from difficulty_lib.analysis._resampled import partial_spearman_of


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
    return bootstrap(partial_spearman_of(a, b, c), len(a), resamples=resamples, seed=seed)
