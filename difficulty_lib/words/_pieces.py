"""Which tokens make which word."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from difficulty_lib._errors import DataError


def tokens_to_words(offsets: ArrayLike, words: Sequence[tuple[int, int]]) -> NDArray[np.int64]:
    """The word that each token belongs to, by characters.

    A token belongs to the word with which it shares the most characters, to the first of them where
    there are several; so a token that reaches over two words is of one of them.

    Args:
        offsets: shape (T, 2), start and end of every token, as a tokenizer gives them.
        words: (start, end) of every word, in their order and apart from each other.

    Returns:
        Shape (T,), the word's place; −1 for a token of no word, such as a space or the end of a
        sequence.

    Raises:
        DataError: on offsets of another shape, or words that overlap or are not in order.

    >>> tokens_to_words([(0, 3), (3, 5), (5, 6), (6, 9)], [(0, 5), (6, 9)])
    array([ 0,  0, -1,  1])
    """
    pieces = _spans("offsets", offsets)
    places = _spans("words", words)
    if (places[1:, 0] < places[:-1, 1]).any() or (places[:, 1] < places[:, 0]).any():
        raise DataError("words overlap or are not in order; expected each after the one before")
    if not len(places):
        return np.full(len(pieces), -1, dtype=np.int64)
    shared = np.minimum(pieces[:, 1:], places[:, 1]) - np.maximum(pieces[:, :1], places[:, 0])
    best = shared.argmax(axis=1)
    return np.where(shared.max(axis=1) > 0, best, -1)


def _spans(name: str, spans: ArrayLike | Sequence[tuple[int, int]]) -> NDArray[np.int64]:
    found = np.asarray(spans, dtype=np.int64)
    if not found.size:
        return np.empty((0, 2), dtype=np.int64)
    if found.ndim != 2 or found.shape[1] != 2:
        raise DataError(f"{name} have shape {found.shape}; expected (number, 2)")
    return found
