"""`TextData` of every target: fingerprints, subsets, problems, and what there is to learn."""

import dataclasses
import io

import numpy as np
import pandas as pd
import pytest
from refusals import raises_one_line

from difficulty_lib._errors import ConfigError
from difficulty_lib.data import (
    DATASETS,
    TextData,
    check_labels,
    fingerprint,
    join_problems,
    problem_table,
)

LABELS = {
    "class": [0, 1, 1],
    "text": ["Leo calls.", "Mia sings.", "Tom is ill."],
    "answers": [(("a", 0),), (), (("b c", 2), ("c", 4))],
    "tags": [[0, 1, 2], [0], [2, 2]],
}


def frame(target, labels=None):
    made = pd.DataFrame({"text": ["a b c", "b", "c d"]}, pd.Index([3, 5, 8], name="sample_id"))
    return made.assign(label=pd.Series(labels or LABELS[target], made.index, dtype=object))


def data(target, labels=None, **more):
    return TextData(
        name="some",
        splits={"train": frame(target, labels)},
        text_columns=("text",),
        label_names=("x", "y", "z"),
        origin="file",
        target=target,
        **more,
    )


def test_defaults_are_of_classes_without_problems():
    made = TextData("some", {"train": frame("class")}, ("text",), ("x", "y"), "file")
    assert made.target == "class"
    assert made.problems.empty
    assert list(made.problems.columns) == ["split", "sample_id", "problem", "used"]


# Fingerprints


@pytest.mark.parametrize(
    ("target", "other"),
    [
        ("tags", [np.array([0, 1, 2]), np.array([0], dtype="int8"), np.array([2, 2])]),
        ("tags", [(0, 1, 2), (0,), (2, 2)]),
        ("tags", [[np.int64(0), 1, np.int32(2)], [0], [2, 2]]),
        ("answers", [[["a", 0]], [], [["b c", 2], ["c", np.int64(4)]]]),
        ("answers", [np.array([("a", 0)], dtype=object), np.array([]), [("b c", 2), ("c", 4)]]),
    ],
)
def test_fingerprint_is_the_same_for_lists_tuples_and_arrays(target, other):
    wanted = fingerprint(frame(target), ["text"])
    assert fingerprint(frame(target, other), ["text"]) == wanted


def test_fingerprint_of_tags_survives_parquet():
    file = io.BytesIO()
    frame("tags").to_parquet(file)
    read = pd.read_parquet(file)
    assert isinstance(read["label"].iloc[0], np.ndarray)
    assert fingerprint(read, ["text"]) == fingerprint(frame("tags"), ["text"])


@pytest.mark.parametrize(
    ("target", "other"),
    [
        ("text", ["Leo calls", "Mia sings.", "Tom is ill."]),
        ("answers", [(("a", 1),), (), (("b c", 2), ("c", 4))]),
        ("answers", [(("a", 0),), (("b", 0),), (("b c", 2), ("c", 4))]),
        ("answers", [(("a", 0),), (), (("c", 4), ("b c", 2))]),
        ("tags", [[0, 1, 2], [0], [2, 1]]),
        ("tags", [[0, 12], [0], [2, 2]]),
    ],
)
def test_fingerprint_changes_with_the_label(target, other):
    assert fingerprint(frame(target, other), ["text"]) != fingerprint(frame(target), ["text"])


def test_fingerprint_keeps_a_summary_and_its_text_apart():
    one = pd.DataFrame({"text": ["x\x1f1:a"], "label": ["b"]})
    other = pd.DataFrame({"text": ["a"], "label": ["b\x1f5:x\x1f1:"]})
    assert fingerprint(one, ["text"]) != fingerprint(other, ["text"])


# Subsets and problems


def test_subset_keeps_the_target_and_what_was_set_aside():
    problems = join_problems(
        [
            problem_table("train", [4, 6], "empty text"),
            problem_table("train", [3, 5, 8], "truncated", used=True),
        ]
    )
    some = data("tags", problems=problems).subset({"train": 1})
    assert some.target == "tags"
    kept = some["train"].index.tolist()
    assert len(kept) == 1
    noted = list(some.problems.itertuples(index=False, name=None))
    assert noted == [
        ("train", 4, "empty text", False),
        ("train", 6, "empty text", False),
        ("train", kept[0], "truncated", True),
    ]


def test_subset_of_everything_keeps_every_problem():
    problems = problem_table("train", [3, 8], "truncated", used=True)
    some = data("text", problems=problems).subset({})
    pd.testing.assert_frame_equal(some.problems, problems)


def test_problem_tables():
    table = problem_table("test", np.array([7, 9]), "empty text")
    assert table.to_dict("list") == {
        "split": ["test", "test"],
        "sample_id": [7, 9],
        "problem": ["empty text", "empty text"],
        "used": [False, False],
    }
    empty = join_problems([problem_table(), problem_table()])
    assert empty.dtypes.equals(table.dtypes)
    assert len(join_problems([table, empty, table])) == 4
    assert join_problems([table, table]).index.tolist() == [0, 1, 2, 3]


# What there is to learn


@pytest.mark.parametrize("target", LABELS)
def test_labels_that_can_be_learnt(target):
    check_labels(data(target))


@pytest.mark.parametrize(
    ("target", "labels", "part"),
    [
        ("class", [1, 1, 1], "every row has the label 'y'"),
        ("answers", [(), (), ()], "no question has an answer"),
        ("tags", [[0, 0, 0], [0], [0, 0]], "every word has the tag 'x'"),
    ],
)
def test_nothing_to_learn(target, labels, part):
    raises_one_line(lambda: check_labels(data(target, labels)), "some/train: ", part)


@pytest.mark.parametrize("target", LABELS)
def test_no_split_to_learn_from(target):
    raises_one_line(lambda: check_labels(data(target), "held_out"), "no split 'held_out'", "train")


def test_unknown_target():
    raises_one_line(
        lambda: dataclasses.replace(DATASETS["emotion"], target="labels"),
        "data set emotion: target 'labels'; expected class, text, answers, tags",
        kind=ConfigError,
    )
