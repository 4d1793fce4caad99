"""Out-of-sample probabilities without a language model: logistic regression on a text's words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib._extras import require
from difficulty_lib.data._hashing import unit_hash

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
    if folds < 2 or not regularisation > 0:
        raise ConfigError(
            f"{folds} folds and a regularisation of {regularisation:g}; expected 2 folds or more "
            "and a number above 0"
        )
    more_texts, more_labels = beside or (texts.iloc[:0], labels.iloc[:0])
    gold, other = _classes(texts, labels), _classes(more_texts, more_labels)
    counts = _weights([*texts.astype(str), *more_texts.astype(str)])
    linear = require("sklearn.linear_model", "train")
    place = unit_hash(labels.index.to_numpy(), salt=seed).argsort(kind="stable").argsort()
    fold = place % folds
    everyone = np.concatenate([gold, other])
    found = np.zeros((len(gold), int(everyone.max(initial=0)) + 1))
    for held in range(folds):
        out = np.flatnonzero(fold == held)
        if not len(out):
            continue
        rest = np.concatenate([np.flatnonzero(fold != held), len(gold) + np.arange(len(other))])
        if len(np.unique(everyone[rest])) < 2:
            raise DataError(
                f"fold {held + 1} of {folds} leaves one class to learn from; expected two or more"
            )
        model = linear.LogisticRegression(C=regularisation, max_iter=1000)
        model.fit(counts[rest], everyone[rest])
        found[np.ix_(out, model.classes_)] = model.predict_proba(counts[out])
    return pd.DataFrame(found, index=labels.index.rename("sample_id"))


def _classes(texts: pd.Series, labels: pd.Series) -> NDArray[np.int64]:
    if not texts.index.equals(labels.index):
        raise DataError(
            f"{len(texts)} texts and {len(labels)} labels are not of the same samples in the same "
            "order; expected one index"
        )
    gold = labels.to_numpy()
    if len(gold) and (not np.issubdtype(gold.dtype, np.integer) or (gold < 0).any()):
        raise DataError("the labels are no classes; expected integers from 0 on")
    return gold.astype(np.int64)


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
