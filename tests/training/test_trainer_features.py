"""Both streams under whatever the Trainer can do; what cannot be recorded rightly is refused."""

import copy
import itertools
import shutil

import numpy as np
import pytest
import torch
from training import tiny
from transformers import (
    DataCollatorForSeq2Seq,
    DataCollatorWithPadding,
    Seq2SeqTrainer,
    Seq2SeqTrainingArguments,
    T5Config,
    T5ForConditionalGeneration,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)

from difficulty_lib import DifficultyError, Dynamics
from difficulty_lib.training import RecordEvaluation, RecordTrainingMixin, TrainingRecorder
from difficulty_lib.training._ranks import refuse_kind, refuse_split_models

pytestmark = pytest.mark.filterwarnings(
    "ignore::difficulty_lib.dynamics._health.CollapsedRunWarning"
)

COUNT, EPOCHS = 22, 2


class Recorded(RecordTrainingMixin, Trainer):
    pass


class RecordedSeq2Seq(RecordTrainingMixin, Seq2SeqTrainer):
    pass


@pytest.fixture(scope="module")
def rows():
    return tiny.encoded_rows(COUNT)


@pytest.fixture(scope="module")
def held_out():
    return tiny.encoded_rows(11, seed=5, first_id=50_000)


def arguments(folder, kind=TrainingArguments, **settings):
    defaults = {
        "output_dir": str(folder / "trainer"),
        "per_device_train_batch_size": 4,
        "num_train_epochs": EPOCHS,
        "learning_rate": 5e-3,
        "seed": 3,
        "remove_unused_columns": False,
        **tiny.SILENT,
    }
    return kind(**(defaults | settings))


def trainer_of(folder, rows, held_out, *, model=None, callbacks=(), **settings):
    recorder = TrainingRecorder(folder)
    tokenizer = tiny.tiny_tokenizer()
    trainer = Recorded(
        model=tiny.tiny_model(dropout=0.0) if model is None else model,
        args=arguments(folder, **settings),
        train_dataset=rows,
        eval_dataset=held_out,
        data_collator=DataCollatorWithPadding(tokenizer),
        processing_class=tokenizer,
        callbacks=[
            RecordEvaluation(folder, {"train": rows, "validation": held_out}),
            recorder,
            *callbacks,
        ],
    )
    trainer.training_recorder = recorder
    return trainer


def losses_by_id(stream, epoch):
    row = stream.epochs.tolist().index(epoch)
    return dict(zip(stream.ids.tolist(), stream.columns["loss"][row].tolist()))


def assert_close(found, wanted, tolerance):
    assert sorted(found) == sorted(wanted)
    np.testing.assert_allclose(
        [found[i] for i in sorted(found)], [wanted[i] for i in sorted(wanted)], atol=tolerance
    )
    assert np.ptp(list(wanted.values())) > 0.1


@pytest.mark.parametrize(
    "settings",
    [
        {"gradient_accumulation_steps": 4},
        {"bf16": True},
        {"gradient_checkpointing": True},
        {"torch_compile": True, "torch_compile_backend": "eager"},
        {"label_smoothing_factor": 0.2},
        {"train_sampling_strategy": "group_by_length"},
        {"train_sampling_strategy": "sequential"},
        {"dataloader_drop_last": True, "per_device_train_batch_size": 11},
        {"auto_find_batch_size": True},
        {"max_grad_norm": 0.01, "weight_decay": 0.1, "lr_scheduler_type": "cosine"},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_both_streams_are_whole_and_of_this_model(tmp_path, rows, held_out, settings):
    """The training stream of a model that stands still is the untouched model's losses; the
    evaluation stream of one that learns is that of the weights at the end."""
    tolerance = 0.05 if settings.get("bf16") else 1e-5
    untouched = tiny.direct_losses(tiny.tiny_model(dropout=0.0), rows)
    still = trainer_of(tmp_path / "still", rows, held_out, **(settings | {"learning_rate": 0.0}))
    still.train()
    training = Dynamics.load(tmp_path / "still").stream("train", "training")
    assert training.epochs.tolist() == [1, 2]
    for epoch in (1, 2):
        assert_close(losses_by_id(training, epoch), untouched, tolerance)

    moving = trainer_of(tmp_path / "moving", rows, held_out, **settings)
    moving.train()
    recorded = Dynamics.load(tmp_path / "moving")
    model = copy.deepcopy(moving.model)
    model.forward = type(model).forward.__get__(model)  # without autocast or compilation
    for split, part in (("train", rows), ("validation", held_out)):
        stream = recorded.stream(split, "evaluation")
        assert stream.epochs.tolist() == [0, 1, 2]
        assert_close(losses_by_id(stream, 2), tiny.direct_losses(model, part), 1e-4)
    assert recorded.stream("train", "training").ids.tolist() == sorted(untouched)


def test_the_best_model_is_loaded_after_the_last_epoch_is_recorded(tmp_path, rows, held_out):
    weights = {}

    class Weights(TrainerCallback):
        def on_epoch_end(self, args, state, control, model=None, **kwargs):
            weights[round(state.epoch)] = copy.deepcopy(model)

    trainer = trainer_of(
        tmp_path,
        rows,
        held_out,
        callbacks=[Weights()],
        eval_strategy="epoch",
        save_strategy="epoch",
        load_best_model_at_end=True,
        metric_for_best_model="turn",
        greater_is_better=False,
        num_train_epochs=3,
    )
    turns = itertools.count()
    trainer.compute_metrics = lambda prediction: {"turn": next(turns)}
    trainer.train()
    assert trainer.state.best_model_checkpoint.endswith("checkpoint-6")
    stream = Dynamics.load(tmp_path).stream("validation")
    for epoch, model in weights.items():
        assert_close(losses_by_id(stream, epoch), tiny.direct_losses(model, held_out), 1e-5)
    assert len(weights) == 3


def test_max_steps_inside_an_epoch_keeps_the_whole_epochs_only(tmp_path, rows, held_out):
    trainer_of(tmp_path, rows, held_out, max_steps=8).train()  # 6 steps are an epoch
    recorded = Dynamics.load(tmp_path)
    assert recorded.stream("train", "training").epochs.tolist() == [1]
    assert recorded.stream("validation").epochs.tolist() == [0, 1]


def test_a_batch_size_found_by_running_out_of_memory(tmp_path, rows, held_out):
    """The Trainer starts again with smaller batches; what was seen before is not counted twice."""

    class Full(TrainerCallback):
        def on_step_end(self, args, state, control, **kwargs):
            if state.global_step == 2 and state.train_batch_size == 8:
                raise RuntimeError("CUDA out of memory.")

    trainer = trainer_of(
        tmp_path,
        rows,
        held_out,
        callbacks=[Full()],
        auto_find_batch_size=True,
        per_device_train_batch_size=8,
    )
    trainer.train()
    assert trainer.state.train_batch_size < 8
    stream = Dynamics.load(tmp_path).stream("train", "training")
    assert stream.epochs.tolist() == [1, 2]
    assert stream.ids.tolist() == sorted(row["sample_id"] for row in rows)


def test_dropout_is_on_in_the_training_stream_only(tmp_path, rows, held_out):
    model = tiny.tiny_model(dropout=0.3)
    untouched = tiny.direct_losses(model, rows)
    trainer_of(tmp_path, rows, held_out, model=model, learning_rate=0.0).train()
    recorded = Dynamics.load(tmp_path)
    assert_close(losses_by_id(recorded.stream("train", "evaluation"), 2), untouched, 1e-5)
    noisy = losses_by_id(recorded.stream("train", "training"), 2)
    assert max(abs(noisy[i] - untouched[i]) for i in noisy) > 0.1


# --- sequences to sequences --------------------------------------------------------------------


def t5():
    config = T5Config(
        vocab_size=len(tiny.vocabulary()),
        d_model=16,
        d_kv=8,
        d_ff=24,
        num_layers=1,
        num_heads=2,
        dropout_rate=0.0,
        decoder_start_token_id=0,
        pad_token_id=0,
    )
    torch.manual_seed(0)
    return T5ForConditionalGeneration(config)


def first_token(logits, labels):
    """What is observed need not be what the library observes: here, of the first target token."""
    loss = torch.nn.functional.cross_entropy(logits[:, 0].float(), labels[:, 0], reduction="none")
    return {"loss": loss.detach()}


def test_generation_while_both_streams_are_recorded(tmp_path):
    rows = [
        {k: v for k, v in row.items() if k != "token_type_ids"} | {"labels": row["input_ids"][:6]}
        for row in tiny.encoded_rows(10)
    ]
    generated = []

    def metrics(prediction):
        generated.append(prediction.predictions.shape)
        return {}

    tokenizer = tiny.tiny_tokenizer()
    recorder = TrainingRecorder(tmp_path, observe=first_token)
    trainer = RecordedSeq2Seq(
        model=t5(),
        args=arguments(
            tmp_path,
            Seq2SeqTrainingArguments,
            predict_with_generate=True,
            generation_max_length=5,
            eval_strategy="epoch",
            learning_rate=0.0,
        ),
        train_dataset=rows,
        eval_dataset=rows[:5],
        data_collator=DataCollatorForSeq2Seq(tokenizer, padding=True),
        processing_class=tokenizer,
        compute_metrics=metrics,
        callbacks=[recorder],
    )
    trainer.training_recorder = recorder
    trainer.train()
    assert [shape[0] for shape in generated] == [5, 5]
    stream = Dynamics.load(tmp_path).stream("train", "training")
    wanted = {}
    model = trainer.model.eval()
    for row in rows:
        with torch.no_grad():
            z = model(
                input_ids=torch.tensor([row["input_ids"]]), labels=torch.tensor([row["labels"]])
            ).logits[0, 0]
        wanted[row["sample_id"]] = float(-torch.log_softmax(z.double(), -1)[row["labels"][0]])
    found = losses_by_id(stream, 2)
    assert sorted(found) == sorted(wanted)
    np.testing.assert_allclose(
        [found[i] for i in sorted(found)], [wanted[i] for i in sorted(wanted)], atol=1e-5
    )


# --- what is refused ---------------------------------------------------------------------------


def refusal(trainer):
    with pytest.raises(DifficultyError) as caught:
        trainer.train()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_samples_that_drop_last_would_leave_out(tmp_path, rows, held_out):
    said = refusal(trainer_of(tmp_path, rows, held_out, dataloader_drop_last=True))
    assert "drop_last" in said
    assert "2 of 22 samples" in said
    assert not (tmp_path / "dynamics" / "split=train" / "stream=training").exists()


def test_an_iterable_data_set(tmp_path, rows, held_out):
    class Endless(torch.utils.data.IterableDataset):
        def __iter__(self):
            return iter(rows)

    trainer = trainer_of(tmp_path, Endless(), held_out, max_steps=4)
    assert "iterable" in refusal(without_evaluation(trainer))


def without_evaluation(trainer):
    trainer.remove_callback(RecordEvaluation)
    return trainer


def changed(rows, place, **values):
    return [row | (values if number == place else {}) for number, row in enumerate(rows)]


def test_an_id_that_two_samples_have(tmp_path, rows, held_out):
    doubled = changed(rows, 3, sample_id=rows[9]["sample_id"])
    trainer = without_evaluation(trainer_of(tmp_path, doubled, held_out))
    assert f"not unique, first: {rows[9]['sample_id']}" in refusal(trainer)


@pytest.mark.parametrize("label", [3, -1])
@pytest.mark.parametrize("stream", ["training", "evaluation"])
def test_a_label_that_the_model_has_no_class_for(tmp_path, rows, held_out, label, stream):
    if stream == "training":
        trainer = without_evaluation(trainer_of(tmp_path, changed(rows, 4, labels=label), held_out))
        wanted = rows[4]["sample_id"]
    else:
        trainer = trainer_of(tmp_path, rows, changed(held_out, 4, labels=label))
        wanted = held_out[4]["sample_id"]
    assert f"label {label} of sample {wanted}; expected 0 to 2" in refusal(trainer)


class Poison(TrainerCallback):
    """The weights are no numbers from the second update of the second epoch on."""

    def on_step_end(self, args, state, control, model=None, **kwargs):
        if state.global_step == 8:
            with torch.no_grad():
                model.classifier.bias.fill_(float("nan"))


def test_logits_that_are_no_numbers(tmp_path, rows, held_out):
    trainer = without_evaluation(trainer_of(tmp_path, rows, held_out, callbacks=[Poison()]))
    said = refusal(trainer)
    assert "train, epoch 2, from batch 3 on: 'loss' is not finite for 14 of 22 samples" in said
    named = [int(i) for i in said.split("first: [")[1].split("]")[0].split(",")]
    assert set(named) < {row["sample_id"] for row in rows}
    assert Dynamics.load(tmp_path).stream("train").epochs.tolist() == [1]


def test_logits_that_are_no_numbers_in_the_evaluation_stream(tmp_path, rows, held_out):
    trainer = trainer_of(tmp_path, rows, held_out, callbacks=[Poison()])
    trainer.remove_callback(TrainingRecorder)
    trainer.training_recorder = None
    said = refusal(trainer)
    assert "train/evaluation, epoch 2: 'loss' is not finite for 22 of 22 samples" in said


def test_an_epoch_that_is_missing(tmp_path, rows, held_out):
    trainer_of(tmp_path, rows, held_out, num_train_epochs=3).train()
    shutil.rmtree(tmp_path / "dynamics/split=train/stream=training/epoch=2")
    with pytest.raises(DifficultyError, match="epoch 2 of train/training is missing"):
        Dynamics.load(tmp_path)


@pytest.mark.parametrize("kind", ["FSDP", "DEEPSPEED", "MEGATRON_LM", "XLA", "TP"])
def test_models_split_among_processes(kind):
    with pytest.raises(DifficultyError, match=f"under {kind}, which splits the model"):
        refuse_kind(kind)


@pytest.mark.parametrize("kind", ["NO", "MULTI_CPU", "MULTI_GPU"])
def test_whole_models_in_every_process(kind):
    refuse_kind(kind)


def test_weights_that_were_split_when_they_were_loaded(tmp_path):
    store = torch.distributed.HashStore()
    torch.distributed.init_process_group("gloo", store=store, rank=0, world_size=1)
    try:
        mesh = torch.distributed.device_mesh.init_device_mesh("cpu", (1,))
        model = torch.distributed.tensor.distribute_module(torch.nn.Linear(2, 2), mesh)
        refuse_split_models(arguments(tmp_path), torch.nn.Linear(2, 2))
        with pytest.raises(DifficultyError, match="splits the model"):
            refuse_split_models(arguments(tmp_path), model)
    finally:
        torch.distributed.destroy_process_group()


def test_several_devices_of_one_process(tmp_path, rows, held_out):
    trainer = trainer_of(tmp_path, rows, held_out)
    trainer.args._n_gpu = 2  # as on a machine that shows two
    said = refusal(trainer)
    assert "2 GPUs are visible to one process" in said
    assert "CUDA_VISIBLE_DEVICES" in said
