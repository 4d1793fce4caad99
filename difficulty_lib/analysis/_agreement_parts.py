"""Agreement as a function of how hard, beside what restriction of range alone would give."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from difficulty_lib._errors import ConfigError
from difficulty_lib.analysis._draws import Pairs, checked_runs, resampled
from difficulty_lib.analysis._measures import rank_correlation
from difficulty_lib.analysis._restriction import simulated_null

Array = NDArray[np.float64]
Parts = Sequence[tuple[float, float]]


def agreement_in_parts(
    values: ArrayLike,
    parts: Parts,
    pairs: Pairs | None = None,
    *,
    resamples: int = 500,
    simulations: int = 200,
    seed: int = 0,
    level: float = 0.95,
) -> pd.DataFrame:
    """Spearman correlation between runs among samples of like difficulty.

    Of each pair of runs, one says which samples are in a part, and both rank them; then the other
    one says it; the result is the mean. A part spans less of the range than the whole, and so its
    correlation is lower even where runs agree equally well: the null is what would be seen of
    runs with the same overall correlation and a normal dependence (see `simulated_null`).

    Args:
        values: shape (R, N), a score of the same samples in R ≥ 2 runs, high is hard.
        parts: of the samples in order, the easiest first, from one share to another: (0, 1) is
            all, (0.9, 1) the hardest tenth.
        pairs: which runs are set against each other; all if not given.
        resamples: bootstrap resamples of the samples.
        simulations: of the null.
        seed: of both.
        level: of the intervals, and of the null's band.

    Returns:
        A row per part: `start`, `end`, `n` (samples in it), `value`, `low`, `high`, `null`,
        `null_low`, `null_high`.

    Raises:
        ConfigError: on a part that holds fewer than three samples, or none between 0 and 1.
        DataError: as `run_agreement`.
    """
    x, pairs = checked_runs(values, pairs)
    spans = [_span(part, x.shape[1]) for part in parts]

    def statistics(runs: Array) -> Array:
        both = [_within(runs[i], runs[j], spans) for pair in pairs for i, j in (pair, pair[::-1])]
        mean: Array = np.mean(both, axis=0)
        return mean

    table = pd.DataFrame({"start": [p[0] for p in parts], "end": [p[1] for p in parts]})
    table["n"] = [end - start for start, end in spans]
    found = resampled(statistics, x, resamples, seed, level)
    null = simulated_null(statistics, x, simulations, seed + 1, level)
    return pd.concat([table, found, null], axis=1)


def equal_parts(count: int) -> list[tuple[float, float]]:
    """So many equal parts, the easiest first."""
    return [(place / count, (place + 1) / count) for place in range(count)]


def _span(part: tuple[float, float], n: int) -> tuple[int, int]:
    start, end = (round(n * share) for share in part)
    if not 0 <= part[0] < part[1] <= 1 or end - start < 3:
        raise ConfigError(
            f"part {part} of {n} samples; expected shares between 0 and 1 with three samples or more"
        )
    return start, end


def _within(x: Array, y: Array, spans: Sequence[tuple[int, int]]) -> Array:
    """Rank correlation of x and y among those of a rank in x; shapes (B, N) to (B, spans)."""
    order = np.argsort(x, axis=-1, kind="stable")
    a, b = (np.take_along_axis(values, order, axis=-1) for values in (x, y))
    return np.stack([rank_correlation(a[:, s:e], b[:, s:e]) for s, e in spans], axis=-1)
