"""Ensembles of runs: any score averaged over them, and the loss of the ensemble."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from difficulty_lib.scores._across_runs import across_runs as across_runs
from difficulty_lib.scores._across_runs import ensemble as ensemble
from difficulty_lib.scores._score import score


@score(
    higher_is_harder=True,
    title="ensemble loss",
    formula=r"\frac{1}{R} \sum_{r=1}^{R} \ell^{(r)}_E",
    citation="chong2022",
    several_runs=True,
)
def ensemble_loss(loss: ArrayLike) -> NDArray[np.float64]:
    """Mean over the runs of the loss after the last epoch.

    Args:
        loss: shape (R, E, N), nats, of R runs.

    Returns:
        Shape (N,), nats; high is hard. `ensemble` averages any other score.

    Source: Chong et al. 2022.
    """
    return np.asarray(loss, dtype=np.float64)[:, -1].mean(axis=0)
