"""The action score: a sample's loss summed over the epochs."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from difficulty_lib.scores._score import score
from difficulty_lib.scores._spread import variance

Array = NDArray[np.float64]


@score(
    higher_is_harder=True,
    title="action score",
    formula=r"\sum_{t=1}^{E} \ell_t",
    citation="arriaga2023",
)
def action_score(loss: ArrayLike) -> Array:
    """Sum of the losses over the epochs, one epoch being one unit of time.

    Args:
        loss: shape (E, N), nats, epochs 1 … E.

    Returns:
        Shape (N,), nats × epochs; high is hard. Grows with E: compare runs of different length
        by `action_score_mean`.

    Source: Arriaga et al. 2023, Eq. 1, as its tables compute it (from the first epoch on;
    `action_score_initial` is the equation as printed, from n = 0).
    """
    return np.asarray(loss, dtype=np.float64).sum(axis=0)


@score(
    higher_is_harder=True,
    title="action score per epoch",
    formula=r"\frac{1}{E} \sum_{t=1}^{E} \ell_t",
    citation="arriaga2023",
)
def action_score_mean(loss: ArrayLike) -> Array:
    """Mean of the losses over the epochs: the action score per epoch, comparable between runs.

    Args:
        loss: shape (E, N), nats, epochs 1 … E.

    Returns:
        Shape (N,), nats; high is hard. Ranks as `action_score` does.
    """
    return np.asarray(loss, dtype=np.float64).mean(axis=0)


@score(
    higher_is_harder=True,
    title="action score with epoch 0",
    formula=r"\sum_{t=0}^{E} \ell_t",
    citation="arriaga2023",
)
def action_score_initial(loss: ArrayLike, initial_loss: ArrayLike) -> Array:
    """The action score with the loss before the first update counted in: Eq. 1 as printed.

    Args:
        loss: shape (E, N), nats, epochs 1 … E.
        initial_loss: shape (N,), nats, of the model before its first update (epoch 0).

    Returns:
        Shape (N,), nats × epochs; high is hard.
    """
    return action_score(loss) + np.asarray(initial_loss, dtype=np.float64)


@score(
    higher_is_harder=True,
    title="action variance",
    formula=r"\frac{1}{E} \sum_{t=1}^{E} (\ell_t - \bar\ell)^2",
    citation="arriaga2023",
)
def action_variance(loss: ArrayLike) -> Array:
    """Variance of the losses over the epochs, of the population (ddof 0).

    Args:
        loss: shape (E, N), nats, epochs 1 … E.

    Returns:
        Shape (N,), nats²; high is hard.
    """
    return variance(loss)


@score(
    higher_is_harder=True,
    title="last loss",
    formula=r"\ell_E",
    citation="chong2022",
)
def last_loss(loss: ArrayLike) -> Array:
    """Loss after the last epoch: what one gets without recording any dynamics.

    Args:
        loss: shape (E, N), nats, epochs 1 … E.

    Returns:
        Shape (N,), nats; high is hard.
    """
    return np.asarray(loss, dtype=np.float64)[-1].copy()
