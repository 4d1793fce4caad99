"""Does difficulty differ between groups of samples, such as genres, beyond chance?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from difficulty_lib._errors import DataError
from difficulty_lib.analysis._estimate import Estimate, _ranks

Array = NDArray[np.float64]


@dataclass(frozen=True)
class GroupDifficulty:
    """Mean difficulty of groups, and how much of its variance lies between them.

    Attributes:
        table: a row per group, the hardest first: `group`, `n`, `mean`, `low`, `high`.
        effect: ε², the share of the variance of the ranks that lies between the groups; its
            interval comes from resampling the samples within the groups.
        chance: what ε² is on average if the groups do not differ, (K − 1) / (N − 1).
        h: Kruskal and Wallis' H, corrected for ties; ε² is H / (N − 1).
        p_value: of a permutation test of H: how often shuffled groups differ as much.
    """

    table: pd.DataFrame
    effect: Estimate
    chance: float
    h: float
    p_value: float


def group_difficulty(
    values: ArrayLike, groups: ArrayLike, *, resamples: int = 1000, seed: int = 0
) -> GroupDifficulty:
    """Compare groups by their mean and by the ranks of their samples (Kruskal and Wallis 1952).

    Args:
        values: difficulty, high is hard, shape (N,).
        groups: the name of every sample's group, shape (N,).
        resamples: bootstrap resamples, and permutations.
        seed: of both.

    Raises:
        DataError: on lengths that differ, a value that is not finite, fewer than two groups, or
            values that are all the same.
    """
    score, names = np.asarray(values, dtype=np.float64), np.asarray(groups).astype(str)
    if score.shape != names.shape or score.ndim != 1:
        raise DataError(
            f"values of shape {score.shape} in groups of shape {names.shape}; expected one group "
            "for every value"
        )
    if not np.isfinite(score).all():
        raise DataError(f"{(~np.isfinite(score)).sum()} of {len(score)} values are not finite")
    kinds, member = np.unique(names, return_inverse=True)
    if len(kinds) < 2 or np.ptp(score) == 0:
        raise DataError(
            f"{len(kinds)} groups and {len(np.unique(score))} different values; expected two of "
            "each or more"
        )
    rng = np.random.default_rng(seed)
    parts = [score[member == k] for k in range(len(kinds))]
    sizes = np.array([len(v) for v in parts])
    ranks = _ranks(score)[np.argsort(member, kind="stable")][None]
    value = float(_between(ranks, sizes)[0])
    means, spread, shuffled = [], [], []
    chunk = max(1, 1_000_000 // len(score))
    for start in range(0, resamples, chunk):
        count = min(chunk, resamples - start)
        drawn = [v[rng.integers(0, len(v), (count, len(v)))] for v in parts]
        means.append(np.stack([v.mean(axis=1) for v in drawn]))
        spread.append(_between(_ranks(np.concatenate(drawn, axis=1)), sizes))
        shuffled.append(_between(rng.permuted(np.repeat(ranks, count, axis=0), axis=1), sizes))
    low, high = np.quantile(np.concatenate(means, axis=1), [0.025, 0.975], axis=1)
    ends = np.quantile(np.concatenate(spread), [0.025, 0.975])
    as_far = int((np.concatenate(shuffled) >= value - 1e-12).sum())
    table = pd.DataFrame(
        {"group": kinds, "n": sizes, "mean": [v.mean() for v in parts], "low": low, "high": high}
    ).sort_values("mean", ascending=False, kind="stable")
    return GroupDifficulty(
        table=table.reset_index(drop=True),
        effect=Estimate(value, float(ends[0]), float(ends[1]), n=len(score)),
        chance=(len(kinds) - 1) / (len(score) - 1),
        h=value * (len(score) - 1),
        p_value=(1 + as_far) / (1 + resamples),
    )


def _between(ranks: Array, sizes: NDArray[np.int64]) -> Array:
    """Share of the ranks' variance between groups; shape (…, N), a group after the other."""
    middle = ranks.mean(axis=-1, keepdims=True)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    means = np.add.reduceat(ranks, starts, axis=-1) / sizes
    between = (sizes * (means - middle) ** 2).sum(axis=-1)
    result: Array = between / ((ranks - middle) ** 2).sum(axis=-1)
    return result
