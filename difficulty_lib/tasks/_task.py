"""What a task is: head, encoding, batches, and what is observed of the outputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from difficulty_lib._registry import Registry
from difficulty_lib.tasks._encoding import EncodedSplit, TaskSettings

if TYPE_CHECKING:
    from difficulty_lib.dynamics import StreamDynamics

Tensors = dict[str, Any]
Collate = Callable[[list[dict[str, Any]]], Mapping[str, Any]]


@dataclass(frozen=True)
class Task:
    """A registered task.

    Attributes:
        name: how it is asked for.
        title: for headings.
        auto_model: the `transformers` class that loads its models.
        observe: (logits, labels) → stored columns of the dynamics, on the logits' device. Of shape
            (batch,), `loss` among them; or, of sequences, `token_…` of shape (batch, length), with
            `token_gold` −100 where there is no token.
        encode: a split of the data, indexed by sample_id, → rows that the model reads.
        collate: (tokenizer, model) → what pads a list of rows into a batch.
        labels: what a sample is labelled with: a "class"; "tokens", one label each; or a "span",
            for which logits and labels are pairs, of its start and its end.
        target: what the data's column `label` holds: a "class", a reference "text", "answers" or
            "tags".
        outputs: (model, settings, split of the data, its encoded rows) → what the model gives out
            after the last epoch, a row per sample: numbers and texts. None where the dynamics say
            it all.
        metrics: (one split and stream, names of the labels) → numbers by name, a value per trained
            epoch, for the run's record, beside loss and accuracy.
    """

    name: str
    title: str
    auto_model: str
    observe: Callable[[Any, Any], Tensors]
    encode: Callable[[pd.DataFrame, TaskSettings], EncodedSplit] | None = None
    collate: Callable[[Any, Any], Collate] | None = None
    labels: Literal["class", "tokens", "span"] = "class"
    target: Literal["class", "text", "answers", "tags"] = "class"
    outputs: Callable[[Any, TaskSettings, pd.DataFrame, EncodedSplit], pd.DataFrame] | None = None
    metrics: Callable[[StreamDynamics, tuple[str, ...]], dict[str, list[float]]] | None = None


TASKS: Registry[Task] = Registry("task")
