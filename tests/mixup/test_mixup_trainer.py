"""Mixup in the Trainer: λ = 1 is no mixup, losses are the slow ones, λ repeats after a resume."""

import numpy as np
import pandas as pd
import pytest
import torch
import transformers
from refusals import raises_one_line
from training import tiny, tiny_heads

from difficulty_lib._errors import ConfigError, DataError, ModelError
from difficulty_lib.mixup import (
    MixedExamples,
    MixupSettings,
    MixupTrainer,
    mixed_logits,
    mixing_collator,
    random_pairs,
)
from difficulty_lib.tasks import TASKS, TaskSettings

FRAME = tiny.labelled_frame(22)
PAIRS = random_pairs(FRAME["label"], seed=1)


@pytest.fixture(autouse=True)
def _alone(one_thread, no_gpu):
    pass


def encoded():
    settings = TaskSettings(tiny.tiny_tokenizer(), ("text",), max_length=60)
    return TASKS["sentiment"].encode(FRAME, settings)


def collator(model):
    return mixing_collator(TASKS["sentiment"].collate(tiny.tiny_tokenizer(), model))


def arguments(folder, **changed):
    given = {
        **tiny.SILENT,
        "output_dir": str(folder),
        "per_device_train_batch_size": 4,
        "num_train_epochs": 2,
        "learning_rate": 1e-3,
        "remove_unused_columns": False,
        "seed": 3,
        "data_seed": 3,
    }
    return transformers.TrainingArguments(**(given | changed))


class Kept(MixupTrainer):
    """Keeps every batch's pairs, λ and loss."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.losses, self.pairs, self.weights = [], [], []

    def compute_loss(self, model, inputs, *args, **kwargs):
        ids = (inputs[name].tolist() for name in ("sample_id", "second_sample_id"))
        self.pairs.append(list(zip(*ids)))
        loss = super().compute_loss(model, inputs, *args, **kwargs)
        self.losses.append(loss.item())
        return loss

    def _weights(self, count):
        self.weights.append(super()._weights(count))
        return self.weights[-1]


def trained(folder, kind=Kept, data=None, mixup=None, dropout=0.1, **changed):
    model = tiny.tiny_model(dropout=dropout)
    own = {"mixup": mixup or MixupSettings()} if issubclass(kind, MixupTrainer) else {}
    trainer = kind(
        model=model,
        args=arguments(folder, **changed),
        train_dataset=MixedExamples(encoded(), PAIRS) if data is None else data,
        data_collator=collator(model),
        **own,
    )
    trainer.train()
    return trainer


def first_rows():
    rows = {row["sample_id"]: row for row in encoded().rows}
    return [rows[i] for i in PAIRS["first"]]


class Plain(transformers.Trainer):
    """The Trainer itself, with losses scaled rightly."""

    def __init__(self, **kwargs):
        kwargs["model"].accepts_loss_kwargs = False
        super().__init__(**kwargs)


@pytest.mark.parametrize("changed", [{}, {"gradient_accumulation_steps": 2}])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_a_weight_of_one_is_plain_training_to_the_bit(tmp_path, changed, smoothing):
    changed = changed | {"label_smoothing_factor": smoothing}
    plain = trained(tmp_path, Plain, first_rows(), **changed)
    mixed = trained(tmp_path, mixup=MixupSettings(weight=1.0), **changed)
    for name, p in plain.model.state_dict().items():
        assert torch.equal(p, mixed.model.state_dict()[name]), name


def test_a_weight_near_one_trains_nearly_alike(tmp_path):
    plain = trained(tmp_path, Plain, first_rows(), dropout=0.0)
    settings = MixupSettings(weight=1 - 1e-7, layer="head")
    near = trained(tmp_path, mixup=settings, dropout=0.0)
    for name, p in plain.model.state_dict().items():
        np.testing.assert_allclose(p, near.model.state_dict()[name], atol=2e-3, err_msg=name)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("layer", [0, 1, "head"])
def test_losses_are_those_of_pairs_one_by_one(tmp_path, layer, smoothing):
    trainer = trained(
        tmp_path,
        mixup=MixupSettings(alpha=1.0, layer=layer, seed=7),
        dropout=0.0,
        max_steps=1,
        label_smoothing_factor=smoothing,
    )
    exact = tiny.tiny_model(dropout=0.0).double()  # as it was before the update
    rows = {row["sample_id"]: row for row in encoded().rows}
    known = set(zip(PAIRS["first"], PAIRS["second"]))
    losses = []
    for lam, ids in zip(trainer.weights[0], trainer.pairs[0]):
        assert 0 < lam < 1
        assert ids in known
        pair = [rows[i] for i in ids]
        longest = max(len(row["input_ids"]) for row in pair)
        sides = [
            {
                name: torch.tensor([row[name] + [0] * (longest - len(row[name]))])
                for name in ("input_ids", "attention_mask", "token_type_ids")
            }
            for row in pair
        ]
        with torch.no_grad():
            z = mixed_logits(exact, *sides, torch.tensor([lam]), layer)[0]
        target = np.zeros(3)
        target[pair[0]["labels"]] += lam
        target[pair[1]["labels"]] += 1 - lam
        target = (1 - smoothing) * target + smoothing / 3
        losses.append(-sum(t * v for t, v in zip(target, torch.log_softmax(z, -1).tolist())))
    assert len(losses) == 4
    assert trainer.losses[0] == pytest.approx(np.mean(losses), abs=1e-5)


@pytest.mark.parametrize("accumulated", [1, 2])
def test_as_many_examples_as_pairs_each_with_a_weight_of_its_own(tmp_path, accumulated):
    trainer = trained(tmp_path, gradient_accumulation_steps=accumulated)
    expected = sorted(zip(PAIRS["first"], PAIRS["second"]))
    per_epoch = -(-len(PAIRS) // 4)
    for epoch in range(2):
        batches = trainer.pairs[epoch * per_epoch : (epoch + 1) * per_epoch]
        assert sorted(pair for batch in batches for pair in batch) == expected
    weights = np.concatenate(trainer.weights)
    assert len(np.unique(weights)) == len(weights) == 2 * len(PAIRS)


def test_a_resumed_run_draws_the_same_weights(tmp_path):
    whole = trained(tmp_path, save_strategy="steps", save_steps=7)
    model = tiny.tiny_model()
    trainer = Kept(
        model=model,
        args=arguments(tmp_path),
        train_dataset=MixedExamples(encoded(), PAIRS),
        data_collator=collator(model),
        mixup=MixupSettings(),
    )
    trainer.train(resume_from_checkpoint=str(tmp_path / "checkpoint-7"))
    assert trainer.pairs == whole.pairs[7:]
    np.testing.assert_array_equal(
        np.concatenate(trainer.weights), np.concatenate(whole.weights[7:])
    )
    assert trainer.losses == pytest.approx(whole.losses[7:], abs=1e-6)


def test_mixup_learns(tmp_path):
    trainer = trained(tmp_path, dropout=0.0, num_train_epochs=16, learning_rate=3e-3)
    model = trainer.model.eval()
    rows = encoded().rows
    batch = TASKS["sentiment"].collate(tiny.tiny_tokenizer(), model)(
        [{n: v for n, v in row.items() if n != "sample_id"} for row in rows]
    )
    with torch.no_grad():
        predicted = model(**{n: v for n, v in batch.items() if n != "labels"}).logits.argmax(-1)
    assert (predicted == batch["labels"]).float().mean() > 0.8


def test_draws():
    settings = MixupSettings(alpha=0.4)
    drawn = settings.draw(20_000, 3)
    assert drawn.mean() == pytest.approx(0.5, abs=0.01)
    assert drawn.var() == pytest.approx(1 / (4 * (2 * 0.4 + 1)), abs=0.005)  # of Beta(α, α)
    dominant = MixupSettings(alpha=0.4, dominant=True).draw(20_000, 3)
    np.testing.assert_array_equal(dominant, np.maximum(drawn, 1 - drawn))
    assert settings.draw(3, 1, 0).tolist() != settings.draw(3, 0, 1).tolist()


def test_examples():
    examples = MixedExamples(encoded(), PAIRS)
    lengths = {row["sample_id"]: len(row["input_ids"]) for row in encoded().rows}
    assert examples.lengths.tolist() == [
        max(lengths[a], lengths[b]) for a, b in zip(PAIRS["first"], PAIRS["second"])
    ]
    batch = collator(tiny.tiny_model())([examples[n] for n in range(5)])
    assert batch["input_ids"].shape == batch["second_input_ids"].shape
    for side, name in (("first", "sample_id"), ("second", "second_sample_id")):
        assert batch[name].tolist() == PAIRS[side][:5].tolist()
    labels = batch["second_labels"].tolist()
    assert labels == PAIRS["second_label"][:5].tolist()
    strange = PAIRS.assign(second=PAIRS["second"] + 1)
    raises_one_line(lambda: MixedExamples(encoded(), strange), "not among the training samples")
    raises_one_line(lambda: MixedExamples(encoded(), PAIRS[:0]), "no pairs")
    raises_one_line(
        lambda: MixedExamples(encoded(), pd.DataFrame({"first": [1]})), "second", kind=DataError
    )


def test_refusals(tmp_path):
    raises_one_line(lambda: MixupSettings(alpha=0), "alpha is 0", kind=ConfigError)
    raises_one_line(lambda: MixupSettings(weight=1.5), "1.5", kind=ConfigError)
    raises_one_line(
        lambda: trained(tmp_path, remove_unused_columns=True),
        "remove_unused_columns",
        kind=ConfigError,
    )
    raises_one_line(
        lambda: trained(tmp_path, mixup=MixupSettings(layer=5)), "0 to 1", kind=ConfigError
    )
    raises_one_line(
        lambda: MixupTrainer(
            model=tiny_heads.model_of("gpt2", 0),
            args=arguments(tmp_path),
            train_dataset=[],
            mixup=MixupSettings(),
        ),
        "cannot be mixed",
        kind=ModelError,
    )
