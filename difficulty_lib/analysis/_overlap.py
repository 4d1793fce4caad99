"""How many of the hardest samples two runs have in common, corrected for chance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from difficulty_lib._errors import ConfigError
from difficulty_lib.analysis._draws import Pairs, checked_runs, resampled
from difficulty_lib.analysis._restriction import simulated_null

Array = NDArray[np.float64]


def overlap_at(
    values: ArrayLike,
    counts: Sequence[int],
    pairs: Pairs | None = None,
    *,
    resamples: int = 500,
    simulations: int = 200,
    seed: int = 0,
    level: float = 0.95,
) -> pd.DataFrame:
    """Overlap of the k hardest samples between runs.

    With o the share of one run's k hardest that are among the other's, and k / N what a random order
    would share, the corrected overlap is (o − k/N) / (1 − k/N): 1 where they are the same samples,
    0 where chance would do as well. (It is Cohen's kappa of "among the k hardest".)

    Args:
        values: shape (R, N), a score of the same samples in R ≥ 2 runs, high is hard; of equal
            values the first is the harder.
        counts: the k, each from 1 to N − 1.
        pairs: which runs are set against each other; all if not given.
        resamples: bootstrap resamples of the samples.
        simulations: of runs with the same overall correlation and a normal dependence.
        seed: of both.
        level: of the intervals.

    Returns:
        A row per k: `k`, `share` (k / N, by chance), `overlap` (o, the mean over the pairs), and
        corrected: `value`, `low`, `high`, and of the simulations `null`, `null_low`, `null_high`.

    Raises:
        ConfigError: on a k that is not 1 to N − 1.
        DataError: as `run_agreement`.

    Source: Cohen 1960.
    """
    x, pairs = checked_runs(values, pairs)
    n = x.shape[1]
    strange = [k for k in counts if not 1 <= k < n]
    if strange:
        raise ConfigError(f"k is {strange[0]} of {n} samples; expected 1 to {n - 1}")

    def statistics(runs: Array) -> Array:
        places = {run: _places(runs[run]) for pair in pairs for run in pair}
        mean: Array = np.mean([_corrected(places[i], places[j], counts) for i, j in pairs], axis=0)
        return mean

    found = resampled(statistics, x, resamples, seed, level)
    null = simulated_null(statistics, x, simulations, seed + 1, level)
    share = np.asarray(counts, dtype=float) / n
    table = pd.DataFrame({"k": list(counts), "share": share})
    table["overlap"] = share + found["value"].to_numpy() * (1 - share)
    return pd.concat([table, found, null], axis=1)


def _places(values: Array) -> NDArray[np.int64]:
    """Place of every sample, 0 the hardest; shape (B, N)."""
    order = np.argsort(-values, axis=-1, kind="stable")
    places = np.empty_like(order)
    np.put_along_axis(places, order, np.arange(values.shape[-1])[None], axis=-1)
    return places


def _corrected(a: NDArray[np.int64], b: NDArray[np.int64], counts: Sequence[int]) -> Array:
    later = np.maximum(a, b)  # below k: among the k hardest of both
    share = np.asarray(counts, dtype=np.float64) / a.shape[-1]
    observed = np.stack([(later < k).sum(axis=-1) / k for k in counts], axis=-1)
    result: Array = (observed - share) / (1 - share)
    return result
