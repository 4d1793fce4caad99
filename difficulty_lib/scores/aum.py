"""Area under the margin."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from difficulty_lib.scores._score import score


@score(
    higher_is_harder=False,
    title="area under the margin",
    formula=r"\frac{1}{E} \sum_t \left[ z_t(y) - \max_{k \ne y} z_t(k) \right]",
    citation="pleiss2020",
    default_stream="training",
)
def aum(margin: ArrayLike) -> NDArray[np.float64]:
    """Mean over the epochs of the gold logit minus the largest other logit.

    Args:
        margin: shape (E, N), of logits (not of probabilities).

    Returns:
        Shape (N,); low is hard.

    Source: Pleiss et al. 2020, Eq. 2; defined on the training stream.
    """
    return np.asarray(margin, dtype=np.float64).mean(axis=0)
