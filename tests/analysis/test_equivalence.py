"""Two one-sided tests: against figures worked by hand, scipy's own tests, and its error rate."""

import math

import numpy as np
import pandas as pd
import pytest
from refusals import raises_one_line
from scipy import stats

from difficulty_lib._errors import ConfigError
from difficulty_lib.analysis import equivalence

FIRST = [0.91, 0.92, 0.90, 0.93, 0.92]
SECOND = [0.912, 0.918, 0.901, 0.928, 0.919]


def test_by_hand():
    """Differences −2, 2, −1, 2, 1 thousandths: mean .4, s² = 13.2 / 4 = 3.3, error √.66."""
    found = equivalence(FIRST, SECOND, 0.004)
    error = math.sqrt(0.66)
    # The table of t with 4 degrees of freedom: 2.776445 and 2.131847 for 95 % and 90 %.
    assert found.difference.value == pytest.approx(0.4e-3)
    assert found.difference.low == pytest.approx((0.4 - 2.776445 * error) / 1e3, rel=1e-5)
    assert found.difference.high == pytest.approx((0.4 + 2.776445 * error) / 1e3, rel=1e-5)
    assert found.inner.high == pytest.approx((0.4 + 2.131847 * error) / 1e3, rel=1e-5)
    assert (found.difference.n, found.difference.level, found.inner.level) == (5, 0.95, 0.9)

    def beyond(t):
        """P(T > t) of 4 degrees of freedom, in closed form."""
        x = t / math.sqrt(4 + t * t)
        return 0.5 - (x * (3 - x * x)) / 4

    assert found.above == pytest.approx(beyond(4.4 / error), rel=1e-9)
    assert found.below == pytest.approx(beyond(3.6 / error), rel=1e-9)
    assert found.p == found.below
    assert found.equivalent
    assert found.verdict == "equivalent"


@pytest.mark.parametrize("seed", range(20))
def test_as_scipys_two_tests(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 12))
    first, second = rng.normal(0, 1, n), rng.normal(rng.normal(), 1, n)
    margin, alpha = float(rng.uniform(0.1, 3)), float(rng.uniform(0.01, 0.2))
    found = equivalence(first, second, margin, alpha=alpha, level=0.9)
    d = first - second
    assert found.above == pytest.approx(stats.ttest_1samp(d, -margin, alternative="greater").pvalue)
    assert found.below == pytest.approx(stats.ttest_1samp(d, margin, alternative="less").pvalue)
    low, high = stats.ttest_rel(first, second).confidence_interval(0.9)
    assert (found.difference.low, found.difference.high) == pytest.approx((low, high))
    within = -margin < found.inner.low and found.inner.high < margin
    assert found.equivalent == within


def test_at_the_margin_it_errs_as_often_as_it_may():
    rng = np.random.default_rng(0)
    wrong = [equivalence(rng.normal(1, 0.3, 5), np.zeros(5), 1.0).equivalent for _ in range(2000)]
    assert np.mean(wrong) == pytest.approx(0.05, abs=0.015)


def test_verdicts():
    near = np.array([0.1, -0.1, 0.05, 0.0, -0.05])
    zero = np.zeros(5)
    assert equivalence(near + 5, zero, 1.0).verdict == "higher"
    assert equivalence(near - 5, zero, 1.0).verdict == "lower"
    assert equivalence(near * 100, zero, 1.0).verdict == "undecided"
    assert equivalence(near + 0.4, zero, 1.0).verdict == "equivalent"  # there, but too small
    assert equivalence(near + 0.4, zero, 1.0).difference.excludes(0.0)


def test_pairs_that_all_differ_alike():
    for shift, verdict in ((0.25, "equivalent"), (2.0, "higher"), (-2.0, "lower")):
        found = equivalence(np.ones(3) + shift, np.ones(3), 1.0)
        assert found.verdict == verdict
        assert found.difference.low == found.difference.high == shift
    assert not equivalence([2.0, 2.0], [1.0, 1.0], 1.0).equivalent  # just at the margin


def test_series_are_paired_by_their_index():
    first = pd.Series(FIRST, index=[1, 2, 3, 4, 5])
    second = pd.Series(SECOND, index=[1, 2, 3, 4, 5]).sample(frac=1, random_state=3)
    assert second.index.tolist() != [1, 2, 3, 4, 5]
    assert equivalence(first, second, 0.004) == equivalence(FIRST, SECOND, 0.004)
    raises_one_line(lambda: equivalence(first, second.drop(2), 0.1), "1 pairs", "[2]")
    doubled = pd.concat([second, second.loc[[2]]])
    raises_one_line(lambda: equivalence(first, doubled, 0.1), "second: doubled pairs", "[2]")


def test_what_is_refused():
    for margin in (0, -1.0, math.inf, math.nan, True, "a"):
        raises_one_line(
            lambda m=margin: equivalence(FIRST, SECOND, m), "margin is", kind=ConfigError
        )
    raises_one_line(
        lambda: equivalence(FIRST, SECOND, 1.0, alpha=0.5), "alpha is 0.5", kind=ConfigError
    )
    raises_one_line(
        lambda: equivalence(FIRST, SECOND, 1.0, level=95), "level is 95", kind=ConfigError
    )
    raises_one_line(lambda: equivalence(FIRST, SECOND[:4], 1.0), "(5,) and (4,)")
    raises_one_line(lambda: equivalence([1.0], [1.0], 1.0), "two pairs or more")
    raises_one_line(lambda: equivalence([1.0, np.nan], [1.0, 2.0], 1.0), "not finite")
