"""Abstractive summarization: what a model reads and is taught, with a decoder of its own or without."""

from __future__ import annotations

import copy
import inspect
from typing import Any

import numpy as np
import pandas as pd

from difficulty_lib._errors import ModelError
from difficulty_lib._extras import require
from difficulty_lib.tasks._encoding import EncodedSplit, TaskSettings, no_problems
from difficulty_lib.tasks._generation import Written, write_texts
from difficulty_lib.tasks._rouge import rouge
from difficulty_lib.tasks._task import TASKS, Collate, Task
from difficulty_lib.tasks.sequences import IGNORED, observe_causal_tokens, observe_tokens

PROMPT = "\n\nSummary:"
T5_PREFIX = "summarize: "
LONG_DIALOGUE = "dialogue longer than the model takes"
LONG_SUMMARY = "summary longer than max_target_length"
NO_SUMMARY = "empty summary"


def encode_summaries(frame: pd.DataFrame, settings: TaskSettings) -> EncodedSplit:
    """Tokenize texts and their summaries for an encoder-decoder model.

    The text is read, cut at its end after `max_length` tokens; the summary, after at most
    `max_target_length`, ends with the tokenizer's end mark. A model of the T5 family is given its
    prefix, "summarize: ". Where a tokenizer without a begin mark opens a text with its class mark,
    as BERT's does, the summary goes without: the decoder starts from that mark.

    Args:
        frame: indexed by sample_id, with the text column and `label`, the summary.
        settings: one text column.

    Returns:
        Rows with `labels`, the summary's tokens. A row without a summary is set aside, and what
        was cut is noted in `problems`.

    Raises:
        ModelError: on several text columns, or a tokenizer that does not mark where a text ends.
    """
    tokenizer = settings.tokenizer
    end = end_mark(tokenizer)
    prefix = T5_PREFIX if _is_t5(tokenizer) else ""
    split = _Split(frame, settings)
    texts = [prefix + text for text in split.texts]
    whole = _tokens(tokenizer, texts)
    read = _tokens(tokenizer, texts, truncation=True, max_length=settings.max_length)
    targets = _tokens(tokenizer, text_target=split.summaries)
    for ids, uncut, target in zip(read, whole, targets):
        if tokenizer.bos_token_id is None and target[:1] == [tokenizer.cls_token_id]:
            target = target[1:]
        taught = split.cut_target(_without(target, end), end)
        split.add(ids, taught, cut=len(ids) < len(uncut))
    return split.encoded(also_labels=True)


def encode_prompted_summaries(frame: pd.DataFrame, settings: TaskSettings) -> EncodedSplit:
    r"""Tokenize texts and their summaries for a causal model, which is taught the summary alone.

    A row is the begin mark, if the tokenizer has one, the text, "\n\nSummary:", a space and the
    summary, and the end mark; labels are −100 up to the colon. `max_length` is of all of it, and
    room for `max_target_length` tokens is always kept, so that the same prompt is read whether the
    summary is given or has to be written. A text that does not fit is cut at its end.

    Args:
        frame: indexed by sample_id, with the text column and `label`, the summary.
        settings: one text column.

    Returns:
        As `encode_summaries`.

    Raises:
        ModelError: on several text columns, a tokenizer that does not mark where a text ends, or
            lengths that leave no room for the text.
    """
    tokenizer = settings.tokenizer
    end = end_mark(tokenizer)
    split = _Split(frame, settings)
    begin, prompt = _begin_mark(tokenizer), _plain(tokenizer, [PROMPT])[0]
    room = settings.max_length - settings.max_target_length - len(begin) - len(prompt)
    if room < 1:
        raise ModelError(
            f"{settings.max_length} tokens hold no text beside a summary of "
            f"{settings.max_target_length} and {len(begin) + len(prompt)} of the prompt; expected a "
            "larger max_length or a smaller max_target_length"
        )
    texts = _plain(tokenizer, split.texts)
    targets = _plain(tokenizer, [f" {summary}" for summary in split.summaries])
    for text, target in zip(texts, targets):
        read = [*begin, *text[:room], *prompt]
        taught = split.cut_target(target, end)
        labels = [IGNORED] * len(read) + taught
        split.add([*read, *taught], labels, cut=len(text) > room)
    return split.encoded(also_labels=False)


def pad_sequences(tokenizer: Any, model: Any) -> Collate:
    """A collator that pads inputs and their mask, and labels with −100, all on the right.

    Whatever side the tokenizer pads on: a decoder starts with what is on the left. A causal model
    that can be asked for the logits of some places alone (`logits_to_keep`) is asked for those from
    the last token of the shortest prompt on, and the labels are of these places: of a long prompt,
    nobody wants to know what comes next.
    """
    if tokenizer.padding_side != "right":
        tokenizer = copy.deepcopy(tokenizer)
        tokenizer.padding_side = "right"
    collate: Collate = require("transformers", "train").DataCollatorForSeq2Seq(tokenizer, model)
    if model.config.is_encoder_decoder:
        return collate
    if "logits_to_keep" not in inspect.signature(model.forward).parameters:
        return collate
    return _SummaryLogits(collate)


class _SummaryLogits:
    """Batches of a causal model with labels, and logits, of the summaries' places alone."""

    def __init__(self, collate: Collate) -> None:
        self.collate = collate

    def __call__(self, rows: list[dict[str, Any]]) -> dict[str, Any]:
        torch = require("torch", "train")
        batch = dict(self.collate(rows))
        labels = batch["labels"]
        taught = (labels != IGNORED).any(dim=0)
        # a token is predicted at the place before it
        first = max(int(taught.int().argmax()) - 1, 0) if taught.any() else 0
        batch["labels"] = labels[:, first:]
        batch["logits_to_keep"] = torch.arange(first, labels.shape[1])
        return batch


def summary_outputs(
    model: Any, settings: TaskSettings, frame: pd.DataFrame, encoded: EncodedSplit
) -> pd.DataFrame:
    """The summaries that a model writes, and how far they are from the references.

    Args:
        model: as it was trained; with a decoder of its own, or causal.
        settings: `num_beams` beams, 1 is greedy; at most `max_target_length` tokens are written.
        frame: the split that was encoded, with `label`, the reference summaries.
        encoded: its rows.

    Returns:
        Indexed by sample_id, in the rows' order: `generated`, the text; `rouge1`, `rouge2` and
        `rougeL`, the F measure, 0 to 1, with Porter's stemmer, as is customary for dialogues;
        `generated_entropy`, the mean over the generated tokens, end mark included, of the entropy
        of the model's own distribution (nats); `generated_tokens`, how many they are, end mark
        included: at least 1.
    """
    end = end_mark(settings.tokenizer)
    prompts = [
        row["input_ids"] if model.config.is_encoder_decoder else _prompt_of(row)
        for row in encoded.rows
    ]
    written = write_texts(model, settings, prompts, end)
    ids = [row["sample_id"] for row in encoded.rows]
    return _table(settings.tokenizer, written, frame["label"].loc[ids])


def _prompt_of(row: dict[str, Any]) -> list[int]:
    ids: list[int] = row["input_ids"]
    return ids[: sum(label == IGNORED for label in row["labels"])]


def _table(tokenizer: Any, written: list[Written], references: pd.Series) -> pd.DataFrame:
    texts = [
        text.strip()
        for text in tokenizer.batch_decode(
            [one.tokens for one in written], skip_special_tokens=True
        )
    ]
    return pd.DataFrame(
        {
            "generated": pd.Series(texts, dtype="str"),
            **rouge(references.tolist(), texts),
            "generated_entropy": np.array([one.entropy for one in written], dtype=np.float64),
            "generated_tokens": np.array([len(one.tokens) for one in written], dtype=np.int64),
        }
    ).set_index(pd.Index(references.index, dtype="int64", name="sample_id"))


class _Split:
    """Collects the rows of a split, and what became of those that do not fit."""

    def __init__(self, frame: pd.DataFrame, settings: TaskSettings) -> None:
        if len(settings.text_columns) != 1:
            raise ModelError(
                f"{len(settings.text_columns)} text columns "
                f"({', '.join(settings.text_columns)}); a summary is of one text"
            )
        there = np.array(
            [isinstance(text, str) and bool(text.strip()) for text in frame["label"]], dtype=bool
        )
        self.longest = settings.max_target_length
        self.ids = frame.index[there].tolist()
        self.texts = frame.loc[there, settings.text_columns[0]].tolist()
        self.summaries = [text.strip() for text in frame.loc[there, "label"]]
        self.rows: list[dict[str, Any]] = []
        self.problems = [(i, NO_SUMMARY, False) for i in frame.index[~there].tolist()]

    def cut_target(self, target: list[int], end: int) -> list[int]:
        """The next summary's tokens, with the end mark; noted where it is too long."""
        if len(target) >= self.longest:
            self.problems.append((self.ids[len(self.rows)], LONG_SUMMARY, True))
        return [*target[: self.longest - 1], end]

    def add(self, ids: list[int], labels: list[int], *, cut: bool) -> None:
        """The next row; noted where its text was cut."""
        inputs = {"input_ids": ids, "attention_mask": [1] * len(ids)}
        sample_id = self.ids[len(self.rows)]
        if cut:
            self.problems.append((sample_id, LONG_DIALOGUE, True))
        self.rows.append({**inputs, "labels": labels, "sample_id": sample_id})

    def encoded(self, *, also_labels: bool) -> EncodedSplit:
        lengths = [
            len(row["input_ids"]) + (len(row["labels"]) if also_labels else 0) for row in self.rows
        ]
        table = no_problems()
        if self.problems:
            table = pd.DataFrame(self.problems, columns=list(table.columns)).astype(table.dtypes)
        return EncodedSplit(
            rows=self.rows,
            lengths=np.array(lengths, dtype=np.int64),
            truncated=sum(problem == LONG_DIALOGUE for _, problem, _ in self.problems),
            problems=table,
        )


def end_mark(tokenizer: Any) -> int:
    """The token by which a text ends.

    Raises:
        ModelError: if the tokenizer has none.
    """
    for mark in (tokenizer.eos_token_id, tokenizer.sep_token_id):
        if mark is not None:
            return int(mark)
    raise ModelError(
        "the tokenizer has no mark for the end of a text; expected an eos_token or a sep_token"
    )


def _begin_mark(tokenizer: Any) -> list[int]:
    """The token with which the tokenizer opens a text, if it does."""
    marks = (tokenizer.bos_token_id, tokenizer.cls_token_id)
    return [token for token in tokenizer("a")["input_ids"][:1] if token in marks]


def _tokens(tokenizer: Any, texts: list[str] | None = None, **how: Any) -> list[list[int]]:
    if not (texts or how.get("text_target")):
        return []
    ids: list[list[int]] = tokenizer(texts, verbose=False, **how)["input_ids"]
    return ids


def _plain(tokenizer: Any, texts: list[str]) -> list[list[int]]:
    return _tokens(tokenizer, texts, add_special_tokens=False)


def _without(tokens: list[int], end: int) -> list[int]:
    return tokens[:-1] if tokens[-1:] == [end] else tokens


def _is_t5(tokenizer: Any) -> bool:
    """Whether it knows T5's first sentinel, by which the family's tokenizers are told."""
    return "<extra_id_0>" in tokenizer.get_vocab()


SUMMARIZATION = TASKS.add(
    Task(
        name="summarization",
        title="Summarization",
        auto_model="AutoModelForSeq2SeqLM",
        observe=observe_tokens,
        encode=encode_summaries,
        collate=pad_sequences,
        labels="tokens",
        target="text",
        outputs=summary_outputs,
    )
)
CAUSAL_SUMMARIZATION = TASKS.add(
    Task(
        name="summarization-causal",
        title="Summarization by a causal model",
        auto_model="AutoModelForCausalLM",
        observe=observe_causal_tokens,
        encode=encode_prompted_summaries,
        collate=pad_sequences,
        labels="tokens",
        target="text",
        outputs=summary_outputs,
    )
)
