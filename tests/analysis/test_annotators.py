"""Many annotators: entropy, ceiling and Jensen–Shannon distance against scipy and simulation."""

import numpy as np
import pytest
from refusals import raises_one_line
from scipy import stats
from scipy.spatial.distance import jensenshannon

from difficulty_lib.analysis import annotators_ceiling, jensen_shannon_bounds, label_entropy


def votes(n=200, annotators=100, spread=1.0, seed=0):
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet([spread] * 3, n)
    return np.array([rng.multinomial(annotators, p) for p in shares]), shares


def test_entropy_is_that_of_scipy():
    counts = np.vstack([votes(20)[0], [100, 0, 0]])
    np.testing.assert_allclose(label_entropy(counts), stats.entropy(counts, axis=1), atol=1e-12)


def test_ceiling_is_the_correlation_that_the_truth_reaches():
    counts, shares = votes(n=3000, annotators=20)
    reached = stats.spearmanr(label_entropy(counts), label_entropy(shares)).statistic
    found = annotators_ceiling(counts, splits=3)
    assert found.value == pytest.approx(reached, abs=0.03)
    assert found.low <= found.value <= found.high


def test_more_annotators_have_a_higher_ceiling():
    few, many = (annotators_ceiling(votes(annotators=k)[0], splits=5).value for k in (10, 100))
    assert few < many < 1


def test_annotators_who_choose_at_random_have_none():
    counts = np.random.default_rng(0).multinomial(50, [1 / 3] * 3, 400)
    assert annotators_ceiling(counts, splits=5).value < 0.5


def test_bounds_hold_the_distance_and_are_exact_where_the_prediction_is_wrong():
    rng = np.random.default_rng(1)
    counts, _ = votes(n=60)
    model = rng.dirichlet([0.7] * 3, 60)
    label, predicted = rng.integers(0, 3, 60), model.argmax(axis=1)
    gold = model[np.arange(60), label]
    other = np.where(np.eye(3)[label] > 0, 0, model).max(axis=1)
    low, high = jensen_shannon_bounds(counts, label, predicted, gold, other)
    truth = np.array([jensenshannon(c / c.sum(), m) for c, m in zip(counts, model)])
    assert (low <= truth + 1e-9).all()
    assert (truth <= high + 1e-9).all()
    wrong = predicted != label
    assert 10 < wrong.sum() < 55
    np.testing.assert_allclose(low[wrong], truth[wrong], atol=1e-7)
    np.testing.assert_allclose(high[wrong], truth[wrong], atol=1e-7)
    either = np.isclose(low, truth, atol=1e-7) | np.isclose(high, truth, atol=1e-7)
    assert either.all()


def test_bad_votes_are_refused():
    raises_one_line(lambda: annotators_ceiling([[1, 0], [1, 1], [2, 2]]), "two annotators")
    raises_one_line(lambda: label_entropy([[0, 0, 0]]), "at least one per sample")
    raises_one_line(
        lambda: jensen_shannon_bounds([[1, 1]], [0], [0], [0.5], [0.5]), "three classes"
    )
