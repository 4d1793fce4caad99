"""Label quality out of sample: self-confidence and the normalised margin."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from difficulty_lib.scores._score import score

Array = NDArray[np.float64]


@score(
    higher_is_harder=False,
    title="self-confidence",
    formula=r"p_E(y)",
    citation="northcutt2021",
    default_stream="cross_validated",
    held_out=True,
)
def self_confidence(gold_probability: ArrayLike) -> Array:
    """Probability of the gold label after the last epoch, of a model that never trained on it.

    Args:
        gold_probability: shape (E, N), in [0, 1].

    Returns:
        Shape (N,), in [0, 1]; low is hard. Ranks as the last epoch's loss does.

    Source: Northcutt et al. 2021, as `cleanlab.rank.get_self_confidence_for_each_label` has it.
    """
    return np.asarray(gold_probability, dtype=np.float64)[-1].copy()


@score(
    higher_is_harder=False,
    title="normalised margin",
    formula=r"\tfrac{1}{2} \left( p_E(y) - \max_{k \ne y} p_E(k) + 1 \right)",
    citation="northcutt2021",
    default_stream="cross_validated",
    held_out=True,
)
def normalized_margin(gold_probability: ArrayLike, other_probability: ArrayLike) -> Array:
    """Margin of probabilities after the last epoch, of a model that never trained on the sample.

    Args:
        gold_probability: shape (E, N), in [0, 1].
        other_probability: shape (E, N), the largest probability of another class.

    Returns:
        Shape (N,), in [0, 1]; low is hard, and below 0.5 another class is likelier. With two
        classes it is the self-confidence.

    Source: Northcutt et al. 2021, as `cleanlab.rank.get_normalized_margin_for_each_label` has it.
    """
    gold = np.asarray(gold_probability, dtype=np.float64)[-1]
    return (gold - np.asarray(other_probability, dtype=np.float64)[-1] + 1.0) / 2.0
