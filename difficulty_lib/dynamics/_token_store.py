"""Token columns in Parquet: a list per sample, the gold tokens' in the first file of a rank only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from difficulty_lib._errors import DynamicsError
from difficulty_lib.dynamics._ragged import Ragged, running
from difficulty_lib.dynamics._tokens import GOLD, STORED_TOKENS, TokenDynamics, assemble

_INT32 = 2**31 - 1


def list_columns(
    columns: Mapping[str, Any], order: NDArray[np.int64], with_gold: bool
) -> dict[str, pa.Array]:
    """The token columns among `columns` as lists, rows in this order.

    Args:
        columns: `Ragged` columns by their name on disk, and others.
        order: shape (n,), places of the rows.
        with_gold: whether the gold tokens are kept; they are the same in every epoch, so that
            later ones hold nulls.

    Raises:
        DynamicsError: if a token column is no `Ragged`.
    """
    lists: dict[str, pa.Array] = {}
    for name, dtype in STORED_TOKENS.items():
        if name not in columns:
            continue
        if not isinstance(columns[name], Ragged):
            raise DynamicsError(f"column '{name}' must be Ragged, one row of tokens per sample")
        if name == GOLD and not with_gold:
            lists[name] = pa.nulls(len(order), pa.list_(pa.from_numpy_dtype(dtype)))
            continue
        rows = columns[name][order]
        kind, width = (
            (pa.ListArray, np.int32)
            if len(rows.values) <= _INT32
            else (pa.LargeListArray, np.int64)
        )
        lists[name] = kind.from_arrays(
            pa.array(rows.offsets.astype(width)), pa.array(rows.values.astype(dtype, copy=False))
        )
    return lists


def first_file(part: Path) -> bool:
    """Whether a rank has written no earlier epoch than this file's: then it holds the gold tokens."""
    own = int(part.parent.name.removeprefix("epoch="))
    return not any(
        (other / part.name).exists()
        for other in part.parent.parent.glob("epoch=*")
        if other.name.removeprefix("epoch=").isdigit()
        and int(other.name.removeprefix("epoch=")) < own
    )


class TokenReader:
    """Collects the token columns of a stream's epochs, one after the other."""

    def __init__(self) -> None:
        self._epochs: list[dict[str, Ragged]] = []
        self._where: list[str] = []
        self._gold: list[tuple[NDArray[np.int64], Ragged]] = []

    def add(
        self,
        table: pa.Table,
        ids: NDArray[np.int64],
        order: NDArray[np.int64] | None,
        where: str,
    ) -> None:
        """Take one epoch's lists.

        Args:
            table: what all ranks have recorded.
            ids: shape (n,), sorted.
            order: the table's rows in the order of `ids`, None where they are in it.
            where: split, stream and epoch, for messages.
        """
        read: dict[str, Ragged] = {}
        for name in STORED_TOKENS:
            if name in table.column_names:
                rows, absent = _ragged(table[name], name, where)
                read[name] = rows if order is None else rows[order]
                if name == GOLD:
                    there = ~absent if order is None else ~absent[order]
                    self._gold.append((ids[there], read[name][there]))
        self._epochs.append(read)
        self._where.append(where)

    def tokens(self, ids: NDArray[np.int64]) -> TokenDynamics | None:
        """The tokens of all epochs, or None where none were recorded.

        Raises:
            DynamicsError: if an epoch lacks a column, a sample its gold tokens, or a sample has
                another number of tokens in some epoch.
        """
        if not any(self._epochs):
            return None
        if not self._gold:
            raise DynamicsError(f"{self._where[0]}: no column '{GOLD}'; record it again")
        known = np.concatenate([some for some, _ in self._gold])
        unique, first = np.unique(known, return_index=True)
        missing = np.setdiff1d(ids, unique)
        if len(missing):
            raise DynamicsError(
                f"{self._where[0]}: the gold tokens of {len(missing)} samples are missing, "
                f"first: {missing[:5].tolist()}; record it again"
            )
        gold = Ragged.concatenate([rows for _, rows in self._gold])
        return assemble(self._epochs, gold[first[np.isin(unique, ids)]], self._where, ids)


def _ragged(column: pa.ChunkedArray, name: str, where: str) -> tuple[Ragged, NDArray[np.bool_]]:
    """A list column's rows, and which of them are null (then without values)."""
    if not (pa.types.is_list(column.type) or pa.types.is_large_list(column.type)):
        raise DynamicsError(f"{where}: column '{name}' holds {column.type}; expected lists")
    absent = column.is_null().to_numpy(zero_copy_only=False).astype(bool)
    lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy()
    chunks: Sequence[pa.Array] = column.chunks
    values = [chunk.flatten().to_numpy(zero_copy_only=False) for chunk in chunks]
    dtype = STORED_TOKENS[name]
    joined = np.concatenate(values) if values else np.empty(0, dtype=dtype)
    if joined.dtype != dtype and not np.isfinite(np.asarray(joined, dtype=np.float64)).all():
        raise DynamicsError(f"{where}: column '{name}' has tokens without a value; record it again")
    return Ragged(running(lengths), joined.astype(dtype, copy=False)), absent
