"""Sizes of a chapter, and the runs beside those of its seeds."""

import pytest
from refusals import raises_one_line

from difficulty_lib._errors import ConfigError
from difficulty_lib.study import audit_configs, run_configs, sized
from difficulty_lib.study._sized import DATA


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


@pytest.mark.parametrize(
    ("given", "task"),
    [
        ({"dataset": "mnli"}, "nli"),
        ({"dataset": "emotion"}, "sentiment"),
        ({"dataset": None}, "sentiment"),
        ({"dataset": "mnli", "task": "sentiment"}, "sentiment"),
    ],
)
def test_planted_errors_are_of_the_data_set_s_task_unless_another_is_named(given, task):
    cells = audit_configs({**given, "corruptions": [["flip_labels", 0.1]], "seeds": [1, 2]})
    assert {cell.config.task for cell in cells} == {task}


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


PLANTED = {
    "dataset": "rated-sentences",
    "corruptions": [["flip_labels", 0.1], ["x", 0.2], ["y", 1]],
}


def test_the_small_benchmark_keeps_two_seeds_and_two_corruptions():
    small = sized({"size": "small", **PLANTED, "seeds": [4, 5, 6], "train_size": None})
    assert small["seeds"] == [4, 5]
    assert small["corruptions"] == PLANTED["corruptions"][:2]
    assert small["train_size"] == 400
    assert sized({"size": "small", **PLANTED, "train_size": 70})["train_size"] == 70


def test_corruptions_are_cells_of_a_run_each_and_its_folds():
    given = PLANTED | {"corruptions": [["flip_labels", 0.1], ["truncate_texts", 0.2]]}
    configs = run_configs(given | {"seeds": [1, 2], "epochs": 3})
    assert [(c.intervention["corrupted"], c.seed) for c in configs] == [
        (["flip_labels", 0.1], 1),
        (["flip_labels", 0.1], 2),
        (["truncate_texts", 0.2], 1),
        (["truncate_texts", 0.2], 2),
    ]
    assert all(c.record_training and c.evaluation_splits == ("train",) for c in configs)
    assert all(c.epochs == 3 for c in configs)
    with_folds = run_configs(given | {"seeds": [1, 2], "epochs": 3, "folds": 2})
    assert len(with_folds) == 4 * 3
    assert [c for c in with_folds if "fold" not in c.intervention] == configs


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"corruptions": []}, "0 corruptions"),
        ({"corruptions": "flip_labels"}, "corruptions is 'flip_labels'"),
        ({"corruptions": ["flip_labels"]}, "expected (name, rate)"),
        ({"corruptions": [["flip_labels", 0.1]] * 2}, "more than once"),
        ({"seeds": 3}, "seeds is 3"),
        ({"seeds": []}, "0 seeds"),
        ({"folds": 1}, "at least 2"),
        ({"epoch": 3}, "epoch"),
    ],
)
def test_strange_benchmarks_are_refused(wrong, says):
    given = {"dataset": "rated-sentences", "corruptions": [["flip_labels", 0.1]], "seeds": [1, 2]}
    raises_one_line(lambda: run_configs(given | wrong), says, kind=ConfigError)
    small = {"size": "small", **given, **wrong}
    raises_one_line(lambda: run_configs(small), says, kind=ConfigError)
