"""Tiny models that write, dialogues for them, and their outputs one text at a time."""

import copy

import numpy as np
import pandas as pd
import torch
import transformers
from training import tiny, tiny_heads

from difficulty_lib.data import TextData
from difficulty_lib.tasks import TaskSettings
from difficulty_lib.training import RunConfig

DECODERS = ("t5", "bart", "bert+bert")
CAUSAL = ("gpt2", "llama")
KINDS = (*DECODERS, *CAUSAL)
TASK = {
    **dict.fromkeys(DECODERS, "summarization"),
    **dict.fromkeys(CAUSAL, "summarization-causal"),
}


def model_of(kind, seed=0):
    if kind != "bert+bert":
        return tiny_heads.model_of(kind, seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        half = tiny.tiny_model(dropout=0.0).config
        config = transformers.EncoderDecoderConfig.from_encoder_decoder_configs(half, half)
        config.decoder_start_token_id, config.pad_token_id = tiny_heads.START, 0
        return transformers.EncoderDecoderModel(config)


def dialogues(count, seed=0, first_id=300):
    """As `TextData` holds a split: a few words of two speakers, and a summary of some of them."""
    rng = np.random.default_rng(seed)
    texts, summaries = [], []
    for _ in range(count):
        words = rng.choice(tiny.FILLERS, rng.integers(2, 15)).tolist()
        texts.append("you : " + " ".join(words[::2]) + "\nthey : " + " ".join(words[1::2]))
        summaries.append(" ".join(words[: int(rng.integers(1, 7))]) + " .")
    ids = first_id + 5 * rng.permutation(count)
    index = pd.Index(ids, dtype="int64", name="sample_id")
    return pd.DataFrame({"dialogue": texts, "label": summaries}, index=index)


def talks(train, validation):
    """Dialogues as a data set of their own."""
    return TextData(
        name="talks",
        splits={"train": dialogues(train), "validation": dialogues(validation, seed=1)},
        text_columns=("dialogue",),
        label_names=(),
        origin="file",
        target="text",
    )


def run_of(folder, kind, **settings):
    """The configuration of a run on them, of the model of this kind that lies in a folder."""
    defaults = {
        "dataset": "talks",
        "task": TASK[kind],
        "model": str(folder),
        "epochs": 2,
        "batch_size": 4,
        "max_length": 40,
        "max_target_length": 12,
        "learning_rate": 3e-3,
        "evaluation_splits": ("validation",),
        "precision": "float32",
    }
    return RunConfig(**(defaults | settings))


def settings_of(tokenizer, **changed):
    defaults = {
        "tokenizer": tokenizer,
        "text_columns": ("dialogue",),
        "max_length": 60,
        "max_target_length": 12,
    }
    return TaskSettings(**(defaults | changed))


def in_float64(model):
    return copy.deepcopy(model).double().eval()


@torch.no_grad()
def next_logits(model, read, written):
    """Of a model in float64: the logits at every place of `written`, and of the token after it."""
    if model.config.is_encoder_decoder:
        z = model(
            input_ids=torch.tensor([read]),
            decoder_input_ids=torch.tensor([[tiny_heads.START, *written]]),
        ).logits[0]
        return z.numpy()
    return model(input_ids=torch.tensor([[*read, *written]])).logits[0, len(read) - 1 :].numpy()


def greedy(model, read, end, most):
    """The most likely token at every step, without cache, batch or padding."""
    written = []
    while len(written) < most and end not in written:
        written.append(int(next_logits(model, read, written)[-1].argmax()))
    return written


def mean_entropy(model, read, written):
    """Nats per token of the distributions that `written` was drawn from."""
    rows = next_logits(model, read, written)[: len(written)]
    return float(np.mean([tiny_heads.by_hand(z, 0)["entropy"] for z in rows]))


def log_likelihood(model, read, written):
    rows = next_logits(model, read, written)
    return -sum(tiny_heads.by_hand(z, token)["loss"] for z, token in zip(rows, written))
