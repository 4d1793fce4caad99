"""Two fine-tunings of one model in turn: the second is watched through the samples of the first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from difficulty_lib.tasks import EncodedSplit
from difficulty_lib.training._config import RunConfig
from difficulty_lib.training._fine_tune import fine_tune
from difficulty_lib.training._interventions import SECOND


def fine_tune_twice(
    config: RunConfig,
    model: Any,
    tokenizer: Any,
    splits: Mapping[str, EncodedSplit],
    folder: Path,
    *,
    progress: bool = True,
) -> dict[str, float]:
    """Fine-tune on `train`, then on the second half, and record `train` during the second stage.

    Both stages have the configuration's epochs, and a new optimiser and schedule each. Recorded is
    the stream `second_split`, epoch 0 being the model after the first stage.

    Returns:
        Seconds of both stages, as `fine_tune` gives them.
    """
    silent = replace(config, evaluation_splits=(), record_training=False, record_gradients=False)
    first = fine_tune(
        silent, model, tokenizer, {"train": splits["train"]}, folder, progress=progress
    )
    second = fine_tune(
        silent,
        model,
        tokenizer,
        {"train": splits[SECOND]},
        folder,
        progress=progress,
        watched={"train": splits["train"]},
        stream="second_split",
    )
    return {name: first[name] + second[name] for name in first}
