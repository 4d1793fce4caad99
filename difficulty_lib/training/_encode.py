"""From texts to what a model reads: token ids without padding, with label and sample_id."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from difficulty_lib._errors import ModelError


@dataclass(frozen=True)
class EncodedSplit:
    """A map-style dataset of encoded samples.

    Attributes:
        rows: one dict per sample: the tokenizer's lists, `labels` and `sample_id`.
        lengths: tokens per sample, shape (N,).
        truncated: how many texts were longer than the model takes, and so were cut.
    """

    rows: list[dict[str, Any]] = field(repr=False)
    lengths: NDArray[np.int64] = field(repr=False)
    truncated: int = 0

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return dict(self.rows[index])


def longest_input(tokenizer: Any, model: Any, max_length: int) -> int:
    """Tokens that fit: the setting, or less where model or tokenizer take less."""
    limits = [max_length, int(getattr(tokenizer, "model_max_length", max_length) or max_length)]
    positions = getattr(model.config, "max_position_embeddings", None)
    if positions:
        # RoBERTa-like models count positions from padding_idx + 1
        offset = 2 if model.config.model_type in ("roberta", "xlm-roberta", "camembert") else 0
        limits.append(int(positions) - offset)
    return min(limits)


def encode(
    frame: pd.DataFrame, text_columns: tuple[str, ...], tokenizer: Any, max_length: int
) -> EncodedSplit:
    """Tokenize a split.

    Args:
        frame: indexed by sample_id, with the text columns and an integer `label`.
        text_columns: one or two columns; two are read as a pair.
        tokenizer: a `transformers` tokenizer.
        max_length: tokens after which a text is cut.
    """
    if len(text_columns) > 2:
        raise ModelError(f"{len(text_columns)} text columns; a model reads one text or a pair")
    texts = [frame[column].tolist() for column in text_columns]
    whole = tokenizer(*texts, truncation=False, verbose=False)["input_ids"]
    encoded = tokenizer(*texts, truncation=True, max_length=max_length)
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
