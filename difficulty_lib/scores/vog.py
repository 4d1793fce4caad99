"""VoG: variance of gradients, as it is and within the class."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from difficulty_lib.scores._score import score

Array = NDArray[np.float64]


@score(
    higher_is_harder=True,
    title="variance of gradients",
    formula=r"\frac{1}{|x|} \sum_{i \in x} \mathrm{std}_t \frac{\partial z_t(y)}{\partial x_i}",
    citation="agarwal2022",
)
def vog_raw(vog_logit_all: ArrayLike) -> Array:
    """Standard deviation over the checkpoints of the gold logit's gradient with respect to the input.

    Args:
        vog_logit_all: shape (N,), the mean over the entries of the input's embeddings (real tokens ×
            hidden) of the standard deviation (ddof 0) over all checkpoints.

    Returns:
        Shape (N,), not negative; high is hard. Depends on the scale of the embeddings, and on the
        class: see `vog`.

    Source: Agarwal et al. 2022, Eq. 1 to 3, which takes pixels; here it is the input's embeddings.
    """
    return np.array(vog_logit_all, dtype=np.float64)


@score(
    higher_is_harder=True,
    title="variance of gradients within the class",
    formula=r"(\mathrm{VoG} - \mu_y) / \sigma_y",
    citation="agarwal2022",
    all_samples=True,
)
def vog(vog_logit_all: ArrayLike, label: ArrayLike) -> Array:
    """Variance of gradients, standardised within the gold class: its mean 0, its deviation 1.

    Args:
        vog_logit_all: shape (N,), as for `vog_raw`.
        label: shape (N,), the gold classes.

    Returns:
        Shape (N,), in standard deviations (ddof 0); high is hard. 0 where a class has one sample, or
        no two that differ. Depends on which other samples there are.

    Source: Agarwal et al. 2022, section 2.1.
    """
    raw = np.asarray(vog_logit_all, dtype=np.float64)
    gold = np.asarray(label)
    result = np.zeros_like(raw)
    for name in np.unique(gold):
        own = gold == name
        ordered = np.sort(raw[own])  # so that the sums do not depend on the samples' order
        centre = ordered.mean()
        spread = ordered.std()
        if spread > 1e-12 * abs(centre):  # below it is rounding
            result[own] = (raw[own] - centre) / spread
    return result
