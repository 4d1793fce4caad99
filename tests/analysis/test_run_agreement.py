"""Agreement between runs, its null and overlap, against scipy, scikit-learn and simulation."""

import numpy as np
import pytest
from refusals import raises_one_line

from difficulty_lib._errors import ConfigError
from difficulty_lib.analysis import (
    accuracy_by_part,
    agreement_difference,
    agreement_in_parts,
    equal_parts,
    nearest,
    overlap_at,
    run_agreement,
)

stats = pytest.importorskip("scipy.stats")
metrics = pytest.importorskip("sklearn.metrics")
neighbors = pytest.importorskip("sklearn.neighbors")


def normal_runs(count, samples, correlation, seed=0):
    rng = np.random.default_rng(seed)
    common, own = rng.normal(size=samples), rng.normal(size=(count, samples))
    return np.sqrt(correlation) * common + np.sqrt(1 - correlation) * own


@pytest.mark.parametrize(
    ("method", "reference"), [("spearman", stats.spearmanr), ("pearson", stats.pearsonr)]
)
def test_agreement_is_the_mean_over_the_pairs(method, reference):
    x = np.round(normal_runs(4, 80, 0.6), 1)  # with ties
    pairs = [(0, 2), (0, 3), (1, 2), (1, 3)]
    found = run_agreement(x, pairs, method=method)
    expected = np.mean([reference(x[i], x[j])[0] for i, j in pairs])
    assert found.value == pytest.approx(expected)
    assert found.low < found.value < found.high
    every = np.mean([reference(x[i], x[j])[0] for i in range(4) for j in range(i)])
    assert run_agreement(x, method=method, resamples=0).value == pytest.approx(every)


def test_the_interval_covers_the_truth_as_often_as_it_says():
    covered = 0
    for seed in range(100):
        found = run_agreement(
            normal_runs(2, 150, 0.7, seed), method="pearson", resamples=200, seed=seed
        )
        covered += found.low <= 0.7 <= found.high
    assert 88 <= covered <= 99


@pytest.mark.parametrize(
    ("method", "reference"), [("spearman", stats.spearmanr), ("pearson", stats.pearsonr)]
)
def test_a_difference_is_that_of_the_two_means_over_the_same_samples(method, reference):
    x = np.round(np.concatenate([normal_runs(2, 80, 0.8, 1), normal_runs(2, 80, 0.6, 2)]), 1)
    between, within = [(0, 2), (0, 3), (1, 2), (1, 3)], [(0, 1), (2, 3)]
    found = agreement_difference(x, between, within, method=method)
    one, other = (np.mean([reference(x[i], x[j])[0] for i, j in p]) for p in (between, within))
    assert found.value == pytest.approx(one - other)
    assert found.low < found.value < found.high < 0
    same = agreement_difference(x, between, between, method=method)
    assert (same.value, same.low, same.high) == (0, 0, 0)
    turned = agreement_difference(x, within, between, method=method)
    assert (turned.low, turned.high) == pytest.approx((-found.high, -found.low))


def test_a_difference_of_nothing_is_found_as_often_as_chance_has_it():
    found = []
    for seed in range(100):
        x = normal_runs(4, 150, 0.7, seed)  # any two of the four agree as well
        apart = agreement_difference(
            x, [(0, 2), (1, 3)], [(0, 1), (2, 3)], resamples=200, seed=seed
        )
        found.append(apart.low <= 0 <= apart.high)
    assert 88 <= sum(found) <= 99


def test_parts_are_cut_by_one_run_and_then_by_the_other():
    x = normal_runs(2, 90, 0.5)
    table = agreement_in_parts(x, equal_parts(3), resamples=20, simulations=20)
    for place, row in enumerate(table.itertuples()):
        both = []
        for by, other in ((x[0], x[1]), (x[1], x[0])):
            chosen = np.argsort(by)[30 * place : 30 * (place + 1)]
            both.append(stats.spearmanr(by[chosen], other[chosen])[0])
        assert row.value == pytest.approx(np.mean(both))
        assert row.n == 30


def test_the_null_is_what_a_normal_dependence_gives_whatever_the_scores_distribution():
    x = normal_runs(2, 400, 0.8)
    parts = [(0.0, 1.0), (0.4, 0.6), (0.9, 1.0)]
    table = agreement_in_parts(np.exp(3 * x), parts, resamples=20, simulations=100)
    observed = stats.spearmanr(*x)[0]
    assert table["null"][0] == pytest.approx(observed, abs=0.01)
    big = normal_runs(2, 400_000, 2 * np.sin(np.pi * observed / 6), seed=1)
    order = np.argsort(big[0])
    for row, (start, end) in zip(table.iloc[1:].itertuples(), parts[1:]):
        chosen = order[round(400_000 * start) : round(400_000 * end)]
        expected = stats.spearmanr(big[0][chosen], big[1][chosen])[0]
        assert row.null == pytest.approx(expected, abs=0.04)
        assert row.null_low < expected < row.null_high


def test_normal_runs_stay_within_the_band_and_runs_that_part_at_the_top_leave_it():
    x = normal_runs(2, 3000, 0.8, seed=2)
    table = agreement_in_parts(x, equal_parts(10), resamples=0, simulations=200)
    within = (table["value"] >= table["null_low"]) & (table["value"] <= table["null_high"])
    assert within.sum() >= 8
    hard = x.mean(axis=0) > np.quantile(x.mean(axis=0), 0.8)
    x[1, hard] = np.random.default_rng(3).permutation(x[1, hard])
    table = agreement_in_parts(x, equal_parts(10), resamples=0, simulations=200)
    assert table["value"].iloc[-1] < table["null_low"].iloc[-1]


@pytest.mark.parametrize("correlation", [0.0, 0.9])
def test_corrected_overlap_is_cohens_kappa(correlation):
    x = normal_runs(3, 200, correlation)
    table = overlap_at(x, [10, 100], resamples=20, simulations=20)
    for row in table.itertuples():
        top = [np.isin(np.arange(200), np.argsort(-run)[: row.k]) for run in x]
        expected = [metrics.cohen_kappa_score(top[i], top[j]) for i, j in ((0, 1), (0, 2), (1, 2))]
        assert row.value == pytest.approx(np.mean(expected))
        shared = [(top[i] & top[j]).sum() / row.k for i, j in ((0, 1), (0, 2), (1, 2))]
        assert row.overlap == pytest.approx(np.mean(shared))


def test_overlap_of_a_run_with_itself_is_one_and_with_its_reverse_below_chance():
    x = np.random.default_rng(0).normal(size=100)
    same = overlap_at(np.stack([x, x]), [5, 50], resamples=20, simulations=20)
    assert same[["value", "low", "high", "overlap"]].to_numpy() == pytest.approx(1.0)
    turned = overlap_at(np.stack([x, -x]), [50], resamples=20, simulations=20)
    assert turned["value"][0] == pytest.approx(-1.0)


def test_accuracy_in_parts_with_wilsons_intervals():
    rng = np.random.default_rng(0)
    hard, right = rng.normal(size=95), rng.random(95) < 0.7
    table = accuracy_by_part(hard, right, parts=10)
    assert table["n"].tolist() == [10] * 5 + [9] * 5
    last = right[np.argsort(hard)[-9:]]
    interval = stats.binomtest(int(last.sum()), 9).proportion_ci(method="wilson")
    row = table.iloc[-1]
    assert (row["value"], row["low"], row["high"]) == pytest.approx(
        (last.mean(), interval.low, interval.high)
    )


def test_equal_scores_are_not_in_the_order_of_the_samples():
    right = np.arange(1000) < 500
    table = accuracy_by_part(np.zeros(1000), right, parts=2)
    assert table["value"].to_numpy() == pytest.approx(0.5, abs=0.06)


def test_nearest_as_scikit_learn_finds_them():
    rng = np.random.default_rng(0)
    scored, train = rng.normal(size=(12, 5)), rng.normal(size=(40, 5))
    reference = neighbors.NearestNeighbors(n_neighbors=8, metric="cosine").fit(train)
    distance, rows = reference.kneighbors(scored)
    found, cosine = nearest(scored, train, 8)
    np.testing.assert_array_equal(found, rows)
    np.testing.assert_allclose(cosine, 1 - distance)


def test_a_sample_is_not_its_own_neighbour():
    train = np.random.default_rng(0).normal(size=(6, 3))
    found, _ = nearest(train, train, 5, own_row=np.arange(6))
    for own, rows in enumerate(found):
        assert sorted(rows) == [row for row in range(6) if row != own]
    free, _ = nearest(train, train, 1)
    np.testing.assert_array_equal(free[:, 0], np.arange(6))


RUNS = np.random.default_rng(0).normal(size=(2, 20))


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: run_agreement(RUNS[:1]), "two runs or more"),
        (lambda: run_agreement(np.where(RUNS > 2, np.nan, RUNS * np.inf)), "not finite"),
        (lambda: run_agreement(RUNS, [(0, 2)]), "0 to 1"),
        (lambda: run_agreement(RUNS, []), "0 to 1"),
        (lambda: agreement_difference(RUNS, [(0, 1)], [(0, 2)]), "0 to 1"),
        (lambda: agreement_difference(RUNS, [], [(0, 1)]), "0 to 1"),
        (lambda: accuracy_by_part([1.0, 2.0], [True]), "one length"),
        (lambda: accuracy_by_part([np.nan, 2.0], [True, False], parts=2), "not finite"),
        (lambda: nearest(RUNS, RUNS[:, :3]), "one width"),
        (lambda: nearest(RUNS, RUNS, 3), "1 to 2"),
        (lambda: nearest(RUNS, RUNS, 2, own_row=[0, 1]), "1 to 1"),
    ],
)
def test_what_does_not_fit_is_refused(call, says):
    raises_one_line(call, says)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: run_agreement(RUNS, method="kendall"), "spearman or pearson"),
        (
            lambda: agreement_difference(RUNS, [(0, 1)], [(0, 1)], method="kendall"),
            "spearman or pearson",
        ),
        (lambda: agreement_in_parts(RUNS, [(0.0, 0.1)]), "three samples"),
        (lambda: agreement_in_parts(RUNS, [(0.5, 1.5)]), "between 0 and 1"),
        (lambda: overlap_at(RUNS, [20]), "1 to 19"),
        (lambda: overlap_at(RUNS, [0]), "1 to 19"),
    ],
)
def test_what_is_not_there_is_refused(call, says):
    raises_one_line(call, says, kind=ConfigError)
