"""The evaluation stream: a pass in eval mode over a whole split, in batches of similar length."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from difficulty_lib._errors import DynamicsError
from difficulty_lib._extras import require
from difficulty_lib.tasks import observe_classification


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


@contextmanager
def evaluating(model: Any) -> Iterator[None]:
    """Eval mode, without gradients and autocast; afterwards the model is as it was."""
    torch = require("torch", "train")
    was_training = model.training
    device = next(model.parameters()).device.type
    # For mixed precision accelerate replaces the model's forward by one that autocasts, whatever
    # the surroundings say; the one it was made from is kept beside it.
    own = model.__dict__
    autocasting = own.get("forward") if "_original_forward" in own else None
    if autocasting is not None:
        model.forward = own["_original_forward"]
    model.eval()
    try:
        with torch.inference_mode(), torch.autocast(device, enabled=False):
            yield
    finally:
        if autocasting is not None:
            model.forward = autocasting
        model.train(was_training)


def length_batches(lengths: Sequence[int], tokens: int, rows: int) -> list[NDArray[np.int64]]:
    """Row numbers in batches of similar length, longest first.

    Args:
        lengths: tokens of every row, shape (N,).
        tokens: padded tokens that a batch may have.
        rows: rows that a batch may have.
    """
    array = np.asarray(lengths)
    order = np.argsort(-array, kind="stable")
    batches, start = [], 0
    while start < len(order):
        longest = max(1, int(array[order[start]]))
        size = max(1, min(rows, tokens // longest))
        batches.append(order[start : start + size])
        start += size
    return batches


def forward_columns(model: Any) -> set[str]:
    """The names that the model's forward pass accepts."""
    return set(inspect.signature(model.forward).parameters)


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
) -> dict[str, NDArray[np.generic]]:
    """Observe every row of this rank's share: rows rank, rank + world, rank + 2·world, …

    Args:
        model: a `transformers` model; it is put into eval mode and back. The pass runs in the
            model's own dtype, outside any autocast.
        rows: encoded samples with `input_ids`, `labels` (or `label`) and, if they are to be keyed
            by more than their place, `sample_id`.
        collate: pads a list of rows into a batch of tensors.
        observe: what is observed of (logits, labels).
        batch_tokens: padded tokens per batch; by default 1,024 on a CPU, whose caches then hold a
            layer's activations, and 16,384 elsewhere.
        batch_rows: rows per batch, at most.
        rank: this process.
        world: number of processes.
        progress: called with the number of rows done.

    Returns:
        `sample_id` and the observed columns, each of shape (rows of this rank,).
    """
    torch = require("torch", "train")
    mine = range(rank, len(rows), world)
    accepted = forward_columns(model)
    samples, labels, ids = [], [], []
    for place in mine:
        row = dict(rows[place])
        label = row.pop("labels", row.pop("label", None))
        if label is None:
            raise DynamicsError(
                f"row {place} has no 'labels'; there are {', '.join(map(str, row))}"
            )
        ids.append(int(row.pop(ID_COLUMN, place)))
        labels.append(int(label))
        samples.append({name: value for name, value in row.items() if name in accepted})
    gold = torch.tensor(labels)
    parts: list[dict[str, Any]] = []
    order: list[NDArray[np.int64]] = []
    if batch_tokens is None:
        batch_tokens = 1024 if model.device.type == "cpu" else 16384
    with evaluating(model):
        lengths = [len(sample["input_ids"]) for sample in samples]
        for batch in length_batches(lengths, batch_tokens, batch_rows):
            inputs = collate([samples[i] for i in batch])
            inputs = {name: value.to(model.device) for name, value in inputs.items()}
            logits = model(**inputs).logits
            parts.append(observe(logits, gold[torch.from_numpy(batch)].to(model.device)))
            order.append(batch)
            if progress is not None:
                progress(len(batch))
    if not parts:
        return {ID_COLUMN: np.array([], dtype=np.int64)}
    place_of = np.concatenate(order)
    columns: dict[str, NDArray[np.generic]] = {ID_COLUMN: np.array(ids, dtype=np.int64)[place_of]}
    for name in parts[0]:
        columns[name] = torch.cat([part[name] for part in parts]).cpu().numpy()
    return columns
