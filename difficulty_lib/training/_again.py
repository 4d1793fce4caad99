"""A recorded run trained again: how far its numbers are from the record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from difficulty_lib._errors import DataError
from difficulty_lib.data import TextData, load_data
from difficulty_lib.scores import score_table
from difficulty_lib.training._run import Run
from difficulty_lib.training._runs import train_run

# The same numbers come out on the same hardware with as many threads. Otherwise sums are rounded in
# another order, which a training amplifies.
ACCURACY = 0.02
CORRELATION = 0.95


@dataclass(frozen=True)
class TrainedAgain:
    """One observed stream of a run beside that of the same training, done again.

    Attributes:
        split: that was observed.
        stream: "training" or "evaluation".
        samples: their number.
        accuracy: the largest difference of the accuracy after an epoch, 0 … 1; NaN without classes.
        loss: the largest difference of a sample's loss, in nats.
        correlation: Spearman of the two action scores.
    """

    split: str
    stream: str
    samples: int
    accuracy: float
    loss: float
    correlation: float

    @property
    def within(self) -> bool:
        """Whether accuracies differ by .02 at most, and action scores correlate by .95 or more."""
        return not self.accuracy > ACCURACY and self.correlation >= CORRELATION


def train_again(
    recorded: Run, folder: Path, data: TextData | None = None, *, progress: bool = True
) -> Run:
    """Train what a run's record says, whether it is recorded or not.

    Args:
        recorded: the run; those that steered it must be recorded.
        folder: where the new run's folder goes.
        data: the data, if they are at hand; loaded by name otherwise.
        progress: whether to show bars.

    Raises:
        DataError: if the data at hand are others than those that it was trained on.
        DifficultyError: one line, if data, model or configuration cannot be used.
    """
    config = recorded.config
    data = load_data(config.dataset) if data is None else data
    if config.data_fingerprint and data.fingerprint() != config.data_fingerprint:
        raise DataError(
            f"{config.dataset} has the fingerprint {data.fingerprint()}; expected "
            f"{config.data_fingerprint}, the data of run {recorded.folder.name}"
        )
    config = replace(config, data_fingerprint=data.fingerprint())
    return train_run(config, data, folder / recorded.folder.name, progress=progress)


def compare_again(recorded: Run, again: Run) -> list[TrainedAgain]:
    """Both trainings' numbers, stream by stream.

    Args:
        recorded: a run.
        again: the same training.

    Raises:
        DataError: if they observed other streams, samples or epochs.
    """
    return list(_compared(recorded, again))


def _compared(recorded: Run, again: Run) -> Iterator[TrainedAgain]:
    if sorted(recorded.dynamics.keys) != sorted(again.dynamics.keys):
        raise DataError(f"{again.folder}: other streams than in {recorded.folder}")
    for split, stream in recorded.dynamics.keys:
        one, other = (run.dynamics.stream(split, stream) for run in (recorded, again))
        same = np.array_equal(one.ids, other.ids) and np.array_equal(one.epochs, other.epochs)
        if not same:
            raise DataError(f"{again.folder}: other samples or epochs of {split}/{stream}")
        scores = [
            score_table(each, ["action_score"], allow_collapsed=True)["action_score"]
            for each in (one, other)
        ]
        accuracy = float("nan")
        if one.available("correct"):
            rates = [each.matrix("correct").mean(axis=1) for each in (one, other)]
            accuracy = float(np.abs(rates[0] - rates[1]).max())
        yield TrainedAgain(
            split=split,
            stream=stream,
            samples=len(one.ids),
            accuracy=accuracy,
            loss=float(np.abs(one.matrix("loss") - other.matrix("loss")).max()),
            correlation=float(scores[0].corr(scores[1], method="spearman")),
        )
