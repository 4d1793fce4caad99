"""How sure the trained model is, whatever the gold label: entropy and maximum probability."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from difficulty_lib.scores._score import score

Array = NDArray[np.float64]


@score(
    higher_is_harder=True,
    means="ambiguous",
    title="predictive entropy",
    formula=r"-\sum_k p_E(k) \log p_E(k)",
    citation="shannon1948",
)
def predictive_entropy(entropy: ArrayLike) -> Array:
    """Entropy of the predicted distribution after the last epoch.

    Args:
        entropy: shape (E, N), nats.

    Returns:
        Shape (N,), nats, in [0, log K]; high is ambiguous. Blind to confident errors.
    """
    return np.asarray(entropy, dtype=np.float64)[-1].copy()


@score(
    higher_is_harder=False,
    means="ambiguous",
    title="maximum softmax probability",
    formula=r"\max_k p_E(k)",
    citation="hendrycks2017",
)
def maximum_softmax_probability(max_probability: ArrayLike) -> Array:
    """Largest predicted probability after the last epoch.

    Args:
        max_probability: shape (E, N), in [1/K, 1].

    Returns:
        Shape (N,), in [1/K, 1]; low is ambiguous. Blind to confident errors.

    Source: Hendrycks and Gimpel 2017.
    """
    return np.asarray(max_probability, dtype=np.float64)[-1].copy()
