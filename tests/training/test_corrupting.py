"""Errors in what a run is trained on: what the run says of them is what was planted."""

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from refusals import raises_one_line
from training import tiny

from difficulty_lib._errors import ConfigError, DataError, DynamicsError
from difficulty_lib.corruptions import CORRUPTIONS, flip_by_class, flip_by_instance, flip_labels
from difficulty_lib.data import TextData, load_data
from difficulty_lib.training import (
    Run,
    RunConfig,
    fold_probabilities,
    get_or_train,
    second_split,
)
from difficulty_lib.training._corrupting import corrupt
from difficulty_lib.training._cross_validation import fold_runs, together
from difficulty_lib.training._interventions import fold_of, intervene

pytestmark = pytest.mark.filterwarnings(
    "ignore::difficulty_lib.dynamics._health.CollapsedRunWarning"
)


def data(count=60, name="own"):
    """Ids are neither sorted nor consecutive."""
    return TextData(
        name=name,
        splits={
            "train": tiny.labelled_frame(count),
            "validation": tiny.labelled_frame(9, seed=5, first_id=50_000),
        },
        text_columns=("text",),
        label_names=("bad", "good", "neither"),
        origin="file",
    )


def config(value, folder="minilm", **settings):
    defaults = {
        "dataset": "own",
        "model": str(folder),
        "epochs": 2,
        "batch_size": 8,
        "learning_rate": 5e-3,
        "precision": "float32",
        "evaluation_splits": ("train",),
        "record_training": True,
        "intervention": {"corrupted": value},
    }
    return RunConfig(**(defaults | settings))


# --- what is planted ---------------------------------------------------------------------------


def test_the_training_split_alone_is_corrupted_as_the_corruption_says():
    whole = data()
    seen = intervene(whole, config(["flip_labels", 0.2], seed=3))
    frame, truth = flip_labels(whole["train"], 0.2, 3, classes=3)
    pd.testing.assert_frame_equal(seen["train"], frame)
    pd.testing.assert_frame_equal(seen["validation"], whole["validation"])
    assert seen.notes[-1].startswith(f"{truth['corrupted'].sum()} of 60 ")
    _, found = corrupt(whole, config(["flip_labels", 0.2], seed=3))
    assert found["corrupted"].tolist() == (frame["label"] != whole["train"]["label"]).tolist()
    assert found["given_label"].tolist() == frame["label"].tolist()
    assert found["original_label"].tolist() == whole["train"]["label"].tolist()
    assert found.index.tolist() == frame.index.tolist()


def test_every_seed_has_other_errors():
    one, other = (corrupt(data(), config(["flip_labels", 0.2], seed=seed))[1] for seed in (1, 2))
    assert one["corrupted"].any()
    assert one["corrupted"].tolist() != other["corrupted"].tolist()


@pytest.mark.parametrize("name", [n for n, entry in CORRUPTIONS.items() if entry.target == "class"])
def test_the_truth_holds_numbers_for_every_corruption(name):
    whole = data()
    settings = {"embedding": "tfidf"} if name in ("flip_by_class", "flip_by_instance") else {}
    value = [name, 0.2, settings]
    seen, truth = corrupt(whole, config(value))
    assert truth.index.tolist() == seen["train"].index.tolist()
    assert all(pd.api.types.is_numeric_dtype(dtype) for dtype in truth.dtypes)
    assert 0 < truth["corrupted"].sum() < 40
    assert truth["given_label"].tolist() == seen["train"]["label"].tolist()
    before = whole["train"]["label"]
    old = truth.loc[before.index]
    assert old["original_label"].tolist() == before.tolist()
    changed = old["given_label"] != old["original_label"]
    if CORRUPTIONS[name].changes == "label" and not CORRUPTIONS[name].adds_rows:
        assert changed.tolist() == old["corrupted"].tolist()
    else:
        assert not changed.any()
    if name == "contradict_duplicates":
        added = truth[truth["added"]]
        assert added["original_label"].tolist() == before.loc[added["source"]].tolist()
        assert (added["original_label"] != added["given_label"]).all()
    if name == "insert_foreign":
        assert (truth.loc[truth["added"], "original_label"] == -1).all()


OTHERS = {
    "text": ("tiny-summaries", "summarization"),
    "answers": ("tiny-questions", "question-answering"),
}


@pytest.mark.parametrize("name", [n for n, entry in CORRUPTIONS.items() if entry.target != "class"])
def test_other_targets_are_corrupted_too_and_no_text_is_told(name):
    entry = CORRUPTIONS[name]
    dataset, task = OTHERS[entry.target]
    whole = load_data(dataset)
    seen, truth = corrupt(whole, config([name, 0.4], dataset=dataset, task=task))
    assert set(truth) == {"corrupted", "start", "end"}
    changed = seen["train"]["label"] != whole["train"]["label"]
    assert changed.tolist() == truth["corrupted"].tolist()
    assert truth["corrupted"].sum() > 5
    texts = seen["train"]["label" if entry.target == "text" else "context"]
    for sample_id, row in truth[truth["corrupted"]].iterrows():
        piece = texts[sample_id][row["start"] : row["end"]]
        assert piece
        if entry.target == "answers":
            assert seen["train"].at[sample_id, "label"] == ((piece, row["start"]),)


def slow_probabilities(whole, seed):
    """Out-of-fold probabilities from the same vectors, a fold at a time."""
    from sklearn.linear_model import LogisticRegression

    from difficulty_lib.audit import split_embeddings
    from difficulty_lib.data import unit_hash

    frame = whole["train"]
    matrix = split_embeddings(whole, model="tfidf").to_numpy(dtype=float)
    fold = unit_hash(frame.index, salt=seed).argsort().argsort() % 5
    found = np.zeros((len(frame), 3))
    for held in range(5):
        mine = fold != held
        middle, spread = matrix[mine].mean(axis=0), matrix[mine].std(axis=0)
        scaled = (matrix - middle) / spread
        model = LogisticRegression(max_iter=1000).fit(scaled[mine], frame["label"][mine])
        found[~mine] = model.predict_proba(scaled[~mine])
    return pd.DataFrame(found, index=frame.index)


def test_what_a_corruption_needs_is_found_out_of_fold():
    whole = data()
    given = slow_probabilities(whole, seed=2)
    labels = whole["train"]["label"]
    _, truth = corrupt(whole, config(["flip_by_instance", 0.2, {"embedding": "tfidf"}], seed=2))
    frame, wanted = flip_by_instance(whole["train"], 0.2, 2, probabilities=given)
    assert truth["corrupted"].tolist() == wanted["corrupted"].tolist()
    assert truth["given_label"].tolist() == frame["label"].tolist()
    _, truth = corrupt(whole, config(["flip_by_class", 0.2, {"embedding": "tfidf"}], seed=2))
    confusion = given.groupby(labels).sum()
    frame, _ = flip_by_class(whole["train"], 0.2, 2, confusion=confusion)
    assert truth["given_label"].tolist() == frame["label"].tolist()


def test_a_given_confusion_is_taken():
    only = [[0, 1, 0], [0, 0, 1], [1, 0, 0]]
    _, truth = corrupt(data(), config(["flip_by_class", 0.3, {"confusion": only}]))
    flipped = truth[truth["corrupted"]]
    assert len(flipped) > 5
    assert flipped["given_label"].tolist() == ((flipped["original_label"] + 1) % 3).tolist()


def test_pairs_keep_the_premise():
    whole = load_data("tiny-nli")
    for name in ("insert_foreign", "truncate_texts", "contradict_duplicates"):
        settings = {"foreign": "tiny-tags"} if name == "insert_foreign" else {}
        seen, truth = corrupt(whole, config([name, 0.3, settings], dataset="tiny-nli", task="nli"))
        wrong = seen["train"][truth["corrupted"]]
        assert wrong["premise"].isin(whole["train"]["premise"]).all()
        assert not wrong["hypothesis"].isin(whole["train"]["hypothesis"]).all()
    tags = {text for frame in load_data("tiny-tags").splits.values() for text in frame["text"]}
    seen, truth = corrupt(
        whole, config(["insert_foreign", 0.3, {"foreign": "tiny-tags"}], task="nli")
    )
    assert set(seen["train"].loc[truth["corrupted"], "hypothesis"]) <= tags


def test_foreign_texts_need_no_hub(monkeypatch):
    """Those of rated-sentences get the fixtures', others the rated sentences."""
    monkeypatch.delenv("DIFFICULTY_DATA", raising=False)
    seen, truth = corrupt(data(name="rated-sentences"), config(["insert_foreign", 0.4]))
    assert "tiny-nli, tiny-summaries" in seen.notes[-1]
    assert truth["added"].sum() == truth["corrupted"].sum() > 10
    asked = []
    monkeypatch.setenv("DIFFICULTY_DATA", "where no other test reads")  # none of its kept texts
    monkeypatch.setattr(
        "difficulty_lib.training._corrupting.load_data",
        lambda name: asked.append(name) or load_data("tiny-tags"),
    )
    corrupt(data(), config(["insert_foreign", 0.1]))
    corrupt(data(), config(["insert_foreign", 0.2]))
    assert asked == ["rated-sentences"]  # and once


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("flip_labels", "[corruption, rate]"),
        (["flip_labels"], "[corruption, rate]"),
        (["flip_labels", True], "[corruption, rate]"),
        (["flip_labels", 0.1, 3], "settings"),
        (["flip_labels", 0.1, {}, 4], "settings"),
        (["flip_labels", 0.9], "0.01 to 0.4"),
        (["flip_label", 0.1], "flip_labels"),
        (["swap_summaries", 0.1], "flip_labels"),
        (["flip_labels", 0.1, {"embedding": "tfidf"}], "no setting embedding"),
        (["flip_labels", 0.1, {"target": "text"}], "no setting target"),
        (["flip_by_instance", 0.1, {"margins": []}], "no setting margins"),
        (["flip_by_instance", 0.1, {"embedding": 3}], "'tfidf'"),
        (["insert_foreign", 0.1, {"foreign": 3}], "a data set's name"),
        (["insert_foreign", 0.1, {"foreign": "own"}], "other than own"),
        (["insert_foreign", 0.1, {"foreign": "no-such"}], "no-such"),
    ],
)
def test_what_is_no_corruption_is_refused(value, says):
    raises_one_line(lambda: intervene(data(), config(value)), says, kind=ConfigError)


def test_too_few_foreign_texts_are_refused():
    bad = config(["insert_foreign", 0.4, {"foreign": "tiny-tags"}])
    raises_one_line(lambda: intervene(data(400), bad), "foreign texts", kind=DataError)


# --- with the run ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trained(tmp_path_factory, tiny_folder, one_thread):
    """(the run, its folds' runs, the folder) of 48 of 60 samples, for tests that change nothing."""
    runs = tmp_path_factory.mktemp("corrupted")
    asked = config(["flip_labels", 0.3], tiny_folder, train_size=48, record_probabilities=True)
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        patch.setattr("torch.cuda.is_available", lambda: False)
        run = get_or_train(asked, data(), runs=runs, progress=False)
        parts = fold_runs(asked, data(), 3, runs=runs, progress=False)
    return run, parts, runs


def planted(seed=1):
    sized = data().subset({"train": 48})["train"]
    return sized["label"], flip_labels(sized, 0.3, seed, classes=3)


def test_the_recorded_truth_is_that_of_the_corruption(trained):
    run, parts, _ = trained
    before, (frame, truth) = planted()
    assert len(truth) == 48
    for one in (run, *parts):  # every fold's run tells of the whole training split
        found = Run.load(one.folder).truth
        assert found.index.name == "sample_id"
        assert found.index.tolist() == frame.index.tolist()
        assert found["corrupted"].dtype == bool
        assert found["corrupted"].tolist() == truth["corrupted"].tolist()
        assert found["given_label"].tolist() == frame["label"].tolist()
        assert found["original_label"].tolist() == before.tolist()
        assert set(found) == {"corrupted", "start", "end", "given_label", "original_label"}


def test_both_streams_see_the_given_labels(trained):
    run, _, _ = trained
    _, (frame, _) = planted()
    frame = frame.sort_index()
    assert sorted(run.dynamics.keys) == [("train", "evaluation"), ("train", "training")]
    for key in run.dynamics.keys:
        stream = run.dynamics.stream(*key)
        assert stream.ids.tolist() == frame.index.tolist()
        assert stream.label.tolist() == frame["label"].tolist()
    counts = np.bincount(frame["label"], minlength=3).tolist()
    assert run.record["data"]["label_counts"] == {"train": counts}
    assert "errors by flip_labels" in run.record["data"]["notes"][-1]


def test_folds_see_the_same_corrupted_labels(trained):
    _, parts, _ = trained
    _, (frame, _) = planted()
    frame = frame.sort_index()
    merged = together(parts).stream("train", "cross_validated")
    assert merged.ids.tolist() == frame.index.tolist()
    assert merged.label.tolist() == frame["label"].tolist()
    for number, part in enumerate(parts):
        mine = frame[fold_of(frame.index, 3, 1) == number]
        assert part.dynamics.stream("held_out").label.tolist() == mine["label"].tolist()
        rest = np.bincount(frame.drop(mine.index)["label"], minlength=3)
        assert part.record["data"]["label_counts"]["train"] == rest.tolist()


def test_probabilities_are_those_of_the_last_pass(trained):
    run, parts, _ = trained
    table = run.outputs("train")
    stream = run.dynamics.stream("train", "evaluation")
    assert table.columns.tolist() == ["p_0", "p_1", "p_2"]
    assert (table.dtypes == np.float32).all()
    assert table.index.tolist() == stream.ids.tolist()
    shares = table.to_numpy(dtype=float)
    own = shares[np.arange(len(shares)), stream.label]
    np.testing.assert_allclose(own, np.exp(-stream.matrix("loss")[-1]), rtol=1e-4)
    assert shares.argmax(axis=1).tolist() == stream.matrix("predicted")[-1].tolist()
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-5)
    assert "p_0" not in run.record["metrics"]

    found = fold_probabilities(parts)
    merged = together(parts).stream("train", "cross_validated")
    assert found.columns.tolist() == [0, 1, 2]
    assert found.index.tolist() == merged.ids.tolist()
    own = found.to_numpy()[np.arange(len(found)), merged.label]
    np.testing.assert_allclose(own, np.exp(-merged.matrix("loss")[-1]), rtol=1e-4)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-12)
    raises_one_line(
        lambda: fold_probabilities([*parts, parts[0]]), "more than one fold", kind=DynamicsError
    )
    raises_one_line(lambda: fold_probabilities([]), "no runs", kind=DynamicsError)


def test_recorded_runs_are_found_again_without_data(trained, monkeypatch):
    run, parts, runs = trained
    monkeypatch.setattr("difficulty_lib.training._runs.train_run", None)
    monkeypatch.setattr("difficulty_lib.training._runs.load_data", None)
    for one in (run, *parts):
        assert get_or_train(one.config, runs=runs, progress=False).hash == one.hash
    assert run.hash != replace(run.config, intervention={}).hash


def test_a_run_without_errors_has_neither_truth_nor_probabilities(tiny_folder, tmp_path):
    clean = config([], tiny_folder, intervention={}, epochs=1)
    run = get_or_train(clean, data(12), runs=tmp_path, progress=False)
    assert run.truth is None
    assert run.outputs("train") is None
    assert fold_probabilities([run, run]) is None
    assert sorted(path.name for path in run.folder.iterdir()) == ["dynamics", "run.json"]


def test_halves_are_of_corrupted_data(tiny_folder, tmp_path):
    asked = config(["flip_labels", 0.3], tiny_folder, epochs=1)
    found = second_split(asked, data(30), runs=tmp_path, progress=False).stream()
    frame, _ = flip_labels(data(30)["train"], 0.3, 1, classes=3)
    assert found.label.tolist() == frame["label"].sort_index().tolist()
    for folder in tmp_path.iterdir():
        assert len(Run.load(folder).truth) == 30


def test_probabilities_need_classes():
    raises_one_line(
        lambda: RunConfig(dataset="samsum", task="summarization", record_probabilities=True),
        "record_probabilities",
        kind=ConfigError,
    )


def test_a_setting_that_came_later_leaves_old_hashes_alone():
    settings = RunConfig(dataset="emotion").to_dict()
    assert settings.pop("record_probabilities") is False
    assert RunConfig.from_dict(settings).hash == RunConfig(dataset="emotion").hash
    for folder in sorted(published().iterdir()):
        run = Run.load(folder)
        assert run.config.hash == run.hash == folder.name.rsplit("-", 1)[1]


def published():
    from difficulty_lib.data import registry_folder

    return registry_folder() / "runs"
