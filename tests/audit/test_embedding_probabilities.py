"""Out-of-sample probabilities from embeddings: really out of sample, and good for an audit."""

import numpy as np
import pandas as pd
import pytest
from refusals import raises_one_line

from difficulty_lib._errors import ConfigError
from difficulty_lib.audit import (
    audit_measures,
    confident_learning,
    embedding_probabilities,
    label_quality,
)

pytest.importorskip("sklearn")


def embedded(n=200, classes=3, rate=0.1, seed=0):
    rng = np.random.default_rng(seed)
    right = rng.integers(0, classes, n)
    matrix = rng.normal(size=(n, 6)) + 5 * np.eye(6)[right]
    wrong = rng.random(n) < rate
    ids = pd.Index(3 + rng.permutation(n), name="sample_id")
    given = pd.Series(np.where(wrong, (right + 1) % classes, right), index=ids)
    return given, matrix, pd.Series(wrong, index=ids)


def test_no_sample_has_a_say_in_its_own_probabilities():
    labels, matrix, _ = embedded()
    before = embedding_probabilities(labels, matrix)
    assert before.sum(axis=1).to_numpy() == pytest.approx(1)
    changed = labels.copy()
    changed.iloc[7] = (changed.iloc[7] + 1) % 3
    after = embedding_probabilities(changed, matrix)
    assert after.iloc[7].tolist() == before.iloc[7].tolist()
    assert (after != before).any(axis=None)


def test_they_depend_on_ids_and_not_on_the_order():
    labels, matrix, _ = embedded(60)
    order = np.random.default_rng(1).permutation(60)
    found = embedding_probabilities(labels, matrix)
    again = embedding_probabilities(labels.iloc[order], matrix[order]).loc[labels.index]
    assert again.to_numpy() == pytest.approx(found.to_numpy(), abs=1e-4)  # the solver's tolerance


def test_wrong_labels_are_found_by_them():
    pytest.importorskip("cleanlab")
    labels, matrix, truth = embedded()
    given = embedding_probabilities(labels, matrix)
    for hard in (label_quality(labels, given), confident_learning(labels, given)):
        assert audit_measures(hard, truth, resamples=0).average_precision.value > 0.85


def test_what_cannot_be_fitted_is_refused():
    labels, matrix, _ = embedded(30)
    raises_one_line(lambda: embedding_probabilities(labels, matrix, folds=1), kind=ConfigError)
    raises_one_line(
        lambda: embedding_probabilities(labels, matrix, regularisation=0), kind=ConfigError
    )
    raises_one_line(lambda: embedding_probabilities(labels, matrix[1:]), "(29, 6)")
    raises_one_line(lambda: embedding_probabilities(labels, matrix * np.nan), "finite")
    raises_one_line(lambda: embedding_probabilities(labels * 1.0, matrix), "integers")
    raises_one_line(lambda: embedding_probabilities(0 * labels, matrix), "one class")
