"""The Trainer's scale of the loss: which heads it gets wrong, and that it is put right."""

import numpy as np
import pytest
import transformers
from training import tiny
from transformers import DataCollatorWithPadding, Trainer, TrainerCallback, TrainingArguments

from difficulty_lib.training import RecordTrainingMixin, fix_loss_scaling
from difficulty_lib.training._loss_scaling import ignores_item_count

# What each class does was looked up in transformers' sources.
IGNORING = [
    "BertForSequenceClassification",
    "RobertaForSequenceClassification",
    "DistilBertForTokenClassification",
    "BertForTokenClassification",
    "T5ForConditionalGeneration",
    "BartForConditionalGeneration",
    "LlamaForSequenceClassification",
    "BartForCausalLM",
]
HEEDING = ["GPT2LMHeadModel", "LlamaForCausalLM", "Qwen2ForCausalLM", "EncoderDecoderModel"]


@pytest.mark.parametrize("name", IGNORING)
def test_heads_that_ignore_the_count(name):
    assert ignores_item_count(object.__new__(getattr(transformers, name)))


@pytest.mark.parametrize("name", HEEDING)
def test_heads_that_heed_the_count_are_left_alone(name):
    assert not ignores_item_count(object.__new__(getattr(transformers, name)))


class GradientNorm(TrainerCallback):
    def on_pre_optimizer_step(self, args, state, control, model=None, **kwargs):
        self.norm = np.sqrt(sum(float((p.grad.double() ** 2).sum()) for p in model.parameters()))


class Recorded(RecordTrainingMixin, Trainer):
    pass


def one_update(folder, batch_size, accumulation):
    """Arguments of a Trainer that makes one update and moves no weight."""
    return TrainingArguments(
        output_dir=str(folder),
        per_device_train_batch_size=batch_size,
        gradient_accumulation_steps=accumulation,
        max_steps=1,
        learning_rate=0.0,
        max_grad_norm=0.0,
        remove_unused_columns=False,
        **tiny.SILENT,
    )


def gradient_norm(folder, kind, accumulation, *, fixed=False, model=None):
    """Of one update over the same 16 samples; without dropout and without moving a weight."""
    rows = [{k: v for k, v in r.items() if k != "sample_id"} for r in tiny.encoded_rows(16)]
    model = tiny.tiny_model(dropout=0.0) if model is None else model
    norm = GradientNorm()
    trainer = kind(
        model=fix_loss_scaling(model) if fixed else model,
        args=one_update(folder, 16 // accumulation, accumulation),
        train_dataset=rows,
        data_collator=DataCollatorWithPadding(tiny.tiny_tokenizer()),
        callbacks=[norm],
    )
    trainer.train()
    return norm.norm


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return gradient_norm(tmp_path_factory.mktemp("whole"), Trainer, 1)


def test_the_stock_trainer_doubles_the_gradient(tmp_path, whole):
    """The fault itself; when transformers mends it, what is done here can go."""
    assert gradient_norm(tmp_path, Trainer, 2) == pytest.approx(2 * whole, rel=1e-4)


@pytest.mark.parametrize("accumulation", [2, 4])
def test_with_the_fix_it_does_not(tmp_path, whole, accumulation):
    found = gradient_norm(tmp_path, Trainer, accumulation, fixed=True)
    assert found == pytest.approx(whole, rel=1e-4)


def test_the_mixin_fixes_its_model(tmp_path, whole):
    assert gradient_norm(tmp_path, Recorded, 2) == pytest.approx(whole, rel=1e-4)


def test_the_mixin_fixes_what_a_model_init_makes(tmp_path, whole):
    class Made(Recorded):
        def __init__(self, model, **kwargs):
            super().__init__(model_init=lambda: model, **kwargs)

    assert gradient_norm(tmp_path, Made, 2) == pytest.approx(whole, rel=1e-4)


def test_what_a_model_says_of_itself_stays():
    model = tiny.tiny_model()
    model.accepts_loss_kwargs = True
    assert fix_loss_scaling(model) is model
    assert model.accepts_loss_kwargs is True


def test_a_causal_language_model_counts_the_accumulated_tokens(tmp_path):
    """Texts of unlike lengths: only with the count does accumulation give the whole batch's mean."""
    from transformers import GPT2Config, GPT2LMHeadModel

    def causal():
        config = GPT2Config(
            vocab_size=len(tiny.vocabulary()),
            n_embd=16,
            n_layer=1,
            n_head=2,
            n_positions=64,
            resid_pdrop=0.0,
            embd_pdrop=0.0,
            attn_pdrop=0.0,
        )
        transformers.set_seed(0)
        return fix_loss_scaling(GPT2LMHeadModel(config))

    rows = tiny.encoded_rows(4)
    rows.sort(key=lambda row: len(row["input_ids"]))
    texts = [
        {
            "input_ids": r["input_ids"],
            "attention_mask": r["attention_mask"],
            "labels": r["input_ids"],
        }
        for r in rows
    ]
    model = causal()
    assert not hasattr(model, "accepts_loss_kwargs")
    norms = []
    for accumulation in (1, 4):
        norm = GradientNorm()
        trainer = Recorded(
            model=causal(),
            args=one_update(tmp_path, 4 // accumulation, accumulation),
            train_dataset=texts,
            data_collator=transformers.DataCollatorForSeq2Seq(tiny.tiny_tokenizer()),
            callbacks=[norm],
        )
        trainer.train()
        norms.append(norm.norm)
    assert norms[1] == pytest.approx(norms[0], rel=1e-4)
