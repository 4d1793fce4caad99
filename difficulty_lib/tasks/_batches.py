"""Batches of similar length, and the names that a model takes."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def length_batches(
    lengths: Sequence[int], tokens: int, rows: int, filled: float = 0.0
) -> list[NDArray[np.int64]]:
    """Row numbers in batches of similar length, longest first.

    Args:
        lengths: tokens of every row, shape (N,).
        tokens: padded tokens that a batch may have.
        rows: rows that a batch may have.
        filled: the share of a batch's longest row that its shortest has at least, 0 … 1: padding is
            saved, at the price of batches that are not full.
    """
    array = np.asarray(lengths)
    order = np.argsort(-array, kind="stable")
    batches, start = [], 0
    while start < len(order):
        longest = max(1, int(array[order[start]]))
        alike = int(np.count_nonzero(array[order[start : start + rows]] >= filled * longest))
        size = max(1, min(alike, tokens // longest))
        batches.append(order[start : start + size])
        start += size
    return batches


def forward_columns(model: Any) -> set[str]:
    """The names that the model's forward pass accepts."""
    return set(inspect.signature(model.forward).parameters)
