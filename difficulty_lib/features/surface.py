"""Numbers and names, as far as their spelling tells them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from difficulty_lib.features._feature import feature
from difficulty_lib.features._words import WORD

Array = NDArray[np.float64]
ENDS = frozenset(".!?:…\n")  # after one of these a capital says nothing


@feature(title="share of numbers", aspect="other")
def numbers(words: Sequence[Sequence[str]]) -> Array:
    """Share of a text's words with a digit in them.

    Args:
        words: of N texts; each has one at least.

    Returns:
        Shape (N,), from 0 to 1.
    """
    return np.array(
        [np.mean([any(c.isdigit() for c in w) for w in text]) for text in words], dtype=np.float64
    )


@feature(title="share of names", aspect="other")
def names(texts: Sequence[str]) -> Array:
    """Share of a text's words that have a capital where no sentence or line begins.

    "I" is none. It is a spelling, and no recogniser: abbreviations count, and what a sentence
    begins with does not; lower-case data have no names.

    Args:
        texts: N texts as they are.

    Returns:
        Shape (N,), from 0 to 1.
    """
    return np.array([_names(text) for text in texts], dtype=np.float64)


def _names(text: str) -> float:
    end, found, count = 0, 0, 0
    for match in WORD.finditer(text):
        word, gap = match.group(), text[end : match.start()]
        begins = end == 0 or not ENDS.isdisjoint(gap)
        end = match.end()
        count += 1
        found += word[0].isupper() and not begins and word.replace("’", "'").split("'")[0] != "I"
    return found / count if count else 0.0
