"""Text classification, of single texts and of pairs: encoding, and what is observed of the logits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from difficulty_lib._errors import ModelError
from difficulty_lib._extras import require
from difficulty_lib.tasks._encoding import EncodedSplit, TaskSettings
from difficulty_lib.tasks._task import TASKS, Collate, Task, Tensors


def encode_classes(frame: pd.DataFrame, settings: TaskSettings) -> EncodedSplit:
    """Tokenize a split of labelled texts or pairs.

    Args:
        frame: indexed by sample_id, with the text columns and an integer `label`.
        settings: one text column or two; two are read as a pair. The longer text of a pair that
            does not fit is cut first.

    Raises:
        ModelError: on more than two text columns.
    """
    columns = settings.text_columns
    if len(columns) > 2:
        raise ModelError(f"{len(columns)} text columns; a model reads one text or a pair")
    texts = [frame[column].tolist() for column in columns]
    whole = settings.tokenizer(*texts, truncation=False, verbose=False)["input_ids"]
    encoded = settings.tokenizer(*texts, truncation=True, max_length=settings.max_length)
    names = list(encoded.keys())
    rows = [
        {**dict(zip(names, values)), "labels": label, "sample_id": sample_id}
        for *values, label, sample_id in zip(
            *(encoded[name] for name in names), frame["label"].tolist(), frame.index.tolist()
        )
    ]
    lengths = np.array([len(ids) for ids in encoded["input_ids"]], dtype=np.int64)
    truncated = sum(len(before) > after for before, after in zip(whole, lengths))
    return EncodedSplit(rows=rows, lengths=lengths, truncated=int(truncated))


def pad_inputs(tokenizer: Any, model: Any) -> Collate:
    """A collator that pads what the tokenizer made, and nothing else."""
    collate: Collate = require("transformers", "train").DataCollatorWithPadding(tokenizer)
    return collate


def observe_classification(logits: Any, labels: Any) -> Tensors:
    """Per-sample loss, margin, entropy, error norm and prediction, computed in float32.

    Args:
        logits: tensor of shape (batch, classes), any float dtype.
        labels: tensor of shape (batch,), the gold classes.

    Returns:
        Tensors of shape (batch,), detached: the stored columns of the dynamics.
    """
    torch = require("torch", "train")
    z = logits.detach().float()
    gold = labels.unsqueeze(-1)
    log_p = torch.log_softmax(z, dim=-1)
    p = log_p.exp()
    z_gold = z.gather(-1, gold).squeeze(-1)
    others = z.scatter(-1, gold, float("-inf"))
    error = p.scatter_add(-1, gold, torch.full_like(z_gold, -1.0).unsqueeze(-1))
    return {
        "loss": -log_p.gather(-1, gold).squeeze(-1),
        "margin": z_gold - others.amax(dim=-1),
        "entropy": -(p * log_p).sum(dim=-1),
        "error_norm": error.norm(dim=-1),
        "predicted": z.argmax(dim=-1).int(),
    }


SENTIMENT = TASKS.add(
    Task(
        name="sentiment",
        title="Sentiment analysis",
        auto_model="AutoModelForSequenceClassification",
        observe=observe_classification,
        encode=encode_classes,
        collate=pad_inputs,
    )
)
NLI = TASKS.add(
    Task(
        name="nli",
        title="Natural language inference",
        auto_model="AutoModelForSequenceClassification",
        observe=observe_classification,
        encode=encode_classes,
        collate=pad_inputs,
    )
)
