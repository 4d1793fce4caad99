"""Data-IQ: aleatoric uncertainty of a sample."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from difficulty_lib.scores._score import score


@score(
    higher_is_harder=True,
    means="ambiguous",
    title="aleatoric uncertainty",
    formula=r"\frac{1}{E} \sum_t p_t(y)\,(1 - p_t(y))",
    citation="seedat2022",
)
def aleatoric(gold_probability: ArrayLike) -> NDArray[np.float64]:
    """Mean over the epochs of p(1 − p) of the gold label.

    Args:
        gold_probability: shape (E, N), in [0, 1].

    Returns:
        Shape (N,), in [0, 0.25]; high is ambiguous. With the confidence μ and the variability σ,
        aleatoric + σ² = μ(1 − μ).

    Source: Seedat et al. 2022, section 3.2.
    """
    p = np.asarray(gold_probability, dtype=np.float64)
    return (p * (1.0 - p)).mean(axis=0)
