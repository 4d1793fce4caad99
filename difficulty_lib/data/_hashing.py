"""Numbers in [0, 1) that depend on an id alone: for splits and subsets alike on every machine."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

# Where the salts of each use begin: one and the same number would tie, say, what is left out to what is
# corrupted. They stay as they are, or recorded runs would be of other samples.
SPLIT, PART = 0, 1
FOLDS = 10_000
THRESHOLD = 30_000
PAIRS = 40_000
RANDOM_ORDER = 50_000
CORRUPTION = 1_000_000
ORDER = 20_000_000


def unit_hash(ids: ArrayLike, salt: int = 0) -> NDArray[np.float64]:
    """SplitMix64 of the ids, mapped to [0, 1).

    Args:
        ids: integers, shape (N,).
        salt: different salts give independent numbers.
    """
    with np.errstate(over="ignore"):
        x = np.asarray(ids, dtype=np.int64).astype(np.uint64)
        x = x + np.uint64(0x9E3779B97F4A7C15) * np.uint64(salt + 1)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        x = x ^ (x >> np.uint64(31))
    return (x >> np.uint64(11)).astype(np.float64) / float(1 << 53)
