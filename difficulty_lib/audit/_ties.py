"""Measures of a ranking with ties: their exact expectation over every order of the tied rows.

Each takes, group of tied rows by group, the hardest first, how many rows it has and how many of
these are errors; shapes (…, G), int64. A group may be empty. All give shape (…), NaN where there is
no error at all.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Counts = NDArray[np.int64]


def average_precision(rows: Counts, errors: Counts) -> Array:
    """Expected average precision (McSherry and Najork 2008)."""
    after = rows.cumsum(axis=-1)
    before = after - rows
    found = errors.cumsum(axis=-1) - errors
    harmonic = np.concatenate([[0.0], np.cumsum(1 / np.arange(1, after.max() + 1))])
    # Σ 1/place over the group's places; by itself where it is one row, lest digits cancel.
    places = np.where(rows == 1, 1 / np.maximum(after, 1), harmonic[after] - harmonic[before])
    others = (errors - 1) / np.maximum(rows - 1, 1)
    own = (found + 1) * places + others * (rows - (before + 1) * places)
    return _per((errors / np.maximum(rows, 1) * own).sum(axis=-1), errors.sum(axis=-1))


def area_under_roc(rows: Counts, errors: Counts) -> Array:
    """How often an error ranks before a row that is none, ties counting half."""
    clean = rows - errors
    total = clean.sum(axis=-1)
    behind = total[..., None] - clean.cumsum(axis=-1)
    won = (errors * (behind + clean / 2)).sum(axis=-1)
    return _per(won, errors.sum(axis=-1) * total)


def errors_in_first(rows: Counts, errors: Counts, count: Array | Counts | float) -> Array:
    """Expected number of errors among the first `count` rows, shape (…) or one for all."""
    before = rows.cumsum(axis=-1) - rows
    inside = np.clip(np.asarray(count)[..., None] - before, 0, rows)
    expected: Array = (errors * inside / np.maximum(rows, 1)).sum(axis=-1)
    return expected


def precision_at(rows: Counts, errors: Counts, count: int | None = None) -> Array:
    """Expected share of errors among the first `count` rows, or as many as there are errors."""
    first = errors.sum(axis=-1) if count is None else np.full(rows.shape[:-1], count)
    return _per(errors_in_first(rows, errors, first), first)


def recall_at(rows: Counts, errors: Counts, count: int | None = None) -> Array:
    """Expected share of the errors that are among the first `count` rows, or as many as errors."""
    total = errors.sum(axis=-1)
    first = total if count is None else np.full(rows.shape[:-1], count)
    return _per(errors_in_first(rows, errors, first), total)


def needed(errors: Counts, share: float) -> Counts:
    """How many errors are at least this share of them; shape (…)."""
    wanted: Counts = np.ceil(share * errors.sum(axis=-1) - 1e-9).astype(np.int64)
    return wanted


def rows_until(rows: Counts, errors: Counts, share: float) -> Array:
    """Expected number of rows read, from the hardest on, until that share of the errors is found.

    In a random order of m rows the j-th of r errors is at place j (m + 1) / (r + 1) on average.
    """
    wanted = needed(errors, share)[..., None]
    found = errors.cumsum(axis=-1)
    group = (found >= wanted).argmax(axis=-1)[..., None]
    m, r, f = (np.take_along_axis(x, group, axis=-1) for x in (rows, errors, found))
    before = np.take_along_axis(rows.cumsum(axis=-1), group, axis=-1) - m
    place = (before + (wanted - (f - r)) * (m + 1) / (r + 1))[..., 0]
    result: Array = np.where(errors.sum(axis=-1) > 0, place, np.nan)
    return result


def effort(rows: Counts, errors: Counts, share: float) -> Array:
    """`rows_until` as a share of all rows."""
    return _per(rows_until(rows, errors, share), rows.sum(axis=-1))


def _per(values: Array, total: Counts) -> Array:
    with np.errstate(invalid="ignore", divide="ignore"):
        result: Array = np.where(total > 0, values / total, np.nan)
    return result
