"""Of questions: how long the answer is, where it stands, what is near it, and who disagrees on it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from difficulty_lib.features._feature import feature
from difficulty_lib.features._words import words_of
from difficulty_lib.tasks._squad_measures import f1

Array = NDArray[np.float64]
Answers = Sequence[Sequence[tuple[str, int]]]
NEAR = 10  # words on either side of an answer that count as near it


@feature(title="words of the answer", aspect="structure", direction="harder")
def answer_length(answers: Answers) -> Array:
    """Words of the shortest gold answer.

    Args:
        answers: of N questions, the gold (text, start).

    Returns:
        Shape (N,), words; 0 where the question has no answer.
    """
    return np.array(
        [min((len(text.split()) for text, _ in golds), default=0) for golds in answers], dtype=float
    )


@feature(title="answer's place in the context", aspect="structure")
def answer_position(answers: Answers, contexts: Sequence[str]) -> Array:
    """Where the first gold answer starts, from 0, the beginning of the context, to 1, its end.

    Args:
        answers: of N questions, the gold (text, start), starts in characters.
        contexts: the contexts.

    Returns:
        Shape (N,); ½ where the question has no answer.
    """
    return np.array(
        [
            golds[0][1] / max(len(context), 1) if golds else 0.5
            for golds, context in zip(answers, contexts, strict=True)
        ],
        dtype=float,
    )


@feature(title="question's words near the answer", aspect="copying", direction="easier")
def words_near_answer(
    answers: Answers, contexts: Sequence[str], other: Sequence[list[str]]
) -> Array:
    """Share of the question's words that occur within ten words of the first gold answer.

    Args:
        answers: of N questions, the gold (text, start).
        contexts: the contexts.
        other: words of the questions.

    Returns:
        Shape (N,), from 0 to 1; 0 where the question has no answer.
    """
    return np.array(
        [_near(*row) for row in zip(answers, contexts, other, strict=True)], dtype=float
    )


def _near(golds: Sequence[tuple[str, int]], context: str, question: list[str]) -> float:
    if not golds:
        return 0.0
    text, start = golds[0]
    near = {*words_of(context[:start])[-NEAR:], *words_of(context[start + len(text) :])[:NEAR]}
    return sum(word in near for word in question) / len(question)


@feature(title="disagreement of the gold answers", aspect="ambiguity", direction="harder")
def answer_disagreement(answers: Answers) -> Array:
    """One minus the mean F1 of pairs of gold answers, as SQuAD measures it.

    Args:
        answers: of N questions, the gold (text, start), one per annotator.

    Returns:
        Shape (N,), from 0, all alike, to 1; 0 where there are fewer than two.
    """
    return np.array([_apart([text for text, _ in golds]) for golds in answers], dtype=float)


def _apart(texts: list[str]) -> float:
    pairs = list(combinations(texts, 2))
    return 1.0 - sum(f1(a, [b]) for a, b in pairs) / len(pairs) if pairs else 0.0
