"""Estimates, clusters, classes and human disagreement, against scipy, loops and planted data."""

import math
from itertools import permutations

import numpy as np
import pandas as pd
import pytest

from difficulty_lib import Dynamics
from difficulty_lib._errors import DataError
from difficulty_lib.analysis import (
    Estimate,
    agreement_ceiling,
    bootstrap,
    class_difficulty,
    cluster_curves,
    confident_errors,
    curve_table,
    disagreement_table,
    paired_difference,
    pearson,
    score_correlations,
    share,
    spearman,
)

stats = pytest.importorskip("scipy.stats")
pytest.importorskip("sklearn.cluster")


def pairs(n=60, rho=0.5, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    return x, rho * x + math.sqrt(1 - rho**2) * rng.normal(size=n)


# Estimates


@pytest.mark.parametrize("rho", [-0.9, 0.0, 0.4, 1.0])
@pytest.mark.parametrize("rounded", [False, True], ids=["continuous", "ties"])
def test_correlations_equal_scipy(rho, rounded):
    x, y = pairs(rho=rho)
    if rounded:
        x, y = x.round(), y.round()
    found = spearman(x, y, resamples=50)
    assert found.value == pytest.approx(stats.spearmanr(x, y).statistic)
    assert pearson(x, y, resamples=50).value == pytest.approx(stats.pearsonr(x, y).statistic)
    assert found.low <= found.high
    assert (found.n, found.level) == (60, 0.95)


@pytest.mark.parametrize(("function", "seed"), [(spearman, 1), (pearson, 2)])
def test_intervals_cover(function, seed):
    rho, rounds = 0.5, 150
    truth = rho if function is pearson else 6 / math.pi * math.asin(rho / 2)
    found = [
        function(*pairs(80, rho, seed=1000 * seed + i), resamples=200, seed=i)
        for i in range(rounds)
    ]
    covered = sum(e.low <= truth <= e.high for e in found) / rounds
    assert 0.87 <= covered <= 0.99
    assert np.mean([e.low > truth for e in found]) < 0.08
    assert np.mean([e.high < truth for e in found]) < 0.08


def test_bootstrap_of_a_mean_is_as_wide_as_theory():
    values = np.random.default_rng(0).normal(3.0, 2.0, 400)
    found = bootstrap(lambda rows: values[rows].mean(axis=-1), 400, resamples=2000, level=0.9)
    error = values.std(ddof=1) / math.sqrt(400)
    assert found.value == pytest.approx(values.mean())
    assert found.low == pytest.approx(values.mean() - 1.645 * error, abs=0.2 * error)
    assert found.high == pytest.approx(values.mean() + 1.645 * error, abs=0.2 * error)
    assert (found.n, found.level) == (400, 0.9)


def test_bootstrap_depends_on_its_seed_alone():
    x, y = pairs()
    assert spearman(x, y, seed=4) == spearman(x, y, seed=4)
    assert spearman(x, y, seed=4).low != spearman(x, y, seed=5).low


@pytest.mark.parametrize(
    ("x", "y"), [([1, 2], [1, 2]), ([1, 2, 3], [1, 2]), (np.ones((3, 3)), np.ones((3, 3)))]
)
@pytest.mark.parametrize("function", [spearman, pearson])
def test_correlation_of_bad_shapes(function, x, y):
    with pytest.raises(DataError, match="expected three pairs or more"):
        function(x, y)


def test_correlation_with_a_constant_is_undefined():
    found = spearman([1.0, 1.0, 1.0, 1.0], [1.0, 2.0, 3.0, 4.0], resamples=20)
    assert math.isnan(found.value)
    assert not found.excludes(0.0)


@pytest.mark.parametrize(
    ("number", "outside"), [(0.0, True), (0.1, False), (0.2, False), (0.3, False), (0.31, True)]
)
def test_excludes(number, outside):
    assert Estimate(0.2, 0.1, 0.3, n=9).excludes(number) is outside


def test_estimate_as_text():
    assert str(Estimate(0.1234, -0.05, 0.3, n=9)) == "0.12 [-0.05, 0.30]"


@pytest.mark.parametrize(("hits", "n"), [(0, 10), (3, 10), (10, 10), (250, 1000)])
@pytest.mark.parametrize("level", [0.95, 0.8])
def test_share_is_wilsons(hits, n, level):
    found = share([True] * hits + [False] * (n - hits), level=level)
    z, p = stats.norm.ppf((1 + level) / 2), hits / n
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    assert found.value == pytest.approx(p)
    assert found.low == pytest.approx(centre - half, abs=1e-12)
    assert found.high == pytest.approx(centre + half, abs=1e-12)
    assert (found.n, found.level) == (n, level)


def test_share_of_nothing():
    with pytest.raises(DataError, match="expected at least one"):
        share([])


# Clusters of loss curves

SHAPES = np.array([[1.0, 0.3, 0.1, 0.1], [2.0, 2.5, 3.0, 3.5], [1.5, 1.2, 1.0, 0.6]])
COUNTS = (20, 10, 15)
HARD_FIRST = [1, 2, 0]  # the shapes by their mean loss


@pytest.fixture(scope="module")
def curves():
    """Curves around three shapes, their ids shuffled, epoch 0 recorded and unlike the rest."""
    rng = np.random.default_rng(1)
    shape = np.repeat([0, 1, 2], COUNTS)
    loss = (SHAPES[shape] + rng.normal(0, 0.05, (45, 4))).T
    loss = np.vstack([rng.uniform(0, 50, 45), loss])
    ids = rng.permutation(45) + 500
    made = Dynamics.from_arrays(
        ids, label=shape, epochs=range(5), loss=loss, predicted=np.tile(shape, (5, 1))
    )
    return made.stream(), dict(zip(ids.tolist(), shape.tolist()))


@pytest.fixture(scope="module")
def found(curves):
    return cluster_curves(curves[0], 3)


def test_clusters_are_the_planted_ones(curves, found):
    stream, shape = curves
    for place, sample_id in enumerate(stream.ids.tolist()):
        assert HARD_FIRST[found.members[place]] == shape[sample_id]


def test_hard_first(found):
    assert found.names == ("hard", "medium", "easy")
    assert found.sizes.tolist() == [COUNTS[i] for i in HARD_FIRST]
    np.testing.assert_allclose(found.centres, SHAPES[HARD_FIRST], atol=0.06)


def test_nearest_to_the_centre(curves, found):
    stream, shape = curves
    loss = {int(i): stream.matrix("loss")[:, place] for place, i in enumerate(stream.ids)}
    for cluster, planted in enumerate(HARD_FIRST):
        own = [i for i, s in shape.items() if s == planted]
        centre = np.mean([loss[i] for i in own], axis=0)
        wanted = sorted(own, key=lambda i: math.dist(loss[i], centre))[:3]
        assert found.nearest[cluster].tolist() == wanted


def slow_silhouette(points, labels):
    values = []
    for i, point in enumerate(points):
        away = {}
        for j, other in enumerate(points):
            if i != j:
                away.setdefault(labels[j], []).append(math.dist(point, other))
        near = np.mean(away.pop(labels[i]))
        next_best = min(np.mean(d) for d in away.values())
        values.append((next_best - near) / max(near, next_best))
    return np.mean(values)


def test_silhouette_is_best_at_the_planted_number(curves, found):
    stream, shape = curves
    assert list(found.silhouette) == [2, 3, 4, 5, 6]
    assert max(found.silhouette, key=found.silhouette.get) == 3
    wanted = slow_silhouette(stream.matrix("loss").T, [shape[int(i)] for i in stream.ids])
    assert found.silhouette[3] == pytest.approx(wanted)


def test_other_numbers_of_clusters(curves):
    two = cluster_curves(curves[0], 2, nearest=1, try_k=(2,))
    assert two.names == ("cluster 1", "cluster 2")
    assert two.nearest.shape == (2, 1)
    assert two.centres[0].mean() > two.centres[1].mean()
    assert list(two.silhouette) == [2]


def test_clusters_depend_on_the_seed_alone(curves, found):
    again = cluster_curves(curves[0], 3)
    np.testing.assert_array_equal(again.members, found.members)
    np.testing.assert_array_equal(again.centres, found.centres)


@pytest.mark.parametrize("k", [3, 5])
def test_too_few_distinct_curves(k):
    loss = np.tile([[1.0, 2.0], [0.5, 1.5]], (1, 10))
    stream = Dynamics.from_arrays(np.arange(20), loss=loss).stream()
    with pytest.raises(DataError, match=f"2 distinct loss curves; expected at least {k}"):
        cluster_curves(stream, k)


def test_curve_table(curves):
    stream, shape = curves
    ids = stream.ids[[3, 0]]
    texts = pd.Series({int(ids[0]): "a sentence"})
    table = curve_table(stream, ids, ["a", "b", "c"], texts)
    assert table["id"].tolist() == ids.tolist()
    assert table["text"].tolist() == ["a sentence", ""]
    assert table["target"].tolist() == ["abc"[shape[int(i)]] for i in ids]
    assert list(table.columns[3:]) == ["epoch 1", "epoch 2", "epoch 3", "epoch 4"]
    loss = stream.matrix("loss")[1, 3]
    assert table["epoch 2"].iloc[0] == f"{loss:.2f}\n{'abc'[shape[int(ids[0])]]}"


# Classes


def classes(centres, counts, per_class=30, noise=0.01):
    rng = np.random.default_rng(0)
    label = np.repeat(np.arange(len(centres)), per_class)
    values = np.asarray(centres)[label] + rng.normal(0, noise, len(label))
    order = rng.permutation(len(label))
    names = [f"class {i}" for i in range(len(centres))]
    return class_difficulty(values[order], label[order], counts, names, resamples=200)


def test_rarer_is_harder():
    found = classes([0.1, 0.9, 0.4, 0.6], [900, 10, 300, 50])
    assert found.correlation.value == pytest.approx(-1.0)
    assert (found.correlation.low, found.correlation.high) == pytest.approx((-1.0, -1.0))
    assert found.correlation.n == 4
    assert found.p_value == pytest.approx(2 / math.factorial(4))


def test_class_table():
    table = classes([0.1, 0.9, 0.4, 0.6], [900, 10, 300, 50]).table
    assert table["class"].tolist() == ["class 0", "class 1", "class 2", "class 3"]
    assert table["train"].tolist() == [900, 10, 300, 50]
    assert table["n"].tolist() == [30] * 4
    np.testing.assert_allclose(table["mean"], [0.1, 0.9, 0.4, 0.6], atol=0.01)
    assert (table["low"] < table["mean"]).all()
    assert (table["mean"] < table["high"]).all()
    width = (table["high"] - table["low"]).to_numpy()
    np.testing.assert_allclose(width, 2 * 1.96 * 0.01 / math.sqrt(30), rtol=0.5)


@pytest.mark.parametrize(
    ("centres", "counts"),
    [
        ([0.1, 0.9, 0.4], [3, 2, 1]),
        ([0.1, 0.9, 0.4, 0.6, 0.2], [50, 40, 40, 20, 10]),
        ([0.6, 0.1, 0.2, 0.3, 0.9, 0.4], [1, 5, 9, 3, 2, 7]),
    ],
)
def test_permutation_p_is_exact(centres, counts):
    found = classes(centres, counts)
    observed = stats.spearmanr(counts, centres).statistic
    shuffled = [stats.spearmanr(counts, p).statistic for p in permutations(centres)]
    wanted = np.mean(np.abs(shuffled) >= abs(observed) - 1e-9)
    assert found.correlation.value == pytest.approx(observed)
    assert found.p_value == pytest.approx(wanted)


@pytest.mark.parametrize("count", [2, 9])
def test_no_p_for_too_few_or_many_classes(count):
    found = classes(np.linspace(0, 1, count), np.arange(count) + 5)
    assert math.isnan(found.p_value)
    assert found.correlation.value == pytest.approx(1.0)


def test_class_that_does_not_occur_is_left_out():
    found = class_difficulty(
        [0.1, 0.2, 0.8, 0.9, 0.5, 0.5], [0, 0, 3, 3, 1, 1], [9, 5, 100, 1], list("abcd")
    )
    assert found.table["class"].tolist() == ["a", "b", "d"]
    assert found.table["train"].tolist() == [9, 5, 1]
    assert found.correlation.value == pytest.approx(-1.0)


def test_noise_within_classes_widens_the_interval():
    found = classes([0.5, 0.5, 0.5, 0.5], [4, 3, 2, 1], noise=1.0)
    assert found.correlation.high - found.correlation.low > 0.5


# Human disagreement


def rated(n=300, seed=0):
    rng = np.random.default_rng(seed)
    disagreement = pd.Series(rng.uniform(0, 1, n), index=np.arange(n) + 10)
    noise = rng.normal(0, 0.3, (4, n))
    scores = pd.DataFrame(
        {
            "aum": disagreement + noise[0],  # low is hard: agrees the wrong way round
            "confidence": -disagreement + noise[1],
            "action_score": disagreement + 2 * noise[2],
            "el2n": noise[3],
        },
        index=disagreement.index,
    )
    return scores, disagreement.sample(frac=1, random_state=1)


def test_disagreement_table_turns_scores():
    scores, disagreement = rated()
    table = disagreement_table(scores, disagreement, resamples=100).set_index("score")
    assert list(table.index) == ["confidence", "action_score", "el2n", "aum"]
    for name, sign in (("confidence", -1), ("action_score", 1), ("el2n", 1), ("aum", -1)):
        wanted = stats.spearmanr(sign * scores[name], disagreement[scores.index]).statistic
        assert table.loc[name, "value"] == pytest.approx(wanted)
    assert table.loc["confidence", "low"] > 0.5
    assert table.loc["aum", "high"] < -0.5
    assert table.loc["el2n", "low"] < 0 < table.loc["el2n", "high"]
    assert table.loc["aum", "title"] == "area under the margin"


def test_disagreement_table_joins_by_id():
    scores, disagreement = rated()
    some = disagreement.iloc[:50]
    extra = pd.Series([0.5], index=[99_999])
    table = disagreement_table(scores, pd.concat([some, extra]), resamples=20).set_index("score")
    assert table["n"].tolist() == [50] * 4
    wanted = stats.spearmanr(scores.loc[some.index, "el2n"], some).statistic
    assert table.loc["el2n", "value"] == pytest.approx(wanted)


def test_paired_difference():
    scores, disagreement = rated()
    human = disagreement[scores.index]
    found = paired_difference(scores, disagreement, "confidence", "action_score", resamples=200)
    wanted = (
        stats.spearmanr(-scores["confidence"], human).statistic
        - stats.spearmanr(scores["action_score"], human).statistic
    )
    assert found.value == pytest.approx(wanted)
    assert found.excludes(0.0)
    same = paired_difference(scores, disagreement, "aum", "aum", resamples=50)
    assert (same.value, same.low, same.high) == (0.0, 0.0, 0.0)


def panels(shares, raters, seed=0):
    """Ratings where each rater says positive, the label, unless they dissent."""
    rng = np.random.default_rng(seed)
    dissent = rng.uniform(size=(len(shares), raters)) < np.asarray(shares)[:, None]
    return np.where(dissent, -2, 3).tolist(), [2] * len(shares)


def test_ceiling_of_consistent_raters_is_near_1():
    shares = np.linspace(0, 0.5, 60)
    ratings = [[-1] * round(400 * s) + [2] * (400 - round(400 * s)) for s in shares]
    found = agreement_ceiling(ratings, [2] * 60, splits=5)
    assert 0.98 < found.value <= 1.0
    assert found.low <= found.value <= found.high
    assert found.n == 60


def test_ceiling_of_random_raters_is_low():
    found = agreement_ceiling(*panels(np.full(400, 0.3), 12), splits=8)
    assert found.value < 0.35


@pytest.mark.parametrize("raters", [6, 20])
def test_ceiling_is_the_correlation_with_the_true_shares(raters):
    shares = np.random.default_rng(3).uniform(0, 0.5, 800)
    ratings, label = panels(shares, raters)
    observed = [np.mean([r < 0 for r in row]) for row in ratings]
    found = agreement_ceiling(ratings, label, splits=5)
    assert found.value == pytest.approx(stats.spearmanr(shares, observed).statistic, abs=0.05)


@pytest.mark.parametrize(("label", "value"), [(0, -3), (1, 0), (2, 4)])
def test_ceiling_knows_the_labels(label, value):
    other = 0 if value else 2
    ratings = [[other] * m + [value] * (100 - m) for m in range(0, 40, 2)]
    assert agreement_ceiling(ratings, [label] * 20, splits=3).value > 0.9


def test_ceiling_of_panels_of_two_that_disagree():
    found = agreement_ceiling([[1, -1]] * 12, [2] * 12, splits=5)
    assert found.value == 0.0


# Scores among each other


def scores_in_groups(n=200):
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(2, n))

    def near(x):
        return x + rng.normal(0, 0.1, n)

    return pd.DataFrame(
        {
            "action_score": near(first),
            "predictive_entropy": near(second),
            "aum": -near(first),
            "variability": near(second),
            "last_loss": near(first),
            "correctness": 1.0,
            "maximum_softmax_probability": -near(second),
        },
        index=np.arange(n) * 3,
    )


def test_correlations_are_symmetric_and_turned():
    scores = scores_in_groups()
    table = score_correlations(scores)
    assert list(table.index) == list(table.columns)
    np.testing.assert_allclose(table, table.T)
    np.testing.assert_allclose(np.diag(table), 1.0)
    wanted = -stats.spearmanr(scores["action_score"], scores["aum"]).statistic
    assert table.loc["action_score", "aum"] == pytest.approx(wanted)
    assert wanted > 0.9


def test_constant_scores_are_dropped():
    table = score_correlations(scores_in_groups())
    assert set(table.index) == set(scores_in_groups()) - {"correctness"}


def test_scores_that_say_the_same_lie_side_by_side():
    order = list(score_correlations(scores_in_groups()).index)
    first = sorted(order.index(name) for name in ("action_score", "aum", "last_loss"))
    assert first in ([0, 1, 2], [3, 4, 5])


@pytest.mark.parametrize("names", [["aum"], ["aum", "last_loss"], ["correctness"]])
def test_correlations_of_few_scores(names):
    table = score_correlations(scores_in_groups()[names])
    assert list(table.index) == [name for name in names if name != "correctness"]


@pytest.mark.parametrize(("top", "count"), [(0.05, 5), (0.2, 20), (0.001, 1)])
def test_confident_errors(top, count):
    rng = np.random.default_rng(2)
    ids = rng.permutation(100) + 7
    action = pd.Series(rng.normal(size=100), index=ids)
    entropy = pd.Series(rng.uniform(size=100), index=ids).sort_index()
    found = confident_errors(action, entropy, top)
    hardest = sorted(ids.tolist(), key=lambda i: -action[i])[:count]
    middle = np.median(entropy)
    assert found.index.tolist() == hardest
    assert found.tolist() == [bool(entropy[i] < middle) for i in hardest]
