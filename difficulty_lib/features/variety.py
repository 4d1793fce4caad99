"""How varied the words of a text are, whatever its length."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from difficulty_lib.features._feature import feature


@feature(
    title="type–token ratio (MATTR)",
    aspect="structure",
    direction="harder",
    citation="covington2010",
)
def type_token_ratio(words: Sequence[Sequence[str]], window: int = 10) -> NDArray[np.float64]:
    """Moving-average type–token ratio: different words per word, averaged over all windows.

    The plain ratio falls with a text's length; that of windows of one length does not.

    Args:
        words: of N texts; each has one at least.
        window: words per window. Ten, for sentences are often not much longer; a text that is
            shorter than a window is taken whole, and only among such texts length matters still.

    Returns:
        Shape (N,), above 0, at most 1; high is varied.

    Source: Covington and McFall 2010.
    """
    return np.array([_mattr(text, window) for text in words], dtype=np.float64)


def _mattr(words: Sequence[str], window: int) -> float:
    size = min(window, len(words))
    inside = Counter(words[:size])
    total = count = len(inside)
    for leaves, enters in zip(words, words[size:]):
        inside[leaves] -= 1
        count -= inside[leaves] == 0
        count += inside[enters] == 0
        inside[enters] += 1
        total += count
    return total / (size * (len(words) - size + 1))
