"""Recorded runs: `get_or_train` returns one if it exists and trains it otherwise."""

from __future__ import annotations

import json
import os
import shutil
import time
import warnings
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from difficulty_lib._errors import ConfigError, DynamicsError
from difficulty_lib._extras import require
from difficulty_lib.data import (
    DATASETS,
    TextData,
    changed_splits,
    check_labels,
    load_data,
    registry_folder,
)
from difficulty_lib.dynamics import Dynamics
from difficulty_lib.dynamics._store import ROOT
from difficulty_lib.training._config import RunConfig

RECORD = "run.json"


@dataclass(frozen=True)
class Run:
    """A complete recorded run.

    Attributes:
        folder: where it lies.
        config: what was run.
        record: the content of `run.json`: environment, data, metrics, timings.
    """

    folder: Path
    config: RunConfig
    record: dict[str, Any]

    @cached_property
    def dynamics(self) -> Dynamics:
        """Everything that was recorded, checked for completeness."""
        return Dynamics.load(self.folder)

    @property
    def hash(self) -> str:
        """The run's identity."""
        return str(self.record["hash"])

    @property
    def label_names(self) -> list[str]:
        """Name of every label."""
        return list(self.record["data"]["label_names"])

    def accuracy(self, split: str) -> float:
        """Accuracy after the last epoch, of the evaluation stream."""
        correct = self.dynamics.stream(split, "evaluation").matrix("correct")
        return float(correct[-1].mean())

    @classmethod
    def load(cls, folder: str | Path) -> Run:
        """Read a run's folder.

        Raises:
            DynamicsError: if the folder holds no complete run.
        """
        path = Path(folder) / RECORD
        try:
            record = json.loads(path.read_text("utf8"))
            config = RunConfig.from_dict(record["config"])
            missing = [key for key in ("hash", "data") if key not in record]
            if missing:
                raise KeyError(*missing)
        except (FileNotFoundError, NotADirectoryError):
            raise DynamicsError(f"{folder}: no {RECORD}; expected a run's folder") from None
        except (ValueError, KeyError, TypeError) as error:  # JSON, UTF-8 and settings among them
            raise DynamicsError(f"{path} is damaged ({error}); record the run again") from None
        return cls(folder=Path(folder), config=config, record=record)


def runs_folder() -> Path:
    """Where new runs go: `DIFFICULTY_RUNS`, or `runs` in the current folder."""
    return Path(os.environ.get("DIFFICULTY_RUNS") or "runs")


def find_run(config: RunConfig) -> Run | None:
    """The recorded run of this configuration, among one's own and the published ones."""
    for root in (runs_folder(), registry_folder() / "runs"):
        folder = root / config.folder_name
        if (folder / RECORD).exists():
            return Run.load(folder)
    return None


def get_or_train(config: RunConfig, data: TextData | None = None, *, progress: bool = True) -> Run:
    """The recorded run of this configuration; it is trained and recorded if there is none.

    Args:
        config: what to run.
        data: the data, if they are at hand; loaded by name otherwise, and only if needed.
        progress: whether to show bars.

    Raises:
        DifficultyError: one line, if data, model or configuration cannot be used.
    """
    if data is not None:
        config = _with_fingerprint(config, data)
    config = config.resolved()
    if (run := find_run(config)) is not None:
        return run
    if data is None:
        data = load_data(config.dataset)
        config = _with_fingerprint(config, data).resolved()
        if (run := find_run(config)) is not None:
            return run
    return train_run(config, data, runs_folder() / config.folder_name, progress=progress)


def _with_fingerprint(config: RunConfig, data: TextData) -> RunConfig:
    if config.dataset in DATASETS and data.origin != "file":
        changed = changed_splits(data)
        if changed:
            warnings.warn(
                f"{config.dataset} ({data.origin}): {', '.join(changed)} differ from the registry's "
                "fingerprint, so published runs are not of these data",
                stacklevel=3,
            )
    return replace(config, data_fingerprint=data.fingerprint())


def train_run(config: RunConfig, data: TextData, folder: Path, *, progress: bool = True) -> Run:
    """Train a resolved configuration on these data and record it as `folder`, whole or not at all.

    Raises:
        DifficultyError: one line, if data, model or configuration cannot be used.
    """
    # Imported here: looking a recorded run up needs neither torch nor transformers.
    require("torch", "train")
    from difficulty_lib.training._encode import encode, longest_input
    from difficulty_lib.training._fine_tune import fine_tune
    from difficulty_lib.training._models import load_model
    from difficulty_lib.training._seed import quiet, seed_everything

    missing = [split for split in config.evaluation_splits if split not in data.splits]
    if missing:
        raise ConfigError(
            f"{data.name} has no split {', '.join(missing)}; there are {', '.join(data.splits)}"
        )
    start = time.perf_counter()
    folder = _free(folder)
    sizes = dict.fromkeys(data.splits, config.eval_size) | {"train": config.train_size}
    subset = data.subset(sizes)
    check_labels(subset)
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    seed_everything(config.seed)
    with quiet():
        tokenizer, model = load_model(
            config.model, config.task, data.label_names, _hub_revision(config)
        )
        limit = longest_input(tokenizer, model, config.max_length)
        wanted = dict.fromkeys(("train", *config.evaluation_splits))
        encoded = {s: encode(subset[s], data.text_columns, tokenizer, limit) for s in wanted}
        partial.mkdir(parents=True)
        try:
            timings = fine_tune(config, model, tokenizer, encoded, partial, progress=progress)
            dynamics = Dynamics.load(partial)
            record = _describe(config, data, subset, dynamics) | {
                "timings": timings | {"total_s": time.perf_counter() - start}
            }
            record["data"] |= {
                "truncated": {split: encoded[split].truncated for split in wanted},
                "max_length": limit,
            }
            (partial / RECORD).write_text(json.dumps(record, indent=2) + "\n", encoding="utf8")
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)  # nothing half-written stays
            raise
    shutil.rmtree(folder, ignore_errors=True)
    os.replace(partial, folder)
    return Run.load(folder)


def _describe(
    config: RunConfig, data: TextData, subset: TextData, dynamics: Dynamics
) -> dict[str, Any]:
    """What a run's record says of its configuration, environment, data and accuracy."""
    from difficulty_lib.training._environment import environment
    from difficulty_lib.training._fine_tune import use_bfloat16

    classes = len(data.label_names)
    return {
        "hash": config.hash,
        "config": config.to_dict(),
        "environment": environment() | {"bfloat16": use_bfloat16(config.precision)},
        "data": {
            "origin": data.origin,
            "label_names": list(data.label_names),
            "label_counts": {
                split: np.bincount(subset[split]["label"], minlength=classes).tolist()
                for split in dict.fromkeys(("train", *config.evaluation_splits))
            },
            "notes": list(data.notes),
        },
        "metrics": {
            "accuracy": {
                "/".join(key): dynamics.stream(*key).matrix("correct").mean(axis=1).tolist()
                for key in dynamics.keys
            },
        },
    }


def _free(folder: Path) -> Path:
    """The folder, if a run may be put there: it is new, empty, or holds an earlier run alone."""
    folder = folder.resolve()
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"{folder} is a file; expected a folder for the run")
    if folder.is_dir() and {path.name for path in folder.iterdir()} - {RECORD, ROOT}:
        raise ConfigError(f"{folder} holds other files; expected a new or empty folder for the run")
    return folder


def _hub_revision(config: RunConfig) -> str:
    return "" if config.model_revision.startswith("folder-") else config.model_revision
