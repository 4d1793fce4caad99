"""Intervals over seeds and the number of seeds needed, against scipy, scikit-learn and simulation."""

import math
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from difficulty_lib import Dynamics, score_table
from difficulty_lib._errors import ConfigError, DataError, DynamicsError
from difficulty_lib.analysis import (
    compare_scores,
    reliability_table,
    score_interval,
    seed_agreement,
    seed_scores,
    seeds_needed,
    spearman_brown,
    split_half,
)
from difficulty_lib.analysis._measures import average_precision

stats = pytest.importorskip("scipy.stats")
metrics = pytest.importorskip("sklearn.metrics")


def stream_of(loss, ids=None, label=None):
    loss = np.atleast_2d(loss)
    ids = np.arange(loss.shape[1]) if ids is None else ids
    return Dynamics.from_arrays(ids, label=label, loss=loss).stream()


def simulated_runs(count, samples=300, noise=1.0, seed=0, spread=0.0):
    """Runs whose action score is a common part plus noise: reliability 1 / (1 + noise²)."""
    rng = np.random.default_rng(seed)
    common = rng.normal(size=samples)
    sizes = noise * np.exp(spread * rng.normal(size=count))
    return [stream_of(common + size * rng.normal(size=samples)) for size in sizes]


def spearman_of(r):
    """Spearman's correlation of a bivariate normal with Pearson's r."""
    return 6 / math.pi * math.asin(r / 2)


# An interval per sample


@pytest.mark.parametrize("count", [2, 3, 7])
@pytest.mark.parametrize("level", [0.95, 0.8])
def test_score_interval_is_scipys_t(count, level):
    runs = simulated_runs(count, samples=5)
    table = score_interval(runs, "action_score", level)
    for place, (_, row) in enumerate(table.iterrows()):
        values = [run.matrix("loss")[0, place] for run in runs]
        wanted = stats.t.interval(
            level, count - 1, loc=np.mean(values), scale=stats.sem(values, ddof=1)
        )
        assert (row["low"], row["high"]) == pytest.approx(wanted)
        assert row["mean"] == pytest.approx(np.mean(values))
        assert row["sd"] == pytest.approx(np.std(values, ddof=1))
    assert (table["seeds"] == count).all()


def test_score_interval_covers():
    rng = np.random.default_rng(3)
    runs = [stream_of(5 + rng.normal(size=4000)) for _ in range(3)]
    table = score_interval(runs, "action_score")
    assert ((table["low"] <= 5) & (table["high"] >= 5)).mean() == pytest.approx(0.95, abs=0.015)


def test_runs_are_joined_by_id():
    runs = [stream_of([1.0, 2.0, 3.0], ids=[30, 10, 20]), stream_of([2.0, 3.0, 1.0], [10, 20, 30])]
    table = score_interval(runs, "action_score")
    assert table["mean"].to_dict() == {10: 2.0, 20: 3.0, 30: 1.0}
    assert (table["sd"] == 0).all()


def unlike(**changes):
    made = {"ids": [1, 2, 3], "label": [0, 1, 0]} | changes
    epochs = made.pop("epochs", 2)
    return Dynamics.from_arrays(
        made.pop("ids"), loss=np.ones((epochs, 3)), predicted=np.zeros((epochs, 3), int), **made
    ).stream()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"ids": [1, 2, 4]}, "run 2 of 2 lacks 1 samples of the first, first: 3;"),
        (
            {"label": [0, 1, 1]},
            "run 2 of 2 has other labels than the first for 1 samples, first: 3",
        ),
        ({"epochs": 3}, r"run 2 of 2 has 3 epochs \(1, 2, 3\), the first 2 \(1, 2\); expected the"),
        ({"split": "test"}, "run 2 of 2 is test/evaluation, the first is train/evaluation"),
        ({"stream": "training"}, "run 2 of 2 is train/training, the first is train/evaluation"),
    ],
)
def test_runs_that_cannot_be_compared(changes, says):
    with pytest.raises(DynamicsError, match=says):
        seed_scores([unlike(), unlike(**changes)], "action_score")


def test_one_run_has_no_seeds():
    with pytest.raises(DynamicsError, match="expected two or more"):
        score_interval([unlike()], "action_score")


# Comparisons


@given(
    st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=2, max_size=30).filter(
        lambda pairs: any(hit for _, hit in pairs)
    )
)
def test_average_precision_is_scikit_learns(pairs):
    values, hits = np.array(pairs, dtype=float).T
    wanted = metrics.average_precision_score(hits, values)
    assert average_precision(values, hits) == pytest.approx(wanted)
    stacked = average_precision(np.stack([values, -values]), np.stack([hits, hits]))
    other = metrics.average_precision_score(hits, -values)
    np.testing.assert_allclose(stacked, [wanted, other])


def named(values, name):
    return pd.Series(values, index=pd.Index(range(100, 100 + len(values))), name=name)


@pytest.fixture(scope="module")
def two_scores():
    rng = np.random.default_rng(5)
    truth = rng.normal(size=200)
    good = named(truth + 0.5 * rng.normal(size=200), "action_score")
    poor = named(-truth + 2.0 * rng.normal(size=200), "aum")  # low is hard
    return good, poor, pd.Series(truth, index=good.index)


def test_comparison_over_samples(two_scores):
    good, poor, truth = two_scores
    found = compare_scores(good, poor, truth, resamples=400)
    wanted = stats.spearmanr(good, truth).statistic - stats.spearmanr(-poor, truth).statistic
    assert found.value == pytest.approx(wanted)
    rng = np.random.default_rng(1)
    draws = []
    for _ in range(400):  # the same samples for both
        rows = rng.integers(0, 200, 200)
        g, p, t = good.to_numpy()[rows], poor.to_numpy()[rows], truth.to_numpy()[rows]
        draws.append(stats.spearmanr(g, t).statistic - stats.spearmanr(-p, t).statistic)
    low, high = np.quantile(draws, [0.025, 0.975])
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.03)
    assert found.n == 200
    back = compare_scores(poor, good, truth, resamples=50)
    assert back.value == pytest.approx(-wanted)


def test_comparison_by_average_precision(two_scores):
    good, poor, truth = two_scores
    hard = truth > truth.quantile(0.9)
    found = compare_scores(good, poor, hard, measure="average_precision", resamples=50)
    wanted = metrics.average_precision_score(hard, good) - metrics.average_precision_score(
        hard, -poor
    )
    assert found.value == pytest.approx(wanted)
    assert found.low < wanted < found.high


def test_comparison_joins_by_id(two_scores):
    good, poor, truth = two_scores
    shuffled = truth.sample(frac=1, random_state=1).iloc[:-20]
    found = compare_scores(good.iloc[::-1], poor, shuffled, resamples=5)
    kept = good.index.intersection(shuffled.index)
    again = compare_scores(good.loc[kept], poor.loc[kept], truth.loc[kept], resamples=5)
    assert found.value == pytest.approx(again.value)
    assert found.n == 180


def over_seeds(rng, count, samples=120, spread=0.3):
    """Two scores of the same runs, whose quality differs from run to run."""
    truth = rng.normal(size=samples)
    tables = []
    for noise in (1.0, 1.5):
        sizes = noise * np.exp(spread * rng.normal(size=count))
        columns = {k: truth + size * rng.normal(size=samples) for k, size in enumerate(sizes)}
        tables.append(pd.DataFrame(columns))
        tables[-1].columns.name = "action_score"
    return *tables, pd.Series(truth)


def test_comparison_over_seeds_covers_other_seeds():
    expected = np.mean(
        [
            compare_scores(*over_seeds(np.random.default_rng(900 + i), 8), resamples=2).value
            for i in range(30)
        ]
    )
    hits = single = 0
    rounds = 40
    for i in range(rounds):
        a, b, truth = over_seeds(np.random.default_rng(i), 3)
        found = compare_scores(a, b, truth, resamples=60, seed=i)
        hits += found.low <= expected <= found.high
        one = compare_scores(
            *(x[0].rename("action_score") for x in (a, b)), truth, resamples=60, seed=i
        )
        single += one.low <= expected <= one.high
    assert hits / rounds >= 0.87
    assert single < hits  # one run's interval says nothing of other seeds


def test_identical_runs_add_nothing_to_the_interval(two_scores):
    good, poor, truth = two_scores
    tables = [pd.DataFrame(dict.fromkeys(range(3), s)) for s in (good, poor)]
    for table, s in zip(tables, (good, poor)):
        table.columns.name = s.name
    many = compare_scores(*tables, truth, resamples=200)
    one = compare_scores(good, poor, truth, resamples=200)
    assert many.value == pytest.approx(one.value)
    assert (many.low, many.high) == pytest.approx((one.low, one.high), abs=0.01)


@pytest.mark.parametrize(
    ("change", "says", "error"),
    [
        ({"measure": "auc"}, "spearman or average_precision", ConfigError),
        ({"a": named(np.ones(9), "mine")}, "say higher_is_harder", ConfigError),
        ({"truth": pd.Series([1.0, 2.0])}, "expected 3 or more", DataError),
        ({"measure": "average_precision"}, "must be 0 and 1", DataError),
        (
            {"a": pd.DataFrame({0: [1.0], 1: [2.0]}).rename_axis(columns="aum")},
            "same runs",
            DataError,
        ),
        ({"a": named([np.nan, *range(199)], "aum")}, r"not finite for 1.*\[100\]", DataError),
    ],
)
def test_comparisons_that_cannot_be_made(two_scores, change, says, error):
    good, poor, truth = two_scores
    arguments = {"a": good, "b": poor, "truth": truth} | change
    with pytest.raises(error, match=says):
        compare_scores(**arguments, resamples=5)


def test_a_number_of_ones_own_has_a_direction(two_scores):
    good, poor, truth = two_scores
    own = good.rename("mine")
    found = compare_scores(own, poor, truth, higher_is_harder=True, resamples=5)
    assert found.value == pytest.approx(compare_scores(good, poor, truth, resamples=5).value)


# Reliability


@pytest.mark.parametrize("noise", [0.5, 1.0, 2.0])
def test_agreement_is_the_simulated_one(noise):
    runs = simulated_runs(6, samples=3000, noise=noise)
    found = seed_agreement(runs, "action_score", resamples=20)
    assert found.value == pytest.approx(spearman_of(1 / (1 + noise**2)), abs=0.02)
    pairs = [
        stats.spearmanr(a.matrix("loss")[0], b.matrix("loss")[0]).statistic
        for a, b in combinations(runs, 2)
    ]
    assert found.value == pytest.approx(np.mean(pairs))


def test_agreement_covers_other_seeds():
    expected = np.mean(
        [
            seed_agreement(
                simulated_runs(8, 200, seed=500 + i, spread=0.4), "action_score", resamples=2
            ).value
            for i in range(40)
        ]
    )
    rounds = 40
    found = [
        seed_agreement(
            simulated_runs(4, 120, seed=i, spread=0.4), "action_score", resamples=60, seed=i
        )
        for i in range(rounds)
    ]
    assert np.mean([e.low <= expected <= e.high for e in found]) >= 0.85
    assert all(-1 <= e.low <= e.value <= e.high <= 1 for e in found)


@pytest.mark.parametrize("k", [1, 2, 4])
def test_split_half_is_the_simulated_one(k):
    runs = simulated_runs(8, samples=2000, noise=1.5, seed=2)
    r = 1 / (1 + 1.5**2)
    wanted = spearman_of(spearman_brown(r, k))
    assert split_half(runs, "action_score", k) == pytest.approx(wanted, abs=0.03)


def test_split_half_by_hand():
    runs = simulated_runs(4, samples=20, seed=7)
    x = [run.matrix("loss")[0] for run in runs]
    halves = [((0, 1), (2, 3)), ((0, 2), (1, 3)), ((0, 3), (1, 2))]
    each = [stats.spearmanr(x[a] + x[b], x[c] + x[d]).statistic for (a, b), (c, d) in halves]
    assert split_half(runs, "action_score") == pytest.approx(np.mean(each))


@given(st.floats(0.01, 0.99), st.integers(1, 50), st.integers(1, 50))
def test_spearman_brown_composes(r, k, m):
    assert spearman_brown(r, 1) == pytest.approx(r)
    assert spearman_brown(spearman_brown(r, k), m) == pytest.approx(spearman_brown(r, k * m))


@pytest.mark.parametrize("target", [0.8, 0.9, 0.95])
def test_so_many_seeds_are_needed(target):
    noise = 1.5
    runs = simulated_runs(5, samples=2000, noise=noise, seed=4)
    found = seeds_needed(runs, "action_score", target, resamples=100)
    # By simulation: means over k seeds correlate as the target from this k on.
    common, rng = np.random.default_rng(0).normal(size=20_000), np.random.default_rng(1)

    def simulated(k):
        first, second = (
            common + noise / math.sqrt(k) * rng.normal(size=len(common)) for _ in range(2)
        )
        return stats.spearmanr(first, second).statistic

    wanted = next(k for k in range(1, 200) if simulated(k) >= target)
    assert found.low <= wanted <= found.high
    assert abs(found.seeds - wanted) <= 0.15 * wanted + 1
    assert (
        spearman_brown(found.agreement.value, found.seeds)
        >= target
        > spearman_brown(found.agreement.value, found.seeds - 1)
    )


def test_one_seed_is_enough_where_runs_agree():
    found = seeds_needed([stream_of([1.0, 2.0, 3.0, 4.0])] * 3, "action_score")
    assert (found.seeds, found.low, found.high) == (1, 1, 1)


def test_runs_that_do_not_agree_need_no_number_of_seeds():
    runs = [stream_of(np.arange(30.0)), stream_of(-np.arange(30.0))]
    found = seeds_needed(runs, "action_score", resamples=20)
    assert (found.seeds, found.high) == (None, None)
    assert str(found).startswith("∞")


def test_a_constant_score_is_refused():
    with pytest.raises(DynamicsError, match="nothing to rank"):
        seeds_needed([stream_of(np.ones(9)), stream_of(np.arange(9.0))], "action_score")


@pytest.mark.parametrize("target", [0, 1, 1.5])
def test_targets_out_of_range(target):
    with pytest.raises(ConfigError, match="between 0 and 1"):
        seeds_needed(simulated_runs(2), "action_score", target)


def test_prediction_beside_what_is_seen():
    table = reliability_table(simulated_runs(9, samples=1500, seed=6), "action_score")
    assert table["seeds"].tolist() == [1, 2, 3, 4]
    assert table["observed"][0] == table["predicted"][0]
    np.testing.assert_allclose(table["observed"], table["predicted"], atol=0.03)
    assert table["observed"].is_monotonic_increasing


def test_too_many_seeds_per_half():
    with pytest.raises(ConfigError, match="expected 1 to 2"):
        split_half(simulated_runs(5), "action_score", 3)


def test_direction_is_kept():
    runs = simulated_runs(3, samples=10)
    table = seed_scores(runs, "action_score")
    for column, run in zip(table, runs):
        pd.testing.assert_series_equal(
            table[column], score_table(run)["action_score"], check_names=False
        )
