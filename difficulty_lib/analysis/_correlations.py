"""Many names, few signals: rank correlations between scores, ordered by clustering."""

from __future__ import annotations

import numpy as np
import pandas as pd

from difficulty_lib._extras import require
from difficulty_lib.scores import SCORES, hardness


def score_correlations(scores: pd.DataFrame) -> pd.DataFrame:
    """Spearman between all scores, each turned so that high is hard.

    Args:
        scores: a column per registered score, indexed by sample_id.

    Returns:
        A square frame; rows and columns in the order of an average-linkage clustering with
        1 − ρ as the distance, so that scores that say the same lie side by side. Scores that are
        constant are left out.
    """
    hierarchy = require("scipy.cluster.hierarchy", "train")
    distance = require("scipy.spatial.distance", "train")
    turned = pd.DataFrame(
        {
            str(n): hardness(scores[n], higher_is_harder=SCORES[str(n)].higher_is_harder)
            for n in scores
        },
        index=scores.index,
    )
    turned = turned.loc[:, turned.nunique() > 1]
    table = turned.corr(method="spearman")
    if len(table) < 3:
        return table
    apart = np.clip(1 - table.to_numpy(), 0, 2)
    np.fill_diagonal(apart, 0)
    tree = hierarchy.linkage(
        distance.squareform((apart + apart.T) / 2, checks=False),
        method="average",
        optimal_ordering=True,
    )
    order = table.index[hierarchy.leaves_list(tree)]
    return table.loc[order, order]


def hardest(action: pd.Series, top: float = 0.05) -> pd.Index:
    """Ids of the hardest samples by action score, hardest first.

    Args:
        action: action score, high is hard, indexed by sample_id.
        top: share of the samples that count as hardest; at least one is.
    """
    count = max(1, round(top * len(action)))
    return action.sort_values(ascending=False, kind="stable").index[:count]


def confident_errors(action: pd.Series, entropy: pd.Series, top: float = 0.05) -> pd.Series:
    """Among the hardest by action score, which have an entropy below the median of all.

    Args:
        action: action score, high is hard, indexed by sample_id.
        entropy: predictive entropy, on the same index.
        top: share of the samples that count as hardest.

    Returns:
        Booleans, indexed by the hardest samples' ids, hardest first.
    """
    return entropy.loc[hardest(action, top)] < entropy.median()
