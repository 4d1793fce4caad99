"""How well numbers rank a truth, for many resamples at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from difficulty_lib.analysis._estimate import _pearson, _ranks

Array = NDArray[np.float64]


def rank_correlation(values: Array, truth: Array) -> Array:
    """Spearman's rank correlation along the last axis; shapes (…, n) to (…)."""
    return _pearson(_ranks(values), _ranks(truth))


def average_precision(values: Array, truth: Array) -> Array:
    """Average precision of the samples where `truth` is 1, ranked by `values`, highest first.

    Tied values enter together, as in scikit-learn's `average_precision_score`.

    Args:
        values: shape (…, n), high is hard.
        truth: shape (…, n), 0 or 1.

    Returns:
        Shape (…), from 0 to 1; NaN where no sample is 1.
    """
    order = np.argsort(-values, axis=-1, kind="stable")
    ranked = np.take_along_axis(values, order, axis=-1)
    hits = np.take_along_axis(truth, order, axis=-1)
    count = values.shape[-1]
    precision = hits.cumsum(axis=-1) / np.arange(1, count + 1)
    ends = np.ones(values.shape, dtype=bool)
    ends[..., :-1] = ranked[..., 1:] != ranked[..., :-1]
    last = np.where(ends, np.arange(count), count - 1)
    last = np.minimum.accumulate(last[..., ::-1], axis=-1)[..., ::-1]
    precision = np.take_along_axis(precision, last, axis=-1)
    with np.errstate(invalid="ignore"):
        result: Array = (precision * hits).sum(axis=-1) / hits.sum(axis=-1)
    return result


def area_under_roc(values: Array, truth: Array) -> Array:
    """Area under the ROC curve: how often a sample that is 1 has a higher value than one that is 0.

    Ties count half, as in scikit-learn's `roc_auc_score`.

    Args:
        values: shape (…, n), high is hard.
        truth: shape (…, n), 0 or 1.

    Returns:
        Shape (…), from 0 to 1; NaN where all samples are 1, or all 0.
    """
    ones = truth.sum(axis=-1)
    zeros = truth.shape[-1] - ones
    with np.errstate(invalid="ignore", divide="ignore"):
        result: Array = ((_ranks(values) * truth).sum(axis=-1) - ones * (ones + 1) / 2) / (
            ones * zeros
        )
    return result


MEASURES: dict[str, Callable[[Array, Array], Array]] = {
    "spearman": rank_correlation,
    "average_precision": average_precision,
}
