"""Scores of millions of samples, computed block by block in memory that does not grow with them.

A score of a sample depends on that sample's dynamics alone, apart from those that declare
otherwise. So the float64 matrices that a score's function works on are made of a block of samples
at a time: they stay in the processor's cache, and scores that need the same ones share them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from difficulty_lib.dynamics import StreamDynamics

if TYPE_CHECKING:
    from difficulty_lib.scores._score import Score

Array = NDArray[np.float64]
# Six epochs of so many float64 are some 800 KB, which a core's second-level cache holds; smaller
# blocks spend their time in calls.
BLOCK = 1 << 14


def in_blocks(
    entries: Sequence[Score], dynamics: StreamDynamics, out: Array | None = None
) -> Array:
    """The values of several scores in one pass over the dynamics.

    Args:
        entries: K scores that these dynamics allow.
        dynamics: one split and stream of N samples.
        out: where the values go, of shape (K, N), if not into memory of their own.

    Returns:
        Shape (K, N), samples in the order of the ids; what the functions give on the whole
        matrices, to the last bits.
    """
    values = np.empty((len(entries), len(dynamics))) if out is None else out
    _keep_heap()
    single = [(entry, row) for entry, row in zip(entries, values) if not entry.all_samples]
    for entry, row in zip(entries, values):
        if entry.all_samples:
            row[:] = entry.function(*map(dynamics.matrix, entry.needs))
    needs = dict.fromkeys(need for entry, _ in single for need in entry.needs)
    for start in range(0, len(dynamics) if single else 0, BLOCK):
        block = slice(start, start + BLOCK)
        made = {need: dynamics.matrix(need, block) for need in needs}
        for entry, row in single:
            row[block] = entry.function(*(made[need] for need in entry.needs))
    return values


def _keep_heap() -> None:
    """Have glibc keep freed temporaries instead of returning them to the system block by block.

    It takes the size of the largest mapping that was freed, up to 32 MiB, for one that will be
    needed again. Without this the pages of every temporary may be mapped anew, at several times the
    cost of filling them; elsewhere it does nothing.
    """
    np.empty(30 << 20, dtype=np.uint8)
