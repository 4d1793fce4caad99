"""Dynamics on disk: one Parquet file per split, stream, epoch and rank, each written atomically.

Layout under a run's folder::

    dynamics/samples/<split>.parquet                                   sample_id, label
    dynamics/split=<split>/stream=<stream>/epoch=<epoch>/rank-<rank>.parquet
    dynamics/split=<split>/stream=<stream>/static/rank-<rank>.parquet

The keys are in the path only: a column named like a partition key breaks `pyarrow.dataset`.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from difficulty_lib._errors import DynamicsError
from difficulty_lib.dynamics._columns import STATIC, STORED
from difficulty_lib.dynamics._copies import with_last_batch
from difficulty_lib.dynamics._features import ANSWERED, FEATURE
from difficulty_lib.dynamics._token_store import first_file, list_columns
from difficulty_lib.dynamics._tokens import STORED_TOKENS

ROOT = "dynamics"
# A page's byte planes are compressed in blocks of 128 KiB with a code each: planes as long as a
# block have it for themselves, which saves 8 % over the 20,000 rows that a page has by default.
_PAGES: dict[str, int] = (
    {"max_rows_per_page": 1 << 17}
    if "max_rows_per_page" in inspect.signature(pq.write_table).parameters
    else {}  # versions of pyarrow that limit a page's bytes only, to some 260,000 rows
)


def part_path(folder: Path, split: str, stream: str, epoch: int, rank: int = 0) -> Path:
    """Where the observations of one rank in one epoch lie."""
    return (
        folder
        / ROOT
        / f"split={split}"
        / f"stream={stream}"
        / f"epoch={epoch}"
        / f"rank-{rank}.parquet"
    )


def samples_path(folder: Path, split: str) -> Path:
    """Where the ids (and labels) that a split must have are listed."""
    return folder / ROOT / "samples" / f"{split}.parquet"


def write_table(table: pa.Table, path: Path) -> None:
    """Write a Parquet file that is either whole or absent, whenever the process is killed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    floats = [_leaf(f) for f in table.schema if pa.types.is_floating(_content(f))]
    others = [_leaf(f) for f in table.schema if not pa.types.is_floating(_content(f))]
    try:
        pq.write_table(
            table,
            temporary,
            compression="zstd",
            # Splitting floats into byte planes compresses them far better than dictionaries do.
            use_dictionary=[name for name in others if name != "sample_id"],
            use_byte_stream_split=floats,
            column_encoding={"sample_id": "DELTA_BINARY_PACKED"} if "sample_id" in others else None,
            write_statistics=False,
            **_PAGES,
        )
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _content(field: pa.Field) -> pa.DataType:
    return field.type.value_type if pa.types.is_nested(field.type) else field.type


def _leaf(field: pa.Field) -> str:
    """The path by which Parquet knows a column: of a list, its elements."""
    return f"{field.name}.list.element" if pa.types.is_nested(field.type) else str(field.name)


def write_samples(
    folder: Path, split: str, ids: NDArray[np.int64], label: NDArray[np.int64] | None
) -> None:
    """List the ids that every epoch of `split` must have, with their gold labels."""
    columns = {"sample_id": np.asarray(ids, dtype=np.int64)}
    if label is not None:
        columns["label"] = np.asarray(label, dtype=np.int64)
    write_table(pa.table(columns), samples_path(folder, split))


def write_part(
    folder: Path,
    split: str,
    stream: str,
    epoch: int,
    columns: Mapping[str, NDArray[np.generic]],
    rank: int = 0,
    last_batch: NDArray[np.int64] | None = None,
) -> Path:
    """Write one rank's observations of one epoch, sorted by id.

    Args:
        folder: the run's folder.
        split: the split's name.
        stream: "evaluation" or "training".
        epoch: the epoch, 0 for the model before its first update.
        columns: `sample_id` and any of the stored columns, each of shape (n,); those of tokens
            (`token_loss`, …, and `token_gold`) as `Ragged`.
        rank: the process's rank.
        last_batch: the ids of the rank's last batch, where others train beside it: the batch may be
            padded with copies of other ranks' samples, which reading then leaves out; the features'
            numbers, where there is a column of them.
    """
    unknown = set(columns) - set(STORED) - set(STORED_TOKENS) - {"sample_id", ANSWERED, FEATURE}
    if unknown or "sample_id" not in columns:
        raise DynamicsError(
            f"cannot write columns {sorted(columns)}; expected sample_id and any of {', '.join(STORED)}"
        )
    count = np.shape(columns["sample_id"])
    for name, values in columns.items():
        if np.shape(values) != count or len(count) != 1:
            raise DynamicsError(
                f"{split}/{stream}, epoch {epoch}: column '{name}' has shape {np.shape(values)}; "
                f"expected {count}, one value per sample_id"
            )
    order = np.argsort(columns["sample_id"], kind="stable")
    typed = {"sample_id": np.asarray(columns["sample_id"], dtype=np.int64)[order]}
    typed |= {
        name: np.asarray(columns[name], dtype=dtype)[order]
        for name, dtype in STORED.items()
        if name in columns
    }
    if ANSWERED in columns:
        typed[ANSWERED] = np.asarray(columns[ANSWERED], dtype=bool)[order]
    if FEATURE in columns:
        typed[FEATURE] = np.asarray(columns[FEATURE], dtype=np.int64)[order]
    path = part_path(folder, split, stream, epoch, rank)
    table = pa.table(typed | list_columns(columns, order, first_file(path)))
    write_table(table if last_batch is None else with_last_batch(table, last_batch), path)
    return path


def static_path(folder: Path, split: str, stream: str, rank: int = 0) -> Path:
    """Where the values lie that a sample has once per run."""
    stem = folder / ROOT / f"split={split}" / f"stream={stream}"
    return stem / "static" / f"rank-{rank}.parquet"


def write_static(
    folder: Path,
    split: str,
    stream: str,
    ids: NDArray[np.int64],
    columns: Mapping[str, NDArray[np.generic]],
    rank: int = 0,
) -> Path:
    """Write one rank's static columns, float32, sorted by id; arguments as for `write_part`."""
    unknown = set(columns) - set(STATIC)
    if unknown:
        raise DynamicsError(
            f"cannot write static columns {sorted(unknown)}; expected any of {', '.join(STATIC)}"
        )
    order = np.argsort(ids, kind="stable")
    typed: dict[str, NDArray[np.generic]] = {"sample_id": np.asarray(ids, dtype=np.int64)[order]}
    typed |= {name: np.asarray(v, dtype=np.float32)[order] for name, v in columns.items()}
    path = static_path(folder, split, stream, rank)
    write_table(pa.table(typed), path)
    return path


def read_table(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """Read one Parquet file, or those of `columns` that it has, naming it if it is damaged."""
    try:
        if columns is None:
            return pq.read_table(path, partitioning=None)
        with pq.ParquetFile(path) as file:
            return file.read([name for name in file.schema_arrow.names if name in columns])
    except FileNotFoundError:
        raise DynamicsError(f"{path} is missing; record the run again") from None
    except (pa.ArrowInvalid, OSError) as error:
        reason = str(error).splitlines()[0]
        raise DynamicsError(
            f"{path} is truncated or not Parquet ({reason}); record it again"
        ) from None
