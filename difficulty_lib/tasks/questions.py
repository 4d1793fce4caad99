"""Extractive question answering: from questions and contexts to the features that a model reads.

A *feature* is a question with one window of its context. Each says where every gold answer that
lies in it as a whole begins and ends; one that holds none says 0, the first token, by which such
models say "there is no answer here". How the features of a question become one record is decided in
`difficulty_lib.dynamics._features`, and how they become one prediction in `tasks._predictions`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from difficulty_lib._errors import DataError
from difficulty_lib.tasks._encoding import PROBLEMS, EncodedSplit, TaskSettings, no_problems
from difficulty_lib.tasks._pad_features import POSITIONS, pad_features
from difficulty_lib.tasks._predictions import predict_answers
from difficulty_lib.tasks._task import TASKS, Task, Tensors
from difficulty_lib.tasks._windows import Window, cut_windows
from difficulty_lib.tasks.spans import observe_spans

NOT_IN_CONTEXT = "answer not in its context"
LOST = "answer lost to truncation"
NO_TOKEN = "answer without a token"
SOME_LOST = "one of several answers lost to truncation"
INSIDE_TOKEN = "answer begins or ends inside a token"
CUT_QUESTION = "question longer than half of what the model reads"

Answer = tuple[str, int]
SIDES = tuple(enumerate(POSITIONS))


def encode_questions(frame: pd.DataFrame, settings: TaskSettings) -> EncodedSplit:
    """Tokenize a split of questions with their contexts and gold answers.

    A question whose gold answers all fail to fit into one of its windows is set aside: kept, it
    would be learnt, and judged, as one without an answer. So is one whose answers are not in their
    context. A question without gold answers is unanswerable.

    Args:
        frame: indexed by sample_id, with the text columns and `label`, pairs (text, start) of the
            gold answers.
        settings: two text columns, the question and its context; `max_length` and `stride`.

    Returns:
        One row per feature, those of a question side by side: the tokenizer's lists, lists
        `start_positions` and `end_positions` (a place per gold answer inside, or 0), `offsets` of
        shape (tokens, 2) (each token's characters in the context, −1 for others), `sample_id`, and
        `feature_id`, the feature's number in the split, by which a copy of it is known.

    Raises:
        DataError: if there are not two text columns, or no question can be used.
        ModelError: if the tokenizer cannot tell characters, or leaves no room for a context.
    """
    if len(settings.text_columns) != 2:
        raise DataError(
            f"text columns {', '.join(settings.text_columns)}; expected two, question and context"
        )
    questions, contexts = (frame[column].tolist() for column in settings.text_columns)
    encoded = cut_windows(questions, contexts, settings)
    ids, answers = frame.index.tolist(), frame["label"].tolist()
    rows: list[dict[str, Any]] = []
    found: list[tuple[int, str, bool]] = [(ids[place], CUT_QUESTION, True) for place in encoded.cut]
    for sample_id, context, golds, windows in zip(ids, contexts, answers, encoded.windows):
        located = locate_answers(context, golds, windows)
        if located.problem:
            found.append((sample_id, located.problem, located.used))
        if located.used:
            rows += [
                {
                    **window.inputs,
                    **{name: [place[side] for place in places] for side, name in SIDES},
                    "offsets": window.spans,
                    "sample_id": sample_id,
                    "feature_id": number,
                }
                for number, (window, places) in enumerate(zip(windows, located.places), len(rows))
            ]
    problems = pd.DataFrame(found, columns=list(PROBLEMS)).astype(no_problems().dtypes)
    if not rows:
        counts = problems.loc[~problems["used"], "problem"].value_counts()
        raise DataError(
            f"none of the {len(frame)} questions can be used "
            f"({', '.join(f'{name}: {count}' for name, count in counts.items())}); expected at "
            "least one whose answer is in its context"
        )
    lengths = np.array([len(row["input_ids"]) for row in rows], dtype=np.int64)
    return EncodedSplit(rows=rows, lengths=lengths, truncated=len(encoded.cut), problems=problems)


@dataclass(frozen=True)
class Located:
    """Where the gold answers of a question are.

    Attributes:
        places: for each window the (first, last) token of every gold answer inside; (0, 0) if none.
        problem: what is to be said of the question, if anything.
        used: whether it can be used nevertheless.
    """

    places: list[list[tuple[int, int]]]
    problem: str = ""
    used: bool = True


def locate_answers(context: str, answers: Sequence[Answer], windows: Sequence[Window]) -> Located:
    """The tokens of each gold answer in each window that holds it as a whole.

    Args:
        context: what the answers are taken from.
        answers: pairs (text, start), start a character of the context.
        windows: of the question.
    """
    inside: list[dict[tuple[int, int], None]] = [{} for _ in windows]
    trouble: list[str] = []  # of the answers that are in no window
    exact = False
    golds = dict.fromkeys((text, start) for text, start in answers)
    for text, start in golds:
        if not text or start < 0 or not context.startswith(text, start):
            trouble.append(NOT_IN_CONTEXT)
            continue
        overlaps = [_tokens(window.spans, start, start + len(text)) for window in windows]
        edges = [
            (w.spans[at[0], 0], w.spans[at[-1], 1]) for w, at in zip(windows, overlaps) if len(at)
        ]
        if not edges:
            trouble.append(NO_TOKEN)
            continue
        first, last = min(edge[0] for edge in edges), max(edge[1] for edge in edges)
        held = False
        for place, (window, at) in enumerate(zip(windows, overlaps)):
            if len(at) and window.spans[at[0], 0] == first and window.spans[at[-1], 1] == last:
                inside[place][int(at[0]), int(at[-1])] = None
                held = True
        if not held:
            trouble.append(LOST)
        exact = exact or context[first:last].strip() == text.strip()
    places = [list(found) or [(0, 0)] for found in inside]
    if golds and len(trouble) == len(golds):
        # Of several reasons the one that another window would mend.
        return Located(places, LOST if LOST in trouble else trouble[0], used=False)
    if LOST in trouble:
        return Located(places, SOME_LOST)
    if golds and not exact:
        return Located(places, INSIDE_TOKEN)
    return Located(places)


def _tokens(spans: NDArray[np.int32], start: int, end: int) -> NDArray[np.int64]:
    """The context's tokens that hold one of the characters from `start` up to `end`."""
    return np.flatnonzero((spans[:, 0] >= 0) & (spans[:, 0] < end) & (spans[:, 1] > start))


def _observe(logits: tuple[Any, Any], positions: tuple[Any, Any]) -> Tensors:
    return observe_spans(*logits, *positions)


QUESTION_ANSWERING = TASKS.add(
    Task(
        name="question-answering",
        title="Question answering",
        auto_model="AutoModelForQuestionAnswering",
        observe=_observe,
        encode=encode_questions,
        collate=pad_features,
        labels="span",
        target="answers",
        outputs=predict_answers,
    )
)
