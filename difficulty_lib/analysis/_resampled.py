"""A bootstrap by counts: how often each sample was drawn, in place of the drawn samples."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
CELLS = 250_000  # draws held at a time: as many as stay in a core's cache


def drawn_rows(n: int, resamples: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """Row numbers of n draws among n samples, in blocks of shape (B, n); B sum to R."""
    rng = np.random.default_rng(seed)
    step = max(1, CELLS // max(n, 1))
    for start in range(0, resamples, step):
        yield rng.integers(0, n, size=(min(step, resamples - start), n))


def counts_of(rows: NDArray[np.int64], n: int) -> Array:
    """How often each of n samples is among the drawn ones; row numbers (B, m) to (B, n)."""
    numbered = rows + n * np.arange(len(rows))[:, None]
    return np.bincount(numbered.ravel(), minlength=len(rows) * n).reshape(-1, n).astype(float)


def drawn_counts(n: int, resamples: int, seed: int) -> Iterator[Array]:
    """How often each of n samples is in the same draws, in blocks of shape (B, n)."""
    return (counts_of(rows, n) for rows in drawn_rows(n, resamples, seed))


class ResampledRanks:
    """Mid-ranks of a variable within resamples, without sorting each of them.

    Args:
        values: shape (n,); where one that is not a number is drawn, no rank is one.
    """

    def __init__(self, values: Array) -> None:
        self._unknown = np.flatnonzero(np.isnan(values))
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
        if len(self._unknown):
            ranks[counts[:, self._unknown].any(axis=1)] = np.nan
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


def spearman_of(x: Array, y: Array) -> Callable[[NDArray[np.int64]], Array]:
    """Spearman's rank correlation of the drawn samples, row numbers (B, m) to (B,)."""
    ranks = ResampledRanks(x), ResampledRanks(y)

    def statistic(rows: NDArray[np.int64]) -> Array:
        counts = counts_of(rows, len(x))
        first, second = (of(counts) for of in ranks)
        return weighted_pearson(first, second, counts)

    return statistic


def partial_spearman_of(x: Array, y: Array, given: Array) -> Callable[[NDArray[np.int64]], Array]:
    """The same with the ranks of a third variable taken out of both."""
    ranks = ResampledRanks(x), ResampledRanks(y), ResampledRanks(given)

    def statistic(rows: NDArray[np.int64]) -> Array:
        counts = counts_of(rows, len(x))
        first, second, third = (of(counts) for of in ranks)
        xy = weighted_pearson(first, second, counts)
        xz, yz = (weighted_pearson(r, third, counts) for r in (first, second))
        with np.errstate(invalid="ignore", divide="ignore"):
            result: Array = (xy - xz * yz) / np.sqrt((1 - xz**2) * (1 - yz**2))
        return result

    return statistic
