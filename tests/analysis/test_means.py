import numpy as np
import pytest
from refusals import raises_one_line
from scipy import stats

from difficulty_lib.analysis import mean, mean_difference


def test_interval_of_a_mean_is_that_of_the_normal_approximation():
    values = np.random.default_rng(0).exponential(size=400)
    found = mean(values, resamples=4000)
    error = stats.sem(values)
    assert found.value == pytest.approx(values.mean())
    assert found.low == pytest.approx(values.mean() - 1.96 * error, abs=0.15 * error)
    assert found.high == pytest.approx(values.mean() + 1.96 * error, abs=0.25 * error)


def test_interval_of_a_difference_is_welchs():
    rng = np.random.default_rng(1)
    a, b = rng.normal(1, 2, 300), rng.normal(0, 1, 150)
    found = mean_difference(a, b, resamples=4000)
    welch = stats.ttest_ind(a, b, equal_var=False).confidence_interval()
    assert found.value == pytest.approx(a.mean() - b.mean())
    assert (found.low, found.high) == pytest.approx((welch.low, welch.high), abs=0.05)


@pytest.mark.parametrize("values", [[], [[1.0, 2.0]]])
def test_what_has_no_mean_is_refused(values):
    raises_one_line(lambda: mean(values), "expected at least one value")
    raises_one_line(lambda: mean_difference([1.0], values), "expected at least one value")
