"""RecordGradients inside transformers' Trainer, and through `get_or_train`."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from gradients import heads
from training import tiny
from transformers import Trainer, TrainerCallback, TrainingArguments

from difficulty_lib import SCORES, Dynamics
from difficulty_lib._errors import DynamicsError
from difficulty_lib.cli._app import app
from difficulty_lib.gradients import classification_loss, input_gradients
from difficulty_lib.training import RecordEvaluation, RecordGradients, RunConfig, get_or_train

EPOCHS = 3
# So short a training of so small a model learns little, and says so.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*(constant predictions|loss not below)"),
    pytest.mark.filterwarnings("ignore:.*differ from the registry"),
]


@pytest.fixture(scope="module")
def rows():
    return tiny.encoded_rows(10)


class KeepModels(TrainerCallback):
    """A copy of the model after every epoch, and the learning rate of every update."""

    def __init__(self):
        self.models, self.rates = [], []

    def on_epoch_end(self, args, state, control, model=None, **kwargs):
        self.models.append(copy.deepcopy(model).eval())

    def on_pre_optimizer_step(self, args, state, control, optimizer=None, **kwargs):
        self.rates.append(optimizer.param_groups[0]["lr"])


class StopAfter(TrainerCallback):
    def __init__(self, epoch):
        self.epoch = epoch

    def on_epoch_end(self, args, state, control, **kwargs):
        control.should_training_stop = round(state.epoch) >= self.epoch


def trainer_of(folder, rows, tokenizer, callbacks, **settings):
    defaults = {
        "output_dir": str(folder / "trainer"), "per_device_train_batch_size": 4,
        "num_train_epochs": EPOCHS, "learning_rate": 1e-3, "seed": 3, "use_cpu": True,
        "dataloader_pin_memory": False, "report_to": "none", "save_strategy": "no",
        "logging_strategy": "no", "disable_tqdm": True,
    }  # fmt: skip
    return Trainer(
        model=tiny.tiny_model(),
        args=TrainingArguments(**(defaults | settings)),
        train_dataset=rows,
        processing_class=tokenizer,
        callbacks=callbacks,
    )


def recorded(folder, rows, tokenizer, more=(), resume=None, **settings):
    gradients = RecordGradients()
    evaluation = RecordEvaluation(folder / "run", {"validation": rows}, also=[gradients])
    trainer = trainer_of(folder, rows, tokenizer, [gradients, evaluation, *more], **settings)
    trainer.train(resume_from_checkpoint=resume)
    return Dynamics.load(folder / "run").stream("validation")


def test_columns_are_those_of_the_models_after_each_epoch(tmp_path, rows, tokenizer):
    kept = KeepModels()
    stream = recorded(tmp_path, rows, tokenizer, [kept])
    by_id = {row["sample_id"]: row for row in rows}
    assert stream.epochs.tolist() == [0, 1, 2, 3]
    updates = len(kept.rates) // EPOCHS
    input_gradients_of = {}
    for epoch, model in enumerate(kept.models, start=1):
        rate = np.mean(kept.rates[(epoch - 1) * updates : epoch * updates])
        np.testing.assert_allclose(stream.columns["learning_rate"][epoch], rate, rtol=1e-5)
        for place, sample_id in enumerate(stream.ids):
            row = by_id[int(sample_id)]
            one = {k: torch.tensor([row[k]]) for k in ("input_ids", "attention_mask")}
            gold = torch.tensor([row["labels"]])
            norm = heads.by_autograd(model, one, gold, classification_loss).item()
            assert stream.columns["gradient_norm"][epoch, place] == pytest.approx(norm, rel=1e-4)
            for target, gradient in input_gradients(
                model, one, gold, ("logit", "probability")
            ).items():
                key = (int(sample_id), target)
                input_gradients_of.setdefault(key, []).append(gradient[0].double().numpy())
    assert (stream.columns["learning_rate"][0] == 0).all()
    assert set(stream.static) == {"vog_logit_all", "vog_probability_all"}  # thirds of one epoch
    for (sample_id, target), values in input_gradients_of.items():
        wanted = np.stack(values).std(axis=0).mean()
        place = stream.ids.tolist().index(sample_id)
        assert stream.static[f"vog_{target}_all"][place] == pytest.approx(wanted, rel=1e-3)
    for name in ("grand", "tracin_self", "vog", "vog_raw"):
        assert np.isfinite(SCORES[name](stream, allow_collapsed=True)).all()


def test_recording_gradients_does_not_change_the_training(tmp_path, rows, tokenizer):
    with_them, without = KeepModels(), KeepModels()
    recorded(tmp_path, rows, tokenizer, [with_them])
    trainer_of(tmp_path, rows, tokenizer, [without]).train()
    for one, other in zip(with_them.models, without.models):
        for name, value in one.state_dict().items():
            assert torch.equal(value, other.state_dict()[name]), name


@pytest.mark.parametrize("every", ["epoch", "steps"])
def test_resumed_training_records_the_same(tmp_path, rows, tokenizer, every):
    settings = {"save_strategy": every, "save_steps": 4}  # 3 updates an epoch
    whole = recorded(tmp_path / "whole", rows, tokenizer)
    stop = StopAfter(2)
    recorded(tmp_path / "two", rows, tokenizer, [stop], **settings)
    checkpoint = (
        tmp_path / "two" / "trainer" / ("checkpoint-6" if every == "epoch" else "checkpoint-4")
    )
    again = recorded(tmp_path / "two", rows, tokenizer, resume=str(checkpoint), **settings)
    for name, values in whole.columns.items():
        np.testing.assert_allclose(again.columns[name], values, rtol=1e-5, atol=1e-7, err_msg=name)
    assert set(again.static) == set(whole.static)
    for name, once in whole.static.items():
        np.testing.assert_allclose(again.static[name], once, rtol=1e-5, err_msg=name)


def test_killed_between_checkpoint_and_epochs_end(tmp_path, rows, tokenizer):
    """The checkpoint of an epoch's last update is written before the epoch is recorded."""
    settings = {"save_strategy": "steps", "save_steps": 3}
    whole = recorded(tmp_path / "whole", rows, tokenizer)
    recorded(tmp_path / "two", rows, tokenizer, [StopAfter(2)], **settings)
    checkpoint = str(tmp_path / "two" / "trainer" / "checkpoint-6")
    again = recorded(tmp_path / "two", rows, tokenizer, resume=checkpoint, **settings)
    for name, once in whole.static.items():
        np.testing.assert_allclose(again.static[name], once, rtol=1e-5, err_msg=name)
    np.testing.assert_allclose(
        again.columns["learning_rate"], whole.columns["learning_rate"], rtol=1e-6
    )


def test_training_that_stops_early_has_vog_over_what_there_was(tmp_path, rows, tokenizer):
    stream = recorded(tmp_path, rows, tokenizer, [StopAfter(2)], num_train_epochs=6)
    other = recorded(
        tmp_path / "other", rows, tokenizer, num_train_epochs=2, lr_scheduler_type="constant"
    )
    assert set(stream.static) == set(other.static) == {"vog_logit_all", "vog_probability_all"}
    assert stream.trained_epochs.tolist() == [1, 2]


def test_a_checkpoint_without_gradients_is_not_gone_on_from(tmp_path, rows, tokenizer):
    evaluation = RecordEvaluation(tmp_path / "run", {"validation": rows})
    trainer_of(tmp_path, rows, tokenizer, [evaluation, StopAfter(1)], save_strategy="epoch").train()
    with pytest.raises(DynamicsError, match="checkpoint-3 does not hold the gradients"):
        recorded(tmp_path, rows, tokenizer, resume=str(tmp_path / "trainer" / "checkpoint-3"))


def test_forgotten_callback_is_named(tmp_path, rows, tokenizer):
    evaluation = RecordEvaluation(tmp_path / "run", {"validation": rows}, also=[RecordGradients()])
    with pytest.raises(DynamicsError, match="add it as a callback, before RecordEvaluation"):
        trainer_of(tmp_path, rows, tokenizer, [evaluation]).train()


def test_gradients_are_in_float32_under_mixed_precision(tmp_path, rows, tokenizer):
    stream = recorded(tmp_path, rows, tokenizer, bf16=True, num_train_epochs=1)
    model = tiny.tiny_model().eval()  # as it was before the first update
    for place, sample_id in enumerate(stream.ids):
        row = next(row for row in rows if row["sample_id"] == sample_id)
        one = {k: torch.tensor([row[k]]) for k in ("input_ids", "attention_mask")}
        norm = heads.by_autograd(model, one, torch.tensor([row["labels"]]), classification_loss)
        assert stream.columns["gradient_norm"][0, place] == pytest.approx(norm.item(), rel=1e-4)


def test_every_rank_observes_its_share(tmp_path, rows, tokenizer):
    """Two ranks, one after the other, against one."""
    from transformers import DataCollatorWithPadding

    model, collate = tiny.tiny_model(), DataCollatorWithPadding(tokenizer)
    trainer = trainer_of(tmp_path, rows, tokenizer, [])

    def observed(world):
        norms = {}
        for rank in range(world):
            gradients = RecordGradients()
            gradients.on_train_begin(trainer.args, trainer.state, trainer.control)
            for epoch in range(EPOCHS + 1):
                columns = gradients.observe(
                    tmp_path / str(world),
                    "train",
                    "evaluation",
                    epoch,
                    model,
                    rows,
                    collate,
                    rank,
                    world,
                )
            norms |= dict(zip(columns["sample_id"].tolist(), columns["gradient_norm"].tolist()))
            gradients.on_train_end(trainer.args, trainer.state, trainer.control)
        return norms

    one, two = observed(1), observed(2)
    assert one.keys() == two.keys() == {row["sample_id"] for row in rows}
    assert all(two[i] == pytest.approx(one[i], rel=1e-4) for i in one)
    static = "dynamics/split=train/stream=evaluation/static"
    written = [sorted(p.name for p in (tmp_path / w / static).iterdir()) for w in "12"]
    assert written == [["rank-0.parquet"], ["rank-0.parquet", "rank-1.parquet"]]


def test_samples_without_a_class_are_refused(tmp_path, rows, tokenizer):
    spoiled = [{**row, "labels": [1, 2]} for row in rows]
    gradients = RecordGradients()
    trainer = trainer_of(tmp_path, rows, tokenizer, [])
    gradients.on_train_begin(trainer.args, trainer.state, trainer.control)
    with pytest.raises(
        DynamicsError, match=r"split 'train', row 0: .* its label is a list or a span"
    ):
        gradients.observe(tmp_path, "train", "evaluation", 1, tiny.tiny_model(), spoiled, None)


def test_a_run_records_gradients(mirror, tiny_folder):
    config = RunConfig(
        dataset="emotion", model=str(tiny_folder), epochs=6, batch_size=8, learning_rate=3e-3,
        evaluation_splits=("validation",), record_gradients=True,
    )  # fmt: skip
    run = get_or_train(config, progress=False)
    stream = run.dynamics.stream("validation", "evaluation")
    thirds = {
        f"vog_{t}_{w}" for t in ("logit", "probability") for w in ("all", "early", "middle", "late")
    }
    assert thirds <= set(stream.static)
    for name in ("grand", "tracin_self", "vog", "vog_raw"):
        assert np.isfinite(SCORES[name](stream, allow_collapsed=True)).all()
    assert run.record["timings"]["gradient_norm_s"] > 0
    assert run.record["timings"]["vog_s"] > 0
    assert run.hash != replace(config.resolved(), record_gradients=False).hash


def test_the_command_line_records_gradients(mirror, tiny_folder, capsys):
    asked = ["run", "--data", "emotion", "--model", str(tiny_folder), "--epochs", "2", "--quiet"]
    app([*asked, "--split", "test", "--record-gradients"], standalone_mode=False)
    folder = capsys.readouterr().out.strip().splitlines()[-1].split(": ", 1)[1]
    stream = Dynamics.load(folder).stream("test")
    assert stream.columns["gradient_norm"].shape == (3, len(stream))
    assert "vog_logit_all" in stream.static
