"""Data maps: confidence, variability and correctness."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from difficulty_lib.scores._score import score
from difficulty_lib.scores._spread import variance

Array = NDArray[np.float64]


@score(
    higher_is_harder=False,
    title="confidence",
    formula=r"\mu = \frac{1}{E} \sum_t p_t(y)",
    citation="swayamdipta2020",
    default_stream="training",
)
def confidence(gold_probability: ArrayLike) -> Array:
    """Mean probability of the gold label over the epochs.

    Args:
        gold_probability: shape (E, N), in [0, 1].

    Returns:
        Shape (N,), in [0, 1]; low is hard.

    Source: Swayamdipta et al. 2020, section 2.
    """
    return np.asarray(gold_probability, dtype=np.float64).mean(axis=0)


@score(
    higher_is_harder=True,
    means="ambiguous",
    title="variability",
    formula=r"\sigma = \sqrt{\frac{1}{E} \sum_t (p_t(y) - \mu)^2}",
    citation="swayamdipta2020",
    default_stream="training",
)
def variability(gold_probability: ArrayLike) -> Array:
    """Standard deviation of the gold label's probability over the epochs (ddof 0).

    Args:
        gold_probability: shape (E, N), in [0, 1].

    Returns:
        Shape (N,), in [0, 0.5]; high is ambiguous.

    Source: Swayamdipta et al. 2020, section 2.
    """
    return np.sqrt(variance(gold_probability))


@score(
    higher_is_harder=False,
    title="correctness",
    formula=r"\frac{1}{E} \left|\{t : \hat y_t = y\}\right|",
    citation="swayamdipta2020",
    default_stream="training",
)
def correctness(correct: ArrayLike) -> Array:
    """Share of the epochs in which the prediction was the gold label.

    Args:
        correct: shape (E, N), 0 or 1.

    Returns:
        Shape (N,), in [0, 1]; low is hard. Has many ties.

    Source: Swayamdipta et al. 2020, section 2 (its code counts, its plots show the share).
    """
    return np.asarray(correct, dtype=np.float64).mean(axis=0)
