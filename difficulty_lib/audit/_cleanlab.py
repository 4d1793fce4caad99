"""Label quality and confident learning from given out-of-sample probabilities, by cleanlab."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from difficulty_lib._errors import ConfigError, DataError, MissingExtraError
from difficulty_lib.audit._contestants import contestant_table
from difficulty_lib.audit._oriented import marked

Array = NDArray[np.float64]
LABEL_QUALITY = ("self_confidence", "normalized_margin", "confidence_weighted_entropy")


def label_quality(
    labels: pd.Series, probabilities: ArrayLike | pd.DataFrame, method: str = "self_confidence"
) -> pd.Series:
    """cleanlab's label-quality score, turned so that high is hard.

    Args:
        labels: by sample_id, classes 0 … K − 1.
        probabilities: shape (N, K), of models that never trained on the sample: a frame by
            sample_id, or an array in the order of the labels.
        method: "self_confidence", "normalized_margin" or "confidence_weighted_entropy".

    Returns:
        Shape (N,), minus the score.

    Raises:
        ConfigError: on another method.
        DataError: if the probabilities do not fit the labels, or rows do not add up to 1.
        MissingExtraError: if cleanlab is not installed.

    Source: Kuan and Mueller 2022; Northcutt et al. 2021.
    """
    if method not in LABEL_QUALITY:
        raise ConfigError(f"method is '{method}'; expected one of {', '.join(LABEL_QUALITY)}")
    gold, given = _checked(labels, probabilities)
    rank = _cleanlab("rank")
    values = rank.get_label_quality_scores(gold, given, method=method)
    return marked(-np.asarray(values, dtype=float), labels.index, f"cleanlab_{method}")


def confident_learning(labels: pd.Series, probabilities: ArrayLike | pd.DataFrame) -> pd.Series:
    """Confident learning's own ranking: the rows that it prunes first, then all others.

    Which rows it prunes follows from the confident joint (`cleanlab.filter.find_label_issues`, by
    noise rate, as it does by default); both parts are ordered by self-confidence, lowest first.

    Args:
        labels: as `label_quality`.
        probabilities: as `label_quality`.

    Returns:
        Shape (N,), high is hard: 1 − p(y), and 2 more where the row is pruned, so that what is
        pruned is above 1.5.

    Raises:
        DataError: as `label_quality`.
        MissingExtraError: if cleanlab is not installed.

    Source: Northcutt et al. 2021.
    """
    gold, given = _checked(labels, probabilities)
    pruned = _cleanlab("filter").find_label_issues(gold, given, n_jobs=1)
    own = given[np.arange(len(gold)), gold]
    values = 2.0 * np.asarray(pruned, dtype=float) + (1 - own)
    return marked(values, labels.index, "confident_learning")


def cleanlab_contestants(
    labels: pd.Series, probabilities: ArrayLike | pd.DataFrame
) -> pd.DataFrame:
    """The three label-quality scores and confident learning, a column each; as `label_quality`."""
    quality = [label_quality(labels, probabilities, method) for method in LABEL_QUALITY]
    return contestant_table(*quality, confident_learning(labels, probabilities))


def _checked(
    labels: pd.Series, probabilities: ArrayLike | pd.DataFrame
) -> tuple[NDArray[np.int64], Array]:
    gold = labels.to_numpy()
    if not np.issubdtype(gold.dtype, np.integer):
        raise DataError(f"labels are of type {gold.dtype}; expected integer classes from 0 on")
    if isinstance(probabilities, pd.DataFrame):
        missing = labels.index.difference(probabilities.index)
        if len(missing) or not probabilities.index.is_unique:
            raise DataError(
                f"{len(missing)} labelled samples have no probabilities, first: "
                f"{missing[:5].tolist()}; expected one row for each"
            )
        probabilities = probabilities.loc[labels.index]
    given = np.asarray(probabilities, dtype=np.float64)
    if given.ndim != 2 or len(given) != len(gold) or given.shape[1] < 2:
        raise DataError(
            f"probabilities of shape {given.shape} for {len(gold)} labels; expected (N, classes)"
        )
    wrong = ~np.isclose(given.sum(axis=1), 1, atol=1e-3) | (given < 0).any(axis=1)
    if wrong.any():
        raise DataError(
            f"the probabilities of {wrong.sum()} samples do not add up to 1, first: "
            f"{labels.index[wrong][:5].tolist()}"
        )
    foreign = (gold < 0) | (gold >= given.shape[1])
    if foreign.any():
        raise DataError(
            f"{foreign.sum()} labels are none of the {given.shape[1]} classes, first: "
            f"{labels.index[foreign][:5].tolist()}"
        )
    return gold, given


def _cleanlab(module: str) -> ModuleType | Any:
    try:
        return importlib.import_module(f"cleanlab.{module}")
    except ImportError as error:
        raise MissingExtraError(
            "cleanlab is not installed; confident learning and label quality need it: "
            "pip install cleanlab",
            name="cleanlab",
        ) from error
