"""Files of several processes: the samples that each has listed, and what an earlier run has left."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from difficulty_lib.dynamics._store import ROOT, part_path, read_table, samples_path, write_table


def rank_samples_path(folder: Path, split: str, rank: int) -> Path:
    """Where a rank lists the samples that it has seen, where nobody could list them all."""
    return samples_path(folder, split).with_name(f"{split}.rank-{rank}.parquet")


def write_rank_samples(
    folder: Path, split: str, ids: NDArray[np.int64], label: NDArray[np.int64] | None, rank: int
) -> None:
    """List what one rank of several has seen in an epoch: together they have seen every sample."""
    columns = {"sample_id": np.asarray(ids, dtype=np.int64)}
    if label is not None:
        columns["label"] = np.asarray(label, dtype=np.int64)
    write_table(pa.table(columns), rank_samples_path(folder, split, rank))


def listed_samples(folder: Path, split: str) -> pa.Table | None:
    """`sample_id` and, if known, `label` of a split's samples, sorted; None if they are not listed."""
    whole = samples_path(folder, split)
    if whole.exists():
        return read_table(whole)
    parts = sorted(whole.parent.glob(f"{split}.rank-*.parquet"))
    if not parts:
        return None
    table = pa.concat_tables([read_table(part) for part in parts])
    _, first = np.unique(table["sample_id"].to_numpy(), return_index=True)
    return table.take(pa.array(first))


def by_rank(parts: Iterable[Path]) -> list[Path]:
    """The files in the order of their ranks: 2 before 10."""
    return sorted(parts, key=lambda part: (len(part.name), part.name))


def remove_later(
    folder: Path, split: str, stream: str, after: int, rank: int = 0, world: int = 1
) -> None:
    """Remove an earlier recording's epochs after `after`, so that they are never mixed with new ones.

    Every rank removes its own files and those of ranks that are no more (rank, rank + world, …), so
    no two touch the same file.
    """
    root = folder / ROOT / f"split={split}" / f"stream={stream}"
    for epoch in root.glob("epoch=*"):
        try:
            number = int(epoch.name.removeprefix("epoch="))
        except ValueError:  # not ours; reading refuses it by name
            continue
        for part in epoch.glob("rank-*"):
            owner = part.name.removeprefix("rank-").split(".")[0]
            mine = owner.isdigit() and int(owner) % world == rank
            if mine and (number > after or int(owner) >= world):
                part.unlink(missing_ok=True)
        if number > after:
            with suppress(OSError):  # another rank has yet to remove its own, or it is gone
                epoch.rmdir()


def missing_epoch(
    folder: Path, split: str, stream: str, epochs: Iterable[int], rank: int
) -> int | None:
    """The first of these epochs that this rank has not recorded."""
    return next((e for e in epochs if not part_path(folder, split, stream, e, rank).exists()), None)
