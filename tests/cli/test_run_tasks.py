"""`difficulty run` of every kind of data: its task, its measures, and the rows that did not fit."""

import json

import pytest
import torch
import transformers
from training import tiny, tiny_heads

from difficulty_lib.data import DATASETS
from difficulty_lib.training import Run


@pytest.fixture
def run(difficulty, tiny_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("DIFFICULTY_RUNS", str(tmp_path / "runs"))

    def call(dataset, *options, model=tiny_folder):
        fixed = ["--data", dataset, "--model", model, "--epochs", 1, "--batch-size", 8]
        return difficulty("run", *fixed, "--precision", "float32", "--quiet", *options)

    return call


@pytest.fixture(scope="module")
def causal_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "causal"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        config = tiny_heads.model_of("gpt2").config
        config.n_positions = 128
        transformers.GPT2LMHeadModel(config).save_pretrained(folder)
    tiny.tiny_tokenizer().save_pretrained(folder)
    return folder


def recorded(outcome):
    """The run that was named last."""
    assert outcome.code == 0, outcome.err
    return Run.load(outcome.out.splitlines()[-1].split(": ", 1)[1])


def test_tags_are_measured_by_words_and_entities(run):
    outcome = run("tiny-tags")
    done = recorded(outcome)
    assert done.config.task == "token-classification"
    assert done.config.evaluation_splits == ("validation",)
    lines = outcome.out.splitlines()
    metrics = done.record["metrics"]
    assert lines[:4] == [
        f"validation {name}: {metrics[name]['validation/evaluation'][-1]:.3f}"
        for name in ("token_accuracy", "entity_precision", "entity_recall", "entity_f1")
    ]
    assert lines[4:-1] == [
        "train: 1 set aside, a word that is empty or holds a space: 43",
        "train: 1 set aside, tags of another number than words: 41",
        "train: 1 set aside, unknown tag: 42",
        "validation: 1 set aside, empty text: 221",
        "validation: 1 set aside, tags of another number than words: 224",
        "train: 1 kept, sentence longer than the model takes: 46",
    ]


def test_of_many_problems_the_first_ids_are_said(run):
    outcome = run("tiny-tags", "--max-length", 8, "--train-size", 20)
    done = recorded(outcome)
    long = next(
        found
        for found in done.record["data"]["problems"]
        if found["used"] and found["split"] == "train"
    )
    assert len(long["ids"]) > 5
    first = ", ".join(str(sample_id) for sample_id in long["ids"][:5])
    line = f"train: {len(long['ids'])} kept, sentence longer than the model takes: {first}, …"
    assert line in outcome.out.splitlines()


def test_pairs_are_measured_by_accuracy(run):
    outcome = run("tiny-nli")
    done = recorded(outcome)
    assert done.config.task == "nli"
    lines = outcome.out.splitlines()
    assert lines[0] == f"validation accuracy: {done.accuracy('validation'):.3f}"
    assert "train: 1 set aside, empty hypothesis: 41" in lines
    assert "validation: 1 set aside, no label: 223" in lines


def test_questions_are_measured_as_squads(run):
    options = ["--stride", 12, "--train-size", 12, "--eval-size", 6, "--max-length", 48]
    outcome = run("tiny-questions", *options)
    done = recorded(outcome)
    assert (done.config.task, done.config.stride) == ("question-answering", 12)
    table = done.outputs("validation")
    assert outcome.out.splitlines()[:2] == [
        f"validation {name}: {table[name].mean():.3f}" for name in ("exact_match", "f1")
    ]


def test_summaries_of_a_named_task(run, causal_folder):
    options = ["--task", "summarization-causal", "--max-target-length", 10, "--num-beams", 2]
    options += ["--no-repeat-ngram-size", 1]
    sizes = ["--train-size", 10, "--eval-size", 4]
    outcome = run("tiny-summaries", *options, *sizes, model=causal_folder)
    done = recorded(outcome)
    assert done.config.task == "summarization-causal"
    assert (done.config.max_target_length, done.config.num_beams) == (10, 2)
    table = done.outputs("validation")
    assert done.config.no_repeat_ngram_size == 1
    assert table["generated_tokens"].max() <= 10
    for words in table["generated"].str.split():
        assert len(set(words)) == len(words)
    said = dict(line.split(": ") for line in outcome.out.splitlines()[:4])
    assert said == {
        f"validation {name}": f"{table[name].mean():.3f}"
        for name in ("rouge1", "rouge2", "rougeL", "generated_entropy")
    }


@pytest.mark.parametrize(
    ("dataset", "options", "says"),
    [
        ("tiny-tags", ["--task", "nli"], "needs data whose target is class"),
        ("tiny-nli", ["--task", "question-answering"], "needs data whose target is answers"),
        ("tiny-nli", ["--task", "translation"], "token-classification"),
        ("tiny-nli", ["--split", "test"], "there are train, validation"),
    ],
)
def test_what_does_not_go_together_is_one_line(run, tmp_path, dataset, options, says):
    assert says in run(dataset, *options).one_line()
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    "options",
    [
        ["--num-beams", "0"],
        ["--max-target-length", "0"],
        ["--stride", "-1"],
        ["--no-repeat-ngram-size", "-1"],
    ],
)
def test_a_setting_below_what_is_possible_is_refused(run, options):
    outcome = run("tiny-nli", *options)
    assert outcome.code == 2
    assert options[0] in outcome.err
    assert outcome.out == ""


@pytest.mark.parametrize("name", [n for n, spec in DATASETS.items() if not spec.fixture])
def test_defaults_are_those_of_the_registry(difficulty, monkeypatch, name):
    """The settings with which a run is looked for are the data set's own task and splits."""
    asked = []

    def stop(config, **settings):
        asked.append(config)
        raise KeyboardInterrupt

    monkeypatch.setattr("difficulty_lib.training.get_or_train", stop)
    assert difficulty("run", "--data", name).code == 130
    spec = DATASETS[name]
    assert asked[0].task == spec.task
    assert json.dumps(asked[0].evaluation_splits) == json.dumps(
        [split for split in spec.splits if split != "train"]
    )
