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
    draws = np.concatenate([v[rng.integers(0, len(v), (resamples, len(v)))] for v in parts], axis=1)
    sizes = np.array([len(v) for v in parts])
    ends = np.cumsum(sizes)[:-1]
    low, high = np.quantile(
        np.stack([part.mean(axis=1) for part in np.split(draws, ends, axis=1)]),
        [0.025, 0.975],
        axis=1,
    )
    order = np.argsort(member, kind="stable")
    ranks = _ranks(score)[order][None]
    value = float(_between(ranks, sizes)[0])
    ends_of = np.quantile(_between(_ranks(draws), sizes), [0.025, 0.975])
    shuffled = _between(rng.permuted(np.repeat(ranks, resamples, axis=0), axis=1), sizes)
    table = pd.DataFrame(
        {"group": kinds, "n": sizes, "mean": [v.mean() for v in parts], "low": low, "high": high}
    ).sort_values("mean", ascending=False, kind="stable")
    return GroupDifficulty(
        table=table.reset_index(drop=True),
        effect=Estimate(value, float(ends_of[0]), float(ends_of[1]), n=len(score)),
        chance=(len(kinds) - 1) / (len(score) - 1),
        h=value * (len(score) - 1),
        p_value=float((1 + (shuffled >= value - 1e-12).sum()) / (1 + resamples)),
    )


def _between(ranks: Array, sizes: NDArray[np.int64]) -> Array:
    """Share of the ranks' variance between groups; shape (…, N), a group after the other."""
    middle = ranks.mean(axis=-1, keepdims=True)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    means = np.add.reduceat(ranks, starts, axis=-1) / sizes
    between = (sizes * (means - middle) ** 2).sum(axis=-1)
    result: Array = between / ((ranks - middle) ** 2).sum(axis=-1)
    return result
