"""Probabilities by a text's words: out of sample, as scikit-learn's pipeline has them."""

import numpy as np
import pandas as pd
import pytest
from refusals import raises_one_line

from difficulty_lib._errors import ConfigError
from difficulty_lib.audit import audit_measures, bag_of_words_probabilities
from difficulty_lib.audit._oriented import marked

pytest.importorskip("sklearn")
WORDS = (("awful", "dull", "boring"), ("fine", "lovely", "bright"))
PADDING = [f"word{number}" for number in range(30)]


def written(n=200, rate=0.1, seed=0):
    rng = np.random.default_rng(seed)
    right = rng.integers(0, 2, n)
    texts = [
        " ".join(rng.permutation([*rng.choice(WORDS[label], 2), *rng.choice(PADDING, 6)]))
        for label in right
    ]
    wrong = rng.random(n) < rate
    ids = pd.Index(3 + rng.permutation(n), name="sample_id")
    given = pd.Series(np.where(wrong, 1 - right, right), index=ids)
    return pd.Series(texts, index=ids), given, pd.Series(wrong, index=ids)


def test_two_folds_are_scikit_learns_pipeline_on_the_other_half():
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    texts, labels, _ = written()
    other_texts, other_labels, _ = written(60, seed=1)
    found = bag_of_words_probabilities(
        texts, labels, beside=(other_texts, other_labels), folds=2, regularisation=7.0
    )
    vectorizer = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), min_df=3)
    vectorizer.fit([*texts, *other_texts])
    # Which half a sample is in only shows in the result, so each one's is tried against both.
    changed = labels.copy()
    changed.iloc[0] = 1 - changed.iloc[0]
    after = bag_of_words_probabilities(
        texts, changed, beside=(other_texts, other_labels), folds=2, regularisation=7.0
    )
    with_first = (after == found).all(axis=1).to_numpy()
    assert with_first.sum() == 100
    assert with_first[0]
    fitted_on = pd.concat([texts[~with_first], other_texts])
    model = LogisticRegression(C=7.0, max_iter=1000)
    model.fit(vectorizer.transform(fitted_on), pd.concat([labels[~with_first], other_labels]))
    expected = model.predict_proba(vectorizer.transform(texts[with_first]))
    np.testing.assert_allclose(found[with_first], expected, atol=1e-3)


def test_wrong_labels_are_found_by_them():
    texts, labels, truth = written()
    found = bag_of_words_probabilities(texts, labels)
    assert found.sum(axis=1).to_numpy() == pytest.approx(1)
    gold = found.to_numpy()[np.arange(len(labels)), labels]
    hard = marked(1 - gold, labels.index, "words")
    assert audit_measures(hard, truth, resamples=0).average_precision.value > 0.9


def test_what_cannot_be_fitted_is_refused():
    texts, labels, _ = written(40)
    probabilities = bag_of_words_probabilities
    raises_one_line(lambda: probabilities(texts, labels, folds=1), kind=ConfigError)
    raises_one_line(lambda: probabilities(texts, labels, regularisation=0), kind=ConfigError)
    raises_one_line(lambda: probabilities(texts[1:], labels), "39 texts", "40 labels")
    raises_one_line(lambda: probabilities(texts, labels * 1.0), "integers")
    raises_one_line(lambda: probabilities(texts, 0 * labels), "one class")
    raises_one_line(lambda: probabilities(texts.map(lambda _: "?"), labels), "no word in common")
    beside = (texts, labels[1:])
    raises_one_line(lambda: probabilities(texts, labels, beside=beside), "39 labels")
