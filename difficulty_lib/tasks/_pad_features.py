"""Features of questions, padded into a batch."""

from __future__ import annotations

from typing import Any

import numpy as np

from difficulty_lib._extras import require
from difficulty_lib.tasks._task import Collate

POSITIONS = ("start_positions", "end_positions")


def pad_features(tokenizer: Any, model: Any) -> Collate:
    """A collator that pads what the tokenizer made, and gives one answer per feature, the first.

    That is what a model's own loss takes; several gold answers are for the evaluation.
    """
    torch = require("torch", "train")
    names = set(tokenizer.model_input_names)

    def collate(rows: list[dict[str, Any]]) -> dict[str, Any]:
        inputs = [{name: row[name] for name in row if name in names} for row in rows]
        # On the left, padding would move the positions.
        batch = dict(tokenizer.pad(inputs, padding_side="right", return_tensors="pt"))
        for name in (*POSITIONS, "sample_id", "feature_id"):
            if name in rows[0]:
                batch[name] = torch.tensor([int(np.atleast_1d(row[name])[0]) for row in rows])
        return batch

    return collate
