"""The answers that a model gives: a question's best span over all of its features."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from difficulty_lib._evaluating import evaluating
from difficulty_lib.tasks._batches import forward_columns, length_batches
from difficulty_lib.tasks._encoding import EncodedSplit, TaskSettings
from difficulty_lib.tasks._pad_features import POSITIONS, pad_features
from difficulty_lib.tasks._squad_measures import exact_match, f1

LONGEST = 30  # tokens of an answer, as is customary
NO_ANSWER = -1  # the place of an answer that was not given
BATCH_TOKENS = {"cpu": 2048, "other": 32768}


def predict_answers(
    model: Any, settings: TaskSettings, frame: pd.DataFrame, encoded: EncodedSplit
) -> pd.DataFrame:
    """What a model answers, and how right it is.

    The answer is the span of the context with the largest sum of start and end logit, of at most 30
    tokens, over all features of the question; it begins and ends with tokens that hold more than
    space. If the split has unanswerable questions (SQuAD 2),
    none is given where the first token's sum, the smallest of the features, is larger; otherwise
    every question gets an answer (SQuAD 1). Of equal spans the first counts.

    Args:
        model: with logits of starts and ends; it is put into eval mode and back.
        settings: which names the context, the last text column.
        frame: the split, indexed by sample_id, with `label`, pairs (text, start).
        encoded: its features, as `encode_questions` makes them.

    Returns:
        Indexed by sample_id, in the order of the features; questions that were set aside have no
        row. `predicted`, the text; `start` and `end`, its characters in the context, −1 for no
        answer; `exact_match` and `f1` (SQuAD's, the largest over the gold answers; 0 or 1 for an
        unanswerable question).
    """
    contexts, golds = frame[settings.text_columns[-1]], frame["label"]
    ids = np.array([row["sample_id"] for row in encoded.rows], dtype=np.int64)
    # Python's floats are enough for what is compared: sums of two float32.
    score = np.empty(len(ids))
    null = np.empty(len(ids))
    span = np.empty((len(ids), 2), dtype=np.int64)
    for places, rows, start, end in _logits(model, settings.tokenizer, encoded):
        held = np.zeros(start.shape, dtype=bool)
        for number, row in enumerate(rows):
            held[number, : len(row["offsets"])] = _answering(contexts.at[row["sample_id"]], row)
        score[places], span[places] = best_spans(start, end, held)
        null[places] = start[:, 0] + end[:, 0]
    refusing = not golds.map(len).all()
    made = []
    for sample_id, features in _by_question(ids):
        best = features[score[features].argmax()]
        text, first, last = "", NO_ANSWER, NO_ANSWER
        if np.isfinite(score[best]) and not (refusing and null[features].min() > score[best]):
            offsets = encoded.rows[best]["offsets"]
            text, first, last = _cut(
                contexts.at[sample_id], *(int(offsets[span[best, side], side]) for side in (0, 1))
            )
        answers = [answer for answer, _ in golds.at[sample_id]]
        made.append((text, first, last, exact_match(text, answers), f1(text, answers)))
    index = pd.Index(ids[np.sort(np.unique(ids, return_index=True)[1])], name=frame.index.name)
    return pd.DataFrame(
        made, columns=["predicted", "start", "end", "exact_match", "f1"], index=index
    )


def best_spans(
    start: NDArray[np.floating], end: NDArray[np.floating], held: NDArray[np.bool_]
) -> tuple[NDArray[np.floating], NDArray[np.int64]]:
    """The span of each row with the largest sum of logits.

    Args:
        start: shape (rows, tokens), logits.
        end: likewise.
        held: shape (rows, tokens), the tokens that may begin or end it.

    Returns:
        The sums, shape (rows,), −inf where no token may; and (rows, 2), the first and the last
        token, at most 30 tokens apart. Of equal ones the shortest, and of these the first.
    """
    start, end = (np.where(held, logits, -np.inf) for logits in (start, end))
    rows, tokens = start.shape
    best = np.full(rows, -np.inf, dtype=start.dtype)
    span = np.zeros((rows, 2), dtype=np.int64)
    for further in range(min(LONGEST, tokens)):
        sums = start[:, : tokens - further] + end[:, further:]
        at = sums.argmax(axis=1)
        found = sums[np.arange(rows), at]
        better = found > best
        best[better] = found[better]
        span[better] = np.stack([at, at + further], axis=1)[better]
    return best, span


def _logits(
    model: Any, tokenizer: Any, encoded: EncodedSplit
) -> Iterator[
    tuple[NDArray[np.int64], list[dict[str, Any]], NDArray[np.float64], NDArray[np.float64]]
]:
    """Places, rows and logits of starts and ends, a batch of similar length at a time."""
    collate, accepted = pad_features(tokenizer, model), forward_columns(model)
    tokens = BATCH_TOKENS["cpu" if model.device.type == "cpu" else "other"]
    with evaluating(model):
        for places in length_batches(encoded.lengths.tolist(), tokens, 256):
            rows = [encoded.rows[place] for place in places]
            batch = collate([{n: v for n, v in row.items() if n in accepted} for row in rows])
            inputs = {n: v.to(model.device) for n, v in batch.items() if n not in POSITIONS}
            outputs = model(**inputs)
            start, end = (
                logits.double().cpu().numpy()
                for logits in (outputs.start_logits, outputs.end_logits)
            )
            yield places, rows, start, end


def _by_question(ids: NDArray[np.int64]) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Each question's id and the places of its features, which lie side by side."""
    edges = np.flatnonzero(np.diff(ids)) + 1
    for features in np.split(np.arange(len(ids)), edges):
        yield int(ids[features[0]]), features


def _answering(context: str, row: Any) -> list[bool]:
    """Which tokens may begin or end an answer: the context's, but for those that are space alone."""
    offsets = row["offsets"].tolist()
    return [first >= 0 and context[first:last].strip() != "" for first, last in offsets]


def _cut(context: str, first: int, last: int) -> tuple[str, int, int]:
    """The text from character `first` up to `last`, without the space that some tokens hold."""
    text = context[first:last]
    first += len(text) - len(text.lstrip())
    text = text.strip()
    return text, first, first + len(text)
