"""How far a score would come out the same with another seed, and how many seeds make it so."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from difficulty_lib._errors import ConfigError, DynamicsError
from difficulty_lib.analysis._compare import widened
from difficulty_lib.analysis._estimate import Estimate, bootstrap
from difficulty_lib.analysis._measures import rank_correlation
from difficulty_lib.analysis._seeds import seed_scores
from difficulty_lib.dynamics import StreamDynamics

Array = NDArray[np.float64]
MOST_SPLITS = 100


def seed_agreement(
    streams: Sequence[StreamDynamics],
    name: str,
    *,
    resamples: int = 500,
    seed: int = 0,
    level: float = 0.95,
) -> Estimate:
    """Mean Spearman correlation of a score between runs with different seeds.

    Args:
        streams: the same split and stream of S ≥ 2 runs that differ in their seed alone.
        name: a registered score.
        resamples: bootstrap resamples of the samples.
        seed: of the resampling.
        level: of the interval.

    Returns:
        The mean over all pairs of runs. Its interval covers other samples (bootstrap) and, from
        three runs on, other seeds (jackknife over the runs, with Student's t); with two runs
        nothing can be said of other seeds, and the interval is over samples alone.

    Raises:
        ConfigError: on an unknown score.
        DynamicsError: as `seed_scores`.
    """
    x = seed_scores(streams, name).to_numpy(dtype=float).T
    pairs = list(combinations(range(len(x)), 2))

    def statistic(rows: NDArray[np.int64]) -> Array:
        mean: Array = np.mean([rank_correlation(x[i][rows], x[j][rows]) for i, j in pairs], axis=0)
        return mean

    found = bootstrap(statistic, x.shape[1], resamples=resamples, seed=seed, level=level)
    if len(x) < 3:
        return found
    each = {pair: float(rank_correlation(x[pair[0]], x[pair[1]])) for pair in pairs}
    without = [np.mean([r for pair, r in each.items() if run not in pair]) for run in range(len(x))]
    between = (len(x) - 1) * float(np.var(without))
    return _within(widened(found, between, len(x)))


def _within(found: Estimate) -> Estimate:
    """A correlation's interval does not leave −1 … 1."""
    return Estimate(found.value, max(-1.0, found.low), min(1.0, found.high), found.n, found.level)


def split_half(
    streams: Sequence[StreamDynamics], name: str, seeds: int | None = None, *, seed: int = 0
) -> float:
    """Spearman correlation between a score's means over two disjoint groups of seeds.

    Args:
        streams: the same split and stream of S ≥ 2 runs that differ in their seed alone.
        name: a registered score.
        seeds: runs in each group; half of those there are if not given.
        seed: of the choice among more than 100 ways to form the groups.

    Returns:
        The mean over the ways to form the groups.

    Raises:
        ConfigError: on an unknown score, or a number of seeds that the runs do not give.
        DynamicsError: as `seed_scores`.
    """
    x = seed_scores(streams, name).to_numpy(dtype=float).T
    most = len(x) // 2
    seeds = most if seeds is None else seeds
    if not 1 <= seeds <= most:
        raise ConfigError(f"{seeds} seeds in each half of {len(x)} runs; expected 1 to {most}")
    return float(np.mean(_halves(x, seeds, np.random.default_rng(seed))))


def _halves(x: Array, k: int, rng: np.random.Generator) -> list[float]:
    runs = range(len(x))
    if math.comb(len(x), k) * math.comb(len(x) - k, k) <= 2 * MOST_SPLITS:
        chosen = [
            (first, second)
            for first in combinations(runs, k)
            for second in combinations([run for run in runs if run not in first], k)
            if first < second
        ]
    else:
        orders = [rng.permutation(len(x)).tolist() for _ in range(MOST_SPLITS)]
        chosen = [(tuple(order[:k]), tuple(order[k : 2 * k])) for order in orders]
    return [
        float(rank_correlation(x[list(a)].mean(axis=0), x[list(b)].mean(axis=0))) for a, b in chosen
    ]


def spearman_brown(correlation: float, seeds: float) -> float:
    """Correlation between two means over so many seeds each, from that between single runs.

    Args:
        correlation: r between single runs.
        seeds: k, in each of the two means.

    Returns:
        k r / (1 + (k − 1) r).

    Source: Spearman 1910; Brown 1910.
    """
    return seeds * correlation / (1 + (seeds - 1) * correlation)


@dataclass(frozen=True)
class SeedsNeeded:
    """How many seeds a target correlation between two halves takes.

    Attributes:
        seeds: whole seeds in each half; None if the runs do not agree at all (r ≤ 0).
        low: seeds in each half if the runs' agreement is at the upper end of its interval.
        high: at its lower end; None if that is 0 or less.
        target: the correlation asked for.
        agreement: Spearman's correlation between single runs, with its interval.
    """

    seeds: int | None
    low: int | None
    high: int | None
    target: float
    agreement: Estimate

    def __str__(self) -> str:
        ends = ["∞" if end is None else str(end) for end in (self.seeds, self.low, self.high)]
        return (
            f"{ends[0]} [{ends[1]}, {ends[2]}] seeds per half for a correlation of {self.target:g}"
        )


def seeds_needed(
    streams: Sequence[StreamDynamics],
    name: str,
    target: float = 0.9,
    *,
    resamples: int = 500,
    seed: int = 0,
    level: float = 0.95,
) -> SeedsNeeded:
    """How many seeds each of two halves needs for their mean scores to correlate as `target`.

    Spearman and Brown's formula, solved for the number of seeds k at the mean Spearman
    correlation r between single runs: k = target (1 − r) / (r (1 − target)), rounded up. The
    formula is exact for Pearson's correlation and close for Spearman's; `reliability_table` sets it
    against what the runs show.

    Args:
        streams: the same split and stream of S ≥ 2 runs that differ in their seed alone.
        name: a registered score.
        target: the correlation between the two halves, above 0 and below 1.
        resamples: as for `seed_agreement`, which gives r and, at its interval's ends, `low` and
            `high`.
        seed: of the resampling.
        level: of the interval.

    Raises:
        ConfigError: on an unknown score or a target outside 0 … 1.
        DynamicsError: as `seed_scores`.
    """
    if not 0 < target < 1:
        raise ConfigError(f"target is {target!r}; expected a number between 0 and 1")
    r = seed_agreement(streams, name, resamples=resamples, seed=seed, level=level)
    if math.isnan(r.value):
        raise DynamicsError(f"'{name}' is the same for every sample in some run: nothing to rank")
    seeds, low, high = (_solve(end, target) for end in (r.value, r.high, r.low))
    return SeedsNeeded(seeds=seeds, low=low, high=high, target=target, agreement=r)


def _solve(correlation: float, target: float) -> int | None:
    if not correlation > 0:
        return None
    exact = target * (1 - correlation) / (correlation * (1 - target))
    return max(1, math.ceil(exact - 1e-9))


def reliability_table(
    streams: Sequence[StreamDynamics], name: str, *, seed: int = 0
) -> pd.DataFrame:
    """Observed and predicted correlation between two halves, by the number of seeds in each.

    Args:
        streams: the same split and stream of S ≥ 2 runs that differ in their seed alone.
        name: a registered score.
        seed: of the choice among the ways to form the halves.

    Returns:
        A row per number of seeds 1 … S // 2: `seeds`, `observed` (`split_half`) and `predicted`
        (`spearman_brown` from single runs; equal to the observed in the first row).

    Raises:
        ConfigError: on an unknown score.
        DynamicsError: as `seed_scores`.
    """
    single = split_half(streams, name, 1, seed=seed)
    rows = [
        {
            "seeds": k,
            "observed": split_half(streams, name, k, seed=seed),
            "predicted": spearman_brown(single, k),
        }
        for k in range(1, len(streams) // 2 + 1)
    ]
    return pd.DataFrame(rows)
