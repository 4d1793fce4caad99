"""Out-of-sample probabilities without fine-tuning: logistic regression on sentence embeddings."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from difficulty_lib._errors import DataError
from difficulty_lib._extras import require
from difficulty_lib.audit._held_out import Places, check_folds, held_out_probabilities

Array = NDArray[np.float64]


def embedding_probabilities(
    labels: pd.Series,
    embedding: ArrayLike,
    *,
    folds: int = 5,
    regularisation: float = 1.0,
    seed: int = 0,
) -> pd.DataFrame:
    """Probabilities of every class for samples that the classifier was not fitted on.

    Recorded dynamics hold no probabilities of the classes other than the gold one, which confident
    learning needs. These are of a multinomial logistic regression on standardised embeddings,
    cross-validated, with folds that depend on sample_id and seed alone.

    Args:
        labels: by sample_id, classes 0 … K − 1.
        embedding: shape (N, D), in the order of the labels.
        folds: their number, 2 or more.
        regularisation: scikit-learn's C, above 0; smaller is stronger.
        seed: of the folds.

    Returns:
        Shape (N, K), by sample_id, rows adding up to 1; 0 for a class of which a fold saw nothing.

    Raises:
        ConfigError: on fewer than two folds, or a regularisation that is not above 0.
        DataError: if shapes do not fit, a value is not finite, labels are no classes, or a fold is
            left with one class to learn from.
    """
    check_folds(folds, regularisation)
    matrix = np.asarray(embedding, dtype=np.float64)
    if matrix.ndim != 2 or len(matrix) != len(labels) or not np.isfinite(matrix).all():
        raise DataError(
            f"embeddings of shape {matrix.shape} for {len(labels)} labels; expected a row of finite "
            "numbers for each"
        )

    def standardised(rest: Places, out: Places) -> tuple[Array, Array]:
        middle, spread = matrix[rest].mean(axis=0), matrix[rest].std(axis=0)
        scaled = (matrix - middle) / np.where(spread > 0, spread, 1)
        return scaled[rest], scaled[out]

    linear = require("sklearn.linear_model", "train")
    model = linear.LogisticRegression(C=regularisation, max_iter=1000)
    return held_out_probabilities(labels, standardised, model, folds=folds, seed=seed)
