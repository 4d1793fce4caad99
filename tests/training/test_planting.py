"""Errors planted in copies of evaluated samples."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from refusals import raises_one_line

from difficulty_lib._errors import ConfigError
from difficulty_lib.data import TextData
from difficulty_lib.training import RunConfig
from difficulty_lib.training._interventions import intervene
from difficulty_lib.training._planting import planted

NAMES = ["Anna", "Tom", "Lea", "Max", "Ida", "Ben"]


def dialogues(count, first_id=0):
    rng = np.random.default_rng(first_id)
    rows = []
    for _ in range(count):
        a, b = rng.choice(NAMES, 2, replace=False)
        rows.append((f"{a}: shall we meet?\n{b}: yes", f"{a} and {b} will meet."))
    index = pd.Index(np.arange(count) + first_id, name="sample_id")
    return pd.DataFrame(rows, columns=["dialogue", "label"], index=index)


@pytest.fixture
def data():
    return TextData(
        name="samsum",
        splits={"train": dialogues(30), "validation": dialogues(60, 100)},
        text_columns=("dialogue",),
        label_names=(),
        origin="file",
        target="text",
    )


def config(value, splits=("validation", "validation_planted")):
    return RunConfig(
        dataset="samsum",
        task="summarization",
        intervention={"planted": value},
        evaluation_splits=splits,
    )


def test_corrupted_copies_stand_beside_the_samples(data):
    found = intervene(data, config(["change_entity", 0.3]))
    frame, truth = planted(data, ["change_entity", 0.3], "validation")
    pd.testing.assert_frame_equal(found["validation"], data["validation"])
    pd.testing.assert_frame_equal(found["train"], data["train"])
    copies = found["validation_planted"]
    assert copies.index.tolist() == truth.index[truth["corrupted"]].tolist()
    assert 5 < len(copies) < 35
    for sample_id, row in copies.iterrows():
        before = data["validation"].loc[sample_id]
        assert row["dialogue"] == before["dialogue"]
        what = truth.loc[sample_id]
        assert before["label"] == row["label"].replace(what["replacement"], what["original"], 1)
        assert row["label"][what["start"] : what["end"]] == what["replacement"]
    same = frame[~truth["corrupted"]]
    pd.testing.assert_frame_equal(same, data["validation"].loc[same.index])


def test_swapped_summaries_are_planted(data):
    found = intervene(data, config(["swap_summaries", 0.3]))
    copies = found["validation_planted"]
    same = data["validation"].loc[copies.index]
    assert sorted(copies["label"]) == sorted(same["label"])
    assert (copies["dialogue"] == same["dialogue"]).all()
    assert 5 < len(copies) < 35


def test_what_needs_more_than_a_rate_is_not_planted(data):
    classes = replace(
        data,
        target="class",
        label_names=("no", "yes"),
        splits={s: f.assign(label=np.arange(len(f)) % 2) for s, f in data.splits.items()},
    )
    raises_one_line(
        lambda: planted(classes, ["flip_by_class", 0.3], "validation"),
        "flip_by_class",
        "needs confusion",
        kind=ConfigError,
    )


def test_the_errors_are_the_same_whatever_the_models_seed(data):
    one, other = (
        intervene(data, RunConfig(**{**config(["change_entity", 0.3]).__dict__, "seed": seed}))
        for seed in (1, 2)
    )
    pd.testing.assert_frame_equal(one["validation_planted"], other["validation_planted"])


@pytest.mark.parametrize(
    "value", ["change_entity", ["change_entity"], ["change_entity", True], [3, 0.1]]
)
def test_what_is_no_corruption_with_a_rate_is_refused(data, value):
    raises_one_line(
        lambda: intervene(data, config(value)), "expected [corruption, rate]", kind=ConfigError
    )


def test_other_targets_and_splits_are_refused(data):
    raises_one_line(
        lambda: intervene(data, config(["flip_labels", 0.1])), "is of a class", kind=ConfigError
    )
    raises_one_line(
        lambda: intervene(data, config(["change_entity", 0.1], ("validation",))),
        "_planted",
        kind=ConfigError,
    )
    raises_one_line(
        lambda: intervene(data, config(["no_such", 0.1])), "change_entity", kind=ConfigError
    )
