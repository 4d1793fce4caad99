"""Scores of a classifier's logits."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from difficulty_lib._errors import ConfigError
from difficulty_lib.ood._score import Array, as_rows, ood_score


def _log_softmax(logits: ArrayLike) -> Array:
    z = as_rows("logits", logits, least=2)
    shifted = z - z.max(axis=1, keepdims=True)
    result: Array = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return result


@ood_score(
    higher_is_outside=False,
    title="maximum softmax probability",
    formula=r"\max_k p(k)",
    citation="hendrycks2017",
)
def maximum_softmax_probability(logits: ArrayLike) -> Array:
    """Probability of the predicted class.

    Args:
        logits: shape (N, K).

    Returns:
        Shape (N,), from 1/K to 1; low is out of distribution.

    Source: Hendrycks and Gimpel 2017, section 3.
    """
    result: Array = np.exp(_log_softmax(logits).max(axis=1))
    return result


@ood_score(
    higher_is_outside=True,
    title="energy",
    formula=r"-T \log \sum_k e^{z_k / T}",
    citation="liu2020",
)
def energy(logits: ArrayLike, temperature: float = 1.0) -> Array:
    """Free energy of the logits.

    Args:
        logits: shape (N, K).
        temperature: T, above 0.

    Returns:
        Shape (N,), in the logits' units; high is out of distribution.

    Raises:
        ConfigError: on a temperature that is not above 0.

    Source: Liu et al. 2020, Eq. 4.
    """
    if not 0 < temperature < np.inf:
        raise ConfigError(f"temperature is {temperature!r}; expected a number above 0")
    z = as_rows("logits", logits, least=2) / temperature
    top = z.max(axis=1)
    result: Array = -temperature * (top + np.log(np.exp(z - top[:, None]).sum(axis=1)))
    return result


@ood_score(
    higher_is_outside=True,
    title="entropy",
    formula=r"-\sum_k p(k) \log p(k)",
    citation="shannon1948",
)
def entropy(logits: ArrayLike) -> Array:
    """Entropy of the predicted distribution.

    Args:
        logits: shape (N, K).

    Returns:
        Shape (N,), in nats, from 0 to ln K; high is out of distribution.

    Source: Shannon 1948.
    """
    log_p = _log_softmax(logits)
    result: Array = -(np.exp(log_p) * log_p).sum(axis=1)
    return result
