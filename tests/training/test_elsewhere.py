"""Rows of one kind alone, and splits of other data beside a run's own."""

from dataclasses import replace

import numpy as np
import pytest
from refusals import raises_one_line
from training import tiny

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib.data import TextData
from difficulty_lib.training import RunConfig, get_or_train
from difficulty_lib.training._elsewhere import also_evaluated, restricted

pytestmark = [
    pytest.mark.filterwarnings("ignore::difficulty_lib.dynamics._health.CollapsedRunWarning"),
    pytest.mark.filterwarnings("ignore:.*differ from the registry:UserWarning"),
]
REVIEWS = {"there": "imdb/test"}


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    """Reviews of two classes and tweets of three, whose codes are their data set's."""
    for name, labels, splits in (
        ("imdb", 2, ("train", "test")),
        ("tweeteval_sentiment", 3, ("validation", "test")),
    ):
        folder = tmp_path / "mirror" / name
        folder.mkdir(parents=True)
        for split in splits:
            frame = tiny.labelled_frame(9, seed=len(name), labels=labels, first_id=5)
            table = frame.reset_index().rename(columns={"sample_id": "id"})
            table.assign(kind=np.arange(9) % 2).to_parquet(folder / f"{split}.parquet", index=False)
    monkeypatch.setenv("DIFFICULTY_DATA", str(tmp_path / "mirror"))


def own(labels=("positive", "negative"), kinds="abc"):
    frame = tiny.labelled_frame(12, labels=2)
    frame = frame.assign(kind=[kinds[place % len(kinds)] for place in range(12)])
    return TextData("own", {"train": frame, "test": frame}, ("text",), labels, "file")


def config(splits=("test", "there"), size=None, **intervention):
    return RunConfig(
        dataset="emotion", evaluation_splits=splits, eval_size=size, intervention=intervention
    )


def test_rows_of_other_kinds_are_left_out_of_every_split():
    data = restricted(own(), config(only={"kind": ["a", "c"]}))
    assert {kind for frame in data.splits.values() for kind in frame["kind"]} == {"a", "c"}
    assert len(data["train"]) == len(data["test"]) == 8
    assert restricted(own(), config())["train"].equals(own()["train"])


def test_classes_are_matched_by_name(mirror):
    data = also_evaluated(own(), config(also_evaluated=REVIEWS))
    there = tiny.labelled_frame(9, seed=4, labels=2, first_id=5)
    # "negative" is 0 of the reviews and 1 here
    assert data["there"]["label"].to_dict() == (1 - there["label"]).to_dict()
    assert data["there"]["text"].to_dict() == there["text"].to_dict()
    assert data["train"].equals(own()["train"])
    assert data.notes[-1].startswith("there is 9 rows of imdb/test (fingerprint ")


def test_rows_of_a_class_that_was_not_learnt_are_left_out(mirror):
    tweets = {"there": "tweeteval-sentiment/test"}
    data = also_evaluated(own(), config(also_evaluated=tweets))
    assert len(data["there"]) == 6
    assert "3 of a class that own does not have are left out." in data.notes[-1]


def test_a_part_of_them_by_size_and_kind(mirror):
    some = {"there": {"split": "imdb/test", "only": {"kind": 0}}}
    data = also_evaluated(own(), config(size=3, also_evaluated=some))
    assert len(data["there"]) == 3
    whole = also_evaluated(own(), config(also_evaluated=some))
    assert len(whole["there"]) == 5
    assert set(data["there"].index) < set(whole["there"].index)
    own_size = {"there": {"split": "imdb/test", "size": 2}}
    both = also_evaluated(own(), config(size=3, also_evaluated=own_size))
    assert len(both["there"]) == 2


@pytest.mark.parametrize(
    ("given", "says", "kind"),
    [
        ("imdb/test", "expected a mapping", ConfigError),
        ({}, "expected a mapping", ConfigError),
        ({"test": "imdb/test"}, "has a split 'test'", ConfigError),
        ({"here": "imdb/test"}, "'here' is not evaluated", ConfigError),
        ({"there": "imdb"}, "'dataset/split'", ConfigError),
        ({"there": 3}, "'dataset/split'", ConfigError),
        ({"there": {"split": "imdb/test", "where": 1}}, "split, only and size", ConfigError),
        (
            {"there": {"split": "imdb/test", "size": 0}},
            "size is 0; expected a whole number of at least 1, or None",
            ConfigError,
        ),
        ({"there": {"split": "imdb/test", "size": "all"}}, "size is 'all'", ConfigError),
        ({"there": {"split": "imdb/test", "only": {"kin": 0}}}, "no column 'kin'", ConfigError),
        ({"there": {"split": "imdb/test", "only": {"kind": 9}}}, "no row has", DataError),
        ({"there": "imdb/validation"}, "no split 'validation'", DataError),
        ({"there": "tiny-nli/validation"}, "premise, hypothesis", ConfigError),
        ({"there": "tiny-summaries/validation"}, "expected classes", ConfigError),
    ],
)
def test_what_cannot_be_is_refused(mirror, given, says, kind):
    raises_one_line(lambda: also_evaluated(own(), config(also_evaluated=given)), says, kind=kind)


def test_other_classes_altogether_are_refused(mirror):
    raises_one_line(
        lambda: also_evaluated(own(("sad", "glad")), config(also_evaluated=REVIEWS)),
        "its classes are negative, positive; expected some of sad, glad",
    )


@pytest.mark.parametrize(
    ("given", "says", "kind"),
    [
        ("a", "expected a mapping of a column", ConfigError),
        ({"colour": "a"}, "no column 'colour'; there are text, label, kind", ConfigError),
        ({"kind": "z"}, "own/train: no row has", DataError),
    ],
)
def test_kinds_that_are_not_there_are_refused(given, says, kind):
    raises_one_line(lambda: restricted(own(), config(only=given)), says, kind=kind)


def test_a_run_is_evaluated_elsewhere_and_trained_on_one_kind(mirror, tmp_path):
    wanted = replace(
        config(only={"kind": ["a"]}, also_evaluated=REVIEWS),
        model=str(tiny.save_tiny(tmp_path / "model", labels=2)),
        epochs=1,
        train_size=5,
    )
    data = own(kinds="aab")
    run = get_or_train(wanted, data, runs=tmp_path / "runs", progress=False)
    assert run.sizes == {"train": 5, "test": 8, "there": 9}  # sizes are of what is kept
    stream = run.dynamics.stream("there", "evaluation")
    there = 1 - tiny.labelled_frame(9, seed=4, labels=2, first_id=5)["label"]
    np.testing.assert_array_equal(stream.label, there.loc[stream.ids])
    assert len(run.record["metrics"]["accuracy"]["there/evaluation"]) == 1
    assert (
        run.hash
        != get_or_train(
            replace(wanted, evaluation_splits=("test",), intervention={"only": {"kind": ["a"]}}),
            data,
            runs=tmp_path / "runs",
            progress=False,
        ).hash
    )
