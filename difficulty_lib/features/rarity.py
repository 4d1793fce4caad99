"""How rare the words of a text are in the training texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from difficulty_lib.features._feature import feature

Array = NDArray[np.float64]


def _surprisal(counts: Mapping[str, int]) -> Callable[[str], float]:
    """Word → −log of its relative frequency, in nats, one added to each word's count.

    All words that training lacks are one further word.
    """
    total = sum(counts.values()) + len(counts) + 1
    known = {word: float(-np.log((n + 1) / total)) for word, n in counts.items()}
    unknown = float(np.log(total))
    return lambda word: known.get(word, unknown)


@feature(title="word rarity, mean", aspect="rarity", direction="harder")
def word_rarity(words: Sequence[Sequence[str]], counts: Mapping[str, int]) -> Array:
    """Mean −log relative frequency of a text's words in the training texts.

    Args:
        words: of N texts; each has one at least.
        counts: how often each word occurs in training. With c of T words, V of them different,
            its frequency is (c + 1) / (T + V + 1), so that a word that training lacks has one.

    Returns:
        Shape (N,), in nats per word; high is rare. A training text's words have been counted with
        the others, so that its rarest ones look a little less rare than those of another split.
    """
    rarity = _surprisal(counts)
    return np.array([np.mean([rarity(w) for w in text]) for text in words], dtype=np.float64)


@feature(title="word rarity, rarest word", aspect="rarity", direction="harder")
def rarest_word(words: Sequence[Sequence[str]], counts: Mapping[str, int]) -> Array:
    """−log relative frequency of a text's rarest word; arguments and unit as for `word_rarity`."""
    rarity = _surprisal(counts)
    return np.array([max(rarity(w) for w in text) for text in words], dtype=np.float64)
