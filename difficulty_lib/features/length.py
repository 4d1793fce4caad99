"""How long a text is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from difficulty_lib.features._feature import feature


@feature(title="length in words", aspect="structure", direction="harder")
def length(words: Sequence[Sequence[str]]) -> NDArray[np.float64]:
    """Number of words.

    Args:
        words: of N texts.

    Returns:
        Shape (N,), from 0.
    """
    return np.array([len(text) for text in words], dtype=np.float64)
