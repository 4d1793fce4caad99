"""Regions of a data map, threshold samples and pairs: by slow loops over samples."""

import numpy as np
import pandas as pd
import pytest
from refusals import raises_one_line

from difficulty_lib._errors import ConfigError
from difficulty_lib.data import TextData
from difficulty_lib.dynamics import Dynamics
from difficulty_lib.mixup import (
    data_map,
    mislabelled_ids,
    pair_samples,
    random_pairs,
    repeat_pairs,
    threshold_samples,
    with_threshold_class,
)

CLASSES = 3


def stream(count=60, epochs=5, seed=0, labels=None):
    rng = np.random.default_rng(seed)
    ids = 100 + 3 * np.arange(count)
    labels = rng.integers(0, CLASSES, count) if labels is None else labels
    easiness = rng.normal(loc=0.8, size=count)
    logits = rng.normal(size=(epochs, count, CLASSES))
    logits[:, np.arange(count), labels] += easiness * np.arange(1, epochs + 1)[:, None]
    dynamics = Dynamics.from_logits(
        ids, logits, labels, split="train", stream="training", epochs=np.arange(1, epochs + 1)
    )
    p = np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)
    return dynamics.stream("train", "training"), p[:, np.arange(count), labels], logits, labels


def test_regions_are_those_of_a_slow_sort():
    dynamics, gold, logits, labels = stream()
    found = data_map(dynamics, easy=0.3, ambiguous=0.2, mislabelled=0.1)
    count = len(labels)
    ids = (100 + 3 * np.arange(count)).tolist()
    margins = [
        np.mean([z[labels[n]] - max(np.delete(z, labels[n])) for z in logits[:, n]])
        for n in range(count)
    ]
    left = dict(zip(ids, range(count)))
    expected = {}
    for name, number, key in (
        ("mislabelled", 6, lambda n: margins[n]),
        ("ambiguous", 12, lambda n: -gold[:, n].std()),
        ("easy", 18, lambda n: -gold[:, n].mean()),
    ):
        chosen = sorted(left, key=lambda i, key=key: key(left[i]))[:number]
        expected[name] = sorted(chosen)
        left = {i: n for i, n in left.items() if i not in chosen}
    expected["other"] = sorted(left)
    for name, wanted in expected.items():
        assert found.ids(name).tolist() == wanted
    last = np.exp(logits[-1]) / np.exp(logits[-1]).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found.table["entropy"], -(last * np.log(last)).sum(axis=1), 1e-5)
    assert found.table["label"].tolist() == labels.tolist()


def test_ties_go_to_the_smaller_id():
    labels = np.arange(10) % 2
    logits = np.zeros((3, 10, 2))
    logits[:, np.arange(10), labels] = np.array([1.0, 2.0, 3.0])[:, None]
    dynamics = Dynamics.from_logits(
        np.arange(10)[::-1], logits, labels, split="train", stream="training", epochs=[1, 2, 3]
    )
    found = data_map(
        dynamics.stream("train", "training"), easy=0.3, ambiguous=0.3, mislabelled=[9, 0]
    )
    assert found.ids("ambiguous").tolist() == [1, 2, 3]
    assert found.ids("easy").tolist() == [4, 5, 6]
    assert found.ids("mislabelled").tolist() == [0, 9]


def test_regions_refuse():
    dynamics, *_ = stream()
    raises_one_line(lambda: data_map(dynamics, easy=0.8, ambiguous=0.3), "60", kind=ConfigError)
    raises_one_line(lambda: data_map(dynamics, easy=-1), "easy is -1", kind=ConfigError)
    raises_one_line(lambda: data_map(dynamics, easy=0.001), "none that is easy")
    raises_one_line(lambda: data_map(dynamics, mislabelled=[100, 101]), "1 mislabelled", "101")
    raises_one_line(lambda: data_map(dynamics).ids("hard"), "easy, ambiguous", kind=ConfigError)


# Threshold samples


def test_threshold_samples_part_the_ids():
    ids = np.random.default_rng(0).permutation(1000)
    parts = [threshold_samples(ids, CLASSES, seed=5, part=part) for part in range(CLASSES + 1)]
    assert sorted(np.concatenate(parts).tolist()) == list(range(1000))
    assert [len(part) for part in parts] == [250] * 4
    again = threshold_samples(np.sort(ids), CLASSES, seed=5, part=0)
    assert again.tolist() == parts[0].tolist()
    assert threshold_samples(ids, CLASSES, seed=6).tolist() != parts[0].tolist()
    raises_one_line(lambda: threshold_samples(ids, 3, part=4), "0 to 3", kind=ConfigError)
    raises_one_line(lambda: threshold_samples([1, 2], 3), "2 samples", "4 or more")


def text_data(count=40):
    frame = pd.DataFrame(
        {"text": [f"text {n}" for n in range(count)], "label": np.arange(count) % CLASSES},
        index=pd.Index(range(count), name="sample_id"),
    )
    splits = {"train": frame, "validation": frame.copy()}
    return TextData("mine", splits, ("text",), ("a", "b", "c"), "file")


def test_the_threshold_class():
    data = text_data()
    made = with_threshold_class(data, seed=1, part=1)
    chosen = threshold_samples(range(40), CLASSES, 1, 1)
    assert made.label_names == ("a", "b", "c", "threshold")
    assert made["train"].index[made["train"]["label"] == 3].tolist() == chosen.tolist()
    rest = made["train"].drop(index=chosen)
    pd.testing.assert_frame_equal(rest, data["train"].drop(index=chosen))
    pd.testing.assert_frame_equal(made["validation"], data["validation"])
    assert (data["train"]["label"] < 3).all()
    raises_one_line(lambda: with_threshold_class(made), "'threshold'")


def test_mislabelled_are_below_the_threshold_of_a_run_that_judges_them():
    streams = [stream(seed=seed)[0] for seed in (1, 2)]
    ids = streams[0].ids
    chosen = [ids[:15], ids[15:30]]
    found = mislabelled_ids(streams, chosen, percentile=50)
    expected = set()
    for one, fake in zip(streams, chosen):
        area = one.matrix("margin").mean(axis=0)
        threshold = np.percentile(area[np.isin(one.ids, fake)], 50)
        expected |= {i for i, a in zip(one.ids, area) if i not in fake and a <= threshold}
    assert found.tolist() == sorted(expected)
    assert 0 < len(found) < len(ids)
    raises_one_line(lambda: mislabelled_ids(streams, chosen[:1]), "2 runs", kind=ConfigError)
    raises_one_line(lambda: mislabelled_ids(streams, [ids, [1]]), "none of the 1")
    raises_one_line(lambda: mislabelled_ids(streams, chosen, 101), "101", kind=ConfigError)


# Pairs

RNG = np.random.default_rng(3)
IDS = RNG.permutation(200)[:90]
LABEL = pd.Series(RNG.integers(0, 3, 90), IDS)
ENTROPY = pd.Series(RNG.uniform(size=90), IDS)
EASY, AMBIGUOUS = IDS[:50], IDS[50:70]


@pytest.mark.parametrize("labels", ["same", "other", "any"])
@pytest.mark.parametrize("by", ["highest", "lowest"])
@pytest.mark.parametrize("top", [1.0, 0.5])
def test_pairs_are_those_of_a_slow_loop(labels, by, top):
    found = pair_samples(EASY, AMBIGUOUS, LABEL, ENTROPY, labels=labels, by=by, top=top)
    assert found["first"].tolist() == EASY.tolist()
    sign = -1 if by == "highest" else 1
    uses = dict.fromkeys(AMBIGUOUS.tolist(), 0)
    for easy in sorted(EASY.tolist(), key=lambda i: ENTROPY[i]):
        pool = [
            i
            for i in AMBIGUOUS.tolist()
            if labels == "any" or (LABEL[i] == LABEL[easy]) == (labels == "same")
        ]
        order = sorted(pool, key=lambda i: sign * ENTROPY[i])[: max(1, round(top * len(pool)))]
        partner = min(order, key=lambda i: uses[i])
        uses[partner] += 1
        row = found[found["first"] == easy].iloc[0]
        assert row["second"] == partner
        assert (row["first_label"], row["second_label"]) == (LABEL[easy], LABEL[partner])


def test_pairs_do_not_depend_on_the_order_given():
    for by in ("highest", "random"):
        found = pair_samples(EASY, AMBIGUOUS, LABEL, ENTROPY, by=by)
        other = pair_samples(EASY[::-1], AMBIGUOUS[::-1], LABEL[::-1], ENTROPY[::-1], by=by)
        pd.testing.assert_frame_equal(found, other[::-1].reset_index(drop=True))
    seeds = [
        pair_samples(EASY, AMBIGUOUS, LABEL, ENTROPY, by="random", seed=seed)["second"].tolist()
        for seed in (0, 1)
    ]
    assert seeds[0] != seeds[1]


def test_partners_are_shared_out_evenly():
    found = pair_samples(EASY, AMBIGUOUS, LABEL, ENTROPY, labels="any")
    counts = found["second"].value_counts()
    assert sorted(set(counts)) == [2, 3]
    assert len(counts) == len(AMBIGUOUS)


def test_random_pairs():
    found = random_pairs(LABEL, count=200, seed=1)
    assert len(found) == 200
    assert (found["first"] != found["second"]).all()
    assert sorted(found["first"][:90]) == sorted(found["second"][:90]) == sorted(IDS)
    assert (found["second_label"].to_numpy() == LABEL.loc[found["second"]].to_numpy()).all()
    pd.testing.assert_frame_equal(found, random_pairs(LABEL[::-1], count=200, seed=1))
    assert found["second"].tolist() != random_pairs(LABEL, count=200, seed=2)["second"].tolist()
    assert len(random_pairs(LABEL)) == 90


def test_as_many_examples_as_wanted():
    pairs = random_pairs(LABEL)
    found = repeat_pairs(pairs, 200)
    assert len(found) == 200
    pd.testing.assert_frame_equal(found[:90], pairs)
    pd.testing.assert_frame_equal(found[90:180].reset_index(drop=True), pairs)
    pd.testing.assert_frame_equal(repeat_pairs(pairs, 7), pairs[:7])
    raises_one_line(lambda: repeat_pairs(pairs, 0), "count", kind=ConfigError)


def test_pairs_refuse():
    def paired(**changed):
        given = {"easy": EASY, "ambiguous": AMBIGUOUS, "label": LABEL, "entropy": ENTROPY}
        return pair_samples(**(given | changed))

    raises_one_line(lambda: paired(easy=[]), "no easy")
    raises_one_line(lambda: paired(ambiguous=[*AMBIGUOUS, EASY[0]]), "1 samples are easy and")
    raises_one_line(lambda: paired(easy=[*EASY, EASY[0]]), "twice")
    raises_one_line(lambda: paired(entropy=ENTROPY.drop(EASY[3])), "1 samples have no entropy")
    raises_one_line(lambda: paired(easy=[999]), "no label", "999")
    only = LABEL.where(~LABEL.index.isin(AMBIGUOUS), 7)
    raises_one_line(lambda: paired(label=only), "its own label", "labels='any'")
    raises_one_line(lambda: paired(label=LABEL * 0, labels="other"), "another label")
    raises_one_line(lambda: paired(labels="like"), "same, other or any", kind=ConfigError)
    raises_one_line(lambda: paired(by="score"), "highest, lowest", kind=ConfigError)
    raises_one_line(lambda: paired(top=0), "top", kind=ConfigError)
    raises_one_line(lambda: random_pairs(LABEL[:1]), "1 samples", "two or more")


@pytest.mark.filterwarnings("ignore::difficulty_lib.dynamics.CollapsedRunWarning")
def test_shares_within_classes_are_those_of_each_class_by_itself():
    rng = np.random.default_rng(5)
    n = 60
    label = np.where(np.arange(n) < 45, 0, 1)
    logits = rng.normal(size=(4, n, 2))
    logits[:, np.arange(n), 0] += 2.0  # the rare class is never learnt
    p = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    gold = p[:, np.arange(n), label]
    own = logits[:, np.arange(n), label]
    stream = Dynamics.from_arrays(
        np.arange(n) + 3,
        label=label,
        epochs=range(1, 5),
        stream="training",
        loss=-np.log(gold),
        margin=own - logits[:, np.arange(n), 1 - label],
        entropy=-(p * np.log(p)).sum(-1),
        predicted=logits.argmax(-1),
    ).stream("train", "training")
    shares = {"easy": 0.2, "ambiguous": 0.4, "mislabelled": 0.2}
    found = data_map(stream, **shares, within_class=True).table
    for value, count in ((0, 45), (1, 15)):
        part = found[found["label"] == value]
        left = part.sort_values("aum").index[round(0.2 * count) :]
        assert set(part.index[part["region"] == "mislabelled"]) == set(part.index) - set(left)
        variable = part.loc[left].sort_values("variability").index[-round(0.4 * count) :]
        assert set(part.index[part["region"] == "ambiguous"]) == set(variable)
        sure = part.loc[left.difference(variable)].sort_values("confidence")
        assert set(part.index[part["region"] == "easy"]) == set(sure.index[-round(0.2 * count) :])
    together = data_map(stream, **shares).table
    assert (together.loc[together["region"] == "easy", "label"] == 0).all()
