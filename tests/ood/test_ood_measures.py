"""Detection measures against scikit-learn, calibration against slow loops."""

from itertools import pairwise

import numpy as np
import pytest
from refusals import raises_one_line
from sklearn.metrics import brier_score_loss, roc_auc_score, roc_curve

from difficulty_lib._errors import ConfigError
from difficulty_lib.ood import (
    brier_score,
    calibration,
    check_other_texts,
    detection,
    expected_calibration_error,
    length_matched_auroc,
    ood_table,
)


def drawn(seed, inside=200, outside=150, ties=None):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=inside), rng.normal(loc=1, size=outside)
    return (a, b) if ties is None else (np.round(a * ties), np.round(b * ties))


@pytest.mark.parametrize("ties", [None, 2, 0.4, 0])
@pytest.mark.parametrize("level", [0.95, 0.5, 1.0])
def test_detection_is_scikit_learns(ties, level):
    inside, outside = drawn(1, ties=ties)
    found = detection(inside, outside, level=level, resamples=20)
    values = np.concatenate([inside, outside])
    truth = np.repeat([0, 1], [len(inside), len(outside)])
    assert found.auroc.value == pytest.approx(roc_auc_score(truth, values), abs=1e-12)
    # The in-distribution samples are the positive ones there, and a low score says so.
    false, true, _ = roc_curve(1 - truth, -values, drop_intermediate=False)
    assert found.false_positives.value == pytest.approx(false[np.argmax(true >= level)], abs=1e-12)
    assert (inside <= found.threshold).mean() >= level
    assert (inside < found.threshold).mean() < level


@pytest.mark.parametrize("count", [19, 20, 40, 100, 340, 700])
def test_the_threshold_lets_no_more_in_than_it_must(count):
    inside = np.arange(count)
    found = detection(inside, inside, resamples=2)
    assert found.threshold == -(-95 * count // 100) - 1


def test_the_interval_covers():
    true = 0.7602  # P(N(1, 1) > N(0, 1)) = Φ(1/√2)
    covered = 0
    for seed in range(60):
        estimate = detection(*drawn(seed, 80, 60), resamples=200, seed=seed).auroc
        covered += estimate.low <= true <= estimate.high
    assert 50 <= covered <= 60


def test_too_few_samples():
    raises_one_line(lambda: detection(np.arange(9), np.arange(20)), "9 in-distribution", "10")
    raises_one_line(lambda: detection(np.arange(20), []), "0 out-of-distribution", "10")
    raises_one_line(lambda: detection(*drawn(1), level=0), "level", kind=ConfigError)


# Matched by length


def test_a_score_that_is_length_knows_nothing_of_matched_texts():
    rng = np.random.default_rng(3)
    short, long = rng.integers(2, 40, 2000), rng.integers(20, 300, 2000)
    assert detection(short, long, resamples=20).auroc.value > 0.95
    coarse = length_matched_auroc(short, long, short, long, bins=5, resamples=50)
    assert coarse.auroc.value == coarse.length_auroc
    assert abs(coarse.auroc.value - 0.5) < 0.1
    # With a bin for every length, nothing of it is left.
    found = length_matched_auroc(short, long, short, long, bins=1000, resamples=50)
    assert found.auroc.value == found.length_auroc == pytest.approx(0.5)
    assert found.auroc.low <= found.auroc.value <= found.auroc.high
    assert found.inside == ((short >= long.min()) & (short <= long.max())).sum()


def test_matched_areas_are_those_of_each_bin():
    rng = np.random.default_rng(4)
    lengths = rng.integers(1, 12, 300), rng.integers(4, 20, 200)
    scores = rng.normal(size=300), rng.normal(size=200) + 0.1 * lengths[1]
    found = length_matched_auroc(*scores, *lengths, bins=4, resamples=20)
    total = weights = 0.0
    seen = [np.zeros(300, dtype=bool), np.zeros(200, dtype=bool)]
    for row in found.bins.itertuples():
        parts = []
        for side in (0, 1):
            mask = (lengths[side] >= row.shortest) & (lengths[side] <= row.longest)
            assert not (seen[side] & mask).any()
            seen[side] |= mask
            parts.append(scores[side][mask])
        a, b = parts
        assert (len(a), len(b)) == (row.inside, row.outside)
        area = np.mean([(y > x) + 0.5 * (y == x) for x in a for y in b])
        assert row.auroc == pytest.approx(area)
        weight = len(a) * len(b) / (len(a) + len(b))
        total, weights = total + weight * area, weights + weight
    assert found.auroc.value == pytest.approx(total / weights)
    for side in (0, 1):
        assert seen[side].sum() == ((lengths[side] >= 4) & (lengths[side] <= 11)).sum()


def test_matching_leaves_what_is_not_length():
    rng = np.random.default_rng(5)
    lengths = rng.integers(2, 40, 1000), rng.integers(20, 300, 1000)
    scores = rng.normal(size=1000), rng.normal(size=1000) + 1
    found = length_matched_auroc(*scores, *lengths, resamples=200)
    assert found.auroc.low < 0.7602 < found.auroc.high
    assert found.auroc.low > 0.5


def test_no_length_in_common():
    short, long = np.arange(1, 21), np.arange(50, 90)
    raises_one_line(
        lambda: length_matched_auroc(short, long, short, long), "1 to 20", "50 to 89", "in common"
    )
    nested = np.array([1] * 20 + [100] * 20)
    raises_one_line(lambda: length_matched_auroc(nested, long, nested, long), "no text of one kind")
    few = np.arange(16, 60)
    raises_one_line(lambda: length_matched_auroc(short, few, short, few), "5 in-distribution", "10")
    raises_one_line(lambda: length_matched_auroc(short, long, short[1:], long), "19 lengths")


# The table


def test_the_table_holds_every_score_that_can_be_computed():
    rng = np.random.default_rng(6)
    inside = {"logits": rng.normal(size=(60, 3)) * 3, "lengths": rng.integers(3, 20, 60)}
    outside = {"logits": rng.normal(size=(50, 3)), "lengths": rng.integers(5, 40, 50)}
    table = ood_table(inside, outside, resamples=20)
    assert list(table.index) == ["maximum_softmax_probability", "energy", "entropy", "length"]
    for name in ("auroc", "false_positives", "matched_auroc"):
        assert (table[f"{name}_low"] <= table[name]).all()
        assert (table[name] <= table[f"{name}_high"]).all()
    p = [np.exp(side["logits"]) for side in (inside, outside)]
    top = [(q / q.sum(axis=1, keepdims=True)).max(axis=1) for q in p]
    expected = roc_auc_score(np.repeat([0, 1], [60, 50]), -np.concatenate(top))
    assert table.loc["maximum_softmax_probability", "auroc"] == pytest.approx(expected)


def test_the_table_takes_training_arrays_once_and_settings():
    rng = np.random.default_rng(7)
    train = {"train_features": rng.normal(size=(40, 4)), "train_labels": np.arange(40) % 2}
    inside = {"features": rng.normal(size=(30, 4)), **train}
    outside = {"features": rng.normal(size=(30, 4)) + 3}
    found = ood_table(inside, outside, settings={"nearest_neighbours": {"k": 5}}, resamples=20)
    assert list(found.index) == ["mahalanobis", "nearest_neighbours"]
    assert (found["auroc"] > 0.8).all()
    assert "matched_auroc" not in found
    raises_one_line(
        lambda: ood_table(inside, outside, ["mahalanobis"], settings={"energy": {}}),
        *("settings of energy", "mahalanobis"),
        kind=ConfigError,
    )
    raises_one_line(lambda: ood_table(inside, outside, ["odin"]), "'odin'", kind=ConfigError)
    raises_one_line(lambda: ood_table({}, outside), "no score", "logits")


def test_the_same_texts_on_both_sides():
    inside = ["A fine film.", "dull"]
    check_other_texts(inside, ["a fine film", "long review"])
    message = raises_one_line(
        lambda: check_other_texts(inside, ["new", "a  FINE film.\n", "dull"]), "2 of 3", "number 1"
    )
    assert "fine" not in message.lower()


# Calibration


def probabilities(seed, count=400, classes=4, sharp=2.0, digits=None):
    rng = np.random.default_rng(seed)
    z = np.exp(sharp * rng.normal(size=(count, classes)))
    p = z / z.sum(axis=1, keepdims=True)
    if digits is not None:
        p = rng.multinomial(10**digits, p) / 10**digits
    return p, rng.integers(0, classes, count)


def slow_error(groups, count):
    return sum(
        len(group) / count * abs(np.mean([c for c, _ in group]) - np.mean([r for _, r in group]))
        for group in groups
        if group
    )


@pytest.mark.parametrize("bins", [1, 2, 10, 15])
@pytest.mark.parametrize("digits", [None, 1])
def test_calibration_is_the_slow_one(bins, digits):
    p, gold = probabilities(8, digits=digits)
    found = calibration(p, gold, bins)
    pairs = [(row.max(), float(row.argmax() == y)) for row, y in zip(p, gold)]
    edges = np.linspace(0, 1, bins + 1)
    groups = [[(c, r) for c, r in pairs if low < c <= high] for low, high in pairwise(edges)]
    assert found.equal_width == pytest.approx(slow_error(groups, len(p)), abs=1e-12)
    # As many each, in order; a sample goes where the first of its confidence goes.
    pairs.sort()
    masses = [[] for _ in range(bins)]
    for c, r in pairs:
        first = next(place for place, (other, _) in enumerate(pairs) if other == c)
        masses[first * bins // len(pairs)].append((c, r))
    assert found.equal_mass == pytest.approx(slow_error(masses, len(p)), abs=1e-12)
    slow = np.mean([sum((q - (k == y)) ** 2 for k, q in enumerate(r)) for r, y in zip(p, gold)])
    assert found.brier == pytest.approx(slow)
    assert found.bins["count"].sum() == len(p)
    assert found.accuracy == np.mean([r for _, r in pairs])
    for way, value in (("width", found.equal_width), ("mass", found.equal_mass)):
        assert expected_calibration_error(p, gold, bins, equal=way) == value


def test_brier_of_two_classes_is_twice_scikit_learns():
    p, gold = probabilities(9, classes=2)
    assert brier_score(p, gold) == pytest.approx(2 * brier_score_loss(gold, p[:, 1]))


def test_the_order_of_samples_is_nothing():
    p, gold = probabilities(10, digits=1)
    order = np.random.default_rng(0).permutation(len(p))
    assert calibration(p, gold).equal_mass == pytest.approx(
        calibration(p[order], gold[order]).equal_mass, abs=1e-12
    )


def test_calibrated_and_overconfident():
    rng = np.random.default_rng(11)
    top = rng.uniform(0.5, 1, 40_000)
    p = np.stack([1 - top, top], axis=1)
    gold = (rng.uniform(size=len(top)) < top).astype(int)
    assert calibration(p, gold).equal_mass < 0.02
    sure = calibration(np.tile([0.0, 1.0], (100, 1)), np.arange(100) % 2)
    assert (sure.equal_width, sure.brier, sure.confidence) == (0.5, 1.0, 1.0)


def test_what_is_no_probability():
    p, gold = probabilities(12)
    raises_one_line(lambda: calibration(3 * p, gold), "add up to 1", "logits")
    raises_one_line(lambda: calibration(p, gold + 1), "1 to 4", "0 to 3")
    raises_one_line(lambda: calibration(p, gold[1:]), "(400, 4)", "(399,)")
    raises_one_line(lambda: calibration(p, gold, 0), "bins", kind=ConfigError)
    raises_one_line(
        lambda: expected_calibration_error(p, gold, equal="size"), "width or mass", kind=ConfigError
    )
