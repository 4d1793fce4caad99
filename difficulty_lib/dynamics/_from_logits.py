"""The stored columns of classification from logits, in numpy: for any framework's numbers."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from difficulty_lib._errors import DynamicsError
from difficulty_lib.dynamics._columns import STORED
from difficulty_lib.dynamics._integers import integers


def columns_from_logits(
    logits: Iterable[ArrayLike], label: ArrayLike, ids: ArrayLike | None = None
) -> dict[str, NDArray[np.generic]]:
    """Loss, margin, entropy, error norm and prediction, computed in float64, stored in float32.

    Args:
        logits: shape (E, N, K), or E arrays of shape (N, K), of which one at a time is worked on.
            Log-probabilities do as well, except that a margin is then one of log-probabilities.
        label: shape (N,), gold classes 0 … K − 1.
        ids: shape (N,), for messages; the places 0 … N − 1 if not given.

    Returns:
        The columns by name, each of shape (E, N).

    Raises:
        DynamicsError: on another shape, fewer than two classes, a label out of range or a logit
            that is not finite, naming the epoch and the first ids.
    """
    gold = integers(label, "label")
    names = np.arange(len(gold)) if ids is None else np.asarray(ids)
    rows: dict[str, list[NDArray[np.generic]]] = {}
    shape: tuple[int, ...] | None = None
    for number, given in enumerate(logits, start=1):
        try:
            z = np.asarray(given, dtype=np.float64)
        except (TypeError, ValueError):
            raise DynamicsError(f"logits of epoch {number}: not an array of numbers") from None
        if shape is None:
            shape = (len(gold), *z.shape[1:])
        if z.shape != shape or z.ndim != 2 or z.shape[1] < 2:
            raise DynamicsError(
                f"logits of epoch {number} have shape {z.shape}; expected (samples, classes) = "
                f"({len(gold)}, {shape[1] if len(shape) == 2 and shape[1] > 1 else '2 or more'})"
            )
        wrong = np.asarray(~np.isfinite(z).all(axis=1))
        if wrong.any():
            raise DynamicsError(
                f"logits of epoch {number} are not finite for {int(wrong.sum())} of {len(wrong)} "
                f"samples, first: {names[wrong][:5].tolist()}"
            )
        outside = (gold < 0) | (gold >= z.shape[1])
        if outside.any():
            raise DynamicsError(
                f"label {gold[outside][0]} of sample {names[outside][0]} is out of range; "
                f"expected 0 to {z.shape[1] - 1}"
            )
        for name, values in _observe(z, gold).items():
            rows.setdefault(name, []).append(values.astype(STORED[name]))
    if not rows:
        raise DynamicsError("no logits; expected shape (epochs, samples, classes)")
    return {name: np.stack(values) for name, values in rows.items()}


def _observe(z: NDArray[np.float64], gold: NDArray[np.int64]) -> dict[str, NDArray[np.generic]]:
    at = np.arange(len(z)), gold
    shifted = z - z.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    p = np.exp(log_p)
    others = z.copy()
    others[at] = -np.inf
    # 1 − p(y) as the sum of the others keeps its digits where p(y) rounds to 1.
    wrong = p.copy()
    wrong[at] = 0.0
    error = wrong.copy()
    error[at] = -wrong.sum(axis=1)
    return {
        "loss": -log_p[at],
        "margin": z[at] - others.max(axis=1),
        "entropy": -(p * log_p).sum(axis=1),
        "error_norm": np.sqrt((error**2).sum(axis=1)),
        "predicted": z.argmax(axis=1),
    }
