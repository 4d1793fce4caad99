"""Question answering from the data to the record: dynamics, outputs, problems."""

import json

import numpy as np
import pytest
from tasks import asked
from training import tiny, tiny_heads

from difficulty_lib.data import load_data
from difficulty_lib.tasks import TASKS, encode_questions
from difficulty_lib.tasks._squad_measures import exact_match, f1
from difficulty_lib.training import Run, RunConfig, get_or_train, observe_split
from difficulty_lib.training._models import load_model
from difficulty_lib.training._seed import seed_everything

EPOCHS = 2
STILL = 1e-12  # so small a learning rate leaves the weights as they are
SETTINGS = {
    "dataset": "tiny-questions",
    "task": "question-answering",
    "epochs": EPOCHS,
    "batch_size": 8,
    "max_length": 64,
    "stride": 16,
    "evaluation_splits": ("validation",),
    "record_training": True,
    "precision": "float32",
}


@pytest.fixture(autouse=True)
def _alone(one_thread, no_gpu):
    pass


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder whose last head had three classes, as that of a sentiment model."""
    return tiny.save_tiny(tmp_path_factory.mktemp("model"), dropout=0.0, labels=3)


@pytest.fixture(scope="module")
def data():
    return load_data("tiny-questions")


@pytest.fixture(scope="module")
def run(folder, data, tmp_path_factory):
    import torch

    runs = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.cuda, "is_available", lambda: False)
        config = RunConfig(**SETTINGS, model=str(folder), learning_rate=STILL)
        return get_or_train(config, data, runs=runs, progress=False)


@pytest.fixture(scope="module")
def untrained(folder):
    seed_everything(1)
    tokenizer, model = load_model(str(folder), "question-answering", (), "")
    return tokenizer, model


def encoded_split(data, split, tokenizer):
    return encode_questions(data[split], asked.settings_of(tokenizer, max_length=64, stride=16))


def losses_alone(model, rows):
    """sample_id → what stands for the question, one feature at a time in float64."""
    chosen = {}
    for sample_id, features in asked.features_of(rows).items():
        seen = []
        for row in features:
            answers = list(zip(row["start_positions"], row["end_positions"]))
            one = tiny_heads.span_by_hand(*asked.logits_alone(model, row), answers)
            seen.append((answers != [(0, 0)], one))
        inside = [one for held, one in seen if held]
        pick = min if inside else max
        chosen[sample_id] = pick(
            inside or [one for _, one in seen], key=lambda observed: observed["loss"]
        )
    return chosen


@pytest.mark.parametrize(("split", "stream"), [("validation", "evaluation"), ("train", "training")])
def test_dynamics_are_those_of_one_feature_at_a_time(run, untrained, data, split, stream):
    tokenizer, model = untrained
    rows = encoded_split(data, split, tokenizer).rows
    if stream == "training":  # the answer that is trained on
        for row in rows:
            for name in ("start_positions", "end_positions"):
                row[name] = row[name][:1]
    wanted = losses_alone(model, rows)
    recorded = run.dynamics.stream(split, stream)
    assert recorded.ids.tolist() == sorted(wanted)
    assert len(rows) > len(wanted)  # some have several features
    for epoch in range(EPOCHS):
        for name in ("loss", "margin", "entropy"):
            expected = [wanted[i][name] for i in recorded.ids]
            np.testing.assert_allclose(recorded.matrix(name)[epoch], expected, atol=1e-5, rtol=1e-5)
            assert np.ptp(expected) > 0.1
    if stream == "evaluation":
        expected = [wanted[i]["loss"] for i in recorded.ids]
        np.testing.assert_allclose(recorded.matrix("initial_loss"), expected, atol=1e-5)


def test_outputs_are_those_of_one_question_at_a_time(run, untrained, data):
    tokenizer, model = untrained
    frame, rows = data["validation"], encoded_split(data, "validation", tokenizer).rows
    wanted = asked.answered_alone(model, frame, rows, refusing=True)
    found = run.outputs("validation")
    assert sorted(found.index) == sorted(wanted)
    for sample_id, row in found.iterrows():
        golds = [text for text, _ in frame.at[sample_id, "label"]]
        span = wanted[sample_id] or (-1, -1)
        assert (row["start"], row["end"]) == span
        text = frame.at[sample_id, "context"][slice(*span)] if span[0] >= 0 else ""
        assert row["predicted"] == text
        assert row["exact_match"] == exact_match(text, golds)
        assert row["f1"] == f1(text, golds)
    assert run.outputs("train") is None


def test_the_record_says_how_right_the_answers_are_and_what_did_not_fit(run, untrained, data):
    record = json.loads((run.folder / "run.json").read_text("utf8"))
    outputs = run.outputs("validation")
    for name in ("exact_match", "f1"):
        assert record["metrics"][name] == {"validation": pytest.approx(outputs[name].mean())}
    listed = {
        (entry["split"], entry["problem"], entry["used"], sample_id)
        for entry in record["data"]["problems"]
        for sample_id in entry["ids"]
    }
    wanted = {tuple(row) for row in data.problems[["split", "problem", "used", "sample_id"]].values}
    for split in ("train", "validation"):
        for row in encoded_split(data, split, untrained[0]).problems.itertuples():
            wanted.add((split, row.problem, row.used, row.sample_id))
    assert listed == wanted
    assert {used for _, _, used, _ in listed} == {True, False}
    used = set(data["validation"].index) - {
        i for split, _, used, i in listed if split == "validation" and not used
    }
    assert set(run.dynamics.stream("validation").ids) == used


def test_a_recorded_run_is_found_again(run, folder, data):
    config = RunConfig(**SETTINGS, model=str(folder), learning_rate=STILL)
    again = get_or_train(config, data, runs=run.folder.parent, progress=False)
    assert again.folder == run.folder
    assert Run.load(run.folder).outputs("validation").equals(run.outputs("validation"))


def test_padding_never_changes_a_score(untrained, data):
    tokenizer, model = untrained
    task = TASKS["question-answering"]
    rows = encoded_split(data, "train", tokenizer).rows
    each = {}
    for limits in ({"batch_rows": 1}, {"batch_rows": 7}, {"batch_tokens": 10_000}):
        columns = observe_split(
            model, rows, task.collate(tokenizer, model), observe=task.observe, **limits
        )
        order = np.argsort(columns["sample_id"])
        each[str(limits)] = {name: columns[name][order] for name in ("loss", "margin", "entropy")}
    first, *others = each.values()
    for other in others:
        for name, values in other.items():
            np.testing.assert_allclose(values, first[name], atol=1e-5)


def test_it_learns_and_answers(folder, data, tmp_path):
    """Questions that it has seen: the path from the labels to the predicted text is whole."""
    settings = SETTINGS | {"epochs": 25, "evaluation_splits": ("train",), "train_size": 8}
    config = RunConfig(**settings, model=str(folder), learning_rate=5e-3)
    run = get_or_train(config, data, runs=tmp_path, progress=False)
    assert run.record["metrics"]["f1"]["train"] > 0.9
    stream = run.dynamics.stream("train", "training")
    assert stream.matrix("loss")[-1].mean() < 0.3 * stream.matrix("loss")[0].mean()


def test_the_embedded_model_answers(data, tmp_path):
    settings = SETTINGS | {"epochs": 1, "record_training": False, "record_initial": False}
    config = RunConfig(**settings, train_size=8, eval_size=5)
    run = get_or_train(config, data, runs=tmp_path, progress=False)
    outputs = run.outputs("validation")
    assert len(outputs) == len(run.dynamics.stream("validation")) == 5
    for sample_id, row in outputs[outputs["start"] >= 0].iterrows():
        context = data["validation"].at[sample_id, "context"]
        assert row["predicted"] == context[row["start"] : row["end"]]
