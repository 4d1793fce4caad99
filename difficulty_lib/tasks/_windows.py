"""A question with its context, cut into overlapping windows that a model can read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from difficulty_lib._errors import ModelError
from difficulty_lib.tasks._encoding import TaskSettings

CONTEXT = 1  # the second text of the pair
CHUNK = 1000  # questions that are tokenized together


@dataclass(frozen=True)
class Window:
    """One question with a piece of its context.

    Attributes:
        inputs: what the model reads, each of shape (tokens,).
        spans: shape (tokens, 2), each token's characters in the context, from and up to; −1 where
            the token is none of the context's.
    """

    inputs: dict[str, list[int]]
    spans: NDArray[np.int32]


@dataclass(frozen=True)
class Windows:
    """Questions with their windows.

    Attributes:
        windows: those of each question, in reading order.
        cut: places of the questions that were too long, and so were cut.
    """

    windows: list[list[Window]] = field(repr=False)
    cut: list[int]


def cut_windows(
    questions: Sequence[str], contexts: Sequence[str], settings: TaskSettings
) -> Windows:
    """Tokenize questions with their contexts; a context that does not fit gives several windows.

    The question stands in every window, without the space around it; one that takes more than half
    of the room is cut to that. Neighbouring windows share `stride` tokens of the context, but at
    most half a window.

    Args:
        questions: N texts.
        contexts: N texts.
        settings: with a fast tokenizer, which knows the characters of each token.

    Raises:
        ModelError: if the tokenizer is not fast, or `max_length` leaves no room.
    """
    tokenizer = settings.tokenizer
    if not getattr(tokenizer, "is_fast", False):
        raise ModelError(
            f"{type(tokenizer).__name__} does not say which characters a token is made of; expected "
            "a fast tokenizer (tokenizer.json)"
        )
    room = settings.max_length - tokenizer.num_special_tokens_to_add(pair=True)
    if room < 2:
        raise ModelError(
            f"max_length {settings.max_length} leaves room for {max(room, 0)} tokens; expected room "
            "for a question and a context"
        )
    windows: list[list[Window]] = []
    cut: list[int] = []
    for start in range(0, len(questions), CHUNK):
        asked = [question.strip() for question in questions[start : start + CHUNK]]
        lengths = _lengths(tokenizer, asked)
        for place in np.flatnonzero(lengths > room // 2).tolist():
            asked[place], lengths[place] = _shortened(tokenizer, asked[place], room // 2)
            cut.append(start + place)
        windows += _windows(asked, contexts[start : start + CHUNK], room - lengths, settings)
    return Windows(windows=windows, cut=cut)


def _lengths(tokenizer: Any, texts: list[str]) -> NDArray[np.int64]:
    ids = tokenizer(texts, add_special_tokens=False, truncation=False, verbose=False)["input_ids"]
    return np.array([len(row) for row in ids], dtype=np.int64)


def _shortened(tokenizer: Any, text: str, most: int) -> tuple[str, int]:
    """The beginning of a text that has so many tokens at most, and how many it has."""
    while True:
        encoded = tokenizer(
            text,
            add_special_tokens=False,
            truncation=False,
            return_offsets_mapping=True,
            verbose=False,
        )
        count = len(encoded["input_ids"])
        if count <= most:
            return text, count
        # What is left of a word may have more pieces than it had: once more, until it fits.
        text = text[: min(encoded["offset_mapping"][most - 1][1], len(text) - 1)]


def _windows(
    questions: list[str],
    contexts: Sequence[str],
    room: NDArray[np.int64],
    settings: TaskSettings,
) -> list[list[Window]]:
    """The windows of each question, for whose context there is so much room."""
    found: list[list[Window]] = [[] for _ in questions]
    # A tokenizer refuses an overlap that is as long as the window, and would not get on with it.
    strides = np.minimum(settings.stride, room // 2)
    for stride in np.unique(strides).tolist():
        places = np.flatnonzero(strides == stride).tolist()
        encoded = settings.tokenizer(
            [questions[place] for place in places],
            [contexts[place] for place in places],
            truncation="only_second",
            max_length=settings.max_length,
            stride=stride,
            return_overflowing_tokens=True,
            return_offsets_mapping=True,
            padding=False,
        )
        for number, window in _read(encoded):
            found[places[number]].append(window)
    return found


def _read(encoded: Any) -> Iterator[tuple[int, Window]]:
    """The windows that a tokenizer made, each with the number of its question."""
    questions = encoded["overflow_to_sample_mapping"]
    offsets = encoded["offset_mapping"]
    names = [n for n in encoded if n not in ("overflow_to_sample_mapping", "offset_mapping")]
    for row, question in enumerate(questions):
        of_context = np.array([which == CONTEXT for which in encoded.sequence_ids(row)])
        spans = np.where(of_context[:, None], np.array(offsets[row], dtype=np.int32), -1)
        inputs = {name: encoded[name][row] for name in names}
        yield question, Window(inputs=inputs, spans=spans.astype(np.int32, copy=False))
