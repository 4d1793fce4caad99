"""Runs of summaries, from texts to what was recorded of them."""

import json

import numpy as np
import pandas as pd
import pytest
import tiny_words
from training import tiny

from difficulty_lib._errors import DifficultyError, ModelError
from difficulty_lib.data import TextData
from difficulty_lib.dynamics import Dynamics
from difficulty_lib.scores import score_table
from difficulty_lib.tasks import TASKS, TaskSettings
from difficulty_lib.tasks._rouge import rouge
from difficulty_lib.training import Run, RunConfig, get_or_train
from difficulty_lib.training._models import load_model

MEASURES = ["rouge1", "rouge2", "rougeL"]


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """A folder for every kind of model, as a user's would be."""
    made = {}
    for kind in ("t5", "bart", "bert+bert", "llama"):
        made[kind] = tmp_path_factory.mktemp("models") / kind.replace("+", "-")
        tiny_words.model_of(kind).save_pretrained(made[kind])
        tiny.tiny_tokenizer().save_pretrained(made[kind])
    return made


@pytest.fixture
def runs(tmp_path, monkeypatch):
    monkeypatch.setenv("DIFFICULTY_RUNS", str(tmp_path / "runs"))
    return tmp_path / "runs"


def data_of(train=16, validation=7):
    """With a long text and a long summary among the validation's."""
    data = tiny_words.talks(train, validation)
    frame = data["validation"]
    frame.iloc[1, 0] = " ".join(tiny.FILLERS)
    frame.iloc[2, 1] = " ".join(tiny.FILLERS[:20])
    return data


def config(folders, kind, **settings):
    return tiny_words.run_of(folders[kind], kind, **settings)


def train(folders, kind, data=None, **settings):
    return get_or_train(config(folders, kind, **settings), data or data_of(), progress=False)


@pytest.mark.parametrize("kind", ["t5", "bert+bert", "llama"])
def test_a_run_keeps_tokens_summaries_and_problems(folders, runs, kind, monkeypatch):
    data = data_of()
    run = train(folders, kind, data, record_training=True)
    stream = run.dynamics.stream("validation", "evaluation")
    assert stream.epochs.tolist() == [0, 1, 2]
    assert stream.ids.tolist() == sorted(data["validation"].index)
    assert stream.tokens.lengths.min() >= 2
    np.testing.assert_allclose(
        stream.reduce("mean").matrix("loss"), stream.matrix("loss"), atol=1e-6
    )
    training = run.dynamics.stream("train", "training")
    assert training.matrix("loss")[1].mean() < training.matrix("loss")[0].mean()
    assert np.isfinite(score_table(stream).to_numpy()).all()

    table = run.outputs("validation")
    assert sorted(table.index) == stream.ids.tolist()
    references = data["validation"]["label"].loc[table.index].tolist()
    for name, values in rouge(references, table["generated"].tolist()).items():
        np.testing.assert_allclose(table[name], values)
    assert run.outputs("train") is None

    record = json.loads((run.folder / "run.json").read_text())
    for name in (*MEASURES, "generated_entropy"):
        mean = record["metrics"][name]["validation"]
        assert mean == pytest.approx(table[name].mean())
    assert record["metrics"]["loss"]["validation/evaluation"][-1] == pytest.approx(
        stream.matrix("loss")[-1].mean(), rel=1e-5
    )
    long_text, long_summary = (int(data["validation"].index[place]) for place in (1, 2))
    assert [tuple(problem.values()) for problem in record["data"]["problems"]] == [
        ("validation", "dialogue longer than the model takes", True, [long_text]),
        ("validation", "summary longer than max_target_length", True, [long_summary]),
    ]
    assert record["data"]["truncated"] == {"train": 0, "validation": 1}

    def fail(*args, **kwargs):
        raise AssertionError("it trains")

    monkeypatch.setattr("difficulty_lib.training._runs.train_run", fail)
    again = train(folders, kind, data, record_training=True)
    assert again.hash == run.hash
    pd.testing.assert_frame_equal(again.outputs("validation"), table)


def test_what_is_written_is_of_the_model_after_the_last_epoch(folders, runs):
    """With a learning rate of nearly 0 that is the model as it was."""
    data = data_of()
    run = train(folders, "bart", data, epochs=1, learning_rate=1e-12)
    tokenizer, model = load_model(str(folders["bart"]), "summarization", (), "")
    settings = TaskSettings(
        tokenizer=tokenizer, text_columns=("dialogue",), max_length=40, max_target_length=12
    )
    task = TASKS["summarization"]
    encoded = task.encode(data["validation"], settings)
    wanted = task.outputs(model, settings, data["validation"], encoded)
    pd.testing.assert_frame_equal(run.outputs("validation"), wanted, atol=1e-4)
    moved = train(folders, "bart", data)
    assert moved.outputs("validation")["generated"].tolist() != wanted["generated"].tolist()


def test_beams_are_another_run(folders, runs):
    greedy, beams = (train(folders, "bart", epochs=1, num_beams=n) for n in (1, 4))
    assert greedy.hash != beams.hash
    for key in greedy.dynamics.keys:
        np.testing.assert_array_equal(
            greedy.dynamics.stream(*key).matrix("loss"), beams.dynamics.stream(*key).matrix("loss")
        )
    texts = [run.outputs("validation")["generated"].tolist() for run in (greedy, beams)]
    assert texts[0] != texts[1]


def test_killed_while_it_writes_leaves_nothing(folders, runs, monkeypatch):
    def killed(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("difficulty_lib.tasks.summaries.write_texts", killed)
        with pytest.raises(KeyboardInterrupt):
            train(folders, "bart", epochs=1)
    assert not list(runs.iterdir())
    run = train(folders, "bart", epochs=1)
    assert [path.name for path in runs.iterdir()] == [run.folder.name]


def test_a_row_without_summary_is_in_the_record_alone(folders, runs):
    data = data_of()
    frame = data["validation"]
    frame.iloc[0, 1] = " "
    run = train(folders, "bart", data, epochs=1)
    lost = int(frame.index[0])
    assert lost not in run.dynamics.stream("validation").ids
    assert lost not in run.outputs("validation").index
    noted = run.record["data"]["problems"]
    assert {
        "split": "validation",
        "problem": "empty summary",
        "used": False,
        "ids": [lost],
    } in noted


def test_a_summary_longer_than_the_decoder_is_cut_and_listed(tmp_path, runs):
    """Of an encoder-decoder whose halves take other lengths."""
    import torch
    import transformers

    halves = [tiny.tiny_model(dropout=0.0).config for _ in range(2)]
    halves[1].max_position_embeddings = 6
    config_of_both = transformers.EncoderDecoderConfig.from_encoder_decoder_configs(*halves)
    config_of_both.decoder_start_token_id, config_of_both.pad_token_id = 2, 0
    torch.manual_seed(0)
    transformers.EncoderDecoderModel(config_of_both).save_pretrained(tmp_path / "short")
    tiny.tiny_tokenizer().save_pretrained(tmp_path / "short")
    run = train({"bert+bert": tmp_path / "short"}, "bert+bert", epochs=1)
    stream = run.dynamics.stream("validation")
    assert stream.tokens.lengths.max() == 6
    assert run.outputs("validation")["generated_tokens"].max() <= 6
    problems = {p["problem"]: p["ids"] for p in run.record["data"]["problems"]}
    long = stream.ids[stream.tokens.lengths == 6].tolist()
    assert set(problems["summary longer than max_target_length"]) <= set(long)


def test_lengths_that_do_not_go_together_are_one_line(folders, runs):
    with pytest.raises(
        ModelError, match=r"20 tokens hold no text beside a summary of 18"
    ) as caught:
        train(folders, "llama", max_length=20, max_target_length=18)
    assert "\n" not in str(caught.value)
    assert not runs.exists() or not list(runs.iterdir())


def test_data_of_classes_are_refused(folders, runs):
    data = data_of()
    classes = TextData(**{**data.__dict__, "target": "class"})
    with pytest.raises(DifficultyError, match="needs data whose target is text"):
        train(folders, "bart", classes)


def test_a_run_can_be_read_without_training_anything(folders, runs):
    run = train(folders, "bart", epochs=1)
    assert Run.load(run.folder).outputs("validation").equals(run.outputs("validation"))
    assert Dynamics.load(run.folder).keys == run.dynamics.keys


def test_two_encoders_learn_our_dialogues(tmp_path, runs, recwarn):
    """The whole path by names alone: a registered data set, and a model made of two."""
    folder = tiny.save_tiny(tmp_path / "half")
    run = get_or_train(
        RunConfig(
            dataset="tiny-summaries",
            task="summarization",
            model=f"{folder}+{folder}",
            epochs=2,
            batch_size=8,
            max_length=48,
            max_target_length=24,
            learning_rate=3e-3,
            record_training=True,
            evaluation_splits=("validation",),
        ),
        progress=False,
    )
    losses = run.dynamics.stream("train", "training").matrix("loss").mean(axis=1)
    assert losses[1] < losses[0] - 0.3
    problems = {(p["split"], p["problem"], p["used"]) for p in run.record["data"]["problems"]}
    assert ("train", "empty summary", False) in problems
    assert ("train", "dialogue longer than the model takes", True) in problems
    assert not [w for w in recwarn if "Version v4.12.0" in str(w.message)]
