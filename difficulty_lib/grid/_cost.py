"""How long a run will take, from the recorded runs that are most like it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from functools import cache
from statistics import median

from difficulty_lib.budget import EVALUATION_COST
from difficulty_lib.data import DATASETS
from difficulty_lib.grid._records import Record
from difficulty_lib.training import RunConfig
from difficulty_lib.training._environment import _processor

# What is taken from the inputs makes texts short, and a run fast.
_EMPTIED = {"empty_inputs", "empty_field"}


def sample_passes(config: RunConfig) -> float:
    """Samples that pass through the model, a forward pass alone counted as a fifth.

    Sizes are those of the configuration, or of the registry where it takes all; what an
    intervention leaves out is not subtracted.
    """
    splits = DATASETS[config.dataset].splits
    train = _rows(splits["train"].rows, config.train_size)
    evaluated = sum(
        _rows(splits[name].rows, config.train_size if name == "train" else config.eval_size)
        for name in config.evaluation_splits
        if name in splits
    )
    passes = config.epochs + config.record_initial
    return config.epochs * train + EVALUATION_COST * passes * evaluated


def measured_seconds(records: Iterable[Record]) -> float:
    """What these runs took together; those whose time was not recorded count as nothing."""
    return sum(record.seconds or 0.0 for record in records)


def estimated_seconds(
    config: RunConfig, records: Iterable[Record], machine: str | None = None
) -> float | None:
    """How long a run will take here.

    Time is taken to grow with the samples that pass through the model, at the median rate of the
    runs on like hardware that are most like it: of the same data set and model, or else the same
    task and model; in either case with the same observations of gradients and of emptied inputs.

    Args:
        config: what is to be run.
        records: of runs anywhere.
        machine: a GPU's or a processor's name; that of this machine if not given.

    Returns:
        Seconds, or None where nothing like it was recorded.
    """
    if config.dataset not in DATASETS:
        return None
    here = machine_name() if machine is None else machine
    comparable = [
        record
        for record in records
        if record.seconds
        and here
        and here in record.hardware
        and record.config.dataset in DATASETS
        and _kind(record.config) == _kind(config)
    ]
    for alike in ("dataset", "task"):
        rates = [
            record.seconds / sample_passes(record.config)
            for record in comparable
            if record.seconds and getattr(record.config, alike) == getattr(config, alike)
        ]
        if rates:
            return median(rates) * sample_passes(config)
    return None


@cache
def machine_name() -> str:
    """The first GPU's name, or the processor's; found without torch, which takes seconds to load."""
    if shutil.which("nvidia-smi"):
        query = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
        asked = subprocess.run(query, capture_output=True, text=True, check=False)
        if asked.returncode == 0 and asked.stdout.strip():
            return asked.stdout.splitlines()[0].strip()
    return _processor()


def _kind(config: RunConfig) -> tuple[str, bool, bool]:
    return config.model, config.record_gradients, bool(_EMPTIED & set(config.intervention))


def _rows(there: int, most: int | None) -> int:
    return there if most is None else min(there, most)
