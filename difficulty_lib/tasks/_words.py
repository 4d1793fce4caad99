"""From the words of a text to a tokenizer's pieces, and which piece speaks for which word."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from difficulty_lib._errors import ModelError


@dataclass(frozen=True)
class ReadWords:
    """What a tokenizer makes of one text's words.

    Attributes:
        row: the tokenizer's lists, cut to the model's length.
        first: the place in `row` of the first piece of every word that was read; the words that
            were lost are the last ones, so that the k-th place is of the k-th word.
        words: how many words the text has.
        cut: whether the text was longer than the model takes.
        strange: places of the words that the tokenizer makes nothing of, read as its unknown token.
    """

    row: dict[str, list[int]]
    first: list[int]
    words: int
    cut: bool
    strange: list[int]


def words_of(text: str) -> list[str]:
    """The words that tags are of: what stands between single spaces, be it nothing."""
    return text.split(" ")


def read_words(texts: list[str], tokenizer: Any, max_length: int) -> list[ReadWords | None]:
    """Tokenize texts whose words are `words_of(text)`.

    The text is read as it is written, and a piece is of the word in which it ends: for WordPiece that
    is what `is_split_into_words` gives, and byte-level tokenizers keep the space before a word, which
    is part of its first piece.

    Args:
        texts: any texts.
        tokenizer: a fast tokenizer of `transformers`.
        max_length: tokens that the model reads, special ones included.

    Returns:
        One entry per text; None for a text with a word of which the tokenizer makes nothing, if it
        has no unknown token either.

    Raises:
        ModelError: if the tokenizer does not tell where its tokens are in the text.
    """
    if not getattr(tokenizer, "is_fast", False):
        raise ModelError(
            f"{type(tokenizer).__name__} does not tell which word a token is of; expected a model "
            "with a fast tokenizer (tokenizer.json)"
        )
    if not texts:
        return []
    written = [words_of(text) for text in texts]
    whole = _encode(tokenizer, written, truncation=False, verbose=False)
    strange = [
        [place for place in range(len(words)) if place not in _first_pieces(pieces, words)]
        for words, pieces in zip(written, whole["offset_mapping"])
    ]
    unknown = tokenizer.unk_token
    if any(strange) and unknown is not None:
        for words, places in zip(written, strange):
            for place in places:
                words[place] = unknown
        whole = _encode(tokenizer, written, truncation=False, verbose=False)
    encoded = _encode(tokenizer, written, truncation=True, max_length=max_length)
    offsets = encoded.pop("offset_mapping")
    found: list[ReadWords | None] = []
    for place, words in enumerate(written):
        if strange[place] and unknown is None:
            found.append(None)
            continue
        row = {name: values[place] for name, values in encoded.items()}
        first = _first_pieces(offsets[place], words)
        found.append(
            ReadWords(
                row=row,
                first=[first[word] for word in sorted(first)],
                words=len(words),
                cut=len(whole["input_ids"][place]) > len(row["input_ids"]),
                strange=strange[place],
            )
        )
    return found


def _encode(tokenizer: Any, written: list[list[str]], **settings: Any) -> dict[str, Any]:
    texts = [" ".join(words) for words in written]
    return dict(tokenizer(texts, return_offsets_mapping=True, **settings))


def _first_pieces(offsets: list[tuple[int, int]], words: list[str]) -> dict[int, int]:
    """The first piece of every word that has one, by where the pieces are in the joined words."""
    ends = list(accumulate(len(word) + 1 for word in words))  # of a word and the space after it
    first: dict[int, int] = {}
    word = 0
    for piece, (start, end) in enumerate(offsets):
        if end <= start:  # a special token, or one that the tokenizer adds
            continue
        while ends[word] < end:
            word += 1
        # A piece that is nothing but the space after a word is of neither.
        if end <= ends[word] - 1:
            first.setdefault(word, piece)
    return first
