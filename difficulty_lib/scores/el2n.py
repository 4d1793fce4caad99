"""EL2N: the norm of the error vector early in training."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from difficulty_lib.scores._score import score


@score(
    higher_is_harder=True,
    title="EL2N",
    formula=r"\lVert p_t - e_y \rVert_2,\; t = 1",
    citation="paul2021",
)
def el2n(error_norm: ArrayLike, epoch: int = 1) -> NDArray[np.float64]:
    """Norm of the error vector p − e_y after an early epoch.

    Args:
        error_norm: shape (E, N), ‖p_t − e_y‖₂ of epochs 1 … E.
        epoch: which epoch, from 1; the first by default, for the score means to be early.

    Returns:
        Shape (N,), in [0, √2]; high is hard. With two classes it is √2 (1 − p(y)).

    Raises:
        IndexError: if `epoch` was not recorded.

    Source: Paul et al. 2021, definition 2.2, there averaged over seeds: `ensemble` of the runs'
    dynamics does that.
    """
    norms = np.asarray(error_norm, dtype=np.float64)
    if not 1 <= epoch <= len(norms):
        raise IndexError(f"epoch is {epoch}; expected 1 to {len(norms)}")
    return norms[epoch - 1].copy()
