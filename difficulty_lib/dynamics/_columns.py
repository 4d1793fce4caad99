"""The columns of recorded dynamics: what is stored, and what follows from it and so is not.

Stored per `(split, stream, epoch, sample_id)`:

============== ======= ==================================================================
column         dtype   meaning
============== ======= ==================================================================
loss           float32 the task's loss in nats; for classification −log p(gold)
margin         float32 gold logit minus the largest other logit
entropy        float32 −Σ p log p of the predicted distribution, in nats
error_norm     float32 ‖p − e_gold‖₂, the norm of the error vector
predicted      int32   index of the predicted class
gradient_norm  float32 ‖∇_θ loss‖₂ over all trained parameters; where gradients are recorded
learning_rate  float32 mean learning rate of the epoch's updates; beside `gradient_norm`
============== ======= ==================================================================

Derived when asked for: `gold_probability`, `max_probability`, `other_probability` (the largest of
another class than the gold one), `correct`.

Static, one value per sample and run:

==================== ===================================================================
null_loss            loss in nats of a model that never sees the input (see `scores.pvi`)
vog_<target>_<when>  mean over the input's entries of the standard deviation, over the
                     checkpoints of `when` (all, early, middle, late), of the gradient of
                     the gold class's `target` (logit, probability) with respect to the input
==================== ===================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from difficulty_lib._errors import DynamicsError

Array = NDArray[np.float64]
Stored = Mapping[str, NDArray[np.generic]]

STORED: dict[str, np.dtype[np.generic]] = {
    "loss": np.dtype("float32"),
    "margin": np.dtype("float32"),
    "entropy": np.dtype("float32"),
    "error_norm": np.dtype("float32"),
    "predicted": np.dtype("int32"),
    "gradient_norm": np.dtype("float32"),
    "learning_rate": np.dtype("float32"),
}

VOG_TARGETS = ("logit", "probability")
VOG_WINDOWS = ("all", "early", "middle", "late")
STATIC: tuple[str, ...] = (
    "null_loss",
    *(f"vog_{target}_{when}" for target in VOG_TARGETS for when in VOG_WINDOWS),
)


def _gold_probability(columns: Stored, label: NDArray[np.int64] | None) -> Array:
    return np.exp(-np.asarray(columns["loss"], dtype=np.float64))


def _max_probability(columns: Stored, label: NDArray[np.int64] | None) -> Array:
    # p_k = p_gold · exp(z_k − z_gold), so the runner-up's probability follows from the margin.
    # In logs, since p_gold may underflow where the product does not.
    log_gold = -np.asarray(columns["loss"], dtype=np.float64)
    log_other = log_gold - np.asarray(columns["margin"], dtype=np.float64)
    return np.minimum(np.exp(np.maximum(log_gold, log_other)), 1.0)


def _other_probability(columns: Stored, label: NDArray[np.int64] | None) -> Array:
    log_gold = -np.asarray(columns["loss"], dtype=np.float64)
    return np.minimum(np.exp(log_gold - np.asarray(columns["margin"], dtype=np.float64)), 1.0)


def _correct(columns: Stored, label: NDArray[np.int64] | None) -> Array:
    if label is not None and "predicted" in columns:
        return (np.asarray(columns["predicted"]) == label).astype(np.float64)
    return (np.asarray(columns["margin"], dtype=np.float64) > 0).astype(np.float64)


# name → (what it is computed from: any one of these sets suffices, function)
DERIVED: dict[
    str,
    tuple[tuple[tuple[str, ...], ...], Callable[[Stored, NDArray[np.int64] | None], Array]],
] = {
    "gold_probability": ((("loss",),), _gold_probability),
    "max_probability": ((("loss", "margin"),), _max_probability),
    "other_probability": ((("loss", "margin"),), _other_probability),
    "correct": ((("predicted", "label"), ("margin",)), _correct),
}


def sources(names: Iterable[str]) -> list[str]:
    """The stored columns that these columns are, or may be made of.

    Raises:
        DynamicsError: on a name that is no column, listing those that are.
    """
    found: dict[str, None] = {}
    for asked in names:
        name = asked.removeprefix("initial_")
        if name not in {*STORED, *DERIVED, *STATIC, "label"}:
            raise DynamicsError(
                f"unknown column '{asked}'; expected some of {', '.join((*STORED, *DERIVED))}"
            )
        needs = DERIVED[name][0] if name in DERIVED else ((name,),)
        found |= dict.fromkeys(part for need in needs for part in need if part in STORED)
    return list(found)
