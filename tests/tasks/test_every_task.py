"""What every task must do, whatever its data and its models: the registry is gone through whole.

The models are tiny and random, but of the real architectures, and are loaded from folders as
`bert-base-uncased` and `t5-base` would be: a BERT as it is pretrained, with its WordPiece, and a T5
with the pieces of a Unigram model.
"""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import transformers
from training import tiny, tiny_heads

from difficulty_lib._errors import ConfigError, DifficultyError
from difficulty_lib.data import DATASETS, TextData, load_data, registry_folder
from difficulty_lib.dynamics import Ragged
from difficulty_lib.tasks import TASKS, TaskSettings
from difficulty_lib.training import RunConfig, find_run, get_or_train, observe_split

ROOT = Path(__file__).parents[2]
ARCHITECTURES = {
    "sentiment": ("bert",),
    "nli": ("bert",),
    "summarization": ("t5", "bart", "bert+bert"),
    "summarization-causal": ("gpt2", "llama"),
    "question-answering": ("bert",),
    "token-classification": ("bert",),
}
DATASET = {
    "nli": "tiny-nli",
    "summarization": "tiny-summaries",
    "summarization-causal": "tiny-summaries",
    "question-answering": "tiny-questions",
    "token-classification": "tiny-tags",
}
FIXTURES = [name for name, spec in DATASETS.items() if spec.fixture]
KINDS = [(task, kind) for task, kinds in ARCHITECTURES.items() for kind in kinds]
POSITIONS = 96
MAX_LENGTH, MAX_TARGET, STRIDE = 64, 16, 8
# Weights that stay as they are may well predict one class for all.
pytestmark = pytest.mark.filterwarnings("ignore::difficulty_lib.dynamics.CollapsedRunWarning")
every_kind = pytest.mark.parametrize(("task", "kind"), KINDS)
every_task = pytest.mark.parametrize("task", TASKS)


def test_no_task_is_left_out():
    assert set(ARCHITECTURES) == set(TASKS)
    assert {DATASETS[name].target for name in FIXTURES} == {task.target for task in TASKS.values()}


# Data and models


def data_of(task):
    """A fixture; for single texts, what the tests of training write."""
    if task in DATASET:
        return load_data(DATASET[task])
    return TextData(
        name="own",
        splits={"train": tiny.labelled_frame(30), "validation": tiny.labelled_frame(12, seed=3)},
        text_columns=("text",),
        label_names=("sad", "glad", "fond"),
        origin="file",
    )


def all_texts():
    texts = tiny.labelled_frame(30)["text"].tolist()
    for name in FIXTURES:
        data = load_data(name)
        texts += [text for column in data.text_columns for text in data["train"][column]]
    return texts


@pytest.fixture(scope="session")
def wordpiece():
    """BERT's own tokenizer class, with pieces that were learnt from the fixtures."""
    from tokenizers import BertWordPieceTokenizer

    trained = BertWordPieceTokenizer(lowercase=True)
    trained.train_from_iterator(
        all_texts(), vocab_size=500, special_tokens=tiny.SPECIAL, show_progress=False
    )
    return transformers.BertTokenizerFast(vocab=trained.get_vocab(), model_max_length=512)


@pytest.fixture(scope="session")
def unigram():
    """T5's own tokenizer class, likewise."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    trained = Tokenizer(models.Unigram())
    trained.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=400,
        special_tokens=["<pad>", "</s>", "<unk>"],
        unk_token="<unk>",
        show_progress=False,
    )
    trained.train_from_iterator(all_texts(), trainer)
    pieces = json.loads(trained.to_str())["model"]["vocab"]
    return transformers.T5TokenizerFast(vocab=[(piece, score) for piece, score in pieces])


def built(kind, words):
    """A model as it is pretrained, of a vocabulary of so many words; no dropout."""
    config = (
        tiny.tiny_model(dropout=0.0).config if kind == "bert" else tiny_heads.model_of(kind).config
    )
    config.vocab_size = words
    if kind != "t5":
        setattr(config, "n_positions" if kind == "gpt2" else "max_position_embeddings", POSITIONS)
    else:  # as t5-base is
        config.decoder_start_token_id, config.eos_token_id = 0, 1
    of_words = {"bert": "MaskedLM", "t5": "Seq2SeqLM", "bart": "Seq2SeqLM"}.get(kind, "CausalLM")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        return getattr(transformers, f"AutoModelFor{of_words}").from_config(config)


@pytest.fixture(scope="session")
def folder_of(tmp_path_factory, wordpiece, unigram):
    """kind → what `RunConfig.model` names: a folder made by save_pretrained, or a pair of them."""
    made = {}

    def make(kind):
        if "+" in kind:
            return "+".join(make(part) for part in kind.split("+"))
        if kind not in made:
            folder = tmp_path_factory.mktemp("models") / kind
            tokenizer = unigram if kind == "t5" else wordpiece
            built(kind, len(tokenizer)).save_pretrained(folder)
            tokenizer.save_pretrained(folder)
            made[kind] = str(folder)
        return made[kind]

    return make


def config_of(task, folder, **settings):
    given = {
        "dataset": DATASET.get(task, "own"),
        "task": task,
        "model": folder,
        "epochs": 2,
        "batch_size": 8,
        "max_length": MAX_LENGTH,
        "max_target_length": MAX_TARGET,
        "stride": STRIDE,
        "evaluation_splits": ("train", "validation"),
        "precision": "float32",
    }
    return RunConfig(**(given | settings))


def loaded(task, folder, data):
    """Tokenizer, model and settings as a run has them, in eval mode."""
    from difficulty_lib.training._models import load_model, longest_input
    from difficulty_lib.training._seed import quiet

    with quiet(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        tokenizer, model = load_model(folder, task, data.label_names, "")
    settings = TaskSettings(
        tokenizer=tokenizer,
        text_columns=data.text_columns,
        max_length=longest_input(tokenizer, model, MAX_LENGTH),
        max_target_length=MAX_TARGET,
        stride=STRIDE,
        label_names=data.label_names,
    )
    return model.eval(), settings


# One batch, one by one, and padding


def sorted_by_id(columns):
    order = np.argsort(columns["sample_id"], kind="stable")
    return {name: values[order] for name, values in columns.items()}


def assert_same(found, wanted, tolerance):
    assert set(found) == set(wanted)
    for name, values in wanted.items():
        seen = found[name]
        if isinstance(values, Ragged):
            np.testing.assert_array_equal(seen.offsets, values.offsets)
            seen, values = seen.values, values.values
        if np.issubdtype(values.dtype, np.floating):
            assert_close(seen, values, name, tolerance)
        else:
            np.testing.assert_array_equal(seen, values, err_msg=name)


def assert_close(seen, values, name, tolerance=1e-5):
    """Losses and entropies to `tolerance`; logits and their differences by the largest of them.

    For one near 0 is what is left of larger terms, whose rounding it keeps.
    """
    of_logits = "logit" in name or "margin" in name
    terms = max(1.0, np.abs(values).max()) if of_logits else 1.0
    np.testing.assert_allclose(seen, values, rtol=tolerance, atol=tolerance * terms, err_msg=name)


def widened(collate, longest):
    """A collator whose batches are as wide as one with the longest row, which is then left out."""

    def collated(rows):
        companion = {name: longest[name] for name in rows[0]}
        return {
            name: values if name == "logits_to_keep" else values[: len(rows)]
            for name, values in collate([*rows, companion]).items()
        }

    return collated


@pytest.mark.parametrize(
    ("numbers", "tolerance"), [(torch.float32, 1e-5), (torch.float64, 1e-6)], ids=["32", "64"]
)
@every_kind
def test_one_batch_equals_one_by_one_and_padding_changes_nothing(
    task, kind, numbers, tolerance, folder_of
):
    data, entry = data_of(task), TASKS[task]
    model, settings = loaded(task, folder_of(kind), data)
    model.to(numbers)
    encoded = entry.encode(data["validation"], settings)
    collate = entry.collate(settings.tokenizer, model)
    widths = [len(row["input_ids"]) for row in encoded.rows]
    assert min(widths) < max(widths)

    def observed(collate, **limits):
        seen = observe_split(model, encoded, collate, observe=entry.observe, **limits)
        return sorted_by_id(seen)

    alone = observed(collate, batch_rows=1)
    assert sorted(set(alone["sample_id"])) == sorted({row["sample_id"] for row in encoded.rows})
    losses = alone["loss" if "loss" in alone else "token_loss"]
    assert np.ptp(losses.values if isinstance(losses, Ragged) else losses) > 0.01
    assert_same(observed(collate, batch_rows=1000, batch_tokens=10**9), alone, tolerance)
    longest = encoded.rows[int(np.argmax(widths))]
    assert_same(observed(widened(collate, longest), batch_rows=1), alone, tolerance)


# Runs


@pytest.fixture(scope="module")
def run_of(folder_of, tmp_path_factory):
    """(task, kind) → a run on the whole fixture, whose weights all but stay as they are."""
    made = {}
    root = tmp_path_factory.mktemp("runs")

    def make(task, kind):
        if (task, kind) not in made:
            config = config_of(task, folder_of(kind), learning_rate=1e-12, record_training=True)
            data = None if task in DATASET else data_of(task)
            made[task, kind] = get_or_train(config, data, runs=root, progress=False)
        return made[task, kind]

    make.root = root
    return make


def problems_of(run, split):
    """(phrase, used) → ids, of run.json itself."""
    record = json.loads((run.folder / "run.json").read_text("utf8"))
    listed = [entry for entry in record["data"]["problems"] if entry["split"] == split]
    found = {(entry["problem"], entry["used"]): entry["ids"] for entry in listed}
    assert len(found) == len(listed)
    return found


def set_aside(run, split):
    return sorted(
        {i for (_, used), ids in problems_of(run, split).items() if not used for i in ids}
    )


def file_ids(task, split):
    """The ids of a data set's file, read without the library."""
    if task not in DATASET:
        return sorted(data_of(task)[split].index)
    path = registry_folder() / "fixtures" / DATASET[task] / f"{split}.jsonl"
    return sorted(json.loads(line)["id"] for line in path.read_text("utf8").splitlines())


STREAMS = {
    ("train", "training"): [1, 2],
    ("train", "evaluation"): [0, 1, 2],
    ("validation", "evaluation"): [0, 1, 2],
}


@every_kind
def test_both_streams_hold_every_sample_once_per_epoch(task, kind, run_of):
    """And what is set aside makes up for the rest of the file."""
    run = run_of(task, kind)
    assert set(run.dynamics.keys) == set(STREAMS)
    for (split, stream), epochs in STREAMS.items():
        expected = sorted(set(file_ids(task, split)) - set(set_aside(run, split)))
        assert len(expected) + len(set_aside(run, split)) == len(file_ids(task, split))
        for epoch in epochs:
            part = tiny.read_part(run.folder, split, stream, epoch)
            assert sorted(part["sample_id"]) == expected
        assert run.dynamics.stream(split, stream).epochs.tolist() == epochs


@every_kind
def test_training_sees_what_evaluation_sees(task, kind, run_of):
    """The weights stay and nothing is dropped out: only the batches differ, and their padding.

    But a question is trained on the first of its gold answers, and the evaluation takes the easiest.
    """
    run = run_of(task, kind)
    trained = run.dynamics.stream("train", "training")
    evaluated = run.dynamics.stream("train", "evaluation")
    assert trained.ids.tolist() == evaluated.ids.tolist()
    gold = data_of(task)["train"]["label"].loc[trained.ids]
    one = np.array([TASKS[task].target != "answers" or len(label) < 2 for label in gold])
    assert one.sum() >= 10
    for name in ("loss", "entropy", "margin"):
        found, wanted = trained.matrix(name)[:, one], evaluated.matrix(name)[:, one]
        assert_close(found, wanted, name)
    assert (trained.matrix("loss") >= evaluated.matrix("loss") - 1e-4).all()
    assert (trained.tokens is None) == (TASKS[task].labels != "tokens")
    if trained.tokens is not None:
        assert trained.tokens.gold.tolist() == evaluated.tokens.gold.tolist()
        worst = trained.reduce("max").matrix("loss")
        np.testing.assert_allclose(worst, evaluated.reduce("max").matrix("loss"), atol=1e-5)


@every_kind
def test_what_is_given_out_is_of_the_evaluated_samples(task, kind, run_of):
    run = run_of(task, kind)
    if TASKS[task].outputs is None:
        assert run.outputs("validation") is None
        return
    for split in ("train", "validation"):
        table = run.outputs(split)
        assert sorted(table.index) == run.dynamics.stream(split, "evaluation").ids.tolist()
        for name, values in table.select_dtypes("float").items():
            assert run.record["metrics"][name][split] == pytest.approx(values.mean())


@every_task
def test_a_second_call_trains_nothing(task, run_of, folder_of, monkeypatch):
    kind = ARCHITECTURES[task][0]
    run = run_of(task, kind)
    monkeypatch.setattr("difficulty_lib.training._runs.train_run", None)
    data = None if task in DATASET else data_of(task)
    again = get_or_train(run.config, data, runs=run_of.root, progress=False)
    assert again.folder == run.folder


@every_kind
def test_nothing_else_lies_in_the_folder(task, kind, run_of):
    run = run_of(task, kind)
    outputs = [] if TASKS[task].outputs is None else ["outputs"]
    assert sorted(path.name for path in run.folder.iterdir()) == ["dynamics", *outputs, "run.json"]
    assert [path for path in run_of.root.iterdir() if path.name.endswith(".partial")] == []


# Bad input: counted, listed by id, never dropped

BAD = [
    ("nli", "train", "empty hypothesis", False, [41]),
    ("nli", "train", "empty premise", False, [42]),
    ("nli", "train", "unknown label", False, [43]),
    ("nli", "validation", "empty hypothesis", False, [221]),
    ("nli", "validation", "no label", False, [223]),
    ("summarization", "train", "empty summary", False, [41]),
    ("summarization", "train", "empty dialogue", False, [42]),
    ("summarization", "validation", "empty summary", False, [221]),
    ("summarization-causal", "train", "empty summary", False, [41]),
    ("question-answering", "train", "answer not in its context", False, [42]),
    ("question-answering", "train", "answer found elsewhere in its context", True, [43]),
    ("question-answering", "train", "empty question", False, [44]),
    ("question-answering", "validation", "answer not in its context", False, [221]),
    ("question-answering", "validation", "empty context", False, [222]),
    ("token-classification", "train", "tags of another number than words", False, [41]),
    ("token-classification", "train", "unknown tag", False, [42]),
    ("token-classification", "train", "sentence longer than the model takes", True, [46]),
    ("token-classification", "validation", "empty text", False, [221]),
]


@pytest.mark.parametrize(("task", "split", "problem", "used", "ids"), BAD)
def test_a_bad_row_is_listed_by_its_id(task, split, problem, used, ids, run_of):
    run = run_of(task, ARCHITECTURES[task][0])
    assert problems_of(run, split)[problem, used] == ids
    recorded = run.dynamics.stream(split, "evaluation").ids
    assert np.isin(ids, recorded).tolist() == [used] * len(ids)


@pytest.mark.parametrize("kind", ["t5", "bart", "gpt2"])
def test_a_dialogue_longer_than_the_model_takes_is_listed(kind, run_of):
    task = "summarization-causal" if kind == "gpt2" else "summarization"
    run = run_of(task, kind)
    ids = problems_of(run, "train")["dialogue longer than the model takes", True]
    assert 43 in ids
    lengths = load_data("tiny-summaries")["train"]["dialogue"].str.len()
    assert lengths.loc[ids].min() > lengths.drop(ids).median()
    assert run.record["data"]["truncated"]["train"] == len(ids)
    assert set(ids) <= set(run.dynamics.stream("train", "evaluation").ids)


def test_an_answer_lost_to_truncation_is_listed(folder_of, tmp_path):
    """No window holds an answer that is longer than any of them."""
    data = load_data("tiny-questions")
    train = data["train"].copy()
    lost = int(train.index[3])
    context = train.loc[lost, "context"]
    assert len(context.split()) > 24
    train.at[lost, "label"] = ((context, 0),)
    data = replace(data, name="own", origin="file", splits={**data.splits, "train": train})
    config = config_of(
        "question-answering", folder_of("bert"), dataset="own", max_length=32, epochs=1
    )
    run = get_or_train(config, data, runs=tmp_path, progress=False)
    aside = problems_of(run, "train")
    assert lost in aside["answer lost to truncation", False]
    recorded = run.dynamics.stream("train", "evaluation").ids.tolist()
    assert sorted(recorded + set_aside(run, "train")) == file_ids("question-answering", "train")


@pytest.mark.parametrize("task", [name for name, task in TASKS.items() if task.target != "class"])
def test_a_split_of_which_nothing_can_be_read_is_one_line(task, folder_of, tmp_path):
    """Not a traceback out of an empty training."""
    data = data_of(task)
    broken = {"text": "", "answers": (("no such answer", 0),), "tags": [0] * 99}[data.target]
    train = data["train"].copy()
    train["label"] = pd.Series([broken] * len(train), train.index, dtype=object)
    data = replace(data, name="own", origin="file", splits={**data.splits, "train": train})
    config = config_of(task, folder_of(ARCHITECTURES[task][0]), dataset="own")
    with pytest.raises(DifficultyError) as error:
        get_or_train(config, data, runs=tmp_path, progress=False)
    assert "\n" not in str(error.value)
    assert list(tmp_path.iterdir()) == []


# Other targets, and killed runs


@pytest.mark.parametrize(
    ("task", "dataset"),
    [(t, d) for t in TASKS for d in FIXTURES if DATASETS[d].target != TASKS[t].target],
)
def test_data_of_another_target_are_refused(task, dataset, folder_of, tmp_path):
    config = config_of(task, folder_of(ARCHITECTURES[task][0]), dataset=dataset)
    with pytest.raises(ConfigError) as error:
        get_or_train(config, runs=tmp_path, progress=False)
    text = str(error.value)
    assert "\n" not in text
    for part in (task, dataset, TASKS[task].target, DATASETS[dataset].target):
        assert part in text
    assert list(tmp_path.iterdir()) == []


@every_task
@pytest.mark.parametrize("moment", ["observe_split", "write_part"])
def test_an_interrupted_run_leaves_nothing_behind(task, moment, folder_of, tmp_path, monkeypatch):
    """In the middle of the epoch's pass, and with some files of the dynamics already written."""
    from difficulty_lib.training import _recorders

    calls = []
    real = getattr(_recorders, moment)

    def stop(*args, **kwargs):
        calls.append(moment)
        if len(calls) == 3:  # after both splits of epoch 0
            raise KeyboardInterrupt
        return real(*args, **kwargs)

    monkeypatch.setattr(_recorders, moment, stop)
    config = config_of(task, folder_of(ARCHITECTURES[task][0]))
    data = None if task in DATASET else data_of(task)
    with pytest.raises(KeyboardInterrupt):
        get_or_train(config, data, runs=tmp_path, progress=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("task", [name for name, task in TASKS.items() if task.outputs])
def test_interrupted_while_giving_out_it_leaves_nothing_behind(
    task, folder_of, tmp_path, monkeypatch
):
    """The first split's outputs are written, the second's are not."""
    written = []
    real = pd.DataFrame.to_parquet

    def stop(self, path, *args, **kwargs):
        written.append(Path(path))
        if len(written) == 2:
            raise KeyboardInterrupt
        return real(self, path, *args, **kwargs)

    monkeypatch.setattr(pd.DataFrame, "to_parquet", stop)
    config = config_of(task, folder_of(ARCHITECTURES[task][0]), epochs=1)
    with pytest.raises(KeyboardInterrupt):
        get_or_train(config, runs=tmp_path, progress=False)
    assert [path.name for path in written] == ["train.parquet", "validation.parquet"]
    assert list(tmp_path.iterdir()) == []


KILLED = """
import json, os, signal, sys
from pathlib import Path
from difficulty_lib.training import RunConfig, _recorders, get_or_train
real, calls = _recorders.observe_split, []
def stop(*args, **kwargs):
    calls.append(1)
    if len(calls) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*args, **kwargs)
_recorders.observe_split = stop
config = RunConfig.from_dict(json.loads(sys.argv[1]))
get_or_train(config, runs=Path(sys.argv[2]), progress=False)
"""


def test_what_a_killed_process_left_is_no_run_and_is_cleared_away(folder_of, tmp_path):
    config = config_of("token-classification", folder_of("bert"), epochs=1)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, json.dumps(config.to_dict()), str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        timeout=300,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()[-2000:]
    left = [path.name for path in tmp_path.iterdir()]
    assert [name for name in left if not name.endswith(".partial")] == []
    assert len(left) == 1
    assert find_run(config, tmp_path) is None
    run = get_or_train(config, runs=tmp_path, progress=False)
    assert [path.name for path in tmp_path.iterdir()] == [run.folder.name]
    assert find_run(config, tmp_path).folder == run.folder


# bert-base-uncased and t5-base are one parameter away


@pytest.mark.parametrize("task", [t for t, kinds in ARCHITECTURES.items() if "bert" in kinds])
def test_a_pretrained_bert_keeps_its_body_and_gets_a_head(task, folder_of):
    """A folder of `BertForMaskedLM`, as the published weights are, under any head."""
    from safetensors.torch import load_file

    data = data_of(task)
    model, settings = loaded(task, folder_of("bert"), data)
    assert type(settings.tokenizer).__name__.startswith("BertTokenizer")
    assert type(model).__name__.startswith("BertFor")
    saved = load_file(Path(folder_of("bert")) / "model.safetensors")
    weights = model.state_dict()
    body = [name for name in saved if name.startswith("bert.encoder.")]
    assert len(body) > 20
    assert all(torch.equal(weights[name], saved[name]) for name in body)
    names = model.config.id2label
    assert data.label_names in ((), tuple(names[k] for k in range(len(names))))


def test_a_pretrained_t5_keeps_all_its_weights_and_learns(folder_of, tmp_path):
    from safetensors.torch import load_file

    data = load_data("tiny-summaries")
    model, settings = loaded("summarization", folder_of("t5"), data)
    tokenizer = settings.tokenizer
    assert type(tokenizer).__name__.startswith("T5Tokenizer")
    assert type(model).__name__ == "T5ForConditionalGeneration"
    saved = load_file(Path(folder_of("t5")) / "model.safetensors")
    weights = model.state_dict()
    assert all(torch.equal(weights[name], saved[name]) for name in saved)
    row = TASKS["summarization"].encode(data["train"], settings)[0]
    dialogue, summary = data["train"].loc[row["sample_id"], ["dialogue", "label"]]
    whole = tokenizer("summarize: " + dialogue)["input_ids"]
    assert row["input_ids"] == [*whole[: min(len(whole), MAX_LENGTH) - 1], tokenizer.eos_token_id]
    assert row["labels"][-1] == tokenizer.eos_token_id
    taught = tokenizer.decode(row["labels"], skip_special_tokens=True)
    assert summary.startswith(taught)
    config = config_of(
        "summarization", folder_of("t5"), epochs=3, learning_rate=1e-2, evaluation_splits=("train",)
    )
    run = get_or_train(config, runs=tmp_path, progress=False)
    losses = run.dynamics.stream("train", "evaluation").reduce("mean")
    assert losses.matrix("loss")[-1].mean() < 0.8 * losses.matrix("initial_loss").mean()
