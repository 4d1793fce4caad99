"""Labels that change by class and by instance, against references that go one by one."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from corruptible import labels, probabilities
from refusals import raises_one_line

from difficulty_lib._errors import ConfigError
from difficulty_lib.corruptions import flip_by_class, flip_by_instance
from difficulty_lib.corruptions._choice import CHOICE, OTHER, draws

CONFUSION = [[70, 20, 10, 0], [0, 50, 0, 50], [0, 0, 99, 0], [1, 1, 2, 0]]


# By class


def by_class_one_by_one(frame, rate, seed, confusion):
    """In fractions, walking along the row of the confusion matrix."""
    picks, numbers = draws(frame, seed, CHOICE), draws(frame, seed, OTHER)
    new = {}
    for place, (sample_id, old) in enumerate(frame["label"].items()):
        row = [0 if k == old else Fraction(confusion[old][k]) for k in range(len(confusion))]
        if picks[place] >= rate or sum(row) == 0:
            new[sample_id] = old
            continue
        left = Fraction(float(numbers[place])) * sum(row)
        for other, part in enumerate(row):
            left -= part
            if left < 0:
                new[sample_id] = other
                break
    return new


@pytest.mark.parametrize("seed", [0, 1, 7])
def test_flips_by_class_are_those_of_the_reference(seed):
    frame = labels(2000)
    new, truth = flip_by_class(frame, 0.3, seed, confusion=CONFUSION)
    assert new["label"].to_dict() == by_class_one_by_one(frame, 0.3, seed, CONFUSION)
    alone = truth[truth["problem"] != ""]
    assert set(alone["problem"]) == {"its class is taken for no other"}
    assert set(frame["label"][alone.index]) == {2}


def test_flips_by_class_are_as_frequent_as_confusions():
    frame = labels(20_000)
    new, truth = flip_by_class(frame, 0.4, 0, confusion=CONFUSION)
    changed = truth["corrupted"]
    table = pd.crosstab(frame["label"][changed], new["label"][changed])
    table = table.reindex(index=range(4), columns=range(4), fill_value=0).to_numpy()
    weights = np.array(CONFUSION, dtype=float) * ~np.eye(4, dtype=bool)
    share = weights / np.maximum(weights.sum(axis=1, keepdims=True), 1)
    expected = table.sum(axis=1, keepdims=True) * share
    assert (table[share == 0] == 0).all()
    assert (np.abs(table - expected) <= 4 * np.sqrt(expected * (1 - share))).all()


def test_counts_probabilities_and_diagonal_are_alike():
    frame = labels(500)
    wanted, _ = flip_by_class(frame, 0.4, 0, confusion=CONFUSION)
    counts = np.array(CONFUSION, dtype=float)
    for other in (counts / counts.sum(axis=1, keepdims=True), counts * 1e306, counts * 1e-300):
        np.fill_diagonal(other, 5e300)
        kept = other.copy()
        found, _ = flip_by_class(frame, 0.4, 0, confusion=other)
        assert (found["label"] == wanted["label"]).mean() > 0.998  # but for the rounding of ends
        np.testing.assert_array_equal(other, kept)


@pytest.mark.parametrize(
    ("confusion", "says"),
    [
        (None, "confusion is not given"),
        ("uniform", "no matrix"),
        ([[1, 2], [3]], "no matrix"),
        ([1, 2], "(2,)"),
        ([[1, 2, 3], [4, 5, 6]], "(2, 3)"),
        ([[1]], "(1, 1)"),
        ([[1, -2], [3, 4]], "below 0"),
        ([[1, np.nan], [3, 4]], "not finite"),
        ([[1, np.inf], [3, 4]], "not finite"),
        (np.eye(4), "0 off its diagonal"),
    ],
)
def test_refused_confusions(confusion, says):
    frame = labels(50)
    raises_one_line(
        lambda: flip_by_class(frame, 0.1, 0, confusion=confusion), says, kind=ConfigError
    )


def test_a_confusion_of_fewer_classes_is_refused():
    raises_one_line(lambda: flip_by_class(labels(50), 0.1, 0, confusion=np.ones((2, 2))), "0 to 1")


# By instance


def by_instance_one_by_one(frame, rate, seed, table):
    tie = dict(zip(frame.index, draws(frame, seed, CHOICE)))
    margin, new = {}, {}
    for sample_id, old in frame["label"].items():
        row = table.loc[sample_id].tolist()
        first, second, *_ = sorted(row, reverse=True)
        margin[sample_id] = first - second
        new[sample_id] = max((k for k in range(len(row)) if k != old), key=lambda k: (row[k], -k))
    order = sorted(frame.index, key=lambda i: (margin[i], tie[i], i))
    taken = order[: int(rate * len(frame) + 0.5)]
    return frame["label"].to_dict() | {sample_id: new[sample_id] for sample_id in taken}


@pytest.mark.parametrize("seed", [0, 3])
@pytest.mark.parametrize("rate", [0.01, 0.15, 0.4])
def test_flips_by_instance_are_those_of_the_reference(seed, rate):
    frame = labels(501)
    table = probabilities(frame).sample(frac=1, random_state=2)  # in another order
    new, truth = flip_by_instance(frame, rate, seed, probabilities=table)
    assert new["label"].to_dict() == by_instance_one_by_one(frame, rate, seed, table)
    assert truth["corrupted"].sum() == int(rate * 501 + 0.5)


def test_who_is_surely_of_another_class_is_left():
    """Where a model is sure, the label may be wrong already: no error is planted by mending one."""
    frame = pd.DataFrame({"label": [0, 0, 0, 0]}, index=[1, 2, 3, 4])
    table = pd.DataFrame(
        [[0.0, 1.0, 0.0], [0.9, 0.1, 0.0], [0.4, 0.25, 0.35], [0.1, 0.5, 0.4]], index=frame.index
    )
    _, truth = flip_by_instance(frame, 0.4, 0, probabilities=table)
    assert truth.index[truth["corrupted"]].tolist() == [3, 4]
    assert truth["replacement"][[3, 4]].tolist() == [2, 1]


def test_given_runners_up_and_margins_give_what_probabilities_do():
    frame = labels(400)
    table = probabilities(frame)
    ordered = np.sort(table.to_numpy(), axis=1)
    margins = pd.Series(ordered[:, -1] - ordered[:, -2], index=frame.index)
    others = table.mask(np.arange(4) == frame["label"].to_numpy()[:, None], -1)
    runner_up = others.idxmax(axis=1)
    wanted = flip_by_instance(frame, 0.3, 1, probabilities=table)
    found = flip_by_instance(
        frame, 0.3, 1, runner_up=runner_up.iloc[::-1], margins=margins, classes=4
    )
    for a, b in zip(wanted, found):
        pd.testing.assert_frame_equal(a, b)


def test_a_runner_up_that_is_the_own_label_is_reported():
    frame = pd.DataFrame({"label": [0, 1, 0, 1, 0]})
    given = {"runner_up": pd.Series([1, 1, 1, 1, 1]), "margins": pd.Series([-9, -5, 3, 4, 5.0])}
    new, truth = flip_by_instance(frame, 0.4, 0, **given)
    assert truth["corrupted"].tolist() == [True, False, False, False, False]
    assert truth["problem"].tolist() == ["", "its runner-up is its own label", "", "", ""]
    assert new["label"].tolist() == [1, 1, 0, 1, 0]


def test_the_seed_decides_among_equal_margins_alone():
    frame = labels(300)
    margins = pd.Series(np.random.default_rng(0).permutation(300), index=frame.index)
    given = {"runner_up": (frame["label"] + 1) % 4, "margins": margins}
    one, other = (flip_by_instance(frame, 0.2, seed, **given)[0] for seed in (0, 1))
    pd.testing.assert_frame_equal(one, other)


def test_refused_probabilities():
    frame = labels(50)
    table = probabilities(frame)
    first = frame.index[0]

    def refused(wrong, *parts, **more):
        raises_one_line(
            lambda: flip_by_instance(frame, 0.1, 0, probabilities=wrong), *parts, **more
        )

    refused(table.iloc[1:], "1 samples have no probabilities", str(first))
    refused(pd.concat([table, table]), "not unique")
    refused(table.assign(**{"0": "a"}), "no numbers")
    refused(table.to_numpy(), "of type ndarray", kind=ConfigError)
    refused(table * 2, f"sample {first}", "sum to 1")
    refused(table * np.nan, f"sample {first}", "not finite")
    refused(table.iloc[:, :1], "1 columns")
    refused(table.iloc[:, :2] * 0 + 0.5, "expected 0 to 1")  # fewer classes than labels
    raises_one_line(
        lambda: flip_by_instance(frame, 0.1, 0, probabilities=table, classes=3),
        "4 columns",
        kind=ConfigError,
    )


def test_refused_runners_up():
    frame = labels(50)
    fine, margins = frame["label"], pd.Series(0.5, index=frame.index)

    def refused(runner_up, margins, *parts, **more):
        raises_one_line(
            lambda: flip_by_instance(frame, 0.1, 0, runner_up=runner_up, margins=margins),
            *parts,
            **more,
        )

    refused(fine, None, "both runner_up and margins", kind=ConfigError)
    refused(None, margins, "both runner_up and margins", kind=ConfigError)
    refused(fine + 0.5, margins, "no whole numbers")
    refused(fine - 9, margins, "label -")
    refused(fine.iloc[2:], margins, "2 samples have no runner_up")
    refused(fine, margins.iloc[2:], "2 samples have no margins")
    refused(fine.tolist(), margins, "runner_up: of type list", kind=ConfigError)
    refused(fine, margins * np.inf, "margins not finite")
    refused(fine, margins, "own label")
    raises_one_line(
        lambda: flip_by_instance(
            frame,
            0.1,
            0,
            probabilities=probabilities(frame),
            runner_up=fine,
            margins=margins,
        ),
        "expected probabilities",
        kind=ConfigError,
    )
