"""Difficulty by class: are rarer classes harder?"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from math import factorial

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from difficulty_lib.analysis._estimate import Estimate, _pearson, _ranks


@dataclass(frozen=True)
class ClassDifficulty:
    """Mean difficulty of every class against how often it occurs in training.

    Attributes:
        table: a row per class: `class`, `train` (count), `n` (scored), `mean`, `low`, `high`.
        correlation: Spearman between class frequency and mean difficulty, over the classes; its
            interval comes from resampling the samples within the classes.
        p_value: of an exact two-sided permutation test over the classes, or NaN above 8 of them.
    """

    table: pd.DataFrame
    correlation: Estimate
    p_value: float


def class_difficulty(
    values: ArrayLike,
    label: ArrayLike,
    train_counts: ArrayLike,
    names: list[str],
    *,
    resamples: int = 1000,
    seed: int = 0,
) -> ClassDifficulty:
    """Compare the classes' mean difficulty with their frequency in training.

    Args:
        values: difficulty, high is hard, shape (N,).
        label: gold classes, shape (N,).
        train_counts: training samples per class, shape (K,).
        names: the classes' names.
        resamples: bootstrap resamples within every class.
        seed: of the resampling.
    """
    score, gold = np.asarray(values, dtype=np.float64), np.asarray(label)
    counts = np.asarray(train_counts, dtype=np.float64)
    present = [c for c in range(len(names)) if (gold == c).any()]
    by_class = [score[gold == c] for c in present]
    rng = np.random.default_rng(seed)
    draws = np.stack(
        [v[rng.integers(0, len(v), (resamples, len(v)))].mean(axis=1) for v in by_class], axis=-1
    )
    means = np.array([v.mean() for v in by_class])
    low, high = np.quantile(draws, [0.025, 0.975], axis=0)
    frequency = _ranks(counts[present])
    value = float(_pearson(frequency, _ranks(means)))
    spread = _pearson(np.broadcast_to(frequency, draws.shape), _ranks(draws))
    spread = spread[np.isfinite(spread)]
    ends = np.quantile(spread, [0.025, 0.975]) if len(spread) else (np.nan, np.nan)
    table = pd.DataFrame(
        {
            "class": [names[c] for c in present],
            "train": counts[present].astype(int),
            "n": [len(v) for v in by_class],
            "mean": means,
            "low": low,
            "high": high,
        }
    )
    return ClassDifficulty(
        table=table,
        correlation=Estimate(value, float(ends[0]), float(ends[1]), n=len(present)),
        p_value=_permutation_p(frequency, _ranks(means), value),
    )


def _permutation_p(x: NDArray[np.float64], y: NDArray[np.float64], value: float) -> float:
    if not 2 < len(x) <= 8 or not np.isfinite(value):
        return float("nan")
    shuffled = _pearson(x, np.array(list(permutations(y))))
    return float((np.abs(shuffled) >= abs(value) - 1e-12).sum() / factorial(len(x)))
