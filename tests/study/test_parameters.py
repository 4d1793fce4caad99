"""Sizes of a chapter, and the runs beside those of its seeds."""

import pytest
from refusals import raises_one_line

from difficulty_lib._errors import ConfigError
from difficulty_lib.study import run_configs, sized
from difficulty_lib.study._parameters import DATA


def test_the_full_size_changes_nothing_that_is_given():
    given = {"task": "nli", "dataset": "mnli", "seeds": [1, 2], "epochs": 6, "splits": ["a"]}
    assert sized({"size": "full", **given}) == given
    assert sized(given) == given


def test_the_small_size_has_one_seed_and_little_of_everything():
    small = sized({"size": "small", "dataset": "mnli", "seeds": [4, 5], "epochs": 6})
    assert small == {
        "dataset": "mnli",
        "seeds": [4],
        "epochs": 2,
        "train_size": 300,
        "eval_size": 200,
        "batch_size": 4,
    }


def test_what_is_smaller_stays():
    given = {"dataset": "mnli", "epochs": 1, "train_size": 7, "eval_size": 5, "batch_size": 2}
    assert sized({"size": "small", **given}) == given


@pytest.mark.parametrize("task", DATA)
@pytest.mark.parametrize("size", ["full", "small"])
def test_a_task_has_a_data_set_of_its_own_and_all_splits_but_train(task, size):
    resolved = sized({"task": task, "size": size, "dataset": None, "splits": None})
    assert resolved["dataset"] == DATA[task][size]
    assert resolved["splits"]
    assert "train" not in resolved["splits"]
    assert run_configs({"task": task, "size": size, "dataset": None, "splits": None})


def test_the_scored_split_of_multinli_is_its_development_set():
    assert sized({"task": "nli", "dataset": None, "splits": None})["splits"] == ["dev_matched"]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"size": "tiny"}, "full or small"),
        ({"task": "translation"}, "without a data set"),
        ({"task": "nli", "dataset": "mnli", "hypothesis_only": "yes"}, "true or false"),
        ({"task": "nli", "dataset": "mnli", "epochs": "six", "size": "small"}, "'six'"),
        ({"task": "nli", "dataset": "mnli", "baseline_epochs": 0, "null_run": True}, "at least 1"),
        ({"task": "nli", "dataset": "mnli", "baseline_epochs": "3"}, "baseline_epochs is '3'"),
        ({"task": "nli", "dataset": "mnli", "hypothesis_onyl": True}, "hypothesis_onyl"),
    ],
)
def test_strange_parameters_are_refused(wrong, says):
    raises_one_line(lambda: run_configs(wrong), says, kind=ConfigError)


def test_runs_beside_the_seeds_are_of_the_first_seed_and_lack_inputs():
    given = {"task": "nli", "dataset": "mnli", "splits": ["dev_matched"], "train_size": 500}
    both = {"hypothesis_only": True, "null_run": True, "baseline_epochs": 3}
    configs = run_configs(given | both | {"seeds": [7, 8], "record_training": True})
    assert [c.seed for c in configs] == [7, 8, 7, 7]
    assert [c.epochs for c in configs] == [6, 6, 3, 3]
    assert [c.intervention for c in configs[2:]] == [
        {"empty_field": "premise"},
        {"empty_inputs": True},
    ]
    assert [c.record_training for c in configs] == [True, True, False, False]
    assert all(c.train_size == 500 for c in configs)
    assert run_configs(given | {"seeds": [7, 8], "record_training": True}) == configs[:2]


def test_runs_beside_the_seeds_are_never_longer():
    given = {"task": "nli", "dataset": "mnli", "hypothesis_only": True, "baseline_epochs": 3}
    assert [c.epochs for c in run_configs(given | {"epochs": 2})] == [2, 2]
    assert [c.epochs for c in run_configs(given | {"baseline_epochs": None})] == [6, 6]
