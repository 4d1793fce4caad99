"""From observed batches to columns: numbers joined, tokens ragged, a question's features one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from difficulty_lib._extras import require
from difficulty_lib.dynamics import Ragged
from difficulty_lib.dynamics._features import ANSWERED, combine_features
from difficulty_lib.dynamics._ragged import running
from difficulty_lib.dynamics._tokens import GOLD, PREFIX

NONE = -100


def joined(batches: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The columns of all batches, on the CPU, a row per sample or feature.

    Args:
        batches: tensors by name, of shape (batch,) or, where the name starts with `token_`, of
            shape (batch, length), which may differ from batch to batch; `token_gold` says by −100
            where there is no token.

    Returns:
        Arrays of shape (n,); `Ragged` for tokens.
    """
    torch = require("torch", "train")
    masks = [batch[GOLD].cpu().numpy() != NONE for batch in batches if GOLD in batch]
    columns: dict[str, Any] = {}
    for name in batches[0]:
        if name.startswith(PREFIX):
            columns[name] = _ragged([batch[name].cpu().numpy() for batch in batches], masks)
        else:
            columns[name] = torch.cat([batch[name].cpu() for batch in batches]).numpy()
    return columns


def _ragged(values: list[NDArray[np.generic]], masks: list[NDArray[np.bool_]]) -> Ragged:
    lengths = np.concatenate([mask.sum(axis=1) for mask in masks])
    return Ragged(running(lengths), np.concatenate([v[m] for v, m in zip(values, masks)]))


def per_sample(columns: dict[str, Any]) -> dict[str, Any]:
    """The columns with a row per sample: of a question's features one is chosen."""
    return combine_features(columns) if ANSWERED in columns else columns
