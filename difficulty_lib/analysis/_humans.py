"""Scores against human disagreement, and the ceiling that the raters' own agreement sets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from difficulty_lib.analysis._compare import compare_scores
from difficulty_lib.analysis._estimate import Estimate, spearman
from difficulty_lib.scores import SCORES, hardness


def disagreement_table(
    scores: pd.DataFrame, disagreement: pd.Series, *, resamples: int = 1000, seed: int = 0
) -> pd.DataFrame:
    """Spearman of every score, turned so that high is hard, with human disagreement.

    Args:
        scores: a column per registered score, indexed by sample_id.
        disagreement: indexed by sample_id; high where people disagree.
        resamples: bootstrap resamples.
        seed: of the resampling; the same for every score, so intervals are comparable.

    Returns:
        A row per score: `score`, `title`, `value`, `low`, `high`, `n`; highest first.
    """
    common = scores.index.intersection(disagreement.index)
    human = disagreement.loc[common].to_numpy(dtype=float)
    rows = []
    for name in scores.columns:
        entry = SCORES[name]
        turned = hardness(scores.loc[common, name], higher_is_harder=entry.higher_is_harder)
        found = spearman(turned, human, resamples=resamples, seed=seed)
        rows.append(
            {"score": name, "title": entry.title, "value": found.value}
            | {"low": found.low, "high": found.high, "n": found.n}
        )
    table = pd.DataFrame(rows).sort_values("value", ascending=False, kind="stable")
    return table.reset_index(drop=True)


def paired_difference(
    scores: pd.DataFrame,
    disagreement: pd.Series,
    first: str,
    second: str,
    *,
    resamples: int = 1000,
    seed: int = 0,
) -> Estimate:
    """Spearman of one score with disagreement minus that of another, paired over the samples."""
    return compare_scores(
        scores[first], scores[second], disagreement, resamples=resamples, seed=seed
    )


def _disagreement(ratings: NDArray[np.int64], label: int) -> float:
    votes = np.sign(ratings) + 1
    return float((votes != label).mean())


def agreement_ceiling(
    ratings: Sequence[Sequence[int]], label: Sequence[int], *, splits: int = 20, seed: int = 0
) -> Estimate:
    """How well one half of the raters predicts the disagreement that the other half shows.

    A sample's raters are cut into two halves at random; the Spearman of the two halves'
    disagreement with the label, stepped up to the whole panel by Spearman and Brown, is the
    reliability r of the measure. No score can be expected to correlate with it above √r.

    Args:
        ratings: every sample's individual ratings, negative, zero or positive.
        label: the class that most raters said: 0 negative, 1 neutral, 2 positive.
        splits: random halvings.
        seed: of the halvings.

    Returns:
        √r, with the range over the halvings as its interval.
    """
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(splits):
        halves: list[tuple[float, float]] = []
        for values, gold in zip(ratings, label):
            shuffled = rng.permutation(np.asarray(values))
            middle = len(shuffled) // 2
            halves.append(
                (_disagreement(shuffled[:middle], gold), _disagreement(shuffled[middle:], gold))
            )
        first, second = np.array(halves).T
        r = spearman(first, second, resamples=1).value
        found.append(np.sqrt(2 * r / (1 + r)) if r > 0 else 0.0 * r)  # NaN stays NaN
    return Estimate(float(np.mean(found)), float(np.min(found)), float(np.max(found)), n=len(label))
