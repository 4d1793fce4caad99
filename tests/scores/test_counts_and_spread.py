"""Variance and counts over many epochs, against exact fractions and a loop."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from difficulty_lib.scores import forgetting_events
from difficulty_lib.scores._spread import variance


def exact_variance(values):
    values = [Fraction(float(value)) for value in values]
    centre = sum(values) / len(values)
    return float(sum((value - centre) ** 2 for value in values) / len(values))


@pytest.mark.parametrize("epochs", [2, 3, 6, 100])
@pytest.mark.parametrize("offset", [0.0, 1.0, 1e6])
def test_variance_is_exact_however_far_from_zero(epochs, offset):
    rng = np.random.default_rng(epochs)
    values = offset + rng.standard_normal((epochs, 20)) * 10.0 ** rng.uniform(-4, 1, 20)
    wanted = [exact_variance(column) for column in values.T]
    assert min(wanted) > 0
    np.testing.assert_allclose(variance(values), wanted, rtol=1e-12)


def test_variance_where_the_first_epoch_is_far_from_the_others():
    values = np.array([[1e8, 0.0], [1.0, 3e-9], [1.0, 3e-9], [1.0, 0.0]])
    wanted = [exact_variance(column) for column in values.T]
    np.testing.assert_allclose(variance(values), wanted, rtol=1e-12)


def test_variance_of_what_does_not_change_is_nought():
    values = np.repeat(np.random.default_rng(0).random((1, 50)), 7, axis=0)
    assert (variance(values) == 0).all()
    assert (variance(values[:1]) == 0).all()


@pytest.mark.parametrize("epochs", [1, 2, 7, 254, 255, 256, 700])
def test_events_are_counted_over_any_number_of_epochs(epochs):
    correct = np.random.default_rng(epochs).random((epochs, 6)) < 0.5
    correct[::2, 0], correct[1::2, 0] = True, False  # forgotten as often as can be
    correct[:, 1] = False
    wanted = [
        sum(bool(a and not b) for a, b in pairwise(column)) if column.any() else epochs
        for column in correct.T
    ]
    found = forgetting_events(correct.astype(np.float64))
    assert found.tolist() == wanted
    assert found[0] == epochs // 2
    assert found.dtype == np.float64
