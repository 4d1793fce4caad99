"""Difficulty by group: against scipy, and against what was planted."""

import numpy as np
import pytest
from refusals import raises_one_line
from scipy import stats

from difficulty_lib.analysis import group_difficulty


def planted(shift, n=300, seed=0):
    rng = np.random.default_rng(seed)
    groups = rng.choice(["a", "b", "c"], n)
    return rng.gamma(2.0, size=n) + shift * (groups == "b"), groups


@pytest.mark.parametrize("digits", [8, 0])
def test_h_is_that_of_scipy_with_ties_or_without(digits):
    values, groups = planted(0.5)
    values = values.round(digits)
    found = group_difficulty(values, groups, resamples=50)
    expected = stats.kruskal(*(values[groups == g] for g in "abc"))
    assert found.h == pytest.approx(expected.statistic)
    assert found.effect.value == pytest.approx(expected.statistic / 299)


def test_permutation_p_is_near_the_asymptotic_one():
    values, groups = planted(0.25, seed=3)
    found = group_difficulty(values, groups, resamples=4000)
    expected = stats.kruskal(*(values[groups == g] for g in "abc")).pvalue
    assert found.p_value == pytest.approx(expected, abs=0.03)


def test_a_planted_difference_is_found_and_its_group_named():
    values, groups = planted(1.5)
    found = group_difficulty(values, groups)
    assert found.p_value == pytest.approx(1 / 1001)
    assert found.effect.low > found.chance
    assert found.table["group"][0] == "b"
    row = found.table.iloc[0]
    assert row["mean"] == pytest.approx(values[groups == "b"].mean())
    assert row["low"] < row["mean"] < row["high"]
    assert found.table["n"].sum() == 300


def test_without_a_difference_the_effect_is_that_of_chance():
    effects = [group_difficulty(*planted(0.0, seed=s), resamples=20) for s in range(40)]
    assert np.mean([f.effect.value for f in effects]) == pytest.approx(effects[0].chance, rel=0.5)
    assert np.mean([f.p_value < 0.1 for f in effects]) < 0.3


@pytest.mark.parametrize(
    ("values", "groups", "says"),
    [
        ([1.0, 2.0], ["a"], "one group for every value"),
        ([1.0, 2.0], ["a", "a"], "1 groups"),
        ([1.0, 1.0], ["a", "b"], "1 different values"),
        ([1.0, np.nan], ["a", "b"], "not finite"),
    ],
)
def test_bad_groups_are_refused(values, groups, says):
    raises_one_line(lambda: group_difficulty(values, groups), says)
