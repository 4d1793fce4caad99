"""Out-of-sample probabilities without fine-tuning: logistic regression on sentence embeddings."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib._extras import require
from difficulty_lib.data._hashing import unit_hash


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
    if folds < 2 or not regularisation > 0:
        raise ConfigError(
            f"{folds} folds and a regularisation of {regularisation:g}; expected 2 folds or more "
            "and a number above 0"
        )
    gold, matrix = labels.to_numpy(), np.asarray(embedding, dtype=np.float64)
    if not np.issubdtype(gold.dtype, np.integer) or (gold < 0).any():
        raise DataError("the labels are no classes; expected integers from 0 on")
    if matrix.ndim != 2 or len(matrix) != len(gold) or not np.isfinite(matrix).all():
        raise DataError(
            f"embeddings of shape {matrix.shape} for {len(gold)} labels; expected a row of finite "
            "numbers for each"
        )
    linear = require("sklearn.linear_model", "train")
    place = unit_hash(labels.index.to_numpy(), salt=seed).argsort(kind="stable").argsort()
    fold = place % folds
    found = np.zeros((len(gold), int(gold.max(initial=0)) + 1))
    for held in range(folds):
        out = fold == held
        if not out.any():
            continue
        if len(np.unique(gold[~out])) < 2:
            raise DataError(
                f"fold {held + 1} of {folds} leaves one class to learn from; expected two or more"
            )
        middle, spread = matrix[~out].mean(axis=0), matrix[~out].std(axis=0)
        scaled = (matrix - middle) / np.where(spread > 0, spread, 1)
        model = linear.LogisticRegression(C=regularisation, max_iter=1000)
        model.fit(scaled[~out], gold[~out])
        found[np.ix_(out, model.classes_)] = model.predict_proba(scaled[out])
    return pd.DataFrame(found, index=labels.index.rename("sample_id"))
