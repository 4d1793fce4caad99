"""TracIn-self: how much a sample's own updates have lowered its loss."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from difficulty_lib.scores._score import score


@score(
    higher_is_harder=True,
    title="TracIn self-influence",
    formula=r"\sum_{t=1}^{E} \eta_t \lVert \nabla_\theta \ell_t \rVert_2^2",
    citation="pruthi2020",
)
def tracin_self(gradient_norm: ArrayLike, learning_rate: ArrayLike) -> NDArray[np.float64]:
    """Sum over the epochs of the learning rate times the squared norm of the gradient.

    Args:
        gradient_norm: shape (E, N), ‖∇_θ ℓ_t‖₂ after epochs 1 … E.
        learning_rate: shape (E, N), mean learning rate of each epoch's updates.

    Returns:
        Shape (N,), not negative; high is hard. It is the sum of the squared GraNd of every epoch,
        weighted by the learning rates.

    Source: Pruthi et al. 2020, section 3.3 (TracInCP) of a sample with itself, the epochs' ends
    being the checkpoints.
    """
    norms = np.asarray(gradient_norm, dtype=np.float64)
    return (np.asarray(learning_rate, dtype=np.float64) * norms**2).sum(axis=0)
