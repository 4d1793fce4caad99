"""What was observed of an unfinished epoch: checked, and kept with a checkpoint."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from difficulty_lib._errors import DynamicsError, TrainingError
from difficulty_lib._extras import require
from difficulty_lib.dynamics import Ragged
from difficulty_lib.training._evaluation import ID_COLUMN

Batch = dict[str, Any]


def pack(batches: list[Batch]) -> dict[str, Any]:
    """The batches as one tensor per column on the CPU, with their sizes: small, and soon written."""
    torch = require("torch", "train")
    packed: dict[str, Any] = {}
    for name in dict.fromkeys(name for batch in batches for name in batch):
        parts = [batch[name] for batch in batches]
        sizes = [len(part) for part in parts]
        if len({part.shape[1:] for part in parts}) == 1:
            packed[name] = {"sizes": sizes, "values": torch.cat(parts).cpu()}
        else:  # padded to other lengths from batch to batch
            packed[name] = {"sizes": sizes, "values": [part.cpu() for part in parts]}
    return packed


def unpack(packed: dict[str, Any]) -> list[Batch]:
    """The batches that `pack` was given."""
    columns = {
        name: column["values"]
        if isinstance(column["values"], list)
        else column["values"].split(column["sizes"])
        for name, column in packed.items()
    }
    return [dict(zip(columns, parts)) for parts in zip(*columns.values())]


def ids_of(batches: list[Batch], key: str = ID_COLUMN) -> NDArray[np.int64]:
    """The samples of the batches, or their features, in the order in which they were seen."""
    torch = require("torch", "train")
    ids: NDArray[np.int64] = torch.cat([batch[key].cpu() for batch in batches]).numpy()
    return ids


def first_time(batches: list[Batch], where: str, world: int, key: str = ID_COLUMN) -> list[Batch]:
    """The batches with every row once: a rank's last batch may be padded with samples seen before.

    Args:
        batches: of one rank and epoch; `sample_id` and what was observed, in the same order.
        where: split and epoch, for messages.
        world: number of ranks; one rank alone is given no padding.
        key: by which rows are told apart, samples or features.

    Raises:
        DynamicsError: if a row is there more than once otherwise, naming the first.
    """
    ids = ids_of(batches, key)
    _, first = np.unique(ids, return_index=True)
    if len(first) == len(ids):
        return batches
    repeated = np.ones(len(ids), dtype=bool)
    repeated[first] = False
    start = len(ids) - len(batches[-1][ID_COLUMN])
    if world == 1 or repeated[:start].any():
        doubled = np.unique(ids_of(batches)[repeated])
        raise DynamicsError(
            f"{where}: {len(doubled)} samples were observed more than once in an epoch, first: "
            f"{doubled[:5].tolist()}; call epoch_end() after every epoch"
        )
    torch = require("torch", "train")
    keep = torch.from_numpy(~repeated[start:])
    last = {name: value.cpu()[keep] for name, value in batches[-1].items()}
    return [*batches[:-1], last] if bool(keep.any()) else batches[:-1]


def check_finite(columns: Mapping[str, Any], where: str, sizes: list[int] | None = None) -> None:
    """Refuse observations that are not numbers.

    Args:
        columns: `sample_id` and what was observed, each of shape (n,); `Ragged` for tokens.
        where: split and epoch, for the message.
        sizes: of the batches that they came in, to say in which it began.

    Raises:
        TrainingError: naming the column, the first samples and `where`.
    """
    for name, values in columns.items():
        if isinstance(values, Ragged):
            wrong = ~values.finite()
        elif np.issubdtype(values.dtype, np.floating) and values.ndim == 1:
            wrong = ~np.isfinite(values)
        else:
            continue
        if wrong.any():
            if sizes is not None:
                step = int(np.searchsorted(np.cumsum(sizes), wrong.argmax(), side="right")) + 1
                where = f"{where}, from batch {step} on"
            raise TrainingError(
                f"{where}: '{name}' is not finite for {int(wrong.sum())} of {len(wrong)} samples, "
                f"first: {columns[ID_COLUMN][wrong][:5].tolist()}; the model's logits are NaN or "
                "infinite, for which a smaller learning rate may help"
            )


def pending_path(checkpoint: Path, split: str, rank: int) -> Path:
    """Where a checkpoint keeps a rank's observations of the epoch that it lies in."""
    return checkpoint / f"dynamics-{split}-rank-{rank}.pt"


def save_pending(state: dict[str, Any], path: Path) -> None:
    """Write a recorder's state, whole or not at all."""
    torch = require("torch", "train")
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        torch.save(state, temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def load_pending(path: Path) -> dict[str, Any]:
    """Read what `save_pending` wrote; tensors and numbers only, never code."""
    torch = require("torch", "train")
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise DynamicsError(
            f"{path} cannot be read ({reason}); resume from another checkpoint"
        ) from None
    return state
