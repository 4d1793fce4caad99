"""Second-split forgetting: how soon a sample is lost while the model learns other samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from difficulty_lib.scores._score import score


@score(
    higher_is_harder=False,
    title="second-split forgetting time",
    formula=r"\min \{t : \hat y_{t'} \ne y \;\; \forall\, t' \ge t\}",
    citation="maini2022",
    only_stream="second_split",
)
def second_split_forgetting(correct: ArrayLike) -> NDArray[np.float64]:
    """The first epoch of the second stage from which on a sample stays wrong.

    Args:
        correct: shape (E, N), 0 or 1, while a model trained on these samples is trained on others.

    Returns:
        Shape (N,), epochs, 1 … E + 1; low is hard, and speaks for a wrong label. A sample that is
        right after the last epoch was never forgotten and gets E + 1. Has many ties.

    Source: Maini et al. 2022.
    """
    right = np.asarray(correct, dtype=bool)
    # Epochs since the last right one; argmax of the reversed course finds that one.
    since = np.where(right.any(axis=0), right[::-1].argmax(axis=0), len(right))
    return (len(right) + 1 - since).astype(np.float64)
