"""Which rows an epoch holds, update by update: random ones of those available at the time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]


def draw(permutations: Iterator[Counts], rank: Counts, available: Counts) -> Counts:
    """As many rows as there are places, each of those available at its place.

    The permutations are gone through one after the other, and what is not available when its turn
    comes is passed over: no row comes again before all others that were available have come. Where
    everything is available the result is the first permutation.

    Args:
        permutations: of 0 … N − 1, as many as are needed.
        rank: shape (N,), each row's place in the curriculum's order.
        available: shape (N,), never falling: at each place of the epoch, how many rows are
            available, from 1 to N.

    Returns:
        Shape (N,), rows.
    """
    size = len(rank)
    drawn = np.empty(size, dtype=np.int64)
    rows = next(permutations)
    at = 0
    starts = np.flatnonzero(np.diff(available, prepend=-1))
    for begin, stop in zip(starts, [*starts[1:], size]):
        count = int(available[begin])
        filled = int(begin)
        while filled < stop:
            if at == size:
                rows, at = next(permutations), 0
            # Not the whole rest is looked at, lest an epoch of many stages take quadratic time.
            window = rows[at : at + max(2 * int(stop - filled) * size // count, 64)]
            found = np.flatnonzero(rank[window] < count)[: stop - filled]
            drawn[filled : filled + len(found)] = window[found]
            filled += len(found)
            at += int(found[-1]) + 1 if filled == stop else len(window)
    return drawn


def stage_size(rows: int, batch_size: int, lengths: Counts | None) -> int:
    """How many samples are drawn before the available ones change: an update's, or a group's.

    Rows of similar length can be put together only among those drawn at once. The groups are those
    of `transformers`' LengthGroupedSampler.
    """
    return batch_size if lengths is None else batch_size * max(1, min(rows // (batch_size * 4), 50))


def grouped(drawn: Counts, lengths: Counts, size: int, rank: Counts, count: int) -> Counts:
    """Each group of `size` sorted by length, the longest first; the longest group's first comes first.

    Args:
        drawn: shape (N,), rows in the order in which they were drawn.
        lengths: shape (N,), of each row.
        size: rows per group.
        rank: shape (N,), each row's place in the curriculum's order.
        count: how many rows are available at the epoch's first update; others do not come first.

    Returns:
        Shape (N,): for a `count` of N as `transformers`' `get_length_grouped_indices` has it.
    """
    groups = [drawn[at : at + size] for at in range(0, len(drawn), size)]
    result = np.concatenate([g[np.argsort(-lengths[g], kind="stable")] for g in groups])
    heads = np.arange(0, len(drawn), size)
    heads = heads[rank[result[heads]] < count]
    longest = heads[lengths[result[heads]].argmax()]
    result[[0, longest]] = result[[longest, 0]]
    return result
