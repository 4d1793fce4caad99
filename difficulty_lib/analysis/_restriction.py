"""What runs would show among the hardest if they agreed equally well everywhere."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from difficulty_lib.analysis._draws import blocks, percentiles
from difficulty_lib.analysis._measures import rank_correlation

Array = NDArray[np.float64]


def latent_correlation(spearman: Array) -> Array:
    """Pearson's correlation of two normal variables from Spearman's: 2 sin(π ρ / 6).

    Source: Pearson 1907; see Kruskal 1958.
    """
    result: Array = 2 * np.sin(np.pi * np.asarray(spearman, dtype=np.float64) / 6)
    return result


def simulated_null(
    statistics: Callable[[Array], Array], x: Array, simulations: int, seed: int, level: float
) -> pd.DataFrame:
    """Statistics of runs that depend on each other as normal variables do.

    Runs and samples are as many as observed, and any two runs have the rank correlation that they
    were observed to have: only that it is the same dependence for hard and for easy samples, a
    normal one, is assumed. Ranks are all that such statistics look at, so that the scores' own
    distribution does not matter.

    Args:
        statistics: of scores, shape (R, B, N), to shape (B, K), from ranks alone.
        x: the observed scores, shape (R, N).
        simulations: how many.
        seed: of the simulations.
        level: of the band.

    Returns:
        K rows: `null`, the mean over the simulations, and `null_low`, `null_high`, between which
        the middle `level` of them lie.
    """
    rng = np.random.default_rng(seed)
    root = _root(latent_correlation(rank_correlation(x[:, None], x[None])))
    draws = [
        statistics(np.tensordot(root, rng.normal(size=(len(x), size, x.shape[1])), axes=1))
        for size in blocks(simulations, x.size)
    ]
    together = np.concatenate(draws)
    low, high = percentiles(together, level)
    return pd.DataFrame({"null": np.nanmean(together, axis=0), "null_low": low, "null_high": high})


def _root(correlation: Array) -> Array:
    """A matrix L with L Lᵀ the correlation, or the nearest there is where it is none."""
    values, vectors = np.linalg.eigh(correlation)
    root = vectors * np.sqrt(np.clip(values, 0, None))
    unit: Array = root / np.linalg.norm(root, axis=1, keepdims=True)
    return unit
