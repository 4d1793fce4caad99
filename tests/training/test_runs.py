"""Configurations and their hashes; runs that are recorded once, whole or not at all."""

import dataclasses
import json
import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from training import tiny

from difficulty_lib import DifficultyError
from difficulty_lib._errors import ConfigError, DataError, DynamicsError, TrainingError
from difficulty_lib.data import TextData, load_data
from difficulty_lib.training import Run, RunConfig, find_run, get_or_train, runs_folder

# The registry's fingerprint is not that of the small mirror, and the library says so.
differs = pytest.mark.filterwarnings("ignore:emotion .mirror.*differ:UserWarning")
PINNED = {"data_fingerprint": "data", "model_revision": "weights"}


def config(**settings):
    return RunConfig(**({"dataset": "emotion"} | PINNED | settings))


def run_config(folder, **settings):
    """Of a run that takes a second."""
    defaults = {
        "dataset": "emotion",
        "model": str(folder),
        "epochs": 2,
        "batch_size": 8,
        "learning_rate": 5e-3,
        "precision": "float32",
    }
    return RunConfig(**(defaults | settings))


def train(folder, **settings):
    return get_or_train(run_config(folder, **settings), progress=False)


@pytest.fixture
def no_training(monkeypatch):
    def fail(*args, **kwargs):
        raise AssertionError("it trains")

    monkeypatch.setattr("difficulty_lib.training._runs.train_run", fail)


# --- RunConfig ---------------------------------------------------------------------------------

BAD = [
    ("epochs", 0, "at least 1"),
    ("epochs", 2.5, "whole number"),
    ("epochs", True, "whole number"),
    ("epochs", "6", "whole number"),
    ("batch_size", 0, "at least 1"),
    ("batch_size", -4, "at least 1"),
    ("max_length", 0, "at least 1"),
    ("train_size", 0, "at least 1"),
    ("eval_size", 1.0, "whole number"),
    ("learning_rate", 0.0, "above 0"),
    ("learning_rate", -1e-5, "above 0"),
    ("learning_rate", math.nan, "above 0"),
    ("learning_rate", math.inf, "above 0"),
    ("learning_rate", "5e-5", "number"),
    ("warmup_ratio", -0.1, "0 to 1"),
    ("warmup_ratio", 1.5, "0 to 1"),
    ("warmup_ratio", math.nan, "0 to 1"),
    ("warmup_ratio", "0.1", "0 to 1"),
    ("weight_decay", -0.1, "0"),
    ("weight_decay", math.nan, "0"),
    ("seed", -1, "0"),
    ("seed", 1.5, "whole number"),
    ("schedule", "zigzag", "linear"),
    ("precision", "float16", "float32"),
    ("truncation_side", "both", "right, left"),
    ("task", "translation", "sentiment"),
    ("evaluation_splits", "test", "split"),
    ("intervention", "shuffled", "intervention"),
]


@pytest.mark.parametrize(("name", "value", "accepted"), BAD)
def test_a_bad_value_names_the_setting_and_what_is_accepted(name, value, accepted):
    with pytest.raises(ConfigError) as error:
        config(**{name: value})
    text = str(error.value)
    assert name in text
    assert accepted in text
    assert "\n" not in text


def test_unknown_data_set_lists_the_known():
    with pytest.raises(ConfigError, match=r"nonsense.*rated-sentences.*emotion"):
        RunConfig(dataset="nonsense").resolved()


@pytest.mark.parametrize(
    ("name", "value"), [("warmup_ratio", 0.0), ("warmup_ratio", 1.0), ("train_size", 1)]
)
def test_the_ends_of_a_range_are_accepted(name, value):
    assert getattr(config(**{name: value}), name) == value


def test_warmup_over_all_updates_is_over_all_updates(tmp_path):
    from difficulty_lib.training._fine_tune import _arguments

    def steps(ratio):
        return _arguments(
            config(warmup_ratio=ratio, batch_size=1, epochs=1), tmp_path, False, 40
        ).get_warmup_steps(40)

    assert [steps(0.0), steps(0.25), steps(1.0)] == [0, 10, 40]


OTHER = {
    "max_target_length": 32,
    "stride": 16,
    "num_beams": 2,
    "no_repeat_ngram_size": 3,
    "truncation_side": "left",
    "frozen_layers": None,  # of causal models alone: tests/tasks/test_frozen.py
    "dataset": "rated-sentences",
    "task": "nli",
    "model": "other",
    "seed": 2,
    "epochs": 7,
    "learning_rate": 6e-5,
    "batch_size": 33,
    "max_length": 129,
    "weight_decay": 0.01,
    "warmup_ratio": 0.1,
    "schedule": "constant",
    "precision": "float32",
    "train_size": 100,
    "eval_size": 100,
    "evaluation_splits": ("test",),
    "record_training": True,
    "record_initial": False,
    "record_gradients": True,
    "record_probabilities": True,
    "intervention": {"name": "shuffled labels", "share": 0.1},
    "data_fingerprint": "other data",
    "model_revision": "other weights",
}


def test_every_field_has_another_value_to_try():
    assert set(OTHER) == {field.name for field in dataclasses.fields(RunConfig)}


@pytest.mark.parametrize("name", [name for name, value in OTHER.items() if value is not None])
def test_hash_changes_with_every_field(name):
    assert config(**{name: OTHER[name]}).hash != config().hash


def test_hash_of_a_pinned_configuration_is_stable():
    """Published runs are found by it: a change here loses them all."""
    assert config().hash == "462db21b4ef4"
    assert config().folder_name == "emotion-minilm-seed1-462db21b4ef4"


def test_hash_is_that_of_the_settings_not_of_their_order_or_type():
    shuffled = dict(reversed(config().to_dict().items()))
    assert RunConfig.from_dict(shuffled).hash == config().hash
    assert config(evaluation_splits=["validation", "test"]).hash == config().hash


@pytest.mark.parametrize(("name", "value"), [("weight_decay", 0), ("learning_rate", 1)])
def test_equal_configurations_have_equal_hashes(name, value):
    """A notebook's parameter 0 is the default 0.0."""
    whole, real = config(**{name: value}), config(**{name: float(value)})
    assert whole == real
    assert whole.hash == real.hash


def test_to_dict_and_back_through_json():
    original = config(**{k: v for k, v in OTHER.items() if v is not None})
    again = RunConfig.from_dict(json.loads(json.dumps(original.to_dict())))
    assert again == original
    assert again.hash == original.hash


def test_from_dict_names_unknown_settings_and_the_known():
    with pytest.raises(ConfigError, match=r"epoch_count, sead; known: dataset, .*learning_rate"):
        RunConfig.from_dict({"dataset": "emotion", "sead": 1, "epoch_count": 3})


def test_resolving_needs_neither_data_nor_model(monkeypatch):
    monkeypatch.setattr("difficulty_lib.training._runs.load_data", None)
    resolved = RunConfig(dataset="emotion").resolved()
    assert resolved.data_fingerprint == "75dbbc46e7ebc8cd-fc050bb5ef5dd8a3-12828bd807b031e3"
    assert resolved.model_revision == "53aa51172d142c89"


def test_runs_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("DIFFICULTY_RUNS", str(tmp_path))
    assert runs_folder() == tmp_path
    monkeypatch.delenv("DIFFICULTY_RUNS")
    assert str(runs_folder()) == "runs"


# --- get_or_train ------------------------------------------------------------------------------


@differs
@pytest.mark.usefixtures("mirror")
def test_trains_once_and_finds_the_run_again(tiny_folder, monkeypatch):
    first = train(tiny_folder)

    def fail(*args, **kwargs):
        raise AssertionError("it trains")

    monkeypatch.setattr("difficulty_lib.training._runs.train_run", fail)
    second = train(tiny_folder)
    assert second.folder == first.folder
    assert second.record == first.record
    assert find_run(first.config).folder == first.folder
    pd.testing.assert_frame_equal(first.dynamics.to_frame(), second.dynamics.to_frame())
    with pytest.raises(AssertionError, match="it trains"):
        train(tiny_folder, seed=2)


@differs
def test_a_run_is_recorded_whole(mirror, tiny_folder):
    run = train(tiny_folder, record_training=True, evaluation_splits=("train", "test"))
    frame = load_data("emotion")["test"].sort_index()
    assert sorted(run.dynamics.keys) == [
        ("test", "evaluation"),
        ("train", "evaluation"),
        ("train", "training"),
    ]
    test = run.dynamics.stream("test")
    assert test.epochs.tolist() == [0, 1, 2]
    assert test.ids.tolist() == frame.index.tolist()
    assert test.label.tolist() == frame["label"].tolist()
    assert run.dynamics.stream("train", "training").epochs.tolist() == [1, 2]
    assert len(run.dynamics.stream("train", "training")) == 24
    right = test.columns["predicted"][-1] == test.label
    assert run.accuracy("test") == pytest.approx(right.mean())


@differs
def test_the_record_says_what_was_run(mirror, tiny_folder):
    long = pd.read_parquet(mirror / "emotion" / "train.parquet")
    long.loc[[0, 5], "text"] = "film " * 100
    long.to_parquet(mirror / "emotion" / "train.parquet", index=False)
    run = train(tiny_folder, evaluation_splits=("validation",))
    record = json.loads((run.folder / "run.json").read_text("utf8"))
    assert run.folder.name == f"emotion-tiny-seed1-{record['hash']}"
    assert RunConfig.from_dict(record["config"]).hash == record["hash"] == run.hash
    assert record["config"]["data_fingerprint"] == load_data("emotion").fingerprint()
    data = record["data"]
    assert data["origin"] == "mirror"
    assert data["label_names"] == ["sadness", "joy", "love", "anger", "fear", "surprise"]
    assert run.label_names == data["label_names"]
    assert data["label_counts"] == {"train": [8, 8, 8, 0, 0, 0], "validation": [3, 3, 3, 0, 0, 0]}
    assert data["truncated"] == {"train": 2, "validation": 0}
    assert data["max_length"] == tiny.MAX_POSITIONS
    assert set(record["timings"]) == {"train_s", "evaluation_s", "total_s"}
    assert all(seconds > 0 for seconds in record["timings"].values())
    environment = record["environment"]
    assert {"date", "hardware", "python", "packages", "commit", "bfloat16"} <= set(environment)
    assert {"torch", "transformers", "numpy"} <= set(environment["packages"])
    assert environment["bfloat16"] is False
    accuracy = record["metrics"]["accuracy"]["validation/evaluation"]
    assert len(accuracy) == 2
    assert accuracy[-1] == pytest.approx(run.accuracy("validation"))


@differs
@pytest.mark.usefixtures("mirror")
def test_the_same_seed_gives_the_same_dynamics_and_another_does_not(
    tiny_folder, monkeypatch, tmp_path
):
    frames = []
    for number, seed in enumerate((1, 1, 2)):
        monkeypatch.setenv("DIFFICULTY_RUNS", str(tmp_path / f"runs{number}"))
        run = train(tiny_folder, seed=seed, record_training=True, evaluation_splits=("test",))
        frames.append(run.dynamics.to_frame())
    pd.testing.assert_frame_equal(frames[0], frames[1], check_exact=True)
    trained = frames[0]["epoch"] > 0
    assert not np.array_equal(frames[0]["loss"][trained], frames[2]["loss"][trained])


@differs
@pytest.mark.usefixtures("mirror")
def test_it_learns(tiny_folder):
    """The label's own words are in the texts, so that a model that trains at all gets them."""
    run = train(tiny_folder, epochs=12, evaluation_splits=("train",))
    losses = run.dynamics.stream("train").columns["loss"].mean(axis=1)
    assert losses[-1] < 0.5 * losses[0]
    assert run.accuracy("train") > 0.8


@differs
@pytest.mark.usefixtures("mirror")
def test_sizes_choose_among_the_ids(tiny_folder):
    run = train(tiny_folder, train_size=18, eval_size=6, evaluation_splits=("train", "test"))
    assert len(run.dynamics.stream("train")) == 18
    assert len(run.dynamics.stream("test")) == 6
    assert sum(run.record["data"]["label_counts"]["train"]) == 18


@differs
@pytest.mark.usefixtures("mirror")
def test_what_a_killed_run_left_is_ignored_and_cleaned(tiny_folder):
    from difficulty_lib.training._runs import _with_fingerprint

    data = load_data("emotion")
    wanted = _with_fingerprint(run_config(tiny_folder), data).resolved()
    partial = runs_folder() / f"{wanted.folder_name}.partial"
    partial.mkdir(parents=True)
    (partial / "run.json").write_text("{}")
    (partial / "left-over").write_text("")
    assert find_run(wanted) is None
    run = train(tiny_folder)
    assert run.folder == runs_folder() / wanted.folder_name
    assert not partial.exists()
    assert not (run.folder / "left-over").exists()
    assert sorted(p.name for p in run.folder.iterdir()) == ["dynamics", "run.json"]
    assert list(run.folder.rglob("*.tmp")) == []


def test_other_data_than_the_registrys_are_warned_of(mirror, tiny_folder, no_training):
    with (
        pytest.warns(UserWarning, match=r"emotion \(mirror\): train, validation, test differ"),
        pytest.raises(AssertionError, match="it trains"),
    ):
        train(tiny_folder)


@differs
@pytest.mark.usefixtures("mirror")
def test_other_data_are_another_run(mirror, tiny_folder, tmp_path, monkeypatch):
    first = train(tiny_folder)
    other = tiny.write_mirror(tmp_path / "other", train=25)
    monkeypatch.setenv("DIFFICULTY_DATA", str(other))
    second = train(tiny_folder)
    assert first.hash != second.hash
    assert len(second.dynamics.stream("test")) == 9
    assert sum(second.record["data"]["label_counts"]["train"]) == 25


def own_data(train_labels, other_labels):
    """Splits whose labels are given; texts are told apart by their fillers alone."""

    def frame(labels):
        return tiny.labelled_frame(len(labels)).assign(label=labels)

    return TextData(
        name="own",
        splits={"train": frame(train_labels), "validation": frame(other_labels)},
        text_columns=("text",),
        label_names=("bad", "good", "neither"),
        origin="file",
    )


def own(folder, data, **settings):
    settings = {"dataset": "own", "evaluation_splits": ("validation",)} | settings
    return get_or_train(run_config(folder, **settings), data, progress=False)


@pytest.mark.parametrize(
    ("train_labels", "other_labels", "says"),
    [
        ([0, 1] * 4, [0, 1, 2, 1], r"own/validation: label 'neither'.*train"),
        ([1] * 8, [1, 1], r"own/train: every row has the label 'good'.*two classes"),
    ],
)
def test_labels_that_cannot_be_learnt_are_refused_before_training(
    tmp_path, monkeypatch, tiny_folder, train_labels, other_labels, says
):
    monkeypatch.setenv("DIFFICULTY_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr("difficulty_lib.training._models.load_model", None)
    with pytest.raises(DataError, match=says):
        own(tiny_folder, own_data(train_labels, other_labels))
    assert not (tmp_path / "runs").exists()


def test_data_at_hand_need_no_registry(tmp_path, monkeypatch, tiny_folder):
    monkeypatch.setenv("DIFFICULTY_RUNS", str(tmp_path / "runs"))
    run = own(tiny_folder, own_data([0, 1, 2] * 4, [0, 1, 2]))
    assert run.record["data"]["origin"] == "file"
    assert len(run.dynamics.stream("validation")) == 3
    assert own(tiny_folder, own_data([0, 1, 2] * 4, [0, 1, 2])).folder == run.folder
    assert own(tiny_folder, own_data([1, 0, 2] * 4, [0, 1, 2])).folder != run.folder


def test_an_unknown_split_lists_those_there_are(tmp_path, monkeypatch, tiny_folder):
    monkeypatch.setenv("DIFFICULTY_RUNS", str(tmp_path / "runs"))
    with pytest.raises(ConfigError, match=r"dev; there are train, validation"):
        own(tiny_folder, own_data([0, 1], [0, 1]), evaluation_splits=("dev",))


# --- losses that are not finite ----------------------------------------------------------------


def nothing_left(folder):
    return not folder.exists() or list(folder.iterdir()) == []


@differs
@pytest.mark.usefixtures("mirror")
@pytest.mark.parametrize(
    ("batch_size", "said"),
    [(8, r"nan at step 2 \(epoch 1\)"), (24, r"validation/evaluation, epoch 1: 'loss' is not")],
)
def test_a_loss_that_is_not_finite_stops_the_run(tiny_folder, batch_size, said):
    """The first update, of 1e30, ruins the weights; what comes next in the epoch, or after it, sees it."""
    with pytest.raises(TrainingError, match=said) as error:
        train(tiny_folder, learning_rate=1e30, batch_size=batch_size, schedule="constant")
    assert "learning rate" in str(error.value)
    assert nothing_left(runs_folder())


@differs
@pytest.mark.usefixtures("mirror")
def test_weights_ruined_by_the_last_update_leave_nothing_behind(tiny_folder):
    """No step sees them, only the evaluation after the last epoch."""
    with pytest.raises(DifficultyError, match="finite"):
        train(tiny_folder, learning_rate=1e30, batch_size=24, epochs=1, schedule="constant")
    assert nothing_left(runs_folder())


@differs
@pytest.mark.usefixtures("mirror")
def test_an_interrupted_run_leaves_nothing_behind(tiny_folder, monkeypatch):
    from difficulty_lib.training import _recorders

    def stop(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(_recorders, "observe_split", stop)
    with pytest.raises(KeyboardInterrupt):
        train(tiny_folder)
    assert nothing_left(runs_folder())


# --- Run.load ----------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", ["no folder", "empty folder", "a file"])
def test_load_where_there_is_no_run(tmp_path, missing):
    folder = tmp_path / "run"
    if missing == "empty folder":
        folder.mkdir()
    elif missing == "a file":
        folder.write_text("")
    with pytest.raises(DynamicsError, match=r"run.*run\.json") as error:
        Run.load(folder)
    assert "\n" not in str(error.value)


def record(**changes):
    whole = {"hash": "0" * 12, "config": config().to_dict(), "data": {"label_names": []}}
    return json.dumps({k: v for k, v in (whole | changes).items() if v is not None}).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe\x00",
        record(config=None),
        record(config=[]),
        record(config={"epochs": 3}),
        record(config={"dataset": "emotion", "unheard_of": 1}),
        record(config={"dataset": "emotion", "epochs": -1}),
        record(hash=None),
        record(data=None),
    ],
)
def test_a_damaged_record_is_named(tmp_path, content):
    (tmp_path / "run.json").write_bytes(content)
    with pytest.raises(DifficultyError, match=r"run\.json") as error:
        Run.load(tmp_path)
    assert "\n" not in str(error.value)


def test_a_whole_record_is_loaded(tmp_path):
    (tmp_path / "run.json").write_bytes(record())
    run = Run.load(tmp_path)
    assert run.config == config()
    assert run.hash == "0" * 12


@differs
@pytest.mark.usefixtures("mirror")
def test_a_run_whose_dynamics_are_damaged_is_named(tiny_folder):
    run = train(tiny_folder)
    part = next(run.folder.glob("dynamics/split=test/*/epoch=2/*.parquet"))
    part.write_bytes(part.read_bytes()[:40])
    with pytest.raises(DynamicsError, match=r"epoch=2"):
        _ = Run.load(run.folder).dynamics


def test_precision_follows_the_setting():
    from difficulty_lib.training._precision import use_bfloat16

    assert use_bfloat16("bfloat16") is True
    assert use_bfloat16("float32") is False
    assert isinstance(use_bfloat16("auto"), bool)


def test_the_bar_reaches_its_end_with_a_smaller_last_batch():
    from difficulty_lib.training._fine_tune import TrainingBar

    bar = TrainingBar(total=20)
    args = SimpleNamespace(world_size=1)
    for epoch in (1, 2):
        state = SimpleNamespace(train_batch_size=4, epoch=float(epoch), num_train_epochs=2)
        for _ in range(3):
            bar.on_step_end(args, state, None)
        bar.on_epoch_end(args, state, None)
        assert bar.bar.n == 10 * epoch
    bar.on_train_end(args, state, None)


def test_the_bar_of_a_run_that_goes_on_begins_where_it_was_stopped():
    from difficulty_lib.training._fine_tune import TrainingBar

    bar = TrainingBar(total=30)
    args = SimpleNamespace(world_size=1)
    state = SimpleNamespace(train_batch_size=4, epoch=1.0, num_train_epochs=3, global_step=3)
    bar.on_train_begin(args, state, None)
    assert (bar.bar.n, bar.bar.initial) == (10, 10)
    bar.on_step_end(args, state, None)
    assert bar.bar.n == 14
    fresh = TrainingBar(total=30)
    fresh.on_train_begin(args, SimpleNamespace(global_step=0), None)
    assert (fresh.bar.n, fresh.bar.initial) == (0, 0)


# --- what a model reads of a long text ------------------------------------------------------------


@pytest.mark.parametrize(("side", "first", "last"), [("right", 3, 1), ("left", 1, 3)])
def test_a_long_text_is_cut_at_the_side_that_is_asked_for(
    tmp_path, monkeypatch, tiny_folder, side, first, last
):
    """Texts with three beginnings and one end, and texts with one beginning and three ends."""
    monkeypatch.setenv("DIFFICULTY_RUNS", str(tmp_path / "runs"))
    words = [word for word in tiny.vocabulary() if word.isalpha()]
    same = " ".join(words[:6])
    texts = [f"{word} {same}" for word in words[6:9]] + [f"{same} {word}" for word in words[6:9]]
    data = own_data([0, 1, 2] * 2, [0, 1, 2])
    data = dataclasses.replace(
        data, splits={"train": data["train"].assign(text=texts), "validation": data["validation"]}
    )
    settings = {"max_length": 6 + 2, "truncation_side": side, "evaluation_splits": ("train",)}
    run = own(tiny_folder, data, **settings)
    stream = run.dynamics.stream("train", "evaluation")
    entropy = pd.Series(stream.matrix("entropy")[0], index=stream.ids).loc[data["train"].index]
    distinct = [len(set(entropy.iloc[part].round(5))) for part in (slice(3), slice(3, 6))]
    assert distinct == [first, last]
    assert run.record["data"]["truncated"]["train"] == len(texts)


def test_long_texts_are_attended_to_by_plain_products_on_a_cpu(tiny_folder, monkeypatch):
    torch = pytest.importorskip("torch")
    from difficulty_lib.training._attention import LONG, faster_attention
    from difficulty_lib.training._models import load_model

    def chosen(precision, length, *, gpu=False):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
        _, model = load_model(str(tiny_folder), "sentiment", ("a", "b"), "")
        faster_attention(model, precision, length)
        return model.config._attn_implementation

    assert chosen("bfloat16", LONG + 1) == "eager"
    assert chosen("bfloat16", LONG) == "sdpa"
    assert chosen("float32", LONG + 1) == "sdpa"
    assert chosen("bfloat16", LONG + 1, gpu=True) == "sdpa"
