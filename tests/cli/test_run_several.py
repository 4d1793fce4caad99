"""`difficulty run --folds` and `--second-split`: where the runs lie, and what can be scored."""

import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from difficulty_lib import Dynamics
from difficulty_lib.scores import score_table
from difficulty_lib.training import Run, cross_validate, second_split


@pytest.fixture
def run(difficulty, tiny_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("DIFFICULTY_RUNS", str(tmp_path / "runs"))

    def call(*options, dataset="tiny-nli"):
        fixed = ["--data", dataset, "--model", tiny_folder, "--epochs", 3, "--batch-size", 8]
        fixed += ["--learning-rate", "2e-3", "--precision", "float32", "--quiet"]
        return difficulty("run", *fixed, *options)

    return call


def named(outcome):
    """The runs that were named, and the folder of what was put together from them."""
    assert outcome.code == 0, outcome.err
    lines = outcome.out.splitlines()
    runs = [Run.load(line.split(": ", 1)[1]) for line in lines if line.startswith("run ")]
    return runs, lines[-1].removeprefix("dynamics, for difficulty score: ")


def same(a, b):
    assert a.ids.tolist() == b.ids.tolist()
    assert (a.split, a.stream, a.epochs.tolist()) == (b.split, b.stream, b.epochs.tolist())
    for name in a.columns:
        np.testing.assert_array_equal(a.columns[name], b.columns[name])


def listed(outcome):
    """The scores that were named."""
    lines = outcome.out.splitlines()
    return lines[-2].strip().split(", ")


def test_folds_are_runs_and_one_stream(run, difficulty, tmp_path):
    outcome = run("--folds", 2)
    runs, folder = named(outcome)
    assert [each.config.intervention for each in runs] == [{"fold": [i, 2]} for i in range(2)]
    found = cross_validate(runs[0].config, folds=2, runs=tmp_path / "runs", progress=False)
    stream = found.stream("train", "cross_validated")
    kept = Dynamics.load(folder).stream()
    same(kept, stream)
    assert listed(outcome) == list(score_table(stream))
    assert {"self_confidence", "normalized_margin", "pvi"} <= set(listed(outcome))
    lines = outcome.out.splitlines()
    right = float(stream.matrix("correct")[-1].mean())
    assert lines[0] == f"cross_validated accuracy: {right:.3f}"
    assert "train: 1 set aside, empty hypothesis: 41" in lines
    head = f"train/cross_validated: {len(stream):,} samples, {len(listed(outcome))} scores:"
    assert lines[-3] == head
    scored = difficulty("score", folder, "--by", "self_confidence", "--top", 1)
    assert scored.out.startswith(f"train/cross_validated: {len(stream):,} samples")
    hardest = str(int(stream.ids[stream.matrix("gold_probability")[-1].argmin()]))
    assert scored.out.splitlines()[-1].split()[0] == hardest


def test_recorded_folds_are_used_again(run, monkeypatch):
    first = run("--folds", 2)

    def trained(*args, **settings):
        raise AssertionError("trained again")

    monkeypatch.setattr("difficulty_lib.training._runs.train_run", trained)
    assert run("--folds", 2).out == first.out


def test_halves_are_two_runs_and_one_stream(run, tmp_path):
    outcome = run("--second-split", dataset="tiny-tags")
    runs, folder = named(outcome)
    assert [each.config.intervention for each in runs] == [{"second_split": i} for i in (0, 1)]
    found = second_split(runs[0].config, runs=tmp_path / "runs", progress=False)
    stream = found.stream("train", "second_split")
    same(Dynamics.load(folder).stream(), stream)
    assert "second_split_forgetting" in listed(outcome)
    assert listed(outcome) == list(score_table(stream))


def test_tags_have_folds(run):
    outcome = run("--folds", 2, dataset="tiny-tags")
    _, folder = named(outcome)
    stream = Dynamics.load(folder).stream("train", "cross_validated")
    assert stream.tokens is not None
    assert "accuracy" not in outcome.out
    assert "action_score" in listed(outcome)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--folds", 2, "--second-split"], "--folds and --second-split"),
        (["--folds", 2, "--split", "validation"], "expected no --split"),
        (
            ["--second-split", "--record-training", "--record-gradients"],
            "expected no --record-training or --record-gradients",
        ),
        (["--folds", 2, "--eval-size", 5], "expected no --eval-size"),
    ],
)
def test_what_does_nothing_is_refused(run, tmp_path, options, says):
    assert says in run(*options).one_line()
    assert not (tmp_path / "runs").exists()


def test_one_fold_is_refused(run):
    outcome = run("--folds", 1)
    assert outcome.code == 2
    assert "--folds" in outcome.err


@pytest.mark.filterwarnings("ignore::difficulty_lib.dynamics._health.CollapsedRunWarning")
def test_a_fold_that_learnt_nothing_is_named_and_not_kept(run):
    """The runs are there, and what they come to is not scored silently."""
    first = run("--folds", 2)
    runs, folder = named(first)
    shutil.rmtree(folder)
    constant(runs[1].folder / "dynamics" / "split=held_out" / "stream=evaluation")
    outcome = run("--folds", 2)
    assert outcome.code == 2
    assert "part 2" in outcome.err
    assert outcome.out.splitlines()[-1].startswith(f"run {runs[1].hash}")
    assert not Path(folder).exists()


def constant(stream):
    """Write a class that is always predicted into every epoch of a recorded stream."""
    for path in stream.glob("epoch=*/rank-0.parquet"):
        table = pq.read_table(path, partitioning=None)
        place = table.column_names.index("predicted")
        kind = table.schema.field("predicted").type
        zeros = np.zeros(table.num_rows, dtype=kind.to_pandas_dtype())
        pq.write_table(table.set_column(place, "predicted", [zeros]), path)


def test_settings_reach_the_folds(run):
    runs, _ = named(run("--folds", 2, "--train-size", 20, "--seed", 7, dataset="tiny-tags"))
    for each in runs:
        assert (each.config.train_size, each.config.seed, each.config.epochs) == (20, 7, 3)
        assert sum(each.sizes.values()) == 20
