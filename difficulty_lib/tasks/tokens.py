"""Token classification: encoding of tagged words, what is observed of them, and how many are right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from difficulty_lib._errors import DataError
from difficulty_lib._extras import require
from difficulty_lib.data._problems import OTHER_TAGS
from difficulty_lib.tasks._encoding import PROBLEMS, EncodedSplit, TaskSettings, no_problems
from difficulty_lib.tasks._entities import entity_scores, marks_entities
from difficulty_lib.tasks._task import TASKS, Collate, Task, Tensors
from difficulty_lib.tasks._words import read_words
from difficulty_lib.tasks.sequences import IGNORED, observe_tokens

if TYPE_CHECKING:
    from difficulty_lib.dynamics import StreamDynamics

TOO_LONG = "sentence longer than the model takes"
UNREADABLE = "a word that the tokenizer makes nothing of"


def encode_tags(frame: pd.DataFrame, settings: TaskSettings) -> EncodedSplit:
    """Tokenize a split of tagged sentences: a word's tag is the label of its first piece.

    Other pieces and special tokens have the label −100. A word of which the tokenizer makes nothing
    is read as its unknown token, so that the k-th label of a row is always that of the k-th word;
    where the tokenizer has none, the sentence is set aside. Of a sentence longer than the model
    takes the last words are lost. All of these are among the problems.

    Args:
        frame: indexed by sample_id, with one text column, whose words are `text.split(" ")`, and
            `label`, a list of integers, one for each word; a sentence with another number of them
            is set aside.
        settings: its tokenizer must be a fast one.

    Raises:
        ModelError: if the tokenizer does not tell which word a token is of.
        DataError: if no sentence is left.
    """
    texts = frame[settings.text_columns[0]].tolist()
    read = read_words(texts, settings.tokenizer, settings.max_length)
    rows: list[dict[str, Any]] = []
    problems: list[tuple[int, str, bool]] = []
    for sample_id, tags, words in zip(frame.index.tolist(), frame["label"].tolist(), read):
        if words is None:
            problems.append((sample_id, UNREADABLE, False))
        elif len(tags) != words.words:
            problems.append((sample_id, OTHER_TAGS, False))
        elif not words.first:  # the model takes too little for even one word
            problems.append((sample_id, TOO_LONG, False))
        else:
            labels = np.full(len(words.row["input_ids"]), IGNORED)
            labels[words.first] = tags[: len(words.first)]
            rows.append({**words.row, "labels": labels.tolist(), "sample_id": sample_id})
            problems += [(sample_id, UNREADABLE, True)] if words.strange else []
            problems += [(sample_id, TOO_LONG, True)] if words.cut else []
    if not rows and len(frame):
        raise DataError(
            f"none of the {len(frame)} sentences can be used "
            f"({', '.join(dict.fromkeys(problem for _, problem, _ in problems))}); "
            "expected a tag for every word of at least one"
        )
    return EncodedSplit(
        rows=rows,
        lengths=np.array([len(row["input_ids"]) for row in rows], dtype=np.int64),
        truncated=sum(used and problem == TOO_LONG for _, problem, used in problems),
        problems=pd.DataFrame(problems, columns=list(PROBLEMS)).astype(no_problems().dtypes),
    )


def pad_tags(tokenizer: Any, model: Any) -> Collate:
    """A collator that pads what the tokenizer made, and the labels with −100."""
    collate: Collate = require("transformers", "train").DataCollatorForTokenClassification(
        tokenizer
    )
    return collate


def observe_token_classification(logits: Any, labels: Any) -> Tensors:
    """Per-token loss, entropy, top-2 logits, gold logit and prediction, computed in float32.

    Args:
        logits: tensor of shape (batch, length, classes), any float dtype.
        labels: tensor of shape (batch, length), the gold classes; −100 where there is none, as on
            special tokens and on all but the first piece of a word.

    Returns:
        Tensors of shape (batch, length), as `observe_tokens`.
    """
    return observe_tokens(logits, labels)


def tag_metrics(stream: StreamDynamics, names: tuple[str, ...]) -> dict[str, list[float]]:
    """How many words and entities are right after every trained epoch.

    Args:
        stream: with tokens, each the label of a word.
        names: of the tags.

    Returns:
        `token_accuracy`, over all words of all sentences; and where the tags mark entities (BIO and
        the like) `entity_precision`, `entity_recall` and `entity_f1`, each 0 to 1, a value per
        epoch. Words that a model lost to truncation do not count.
    """
    tokens = stream.tokens
    if tokens is None:
        return {}
    tokens = tokens.take(np.arange(len(tokens)), np.arange(int(stream.has_initial), tokens.epochs))
    found = {"token_accuracy": tokens.matrix("correct").mean(axis=1).tolist()}
    if not marks_entities(names):
        return found

    def sentences(numbers: Any) -> list[list[str]]:
        tags = [names[number] for number in numbers.tolist()]
        return [tags[a:b] for a, b in zip(tokens.offsets[:-1], tokens.offsets[1:])]

    gold = sentences(tokens.gold)
    epochs = [entity_scores(gold, sentences(row)) for row in tokens.columns["predicted"]]
    return found | {name: [epoch[name] for epoch in epochs] for name in epochs[0]}


TOKEN_CLASSIFICATION = TASKS.add(
    Task(
        name="token-classification",
        title="Token classification",
        auto_model="AutoModelForTokenClassification",
        observe=observe_token_classification,
        encode=encode_tags,
        collate=pad_tags,
        labels="tokens",
        target="tags",
        metrics=tag_metrics,
    )
)
