"""Long runs that go on where they were stopped: a checkpoint after an epoch that took long."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from difficulty_lib._extras import require
from difficulty_lib.training._checkpoints import STATE, checkpoints, is_whole
from difficulty_lib.training._pending import pending_path

if TYPE_CHECKING:
    TrainerCallback = object
else:
    TrainerCallback = require("transformers", "train").TrainerCallback

EVERY_S = 300.0  # so many seconds of work are worth the writing of a checkpoint
FOLDER = "checkpoints"
SECONDS = "difficulty_seconds.json"


class SaveLongEpochs(TrainerCallback):
    """Save a checkpoint after an epoch, unless little time has passed since the last one.

    Args:
        seconds: called when a checkpoint is written: the run's timings so far.
    """

    def __init__(self, seconds: Any) -> None:
        self.seconds = seconds
        self.last = time.perf_counter()

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """What has passed before, the model's loading and the pass of epoch 0, can be had again."""
        self.last = time.perf_counter()

    def on_epoch_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> Any:
        """Ask for a checkpoint; none after the last epoch."""
        if (
            time.perf_counter() - self.last >= EVERY_S
            and round(state.epoch) < state.num_train_epochs
        ):
            control.should_save = True
        return control

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Keep the timings beside the weights."""
        checkpoint = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        (checkpoint / SECONDS).write_text(json.dumps(self.seconds()), encoding="utf8")
        for old in checkpoints(Path(args.output_dir)):
            if old != checkpoint:
                shutil.rmtree(old, ignore_errors=True)
        self.last = time.perf_counter()


def last_checkpoint(folder: Path, *, recorded: tuple[str, ...]) -> Path | None:
    """The last whole checkpoint of the run that is being made in `folder`; None if there is none.

    Args:
        folder: where the run is being made.
        recorded: splits whose training stream is recorded.
    """
    for checkpoint in checkpoints(folder / FOLDER):
        marks = [pending_path(checkpoint, split, 0) for split in recorded]
        if is_whole(checkpoint, [checkpoint / SECONDS, *marks]):
            return checkpoint
    return None


def epochs_done(checkpoint: Path) -> int:
    """How many epochs a checkpoint has behind it."""
    return round(json.loads((checkpoint / STATE).read_text("utf8"))["epoch"])


def seconds_so_far(checkpoint: Path) -> dict[str, float]:
    """The timings up to a checkpoint."""
    return dict(json.loads((checkpoint / SECONDS).read_text("utf8")))
