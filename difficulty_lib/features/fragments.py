"""How a summary was made from its text: extractive fragments."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from difficulty_lib.features._feature import feature

Array = NDArray[np.float64]
Texts = Sequence[Sequence[str]]


def fragment_lengths(source: Sequence[str], summary: Sequence[str]) -> list[int]:
    """Lengths of the extractive fragments, the runs of words that the summary shares with the text.

    The greedy procedure F(A, S) of Grusky et al. 2018, figure 3: from the summary's first word on,
    the longest run that occurs in the text is taken, and the search goes on behind it. As there,
    the search in the text continues *behind* a match, so that of two matches which overlap within
    the text the second is not seen; in "a b a b a c" the summary "a b a c" is thus one fragment of
    three words and one of one.

    Args:
        source: words of the text.
        summary: words of its summary.

    Returns:
        Lengths in the order of the summary; words that do not occur in the text are left out.
    """
    places: dict[str, list[int]] = {}
    for place, word in enumerate(source):
        places.setdefault(word, []).append(place)
    lengths = []
    start = 0
    while start < len(summary):
        best = behind = 0
        for place in places.get(summary[start], ()):
            if place < behind:
                continue
            size = 1
            while (
                start + size < len(summary)
                and place + size < len(source)
                and summary[start + size] == source[place + size]
            ):
                size += 1
            best, behind = max(best, size), place + size
        if best:
            lengths.append(best)
        start += max(best, 1)
    return lengths


def _per_word(source: Texts, summary: Texts, power: int) -> Array:
    return np.array(
        [
            sum(size**power for size in fragment_lengths(a, s)) / len(s)
            for a, s in zip(source, summary, strict=True)
        ],
        dtype=np.float64,
    )


@feature(title="extractive coverage", aspect="copying", direction="easier", citation="grusky2018")
def coverage(source: Texts, summary: Texts) -> Array:
    """Share of the summary's words that lie in an extractive fragment.

    A word lies in one just if it occurs in the text, so this is the lexical overlap of the two.

    Args:
        source: words of N texts.
        summary: words of their summaries; each has one at least.

    Returns:
        Shape (N,), from 0 to 1; high is extractive.

    Source: Grusky et al. 2018, equation 1.
    """
    return _per_word(source, summary, 1)


@feature(title="extractive density", aspect="copying", direction="easier", citation="grusky2018")
def density(source: Texts, summary: Texts) -> Array:
    """Mean length of the fragment in which a word of the summary lies; 0 where it lies in none.

    Arguments as for `coverage`.

    Returns:
        Shape (N,), in words, from 0 to the summary's length; high is copied in long pieces.

    Source: Grusky et al. 2018, equation 2.
    """
    return _per_word(source, summary, 2)


@feature(title="compression", aspect="structure", direction="harder", citation="grusky2018")
def compression(source: Texts, summary: Texts) -> Array:
    """Words of the text per word of the summary.

    Arguments as for `coverage`.

    Returns:
        Shape (N,), above 0; high is much left out.

    Source: Grusky et al. 2018, equation 3.
    """
    return np.array([len(a) / len(s) for a, s in zip(source, summary, strict=True)])
