"""The evaluation stream: a pass in eval mode over a whole split, in batches of similar length."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from difficulty_lib._errors import DynamicsError
from difficulty_lib._evaluating import evaluating
from difficulty_lib._extras import require
from difficulty_lib.tasks import observe_classification
from difficulty_lib.tasks._batches import forward_columns, length_batches
from difficulty_lib.training._columns import joined, per_sample
from difficulty_lib.training._labels import (
    NAMES,
    is_class,
    label_of,
    logits_of,
    share,
    stacked_spans,
    teacher_forced,
)


class Rows(Protocol):
    """Encoded samples: a `datasets.Dataset`, a list of dicts, or anything alike."""

    def __len__(self) -> int:
        """Number of samples."""
        ...

    def __getitem__(self, index: int, /) -> Any:
        """One sample, as a dict."""
        ...


Collate = Callable[[list[dict[str, Any]]], Mapping[str, Any]]
Observe = Callable[[Any, Any], dict[str, Any]]
ID_COLUMN = "sample_id"
# A CPU pays for every padded token, and little for another batch; elsewhere it is reversed. With
# 1,280 tokens its caches hold a layer's activations.
ON_CPU = {"tokens": 1280, "filled": 0.8}
ELSEWHERE = {"tokens": 16384, "filled": 0.0}
TOKENS_WITH_LOGITS = 4096  # elsewhere, where every token has logits


def observe_split(
    model: Any,
    rows: Rows,
    collate: Collate,
    *,
    observe: Observe = observe_classification,
    batch_tokens: int | None = None,
    batch_rows: int = 256,
    rank: int = 0,
    world: int = 1,
    progress: Callable[[int], object] | None = None,
) -> dict[str, Any]:
    """Observe every row of this rank's share: rows rank, rank + world, rank + 2·world, …

    Args:
        model: a `transformers` model; it is put into eval mode and back. The pass runs in the
            model's own dtype, outside any autocast.
        rows: encoded samples with `input_ids`, `labels` (or `label`) and, if they are to be keyed
            by more than their place, `sample_id`. `labels` is a class, or a list of one per token;
            instead of it `start_positions` and `end_positions` are a place or a list of several
            answers' places, and a `sample_id` may then have several rows.
        collate: pads a list of rows into a batch of tensors, and lists of labels with −100.
        observe: what is observed of (logits, labels): tensors, or pairs for spans.
        batch_tokens: padded tokens per batch; by default 1,280 on a CPU, whose caches then hold a
            layer's activations, and 16,384 elsewhere, 4,096 where every token has logits.
        batch_rows: rows per batch, at most.
        rank: this process.
        world: number of processes.
        progress: called with the number of rows done.

    Returns:
        `sample_id` and the observed columns, each of shape (samples of this rank,); those of tokens
        as `Ragged`.
    """
    torch = require("torch", "train")
    mine = share(rows, rank, world)
    accepted = forward_columns(model)
    samples: list[dict[str, Any]] = []
    labels: list[Any] = []
    ids: list[int] = []
    for place in mine:
        row = dict(rows[place])
        label = label_of(row)
        if label is None:
            raise DynamicsError(
                f"row {place} has no 'labels'; there are {', '.join(map(str, row))}"
            )
        ids.append(int(row.pop(ID_COLUMN, place)))
        labels.append(int(label) if is_class(label) else label)
        samples.append(
            {name: v for name, v in row.items() if name in accepted and name not in NAMES}
        )
    of_tokens = bool(labels) and not is_class(labels[0]) and not isinstance(labels[0], tuple)
    if of_tokens:  # the collator pads them as it does the inputs
        samples = [{**sample, "labels": list(label)} for sample, label in zip(samples, labels)]
    parts: list[dict[str, Any]] = []
    order: list[NDArray[np.int64]] = []
    on_cpu = model.device.type == "cpu"
    batches: dict[str, Any] = dict(ON_CPU if on_cpu else ELSEWHERE)
    if of_tokens and not on_cpu:
        batches["tokens"] = TOKENS_WITH_LOGITS
    if batch_tokens is not None:
        batches["tokens"] = batch_tokens
    with evaluating(model):
        lengths = [len(sample["input_ids"]) for sample in samples]
        if of_tokens and model.config.is_encoder_decoder:
            lengths = [length + len(label) for length, label in zip(lengths, labels)]
        for batch in length_batches(lengths, rows=batch_rows, **batches):
            inputs = collate([samples[i] for i in batch])
            inputs = {name: value.to(model.device) for name, value in inputs.items()}
            gold: Any
            if of_tokens:
                gold = inputs.pop("labels")
                teacher_forced(model, inputs, gold, accepted)
            elif is_class(labels[0]):
                gold = torch.tensor([labels[i] for i in batch]).to(model.device)
            else:
                gold = tuple(p.to(model.device) for p in stacked_spans([labels[i] for i in batch]))
            parts.append(observe(logits_of(model(**inputs), inputs), gold))
            order.append(batch)
            if progress is not None:
                progress(len(batch))
    if not parts:
        return {ID_COLUMN: np.array([], dtype=np.int64)}
    place_of = np.concatenate(order)
    return per_sample({ID_COLUMN: np.array(ids, dtype=np.int64)[place_of], **joined(parts)})
