"""Rows that a sampler repeats so that every process has as many batches, and which record stays.

A row is a sample, or one of the features into which a question's context was cut.

Each process writes its own file and waits for nobody. What is a copy is decided when the files are
read together, from a note in each of which samples came in its last batch.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

LAST_BATCH = b"last_batch"


def with_last_batch(table: pa.Table, ids: Iterable[int]) -> pa.Table:
    """The table, with a note of which of its rows came in the rank's last batch of the epoch."""
    note = {LAST_BATCH: json.dumps([int(i) for i in ids]).encode()}
    return table.replace_schema_metadata((table.schema.metadata or {}) | note)


def _last_batch(table: pa.Table) -> NDArray[np.int64]:
    note = (table.schema.metadata or {}).get(LAST_BATCH)
    return np.array(json.loads(note) if note else [], dtype=np.int64)


def without_copies(tables: Sequence[pa.Table], key: str = "sample_id") -> list[pa.Table]:
    """The ranks' tables of one epoch without the copies that padded the last batches.

    So that every rank has as many batches, samplers repeat samples in the last batches. A record of
    a rank's last batch whose sample another rank has in an earlier batch is such a copy, and is left
    out; where all ranks that have a sample have it in their last batch, the lowest rank's stays.
    A sample that two ranks have in earlier batches is no padding: both stay, for the caller to refuse.

    Args:
        tables: of rank 0, 1, …, in each every `key` once.
        key: the column by which rows are told apart, and which the notes are of.
    """
    last = [_last_batch(table) for table in tables]
    suspects = np.unique(np.concatenate(last)) if last else np.array([], dtype=np.int64)
    if not len(suspects):
        return list(tables)
    held = np.stack([np.isin(suspects, table[key].to_numpy()) for table in tables])
    in_last = np.stack([np.isin(suspects, ids) for ids in last])
    original = held & ~in_last
    has_original = original.any(axis=0)
    lowest = np.zeros_like(held)
    lowest[held.argmax(axis=0), np.arange(len(suspects))] = True
    dropped = held & in_last & (has_original | ~lowest)
    kept = []
    for table, drop in zip(tables, dropped):
        if drop.any():
            copies = pa.array(suspects[drop])
            table = table.filter(pc.invert(pc.is_in(table[key], value_set=copies)))
        kept.append(table)
    return kept
