"""A bootstrap by counts: how often each sample was drawn, in place of the drawn samples."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
CELLS = 4_000_000  # counts held at a time


def drawn_counts(n: int, resamples: int, seed: int) -> Iterator[Array]:
    """How often each of n samples is drawn, of n draws, in blocks of shape (B, n); B sum to R."""
    rng = np.random.default_rng(seed)
    step = max(1, CELLS // max(n, 1))
    for start in range(0, resamples, step):
        size = min(step, resamples - start)
        rows = rng.integers(0, n, size=(size, n)) + n * np.arange(size)[:, None]
        yield np.bincount(rows.ravel(), minlength=size * n).reshape(size, n).astype(float)


class ResampledRanks:
    """Mid-ranks of a variable within resamples, without sorting each of them.

    Args:
        values: shape (n,).
    """

    def __init__(self, values: Array) -> None:
        self._order = np.argsort(values, kind="stable")
        ordered = values[self._order]
        self._ends = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True))
        group = np.zeros(len(values), dtype=np.int64)
        group[self._ends[:-1] + 1] = 1
        self._group = np.empty(len(values), dtype=np.int64)
        self._group[self._order] = group.cumsum()

    def __call__(self, counts: Array) -> Array:
        """Every sample's mid-rank among the drawn ones; shape (B, n) to (B, n)."""
        upto = counts[:, self._order].cumsum(axis=1)[:, self._ends]
        before = np.concatenate([np.zeros((len(counts), 1)), upto[:, :-1]], axis=1)
        ranks: Array = ((before + upto + 1) / 2)[:, self._group]
        return ranks


def weighted_pearson(x: Array, y: Array, counts: Array) -> Array:
    """Pearson's correlation of drawn samples; shapes (B, n) to (B,), NaN where one is constant."""
    total = counts.sum(axis=1, keepdims=True)
    a = x - (x * counts).sum(axis=1, keepdims=True) / total
    b = y - (y * counts).sum(axis=1, keepdims=True) / total
    weighted = a * counts
    with np.errstate(invalid="ignore", divide="ignore"):
        result: Array = (weighted * b).sum(axis=1) / np.sqrt(
            (weighted * a).sum(axis=1) * (b * b * counts).sum(axis=1)
        )
    return result
