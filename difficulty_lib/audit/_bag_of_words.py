"""Out-of-sample probabilities without a language model: logistic regression on a text's words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from difficulty_lib._errors import DataError
from difficulty_lib._extras import require
from difficulty_lib.audit._held_out import check_folds, held_out_probabilities

RARE = 3  # texts that a word or a pair of words has to be in, but no more than a tenth of them all


def bag_of_words_probabilities(
    texts: pd.Series,
    labels: pd.Series,
    *,
    beside: tuple[pd.Series, pd.Series] | None = None,
    folds: int = 5,
    regularisation: float = 30.0,
    seed: int = 0,
) -> pd.DataFrame:
    """Probabilities of every class for samples that a linear model was not fitted on.

    What a fine-tuned model should be better than: TF-IDF of the words and pairs of words, which
    reads the whole of a text however long it is, and a multinomial logistic regression,
    cross-validated, with folds that depend on sample_id and seed alone.

    Args:
        texts: by sample_id.
        labels: of the same samples in the same order, classes 0 … K − 1.
        beside: other texts and their labels, that all folds are fitted on too, such as the training
            split of those that are audited.
        folds: their number, 2 or more.
        regularisation: scikit-learn's C, above 0; smaller is stronger.
        seed: of the folds.

    Returns:
        Shape (N, K), by sample_id, rows adding up to 1; 0 for a class of which a fold saw nothing.

    Raises:
        ConfigError: on fewer than two folds, or a regularisation that is not above 0.
        DataError: if texts and labels are of other samples, labels are no classes, no text has a
            word, or a fold is left with one class to learn from.

    Source: sublinear TF-IDF, Manning et al. 2008, section 6.4.1.
    """
    check_folds(folds, regularisation)
    more_texts, more_labels = beside or (texts.iloc[:0], labels.iloc[:0])
    for some, theirs in ((texts, labels), (more_texts, more_labels)):
        if not some.index.equals(theirs.index):
            raise DataError(
                f"{len(some)} texts and {len(theirs)} labels are not of the same samples in the same "
                "order; expected one index"
            )
    weights = _weights([*texts.astype(str), *more_texts.astype(str)])
    linear = require("sklearn.linear_model", "train")
    return held_out_probabilities(
        labels,
        lambda rest, out: (weights[rest], weights[out]),
        linear.LogisticRegression(C=regularisation, max_iter=1000),
        more=more_labels.to_numpy(),
        folds=folds,
        seed=seed,
    )


def _weights(texts: list[str]) -> Any:
    text = require("sklearn.feature_extraction.text", "train")
    least = max(1, min(RARE, len(texts) // 10))
    vectorizer = text.TfidfVectorizer(
        sublinear_tf=True, ngram_range=(1, 2), min_df=least, dtype=np.float32
    )
    try:
        return vectorizer.fit_transform(texts)
    except ValueError:  # an empty vocabulary
        raise DataError(
            f"{len(texts)} texts have no word in common; expected some that have"
        ) from None
