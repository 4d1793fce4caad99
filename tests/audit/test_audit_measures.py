"""Measures of a ranking against scikit-learn, against every order of the ties, and by hand."""

from itertools import pairwise, permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from refusals import raises_one_line

from difficulty_lib._errors import ConfigError
from difficulty_lib.analysis import bootstrap
from difficulty_lib.analysis._measures import area_under_roc
from difficulty_lib.audit import (
    MEASURE_NAMES,
    audit_measures,
    contestant_table,
    measure_difference,
    measure_table,
    minutes_per_error,
    oriented,
    over_seeds,
    random_ranking,
    review_curve,
)

metrics = pytest.importorskip("sklearn.metrics")
QUICK = {"resamples": 0}


def hard_of(values, ids=None):
    index = pd.Index(np.arange(len(values)) + 3 if ids is None else ids)
    return oriented(pd.Series(values, index=index, dtype=float, name="x"), higher_is_harder=True)


def truth_of(flags, ids=None):
    index = pd.Index(np.arange(len(flags)) + 3 if ids is None else ids)
    return pd.Series(np.asarray(flags, dtype=bool), index=index)


def drawn(n=60, rate=0.3, seed=0):
    rng = np.random.default_rng(seed)
    flags = rng.random(n) < rate
    return rng.normal(size=n) + flags, flags


def by_reading(flags, share, at):
    """All measures of rows in one order, read from the first to the last."""
    errors, n = sum(flags), len(flags)
    wanted = int(np.ceil(share * errors - 1e-9))
    found, precisions, read = 0, [], None
    for place, flag in enumerate(flags, start=1):
        found += flag
        if flag:
            precisions.append(found / place)
        if read is None and found >= wanted:
            read = place
    won = sum(1 for i, flag in enumerate(flags) if flag for other in flags[i + 1 :] if not other)
    return {
        "average_precision": np.mean(precisions),
        "auroc": won / (errors * (n - errors)),
        "precision": sum(flags[:at]) / at,
        "recall": sum(flags[:at]) / errors,
        "effort": read / n,
    }


def values_of(found):
    return {name: getattr(found, name).value for name in MEASURE_NAMES}


@given(
    st.lists(st.tuples(st.integers(0, 2), st.booleans()), min_size=2, max_size=6),
    st.sampled_from([0.3, 0.5, 0.8, 1.0]),
    st.integers(1, 6),
)
@settings(max_examples=60, deadline=None)
def test_ties_are_the_mean_over_every_order(rows, share, at):
    flags = [flag for _, flag in rows]
    at = min(at, len(rows))
    if all(flags) or not any(flags):
        return
    orders = [
        by_reading([rows[i][1] for i in order], share, at)
        for order in permutations(range(len(rows)))
        if all(rows[a][0] >= rows[b][0] for a, b in pairwise(order))
    ]
    found = audit_measures(
        hard_of([value for value, _ in rows]), truth_of(flags), share=share, at=at, **QUICK
    )
    assert found.at == at
    for name, value in values_of(found).items():
        assert value == pytest.approx(np.mean([order[name] for order in orders])), name


@pytest.mark.parametrize("seed", range(3))
def test_without_ties_it_is_what_scikit_learn_gives(seed):
    values, flags = drawn(seed=seed)
    found = audit_measures(hard_of(values), truth_of(flags), **QUICK)
    assert found.average_precision.value == pytest.approx(
        metrics.average_precision_score(flags, values)
    )
    assert found.auroc.value == pytest.approx(metrics.roc_auc_score(flags, values))
    count = flags.sum()
    first = np.argsort(-values)[:count]
    called = np.isin(np.arange(len(flags)), first)
    assert found.precision.value == pytest.approx(metrics.precision_score(flags, called))
    assert found.recall.value == pytest.approx(metrics.recall_score(flags, called))
    assert (found.errors, found.at, found.n) == (count, count, len(flags))


def test_with_ties_it_is_scikit_learn_over_random_orders():
    values, flags = drawn(n=200)
    values = np.round(values)
    rng = np.random.default_rng(1)
    shuffled = [
        metrics.average_precision_score(flags, values + 1e-6 * rng.random(len(values)))
        for _ in range(300)
    ]
    found = audit_measures(hard_of(values), truth_of(flags), **QUICK)
    error = 4 * np.std(shuffled) / np.sqrt(len(shuffled))
    assert found.average_precision.value == pytest.approx(np.mean(shuffled), abs=error)
    assert found.auroc.value == pytest.approx(metrics.roc_auc_score(flags, values))


def test_chance_is_what_random_orders_reach():
    flags = drawn(n=50)[1]
    truth = truth_of(flags)
    found = audit_measures(hard_of(flags), truth, share=0.5, at=7, **QUICK)
    orders = [
        values_of(audit_measures(random_ranking(truth.index, s), truth, share=0.5, at=7, **QUICK))
        for s in range(300)
    ]
    for name in MEASURE_NAMES:
        reached = np.array([order[name] for order in orders])
        margin = 4 * reached.std() / np.sqrt(len(reached))
        assert found.chance[name] == pytest.approx(reached.mean(), abs=margin), name
    assert found.base_rate == flags.mean()


@pytest.mark.parametrize("low_is_hard", [False, True])
def test_a_planted_perfect_score_is_first_and_a_planted_inverted_one_last(low_is_hard):
    flags = drawn(n=40)[1]
    truth = truth_of(flags)
    sign = -1 if low_is_hard else 1
    name = "aum" if low_is_hard else "action_score"
    scores = {
        "perfect": pd.Series(sign * flags.astype(float), truth.index, name=name),
        "inverted": pd.Series(-sign * flags.astype(float), truth.index, name=name),
    }
    best, worst = (audit_measures(scores[k], truth, **QUICK) for k in ("perfect", "inverted"))
    ones = {"average_precision": 1, "auroc": 1, "precision": 1, "recall": 1}
    errors, n = flags.sum(), len(flags)
    need = int(np.ceil(0.8 * errors - 1e-9))
    for measure, value in ones.items():
        assert getattr(best, measure).value == value
        assert getattr(worst, measure).value < worst.chance[measure]
    assert worst.auroc.value == worst.precision.value == worst.recall.value == 0
    assert best.effort.value == pytest.approx(need * (errors + 1) / (errors + 1) / n)
    assert worst.effort.value == pytest.approx((n - errors + need) / n)
    parts = [oriented(score, name=name) for name, score in scores.items()]
    table = measure_table(contestant_table(*parts, random_ranking(truth.index)), truth, **QUICK)
    assert table["contestant"].tolist() == ["perfect", "random", "inverted"]


def test_a_score_of_unknown_direction_is_refused():
    values, flags = drawn()
    series = pd.Series(values, truth_of(flags).index, name="cleverness")
    for function in (audit_measures, minutes_per_error, review_curve):
        raises_one_line(
            lambda f=function: f(series, truth_of(flags)),
            "cleverness",
            "direction",
            kind=ConfigError,
        )
    raises_one_line(
        lambda: measure_table(series.to_frame(), truth_of(flags)), "direction", kind=ConfigError
    )
    # a contestant that was saved and read again has lost its mark: it is not turned twice
    bare = oriented(series.rename("aum"))
    bare.attrs.clear()
    raises_one_line(lambda: audit_measures(bare, truth_of(flags)), "hard_aum", kind=ConfigError)


def test_orienting_turns_once():
    aum = pd.Series([1.0, 2.0], [4, 5], name="aum")
    once = oriented(aum)
    assert once.tolist() == [-1.0, -2.0]
    assert oriented(once).tolist() == [-1.0, -2.0]
    assert oriented(once, name="mine").attrs == once.attrs
    assert oriented(aum, higher_is_harder=True).tolist() == [1.0, 2.0]
    assert aum.attrs == {}


def test_the_interval_of_the_auroc_is_that_of_the_bootstrap():
    values, flags = drawn(n=80)
    numbers = flags.astype(float)
    expected = bootstrap(
        lambda rows: area_under_roc(values[rows], numbers[rows]), 80, resamples=300, seed=5
    )
    found = audit_measures(hard_of(values), truth_of(flags), resamples=300, seed=5).auroc
    assert (found.value, found.low, found.high) == pytest.approx(
        (expected.value, expected.low, expected.high)
    )


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    wide, wide_flags = drawn(n=40_000, seed=99)
    true = values_of(audit_measures(hard_of(wide), truth_of(wide_flags), **QUICK))
    inside = dict.fromkeys(MEASURE_NAMES, 0)
    for seed in range(60):
        values, flags = drawn(n=200, seed=seed)
        found = audit_measures(hard_of(values), truth_of(flags), resamples=200, seed=seed)
        for name in MEASURE_NAMES:
            measured = getattr(found, name)
            assert measured.low <= measured.high
            inside[name] += measured.low <= true[name] <= measured.high
    assert min(inside.values()) >= 50
    assert sum(inside.values()) < 300  # not so wide that nothing is outside


def test_order_of_rows_and_ids_does_not_matter():
    values, flags = drawn()
    ids = np.random.default_rng(0).permutation(len(values)) * 7 + 1
    hard, truth = hard_of(values, ids), truth_of(flags, ids)
    shuffled = hard.sample(frac=1, random_state=1)
    a, b = (audit_measures(h, truth, resamples=20) for h in (hard, shuffled))
    assert a == b


def test_a_difference_is_paired():
    values, flags = drawn(n=150)
    truth = truth_of(flags)
    hard = hard_of(values)
    same = measure_difference(hard, hard_of(2 * values), truth, resamples=50)
    assert (same.value, same.low, same.high) == (0, 0, 0)
    worse = hard_of(values + 0.3 * np.random.default_rng(1).normal(size=150))
    found = measure_difference(hard, worse, truth, "auroc", resamples=200)
    alone = [audit_measures(h, truth, resamples=200).auroc for h in (hard, worse)]
    assert found.value == pytest.approx(alone[0].value - alone[1].value)
    assert found.high - found.low < 0.7 * (alone[0].high - alone[0].low)
    raises_one_line(
        lambda: measure_difference(hard, worse, truth, "f1"), "f1", "auroc", kind=ConfigError
    )


def test_over_seeds_is_students_interval():
    stats = pytest.importorskip("scipy.stats")
    numbers = [0.7, 0.75, 0.72, 0.8, 0.78]
    found = over_seeds(numbers)
    expected = stats.t.interval(0.95, 4, loc=np.mean(numbers), scale=stats.sem(numbers))
    assert (found.low, found.high) == pytest.approx(expected)
    assert (found.value, found.n) == (pytest.approx(np.mean(numbers)), 5)
    raises_one_line(lambda: over_seeds([0.5]), "two numbers")
    raises_one_line(lambda: over_seeds([0.5, np.nan]), "two numbers")


def test_minutes_per_error_by_hand():
    # errors at places 1, 3 and 6 of 8; 80 % of 3 are all of them
    hard = hard_of([8, 7, 6, 5, 4, 3, 2, 1])
    truth = truth_of([1, 0, 1, 0, 0, 1, 0, 0])
    found = minutes_per_error(hard, truth, resamples=50)
    assert found.value == pytest.approx(6 * 5 / 60 / 3)
    assert found.low <= found.value <= found.high
    assert minutes_per_error(hard, truth, rows=3, seconds=60, **QUICK).value == pytest.approx(1.5)
    assert minutes_per_error(hard, truth, share=0.5, **QUICK).value == pytest.approx(15 / 60 / 2)
    inverted = hard_of([1, 2, 3, 4, 5, 6, 7, 8])
    nothing = minutes_per_error(inverted, truth, rows=2, resamples=100)
    assert np.isinf(nothing.value)
    assert np.isinf(nothing.high)
    assert np.isfinite(nothing.low)  # a resample may well begin with an error


def test_minutes_of_a_random_order_follow_from_the_base_rate():
    flags = drawn(n=4000, rate=0.1)[1]
    tied = minutes_per_error(hard_of(np.zeros(4000)), truth_of(flags), **QUICK)
    assert tied.value == pytest.approx(5 / 60 / flags.mean(), rel=0.01)


def test_the_review_curve_counts_errors():
    values, flags = drawn(n=30)
    curve = review_curve(hard_of(values), truth_of(flags), seconds=6, points=31)
    order = np.argsort(-values)
    assert curve["errors"].tolist() == [0, *np.cumsum(flags[order])]
    assert curve["minutes"].tolist() == pytest.approx((np.arange(31) / 10).tolist())
    assert curve["share"].iloc[-1] == 1
    tied = review_curve(hard_of(np.zeros(30)), truth_of(flags), points=4)
    assert tied["share"].tolist() == pytest.approx([0, 1 / 3, 2 / 3, 1])


def test_what_cannot_be_measured_is_refused():
    values, flags = drawn()
    hard, truth = hard_of(values), truth_of(flags)
    holes = hard.copy()
    holes.iloc[4] = np.nan
    raises_one_line(lambda: audit_measures(holes, truth), "not finite", "7")
    raises_one_line(lambda: audit_measures(hard.iloc[1:], truth), "other samples", "3")
    raises_one_line(lambda: audit_measures(hard, truth.iloc[:-1]), "other samples", "62")
    raises_one_line(lambda: audit_measures(hard, truth.astype(int)), "int64", "booleans")
    raises_one_line(lambda: audit_measures(hard, truth | True), "60 of 60 rows are errors")
    raises_one_line(lambda: audit_measures(hard, truth & False), "0 of 60 rows are errors")
    doubled = pd.concat([hard, hard.iloc[:1]])
    doubled.attrs = hard.attrs
    raises_one_line(lambda: audit_measures(doubled, truth), "doubled", "3")
    raises_one_line(lambda: audit_measures(hard.iloc[:0], truth), "no sample")
    for setting in ({"share": 0}, {"share": 1.1}, {"at": 0}, {"at": 61}, {"resamples": -1}):
        raises_one_line(lambda s=setting: audit_measures(hard, truth, **s), kind=ConfigError)
    for setting in ({"seconds": 0}, {"rows": 0}, {"rows": 61}, {"share": 2}):
        raises_one_line(lambda s=setting: minutes_per_error(hard, truth, **s), kind=ConfigError)
