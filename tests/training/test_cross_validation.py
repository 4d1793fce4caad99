"""Folds, and the stream in which every training sample was held out once; the trained null."""

import shutil
import warnings
from dataclasses import replace

import numpy as np
import pytest
from refusals import raises_one_line
from training import tiny

from difficulty_lib._errors import ConfigError, DataError, DynamicsError, ModelError
from difficulty_lib.data import TextData
from difficulty_lib.dynamics import Dynamics
from difficulty_lib.dynamics._health import CollapsedRunWarning
from difficulty_lib.dynamics._merge import merge_samples
from difficulty_lib.dynamics._tokens import TokenDynamics
from difficulty_lib.scores import SCORES, score_table, with_trained_null
from difficulty_lib.tasks import EncodedSplit
from difficulty_lib.training import Run, RunConfig, cross_validate, get_or_train
from difficulty_lib.training._interventions import fold_of, half_of, intervene
from difficulty_lib.training._runs import _check_lengths

# Two epochs of so few samples teach nothing, and nothing is asked of what was learnt.
pytestmark = pytest.mark.filterwarnings(
    "ignore::difficulty_lib.dynamics._health.CollapsedRunWarning"
)


def data(count=30, labels=3, other=9):
    """Ids are neither sorted nor consecutive."""
    return TextData(
        name="own",
        splits={
            "train": tiny.labelled_frame(count, labels=labels),
            "validation": tiny.labelled_frame(other, seed=5, labels=labels, first_id=50_000),
        },
        text_columns=("text",),
        label_names=("bad", "good", "neither")[:labels],
        origin="file",
    )


def config(folder, **settings):
    defaults = {
        "dataset": "own",
        "model": str(folder),
        "epochs": 2,
        "batch_size": 8,
        "learning_rate": 5e-3,
        "precision": "float32",
        "evaluation_splits": ("validation",),
    }
    return RunConfig(**(defaults | settings))


@pytest.fixture(scope="module")
def trained(tmp_path_factory, tiny_folder, one_thread):
    """(what was held out, the folder of the runs), for tests that change neither."""
    runs = tmp_path_factory.mktemp("cross-validated")
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        patch.setattr("torch.cuda.is_available", lambda: False)
        warnings.simplefilter("ignore", CollapsedRunWarning)
        found = cross_validate(config(tiny_folder), data(), folds=3, runs=runs, progress=False)
    return found, runs


# --- folds and halves --------------------------------------------------------------------------


def test_a_fold_depends_on_the_id_and_the_seed_alone():
    ids = np.arange(5000)
    whole = fold_of(ids, 5, seed=1)
    np.testing.assert_array_equal(fold_of(ids[[4, 999, 7]], 5, seed=1), whole[[4, 999, 7]])
    assert np.mean(whole == fold_of(ids, 5, seed=2)) == pytest.approx(0.2, abs=0.03)
    np.testing.assert_allclose(np.bincount(whole) / 5000, 0.2, atol=0.02)


def test_folds_are_the_same_on_every_machine():
    assert fold_of([3, 10, 17, 24, 31, 2**40], 5, seed=1).tolist() == [2, 3, 2, 0, 3, 3]
    assert half_of([3, 10, 17, 24, 31, 2**40], seed=1).tolist() == [0, 0, 1, 1, 1, 1]


def test_halves_are_independent_of_the_folds():
    ids = np.arange(5000)
    for fold in range(2):
        chosen = fold_of(ids, 2, seed=3) == fold
        assert half_of(ids, seed=3)[chosen].mean() == pytest.approx(0.5, abs=0.03)


def test_every_sample_is_held_out_once_and_trained_on_otherwise():
    whole = data()
    held = []
    for number in range(4):
        seen = intervene(whole, RunConfig(dataset="own", intervention={"fold": [number, 4]}))
        assert set(seen.splits) == {"train", "held_out"}
        parts = {name: set(frame.index) for name, frame in seen.splits.items()}
        assert parts["train"] | parts["held_out"] == set(whole["train"].index)
        assert not parts["train"] & parts["held_out"]
        held += parts["held_out"]
    assert sorted(held) == sorted(whole["train"].index)


@pytest.mark.parametrize(
    ("intervention", "says"),
    [
        ({"fold": [3, 3]}, "0 to 2"),
        ({"fold": [0, 1]}, "at least 2"),
        ({"fold": [True, 3]}, "True"),
        ({"fold": 2}, "[number, folds]"),
        ({"second_split": 2}, "0 to 1"),
        ({"second_split": 0, "fold": [0, 2]}, "one of them"),
        ({"empty_inputs": "yes"}, "'yes'"),
    ],
)
def test_a_strange_intervention_is_refused(intervention, says):
    bad = RunConfig(dataset="own", intervention=intervention)
    raises_one_line(lambda: intervene(data(), bad), says, "intervention", kind=ConfigError)


def test_an_intervention_of_the_callers_own_leaves_the_data_alone():
    own = RunConfig(dataset="own", intervention={"name": "shuffled labels"})
    assert intervene(data(), own).fingerprint() == data().fingerprint()


@pytest.mark.parametrize("folds", [1, 0, 2.0, True])
def test_folds_are_at_least_two(tiny_folder, folds):
    run = lambda: cross_validate(config(tiny_folder), data(), folds=folds)  # noqa: E731
    raises_one_line(run, repr(folds), "at least 2", kind=ConfigError)


def test_an_empty_fold_is_refused(tiny_folder, tmp_path):
    run = lambda: cross_validate(  # noqa: E731
        config(tiny_folder), data(count=6), folds=50, runs=tmp_path, progress=False
    )
    raises_one_line(run, "held_out", "fewer folds", kind=DataError)
    assert list(tmp_path.iterdir()) == []


# --- cross_validate ----------------------------------------------------------------------------


def test_every_training_sample_is_there_once(trained):
    found, runs = trained
    frame = data()["train"].sort_index()
    stream = found.stream()
    assert found.keys == [("train", "cross_validated")]
    assert (stream.split, stream.stream, stream.held_out) == ("train", "cross_validated", True)
    assert stream.ids.tolist() == frame.index.tolist()
    assert stream.label.tolist() == frame["label"].tolist()
    assert stream.epochs.tolist() == [0, 1, 2]
    assert len(list(runs.iterdir())) == 3


def test_a_sample_is_seen_by_the_model_of_its_fold(trained):
    """Losses are those of the run that held the sample out, which did not train on it."""
    found, runs = trained
    stream = found.stream()
    seen = 0
    for folder in runs.iterdir():
        run = Run.load(folder)
        number, folds = run.config.intervention["fold"]
        part = tiny.read_part(folder, "held_out", "evaluation", 2).set_index("sample_id")
        mine = fold_of(stream.ids, folds, run.config.seed) == number
        assert part.index.tolist() == stream.ids[mine].tolist()
        np.testing.assert_array_equal(stream.columns["loss"][2, mine], part["loss"])
        assert sum(run.record["data"]["label_counts"]["train"]) == (~mine).sum()
        seen += mine.sum()
    assert seen == len(stream)


def test_a_fold_is_trained_as_if_its_samples_did_not_exist(trained, tiny_folder, tmp_path):
    """The same losses from a run on the other folds' samples alone."""
    found, _ = trained
    whole = data()
    out = fold_of(whole["train"].index, 3, 1) == 0
    alone = replace(
        whole, splits={"train": whole["train"][~out], "validation": whole["train"][out]}
    )
    run = get_or_train(config(tiny_folder), alone, runs=tmp_path / "alone", progress=False)
    wanted = run.dynamics.stream("validation")
    np.testing.assert_array_equal(
        found.stream().take(wanted.ids).columns["loss"], wanted.columns["loss"]
    )


def test_recorded_folds_are_used_again(trained, tiny_folder, monkeypatch):
    found, runs = trained

    def fail(*args, **kwargs):
        raise AssertionError("it trains")

    monkeypatch.setattr("difficulty_lib.training._runs.train_run", fail)
    again = cross_validate(
        config(tiny_folder, evaluation_splits=(), record_training=True),
        data(),
        folds=3,
        runs=runs,
        progress=False,
    )
    np.testing.assert_array_equal(again.stream().columns["loss"], found.stream().columns["loss"])
    with pytest.raises(AssertionError, match="it trains"):
        cross_validate(config(tiny_folder), data(), folds=4, runs=runs, progress=False)


def test_scores_of_what_was_held_out(trained, tmp_path):
    found, _ = trained
    table = score_table(found.stream().trusted())
    assert {"self_confidence", "normalized_margin", "pvi", "action_score"} <= set(table)
    found.save(tmp_path / "merged")
    again = Dynamics.load(tmp_path / "merged").stream().trusted()
    np.testing.assert_allclose(score_table(again)[table.columns], table, rtol=1e-5, atol=1e-6)


def test_null_loss_is_of_the_folds_own_training_data(trained):
    stream = trained[0].stream()
    frame = data()["train"]
    fold = fold_of(stream.ids, 3, 1)
    for place, (sample_id, label) in enumerate(zip(stream.ids, stream.label)):
        others = frame[fold_of(frame.index, 3, 1) != fold[place]]
        assert sample_id not in others.index
        share = (others["label"] == label).mean()
        assert stream.static["null_loss"][place] == pytest.approx(-np.log(share))


def test_runs_of_other_data_are_not_put_together(trained, tiny_folder, tmp_path):
    runs = shutil.copytree(trained[1], tmp_path / "runs")
    folder = next(iter(sorted(runs.iterdir())))
    record = (folder / "run.json").read_text("utf8")
    counts = Run.load(folder).record["data"]["label_counts"]["train"]
    changed = record.replace(
        '"train": [\n        ' + ",\n        ".join(map(str, counts)),
        '"train": [\n        ' + ",\n        ".join(str(c + 1) for c in counts),
    )
    assert changed != record
    (folder / "run.json").write_text(changed, encoding="utf8")
    run = lambda: cross_validate(config(tiny_folder), data(), 3, runs=runs)  # noqa: E731
    raises_one_line(run, folder.name, "33", "30", kind=DynamicsError)


# --- merging -----------------------------------------------------------------------------------


def parts(simulate, samples=9):
    stream = simulate(samples=samples).dynamics("train", "cross_validated").stream()
    return stream, [stream.take(stream.ids[place::3]) for place in range(3)]


def test_parts_make_the_whole(simulate):
    stream, some = parts(simulate)
    merged = merge_samples(some[::-1], "train", "cross_validated")
    np.testing.assert_array_equal(merged.ids, stream.ids)
    np.testing.assert_array_equal(merged.label, stream.label)
    for name, values in stream.columns.items():
        np.testing.assert_array_equal(merged.columns[name], values)


def test_parts_with_tokens_make_the_whole(simulate):
    stream, _ = parts(simulate)
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, 5, 9)
    gold = [rng.integers(0, 9, n) for n in lengths]
    names = ("loss", "entropy", "top1", "top2", "gold_logit", "predicted")
    columns = {
        name: [[rng.integers(0, 9, n) for n in lengths] for _ in stream.epochs] for name in names
    }
    whole = replace(stream, tokens=TokenDynamics.from_rows(gold, **columns))
    some = [whole.take(whole.ids[place::3]) for place in (2, 0, 1)]
    merged = merge_samples(some, "train", "cross_validated").tokens
    np.testing.assert_array_equal(merged.offsets, whole.tokens.offsets)
    np.testing.assert_array_equal(merged.gold, whole.tokens.gold)
    for name in names:
        np.testing.assert_array_equal(merged.columns[name], whole.tokens.columns[name])
    mixed = lambda: merge_samples([some[0], stream.take(some[1].ids)], "train", "evaluation")  # noqa: E731
    raises_one_line(mixed, "part 2 has the tokens none, the first whole", kind=DynamicsError)


def test_parts_that_do_not_fit_are_refused(simulate):
    _, some = parts(simulate)
    short = replace(
        some[1],
        epochs=some[1].epochs[:2],
        columns={name: values[:2] for name, values in some[1].columns.items()},
    )
    merge = lambda given: lambda: merge_samples(given, "train", "cross_validated")  # noqa: E731
    raises_one_line(merge([some[0], short]), "part 2", "epochs", kind=DynamicsError)
    fewer = replace(some[1], columns={"loss": some[1].columns["loss"]})
    raises_one_line(merge([some[0], fewer]), "part 2", "columns", kind=DynamicsError)
    raises_one_line(merge([some[0], some[0]]), "doubled", kind=DynamicsError)
    raises_one_line(merge([]), "no parts", kind=DynamicsError)


# --- the null model ----------------------------------------------------------------------------


def test_a_null_model_sees_no_input_and_learns_the_frequencies(tiny_folder, tmp_path):
    whole = data(count=40)
    whole.splits["train"]["label"] = [0] * 20 + [1] * 12 + [2] * 8
    settings = {"epochs": 4, "batch_size": 4}
    real = get_or_train(config(tiny_folder, **settings), whole, runs=tmp_path, progress=False)
    null = get_or_train(
        config(tiny_folder, intervention={"empty_inputs": True}, **settings),
        whole,
        runs=tmp_path,
        progress=False,
    )
    assert real.hash != null.hash
    blind = null.dynamics.stream("validation")
    for label in range(3):  # one input, so one distribution
        assert np.ptp(blind.matrix("loss")[:, blind.label == label], axis=1).max() < 1e-6
    closed = blind.static["null_loss"]
    np.testing.assert_allclose(np.sort(np.unique(closed)), -np.log([0.5, 0.3, 0.2]))
    np.testing.assert_allclose(blind.matrix("loss")[-1], closed, atol=0.5)

    seeing = real.dynamics.stream("validation")
    both = with_trained_null(seeing, blind).trusted()
    expected = (blind.matrix("loss")[-1] - seeing.matrix("loss")[-1]) / np.log(2)
    np.testing.assert_allclose(SCORES["pvi"](both), expected, rtol=1e-9)


@pytest.mark.filterwarnings("error::difficulty_lib.dynamics._health.CollapsedRunWarning")
def test_a_null_models_constant_predictions_are_no_news(tiny_folder, tmp_path):
    null = get_or_train(
        config(tiny_folder, epochs=1, intervention={"empty_inputs": True}),
        data(),
        runs=tmp_path,
        progress=False,
    )
    assert null.dynamics.stream("validation").collapsed


def test_a_fold_that_collapsed_is_not_hidden_by_the_others(simulate):
    stream, some = parts(simulate, samples=60)
    assert stream.collapsed is None
    blank = {name: np.zeros_like(values) for name, values in some[1].columns.items()}
    blank["loss"] += 2.0
    bad = replace(some[1], columns=blank, health=None)
    assert bad.collapsed
    merged = merge_samples([some[0], bad, some[2]], "train", "cross_validated")
    assert "part 2: constant predictions" in merged.collapsed


def test_a_text_of_which_the_tokenizer_makes_nothing_is_refused():
    rows = EncodedSplit(
        rows=[{"sample_id": 3}, {"sample_id": 8}], lengths=np.array([2, 0], dtype=np.int64)
    )
    run = lambda: _check_lengths({"train": rows}, "own")  # noqa: E731
    raises_one_line(run, "own/train", "sample 8", "no token", kind=ModelError)
