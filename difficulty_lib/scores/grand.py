"""GraNd: the norm of a sample's gradient early in training."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from difficulty_lib.scores._score import score


@score(
    higher_is_harder=True,
    title="GraNd",
    formula=r"\lVert \nabla_\theta \ell_t \rVert_2,\; t = 1",
    citation="paul2021",
)
def grand(gradient_norm: ArrayLike, epoch: int = 1) -> NDArray[np.float64]:
    """Norm of the loss's gradient with respect to all trained parameters, after an early epoch.

    Args:
        gradient_norm: shape (E, N), ‖∇_θ ℓ_t‖₂ of epochs 1 … E, nats per unit of the parameters.
        epoch: which epoch, from 1; the first by default, for the score means to be early.

    Returns:
        Shape (N,), not negative; high is hard.

    Raises:
        IndexError: if `epoch` was not recorded.

    Source: Paul et al. 2021, definition 2.1, there averaged over seeds: `ensemble` of the runs'
    dynamics does that. At initialisation, before the first update, its ranking could not be
    replicated (Kirsch 2023), so that epoch 0 is not offered.
    """
    norms = np.asarray(gradient_norm, dtype=np.float64)
    if not 1 <= epoch <= len(norms):
        raise IndexError(f"epoch is {epoch}; expected 1 to {len(norms)}")
    return norms[epoch - 1].copy()
