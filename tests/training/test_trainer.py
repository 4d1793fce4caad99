"""The recorders inside transformers' Trainer: complete, right, and without a trace in training."""

import copy
import math

import datasets
import numpy as np
import pytest
import torch
from training import tiny
from transformers import (
    BertForSequenceClassification,
    DataCollatorWithPadding,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)

from difficulty_lib import DifficultyError, Dynamics
from difficulty_lib.tasks import EncodedSplit
from difficulty_lib.training import RecordEvaluation, RecordTrainingMixin
from difficulty_lib.training._models import load_model
from difficulty_lib.training._recorders import TrainingRecorder

# The tiny models learn next to nothing in these few steps.
pytestmark = pytest.mark.filterwarnings(
    "ignore::difficulty_lib.dynamics._health.CollapsedRunWarning"
)

EPOCHS = 3
ROWS = 22  # with batches of 4, the last one is smaller


@pytest.fixture(scope="module")
def rows():
    return tiny.encoded_rows(ROWS)


@pytest.fixture(scope="module")
def held_out():
    return tiny.encoded_rows(11, seed=5, first_id=50_000)


def arguments(folder, **settings):
    defaults = {
        "output_dir": str(folder / "trainer"),
        "per_device_train_batch_size": 4,
        "num_train_epochs": EPOCHS,
        "learning_rate": 5e-3,
        "seed": 3,
        **tiny.SILENT,
    }
    return TrainingArguments(**(defaults | settings))


def stock_trainer(folder, rows, tokenizer, *, model=None, callbacks=(), **settings):
    return Trainer(
        model=tiny.tiny_model() if model is None else model,
        args=arguments(folder, **settings),
        train_dataset=datasets.Dataset.from_list(rows),
        processing_class=tokenizer,
        callbacks=list(callbacks),
    )


class RecordedTrainer(RecordTrainingMixin, Trainer):
    """As the documentation says, and it keeps the ids and the loss of every step."""

    def training_step(self, model, inputs, *args, **kwargs):
        self.steps = [
            *getattr(self, "steps", []),
            inputs.get("sample_id", torch.tensor([])).clone(),
        ]
        return super().training_step(model, inputs, *args, **kwargs)

    def compute_loss(self, model, inputs, *args, **kwargs):
        loss = super().compute_loss(model, inputs, *args, **kwargs)
        value = loss[0] if isinstance(loss, tuple) else loss
        self.losses = [*getattr(self, "losses", []), value.item()]
        return loss


def recorded_trainer(folder, rows, tokenizer, *, model=None, **settings):
    recorder = TrainingRecorder(folder)
    trainer = RecordedTrainer(
        model=tiny.tiny_model() if model is None else model,
        args=arguments(folder, **({"remove_unused_columns": False} | settings)),
        train_dataset=rows,
        data_collator=DataCollatorWithPadding(tokenizer),
        processing_class=tokenizer,
        callbacks=[recorder],
    )
    trainer.training_recorder = recorder
    return trainer


def without(rows, name):
    return [{k: v for k, v in row.items() if k != name} for row in rows]


# --- RecordEvaluation on a stock Trainer -------------------------------------------------------


@pytest.mark.parametrize("with_ids", [True, False])
def test_evaluation_stream_of_a_stock_trainer(tmp_path, rows, held_out, tokenizer, with_ids):
    splits = {"train": rows, "validation": held_out}
    if not with_ids:
        splits = {split: without(part, "sample_id") for split, part in splits.items()}
    tables = {split: datasets.Dataset.from_list(part) for split, part in splits.items()}
    recorder = RecordEvaluation(tmp_path / "run", tables)
    trainer = stock_trainer(tmp_path, splits["train"], tokenizer, callbacks=[recorder])
    trainer.train()

    recorded = Dynamics.load(tmp_path / "run")
    assert sorted(recorded.keys) == [("train", "evaluation"), ("validation", "evaluation")]
    for split, part in {"train": rows, "validation": held_out}.items():
        keyed = [
            {**row, "sample_id": row["sample_id"] if with_ids else place}
            for place, row in enumerate(part)
        ]
        stream = recorded.stream(split)
        gold = {row["sample_id"]: row["labels"] for row in keyed}
        direct = tiny.direct_losses(trainer.model, keyed)
        assert stream.epochs.tolist() == list(range(EPOCHS + 1))
        assert stream.ids.tolist() == sorted(gold)
        assert stream.label.tolist() == [gold[i] for i in sorted(gold)]
        wanted = [direct[i] for i in sorted(gold)]
        np.testing.assert_allclose(stream.columns["loss"][-1], wanted, atol=1e-5, rtol=1e-4)


def test_epoch_zero_is_the_untouched_model(tmp_path, rows, tokenizer):
    model = tiny.tiny_model()
    untouched = tiny.direct_losses(copy.deepcopy(model), rows)
    recorder = RecordEvaluation(tmp_path / "run", {"train": rows})
    stock_trainer(tmp_path, rows, tokenizer, model=model, callbacks=[recorder]).train()
    stream = Dynamics.load(tmp_path / "run").stream()
    wanted = [untouched[i] for i in stream.ids]
    np.testing.assert_allclose(stream.columns["loss"][0], wanted, atol=1e-5, rtol=1e-4)
    assert np.abs(stream.columns["loss"][1] - wanted).max() > 1e-2  # the first epoch did train


def test_every_epoch_is_of_its_own_weights(tmp_path, rows, tokenizer):
    """The losses after each epoch equal a direct pass of the weights at that time."""
    direct = []

    class Snapshot(TrainerCallback):
        def on_epoch_end(self, args, state, control, model=None, **kwargs):
            assert model.training  # the recorder before it has put the mode back
            direct.append(tiny.direct_losses(copy.deepcopy(model), rows))

    recorder = RecordEvaluation(tmp_path / "run", {"train": rows}, initial=False)
    stock_trainer(tmp_path, rows, tokenizer, callbacks=[recorder, Snapshot()]).train()
    stream = Dynamics.load(tmp_path / "run").stream()
    assert stream.epochs.tolist() == [1, 2, 3]
    wanted = [[losses[i] for i in stream.ids] for losses in direct]
    np.testing.assert_allclose(stream.columns["loss"], wanted, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(("steps", "epoch"), [(2, 0), (8, 1)])
def test_stopping_within_an_epoch_leaves_the_epochs_before(tmp_path, rows, tokenizer, steps, epoch):
    """An epoch is 6 steps: what was recorded of `epoch` is not of the weights at the stop."""
    losses = []
    for stop in (6, steps):
        recorder = RecordEvaluation(tmp_path / f"stop{stop}", {"train": rows})
        stock_trainer(
            tmp_path,
            rows,
            tokenizer,
            callbacks=[recorder],
            max_steps=stop,
            lr_scheduler_type="constant",
        ).train()
        losses.append(tiny.read_part(recorder.folder, "train", "evaluation", epoch)["loss"])
    np.testing.assert_array_equal(losses[0], losses[1])


def test_a_row_without_label_is_named_before_training(tmp_path, rows, tokenizer):
    unlabelled = {"validation": without(rows, "labels")}
    recorder = RecordEvaluation(tmp_path / "run", unlabelled)
    trainer = stock_trainer(tmp_path, rows, tokenizer, callbacks=[recorder])
    with pytest.raises(DifficultyError, match="label"):
        trainer.train()


def test_doubled_ids_are_refused(tmp_path, rows, tokenizer):
    recorder = RecordEvaluation(tmp_path / "run", {"validation": [*rows, rows[0]]})
    trainer = stock_trainer(tmp_path, rows, tokenizer, callbacks=[recorder])
    with pytest.raises(DifficultyError, match=r"validation.*not unique"):
        trainer.train()


def test_without_a_tokenizer_it_says_what_to_pass(tmp_path, rows, tokenizer):
    def trainer(**settings):
        recorder = RecordEvaluation(tmp_path / "run", {"train": rows}, **settings)
        return Trainer(
            model=tiny.tiny_model(),
            args=arguments(tmp_path, num_train_epochs=1),
            train_dataset=datasets.Dataset.from_list(rows),
            data_collator=DataCollatorWithPadding(tokenizer),
            callbacks=[recorder],
        )

    with pytest.raises(DifficultyError, match=r"collate=.*processing_class"):
        trainer().train()
    trainer(collate=DataCollatorWithPadding(tokenizer)).train()
    assert len(Dynamics.load(tmp_path / "run").stream()) == ROWS


# --- RecordTrainingMixin and TrainingRecorder --------------------------------------------------


@pytest.mark.parametrize("accumulation", [1, 3])
def test_training_stream_has_every_id_once_per_epoch(tmp_path, rows, tokenizer, accumulation):
    trainer = recorded_trainer(tmp_path, rows, tokenizer, gradient_accumulation_steps=accumulation)
    trainer.train()
    label_of = {row["sample_id"]: row["labels"] for row in rows}
    for epoch in range(1, EPOCHS + 1):
        part = tiny.read_part(tmp_path, "train", "training", epoch)
        assert part["sample_id"].tolist() == sorted(label_of)
        labels = part["sample_id"].map(label_of)
        right = part["predicted"] == labels
        assert (part["margin"][right] > 0).all()
        assert (part["margin"][~right] < 0).all()
    assert not (tmp_path / "dynamics" / "split=train" / "stream=training" / "epoch=0").exists()


def test_first_batch_is_the_untouched_model(tmp_path, rows, tokenizer):
    model = tiny.tiny_model(dropout=0.0)
    untouched = tiny.direct_losses(copy.deepcopy(model), rows)
    trainer = recorded_trainer(tmp_path, rows, tokenizer, model=model, num_train_epochs=1)
    trainer.train()
    recorded = tiny.read_part(tmp_path, "train", "training", 1).set_index("sample_id")["loss"]
    first = trainer.steps[0].tolist()
    np.testing.assert_allclose(recorded[first], [untouched[i] for i in first], atol=1e-5, rtol=1e-4)
    later = trainer.steps[-1].tolist()
    assert np.abs(recorded[later] - [untouched[i] for i in later]).max() > 1e-2


def test_training_stream_is_in_train_mode(tmp_path, rows, tokenizer):
    """With learning rate 0 only dropout tells the stream's losses from the model's."""
    model = tiny.tiny_model(dropout=0.3)
    direct = tiny.direct_losses(model, rows)
    recorded_trainer(tmp_path, rows, tokenizer, model=model, learning_rate=0.0).train()
    parts = [tiny.read_part(tmp_path, "train", "training", e)["loss"] for e in (1, 2)]
    assert np.abs(parts[0] - [direct[i] for i in sorted(direct)]).max() > 1e-2
    assert np.abs(parts[0] - parts[1]).max() > 1e-2


@pytest.mark.parametrize("dropout", [0.0, 0.1])
def test_mean_of_the_samples_is_the_trainers_loss(tmp_path, rows, tokenizer, dropout):
    model = tiny.tiny_model(dropout=dropout)
    trainer = recorded_trainer(tmp_path, rows, tokenizer, model=model)
    trainer.train()
    per_epoch = len(trainer.steps) // EPOCHS
    for step, (ids, loss) in enumerate(zip(trainer.steps, trainer.losses)):
        part = tiny.read_part(tmp_path, "train", "training", 1 + step // per_epoch)
        recorded = part.set_index("sample_id")["loss"][ids.tolist()]
        assert recorded.mean() == pytest.approx(loss, rel=1e-5, abs=1e-6)


def test_a_batch_without_ids_raises(tmp_path, rows, tokenizer):
    trainer = recorded_trainer(tmp_path, without(rows, "sample_id"), tokenizer)
    with pytest.raises(DifficultyError, match=r"sample_id.*remove_unused_columns=False"):
        trainer.train()


def test_ids_dropped_by_the_trainers_default_raise(tmp_path, rows, tokenizer):
    table = datasets.Dataset.from_list(rows)
    trainer = recorded_trainer(tmp_path, table, tokenizer, remove_unused_columns=True)
    with pytest.raises(DifficultyError, match=r"sample_id.*remove_unused_columns=False"):
        trainer.train()


def test_without_a_recorder_the_mixin_only_drops_the_ids(tmp_path, rows, tokenizer):
    trainer = recorded_trainer(tmp_path, rows, tokenizer, num_train_epochs=1)
    trainer.training_recorder = None
    trainer.callback_handler.callbacks = [
        c for c in trainer.callback_handler.callbacks if not isinstance(c, TrainingRecorder)
    ]
    trainer.train()
    assert not (tmp_path / "dynamics").exists()


def test_evaluating_within_training_is_not_part_of_the_stream(tmp_path, rows, held_out, tokenizer):
    class Evaluating(TrainerCallback):
        def on_step_end(self, args, state, control, **kwargs):
            trainer.evaluate(held_out)

    trainer = recorded_trainer(tmp_path, rows, tokenizer)
    trainer.add_callback(Evaluating())
    trainer.train()
    part = tiny.read_part(tmp_path, "train", "training", EPOCHS)
    assert part["sample_id"].tolist() == sorted(row["sample_id"] for row in rows)


def test_label_smoothing_does_not_smooth_what_is_recorded(tmp_path, rows, tokenizer):
    model = tiny.tiny_model(dropout=0.0)
    direct = tiny.direct_losses(model, rows)
    trainer = recorded_trainer(
        tmp_path, rows, tokenizer, model=model, label_smoothing_factor=0.2, learning_rate=0.0
    )
    trainer.train()
    part = tiny.read_part(tmp_path, "train", "training", 1)
    wanted = [direct[i] for i in part["sample_id"]]
    np.testing.assert_allclose(part["loss"], wanted, atol=1e-5, rtol=1e-4)


def test_a_recorder_without_the_mixin_says_so(tmp_path, rows, tokenizer):
    trainer = stock_trainer(tmp_path, rows, tokenizer, callbacks=[TrainingRecorder(tmp_path)])
    with pytest.raises(DifficultyError, match="Mixin"):
        trainer.train()


# --- the scale of the loss under gradient accumulation -----------------------------------------


class GradientNorms(TrainerCallback):
    def __init__(self):
        self.norms = []

    def on_pre_optimizer_step(self, args, state, control, model=None, **kwargs):
        squares = sum(float((p.grad.double() ** 2).sum()) for p in model.parameters())
        self.norms.append(math.sqrt(squares))


def loss_and_norm(folder, rows, tokenizer, model, accumulation):
    """Of one update over the same 16 samples, in so many batches, without moving a weight."""
    norms = GradientNorms()
    trainer = stock_trainer(
        folder,
        rows[:16],
        tokenizer,
        model=model,
        callbacks=[norms],
        num_train_epochs=1,
        per_device_train_batch_size=16 // accumulation,
        gradient_accumulation_steps=accumulation,
        learning_rate=0.0,
        max_grad_norm=0.0,
        logging_strategy="steps",
        logging_steps=1,
    )
    trainer.train()
    assert len(norms.norms) == 1
    return trainer.state.log_history[0]["loss"], norms.norms[0]


@pytest.fixture(scope="module")
def steady_folder(tmp_path_factory):
    """Without dropout: the same samples give the same loss however they are batched."""
    return tiny.save_tiny(tmp_path_factory.mktemp("models") / "steady", dropout=0.0)


def loaded(folder):
    return load_model(str(folder), "sentiment", ("a", "b", "c"), "")[1]


@pytest.mark.parametrize("accumulation", [1, 2, 4])
def test_loaded_models_have_the_same_loss_under_accumulation(
    tmp_path, rows, tokenizer, steady_folder, accumulation
):
    model = loaded(steady_folder)
    direct = tiny.direct_losses(model, rows[:16])
    loss, norm = loss_and_norm(tmp_path, rows, tokenizer, model, accumulation)
    _, whole = loss_and_norm(tmp_path, rows, tokenizer, loaded(steady_folder), 1)
    assert loss == pytest.approx(np.mean(list(direct.values())), rel=1e-3)
    assert norm == pytest.approx(whole, rel=1e-4)


@pytest.mark.parametrize("accumulation", [2, 4])
def test_the_stock_head_scales_its_loss_under_accumulation(
    tmp_path, rows, tokenizer, steady_folder, accumulation
):
    """The fault that `load_model` mends; once transformers mends it, the attribute can go."""
    stock = [
        loss_and_norm(
            tmp_path,
            rows,
            tokenizer,
            BertForSequenceClassification.from_pretrained(steady_folder),
            batches,
        )
        for batches in (1, accumulation)
    ]
    assert stock[1][0] == pytest.approx(accumulation * stock[0][0], rel=1e-3)
    assert stock[1][1] == pytest.approx(accumulation * stock[0][1], rel=1e-3)


# --- recording leaves training as it is --------------------------------------------------------


def final_weights(folder, rows, tokenizer, *, recorders, seed=3):
    """Without recorders it is a stock Trainer, which has never heard of ids."""
    kind = RecordedTrainer if recorders else Trainer
    trainer = kind(
        model=tiny.tiny_model(dropout=0.2),
        args=arguments(folder, remove_unused_columns=False, seed=seed),
        train_dataset=rows if recorders else without(rows, "sample_id"),
        data_collator=DataCollatorWithPadding(tokenizer),
        processing_class=tokenizer,
    )
    if "evaluation" in recorders:
        trainer.add_callback(RecordEvaluation(folder, {"train": rows}))
    if "training" in recorders:
        trainer.training_recorder = TrainingRecorder(folder)
        trainer.add_callback(trainer.training_recorder)
    trainer.train()
    return trainer.model.state_dict()


@pytest.mark.parametrize("recorders", [("evaluation",), ("training",), ("evaluation", "training")])
def test_recording_does_not_change_a_bit_of_training(tmp_path, rows, tokenizer, recorders):
    plain = final_weights(tmp_path / "plain", rows, tokenizer, recorders=())
    recorded = final_weights(tmp_path / "recorded", rows, tokenizer, recorders=recorders)
    assert all(torch.equal(plain[name], recorded[name]) for name in plain)


def test_another_seed_does_change_training(tmp_path, rows, tokenizer):
    weights = [
        final_weights(tmp_path / str(s), rows, tokenizer, recorders=(), seed=s) for s in (3, 4)
    ]
    assert not all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def fine_tuned_weights(folder, rows, tokenizer, **settings):
    from difficulty_lib.training import RunConfig
    from difficulty_lib.training._fine_tune import fine_tune
    from difficulty_lib.training._seed import seed_everything

    config = RunConfig(
        dataset="emotion",
        epochs=2,
        batch_size=8,
        learning_rate=5e-3,
        precision="float32",
        **({"evaluation_splits": ()} | settings),
    )
    lengths = np.array([len(row["input_ids"]) for row in rows])
    split = EncodedSplit(rows=rows, lengths=lengths)
    seed_everything(config.seed)
    model = tiny.tiny_model(dropout=0.2)
    fine_tune(config, model, tokenizer, {"train": split, "test": split}, folder, progress=False)
    return model.state_dict()


@pytest.mark.parametrize(
    "settings",
    [
        {"record_training": True},
        {"evaluation_splits": ("train", "test")},
        {"evaluation_splits": ("test",), "record_initial": False, "record_training": True},
    ],
)
def test_what_a_run_records_does_not_change_it(tmp_path, rows, tokenizer, settings):
    plain = fine_tuned_weights(tmp_path / "plain", rows, tokenizer)
    recorded = fine_tuned_weights(tmp_path / "recorded", rows, tokenizer, **settings)
    assert all(torch.equal(plain[name], recorded[name]) for name in plain)
    Dynamics.load(tmp_path / "recorded")


def test_evaluation_stream_is_in_float32_while_training_autocasts(tmp_path, tiny_folder):
    """accelerate patches the model's forward for bfloat16; the evaluation stream must not use it."""
    from transformers import DataCollatorWithPadding, Trainer, TrainingArguments

    from difficulty_lib.training._models import load_model

    tokenizer, model = load_model(str(tiny_folder), "sentiment", ("bad", "good"), "")
    words = ["good river", "bad tree we read", "good", "sad bad river"] * 4
    rows = [
        {**tokenizer(text), "labels": number % 2, "sample_id": number}
        for number, text in enumerate(words)
    ]
    trainer = Trainer(
        model=model,
        args=TrainingArguments(
            output_dir=str(tmp_path / "out"),
            num_train_epochs=1,
            per_device_train_batch_size=4,
            bf16=True,
            use_cpu=True,
            remove_unused_columns=False,
            report_to="none",
            disable_tqdm=True,
            save_strategy="no",
            logging_strategy="no",
        ),
        train_dataset=[{k: v for k, v in row.items() if k != "sample_id"} for row in rows],
        data_collator=DataCollatorWithPadding(tokenizer),
        processing_class=tokenizer,
        callbacks=[RecordEvaluation(tmp_path / "run", {"test": rows})],
    )
    trainer.train()
    patched = model.__dict__["forward"]  # recording leaves the Trainer's own forward in place
    stream = Dynamics.load(tmp_path / "run").stream("test")
    fresh = type(model)(model.config).eval()
    fresh.load_state_dict(model.state_dict())
    with torch.inference_mode():
        for row in rows:
            logits = fresh(**{k: torch.tensor([row[k]]) for k in ("input_ids", "attention_mask")})
            loss = torch.nn.functional.cross_entropy(logits.logits, torch.tensor([row["labels"]]))
            place = stream.ids.tolist().index(row["sample_id"])
            assert stream.columns["loss"][-1, place] == pytest.approx(loss.item(), abs=1e-6)
    assert model.__dict__["forward"] is patched
