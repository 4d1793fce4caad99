"""What a task makes of a split of the data: encoded rows, and what became of those that do not fit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

PROBLEMS = ("sample_id", "problem", "used")


def no_problems() -> pd.DataFrame:
    """A table of problems without any: `sample_id`, `problem` and whether the sample is `used`."""
    return pd.DataFrame({"sample_id": [], "problem": [], "used": []}).astype(
        {"sample_id": "int64", "problem": "object", "used": "bool"}
    )


@dataclass(frozen=True)
class TaskSettings:
    """What decides how samples are encoded, and how a model's output is read.

    Attributes:
        tokenizer: a `transformers` tokenizer.
        text_columns: which columns of the data are texts, in reading order.
        max_length: tokens that the model reads.
        max_target_length: tokens of a reference text, and of a generated one.
        stride: tokens that neighbouring pieces of a long text share.
        num_beams: beams of the generation; 1 is greedy.
        no_repeat_ngram_size: so many tokens in a row are never written twice; 0 is no such rule.
        label_names: name of every class or tag.
        progress: whether to show bars.
    """

    tokenizer: Any
    text_columns: tuple[str, ...]
    max_length: int
    max_target_length: int = 64
    stride: int = 64
    num_beams: int = 1
    no_repeat_ngram_size: int = 0
    label_names: tuple[str, ...] = ()
    progress: bool = False


@dataclass(frozen=True)
class EncodedSplit:
    """A map-style dataset of encoded samples.

    Attributes:
        rows: one dict per sample, or per piece of one: the tokenizer's lists, `labels` (or a
            span's positions) and `sample_id`.
        lengths: tokens per row, shape (rows,).
        truncated: how many texts were longer than the model takes, and so were cut.
        problems: `sample_id`, `problem` and `used` of the samples that did not fit: used in part,
            or set aside.
    """

    rows: list[dict[str, Any]] = field(repr=False)
    lengths: NDArray[np.int64] = field(repr=False)
    truncated: int = 0
    problems: pd.DataFrame = field(default_factory=no_problems, repr=False)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return dict(self.rows[index])
