"""How much of one text occurs in another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from difficulty_lib.features._feature import feature


@feature(title="lexical overlap", aspect="copying", direction="easier")
def lexical_overlap(
    source: Sequence[Sequence[str]], other: Sequence[Sequence[str]]
) -> NDArray[np.float64]:
    """Share of the other text's words that occur in the source.

    Args:
        source: words of N premises, or of N contexts.
        other: words of the hypotheses, or of the questions; each has one at least.

    Returns:
        Shape (N,), from 0 to 1. Of a text and its summary it would be what `coverage` is.
    """
    return np.array([_share(a, b) for a, b in zip(source, other, strict=True)], dtype=np.float64)


def _share(source: Sequence[str], other: Sequence[str]) -> float:
    there = set(source)
    return sum(word in there for word in other) / len(other)
