"""Pointwise V-information: what the input adds to what the label's frequency already says."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from difficulty_lib._errors import DynamicsError
from difficulty_lib.dynamics import StreamDynamics
from difficulty_lib.scores._score import score

Array = NDArray[np.float64]


@score(
    higher_is_harder=False,
    title="pointwise V-information",
    formula=r"-\log_2 g[\varnothing](y) + \log_2 g'[x](y)",
    citation="ethayarajh2022",
    held_out=True,
)
def pvi(loss: ArrayLike, null_loss: ArrayLike) -> Array:
    """How many bits the input gives the model about the label, after the last epoch.

    Args:
        loss: shape (E, N), nats, epochs 1 … E, of a model that was not trained on these samples.
        null_loss: shape (N,), nats, of a model that never sees the input: in closed form
            (`null_loss_from_frequencies`) or trained (`with_trained_null`).

    Returns:
        Shape (N,), bits; low is hard, and below 0 the input misleads. With a uniform prior it
        ranks as the last epoch's loss.

    Source: Ethayarajh et al. 2022, the definition of PVI; defined on held-out samples.
    """
    last = np.asarray(loss, dtype=np.float64)[-1]
    return (np.asarray(null_loss, dtype=np.float64) - last) / np.log(2.0)


def null_loss_from_frequencies(label: ArrayLike, counts: ArrayLike) -> Array:
    """Loss of the best model that never sees the input: −log of the label's training frequency.

    Args:
        label: shape (N,), gold class indices.
        counts: shape (K,), how often every class occurs in the data that the model was trained on.

    Returns:
        Shape (N,), nats.

    Raises:
        DynamicsError: if a label does not occur in training, naming it.
    """
    gold = np.asarray(label, dtype=np.int64)
    occurring = np.asarray(counts, dtype=np.float64)
    known = (gold >= 0) & (gold < len(occurring))
    known[known] = occurring[gold[known]] > 0
    if not known.all():
        raise DynamicsError(
            f"label {gold[~known][0]} does not occur in training, so a model without the input "
            f"gives it no probability; expected one of {np.flatnonzero(occurring).tolist()}"
        )
    return -np.log(occurring[gold] / occurring.sum())


def with_trained_null(dynamics: StreamDynamics, null: StreamDynamics) -> StreamDynamics:
    """The same dynamics with the null model's last losses beside them, matched by sample_id.

    Args:
        dynamics: of the model that reads the inputs.
        null: of a model trained and evaluated with empty inputs, such as a run with
            `intervention={"empty_inputs": True}`; it may hold further samples.

    Raises:
        DynamicsError: if samples are missing from `null`, naming the first, or it holds nothing
            after epoch 0.
    """
    missing = np.setdiff1d(dynamics.ids, null.ids)
    if len(missing):
        raise DynamicsError(
            f"{null.split}/{null.stream} of the null model lacks {len(missing)} of "
            f"{len(dynamics)} samples, first: {', '.join(map(str, missing[:5]))}"
        )
    if not len(null.trained_epochs):
        raise DynamicsError(
            f"{null.split}/{null.stream} of the null model: only epoch 0 was recorded; expected an "
            "epoch of training"
        )
    last = null.matrix("loss")[-1]
    return dynamics.with_static(null_loss=last[np.searchsorted(null.ids, dynamics.ids)])
