"""An answer a few words beside the right one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from difficulty_lib._errors import DataError
from difficulty_lib.corruptions._choice import OTHER, chosen, draws, strings
from difficulty_lib.corruptions._corruption import corruption
from difficulty_lib.corruptions._truth import Change, corrupted
from difficulty_lib.words import word_spans

Answers = tuple[tuple[str, int], ...]
UNANSWERABLE, WORDLESS, NOWHERE = (
    "it has no answer",
    "its answer has no word",
    "no other words as long beside its answer",
)


@corruption(
    target="answers",
    means="an answer becomes as many other words beside or overlapping it in the same context",
)
def shift_answers(
    frame: pd.DataFrame,
    rate: float,
    seed: int,
    *,
    text: str = "context",
    target: str = "label",
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give every chosen question an answer that is some words before or after its own.

    Words are those of `words.word_spans`, without punctuation by itself. Of the first answer, which
    has n words, the span is moved by 1 to n words to either side, each as likely where the context
    has them: from what overlaps it to what is right beside it. A span that starts where one of the
    answers does, or has the words of one of them in whatever case, is none. The label becomes
    this one answer, in place of however many there were.

    Args:
        frame: contexts and answers, each a tuple of (text, start) pairs with `start` in characters
            of the context, indexed by sample_id.
        rate: probability of a sample to be changed, 0.01 to 0.4; by a hash of its id and the seed.
        seed: at least 0.
        text: the column of the contexts.
        target: the column of the answers.

    Returns:
        The corrupted frame and the truth: `start` and `end` are of the new answer in the context,
        `original` and `replacement` the texts of the first answer and the new one. A chosen sample
        without an answer, with none that has a word, or without such a span is as it was, and its
        problem says so.

    Raises:
        ConfigError: on a rate or seed that cannot be.
        DataError: on a missing column, a context that is no string, answers that are none or not in
            their context, or if nothing was changed.
    """
    places = np.flatnonzero(chosen(frame, rate, seed, (text, target)))
    contexts = strings(frame, text)
    answers = [
        _checked(sample_id, value, context, target)
        for sample_id, value, context in zip(frame.index, frame[target], contexts)
    ]
    which = draws(frame, seed, OTHER)
    changes: dict[int, Change | str] = {}
    for place in places:
        spans = _beside(contexts[place], answers[place])
        if isinstance(spans, str):
            changes[int(place)] = spans
            continue
        start, end = spans[int(which[place] * len(spans))]
        new = contexts[place][start:end]
        old = answers[place][0][0]
        changes[int(place)] = Change(((new, start),), start, end, "answer", old, new)
    return corrupted(frame, target, changes)


def _beside(context: str, answers: Answers) -> list[tuple[int, int]] | str:
    """The spans that an answer could be moved to, from left to right, or why there is none."""
    if not answers:
        return UNANSWERABLE
    first, start = answers[0]
    words = [(a, b) for a, b in word_spans(context) if context[a].isalnum()]
    own = [n for n, (a, b) in enumerate(words) if a < start + len(first) and b > start]
    if not own:
        return WORDLESS
    length = len(own)
    starts = {place for _, place in answers}
    texts = {text.lower() for text, _ in answers}
    spans = []
    for n in range(max(own[0] - length, 0), min(own[0] + length, len(words) - length) + 1):
        a, b = words[n][0], words[n + length - 1][1]
        if n != own[0] and a not in starts and context[a:b].lower() not in texts:
            spans.append((a, b))
    return spans or NOWHERE


def _checked(sample_id: Any, value: Any, context: str, target: str) -> Answers:
    pairs: list[Any] = list(value) if isinstance(value, list | tuple) else [None]
    for pair in pairs:
        if not (
            isinstance(pair, list | tuple)
            and len(pair) == 2
            and isinstance(pair[0], str)
            and isinstance(pair[1], int | np.integer)
        ):
            raise DataError(
                f"sample {sample_id}: '{target}' is {value!r:.80}; expected (text, start) pairs"
            )
        if pair[1] < 0 or not pair[0] or not context.startswith(pair[0], pair[1]):
            raise DataError(
                f"sample {sample_id}: {pair[0]!r:.80} is not at {pair[1]} of its context; expected "
                "where the answer starts, in characters"
            )
    return tuple((text, int(start)) for text, start in pairs)
