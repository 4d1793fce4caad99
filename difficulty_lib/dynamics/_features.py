"""Question answering: one record per question from the features into which its text was cut."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

ANSWERED = "answered"
FEATURE = "feature_id"


def chosen_features(
    ids: NDArray[np.int64], answered: NDArray[np.generic], loss: NDArray[np.generic]
) -> NDArray[np.int64]:
    """The feature that stands for each question: this is the one place where that is decided.

    A long text is cut into overlapping features, and a question is answered if one of them gives
    the answer: so the feature with the *smallest* loss among those that hold an answer counts, and
    features without are ignored. A question that has no answer in any feature is right only if all
    of them say so: the one with the *largest* loss counts. The choice does not depend on the order,
    and may be made in parts. A feature that was observed twice, by a model that has learnt in
    between, takes part twice: copies must be left out before, which the features' numbers allow.

    Args:
        ids: shape (n,), the question of every feature.
        answered: shape (n,), whether it holds an answer.
        loss: shape (n,).

    Returns:
        Places of the chosen features, shape (questions,), in the order of the ids.
    """
    without = ~np.asarray(answered, dtype=bool)
    values = np.asarray(loss, dtype=np.float64)
    order = np.lexsort((np.where(without, -values, values), without, ids))
    _, first = np.unique(ids[order], return_index=True)
    return order[first]


def combine_features(columns: Mapping[str, NDArray[np.generic]]) -> dict[str, NDArray[np.generic]]:
    """The columns with one row per `sample_id`, chosen by `answered` and `loss`.

    Args:
        columns: `sample_id`, `answered`, `loss` and any others, each of shape (n,).
    """
    rows = chosen_features(
        np.asarray(columns["sample_id"], dtype=np.int64), columns[ANSWERED], columns["loss"]
    )
    return {name: values[rows] for name, values in columns.items()}
