"""Recorded runs: `get_or_train` returns one if it exists and trains it otherwise."""

from __future__ import annotations

import json
import os
import shutil
import time
import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from difficulty_lib._errors import ConfigError, DataError, ModelError
from difficulty_lib._extras import require
from difficulty_lib.data import (
    DATASETS,
    TextData,
    check_labels,
    load_data,
    registry_folder,
)
from difficulty_lib.data._fingerprint import of_all
from difficulty_lib.data._resolve import not_as_registered
from difficulty_lib.dynamics import Dynamics
from difficulty_lib.dynamics._store import ROOT
from difficulty_lib.tasks import TASKS, TaskSettings
from difficulty_lib.training._config import RunConfig
from difficulty_lib.training._curriculum import curriculum_of
from difficulty_lib.training._elsewhere import also_evaluated, restricted
from difficulty_lib.training._interventions import SECOND, intervened
from difficulty_lib.training._ood import FILE as OUT_OF_DISTRIBUTION
from difficulty_lib.training._ood import asked_for, write_ood
from difficulty_lib.training._planting import SUFFIX
from difficulty_lib.training._probabilities import class_probabilities
from difficulty_lib.training._recipe import with_pairs
from difficulty_lib.training._run import OUTPUTS, RECORD, TRUTH, Run, expected_warnings_hidden
from difficulty_lib.training._selected import select_training

if TYPE_CHECKING:
    from difficulty_lib.tasks import EncodedSplit


def runs_folder() -> Path:
    """Where new runs go: `DIFFICULTY_RUNS`, or `runs` in the current folder."""
    return Path(os.environ.get("DIFFICULTY_RUNS") or "runs")


def find_run(config: RunConfig, runs: Path | None = None) -> Run | None:
    """The recorded run of this configuration, among one's own and the published ones.

    Args:
        config: what was run.
        runs: the folder of one's own runs; `runs_folder()` if not given.
    """
    for root in (runs or runs_folder(), registry_folder() / "runs"):
        folder = root / config.folder_name
        if (folder / RECORD).exists():
            return Run.load(folder)
    return None


def get_or_train(
    config: RunConfig,
    data: TextData | None = None,
    *,
    runs: Path | None = None,
    progress: bool = True,
) -> Run:
    """The recorded run of this configuration; it is trained and recorded if there is none.

    Args:
        config: what to run.
        data: the data, if they are at hand; loaded by name otherwise, and only if needed.
        runs: the folder of one's own runs; `runs_folder()` if not given.
        progress: whether to show bars.

    Raises:
        DifficultyError: one line, if data, model or configuration cannot be used.
    """
    if data is not None:
        config = _with_fingerprint(config, data)
    config = config.resolved()
    if (run := find_run(config, runs)) is not None:
        return run
    if data is None:
        data = load_data(config.dataset)
        config = _with_fingerprint(config, data).resolved()
        if (run := find_run(config, runs)) is not None:
            return run
    folder = (runs or runs_folder()) / config.folder_name
    return train_run(config, data, folder, progress=progress)


def _with_fingerprint(config: RunConfig, data: TextData) -> RunConfig:
    found = data.fingerprints()
    if config.dataset in DATASETS and data.origin != "file":
        changed = not_as_registered(config.dataset, found)
        if changed:
            warnings.warn(
                f"{config.dataset} ({data.origin}): {', '.join(changed)} differ from the registry's "
                "fingerprint, so published runs are not of these data",
                stacklevel=3,
            )
    return replace(config, data_fingerprint=of_all(found.values()))


def train_run(config: RunConfig, data: TextData, folder: Path, *, progress: bool = True) -> Run:
    """Train a resolved configuration on these data and record it as `folder`, whole or not at all.

    What a long run leaves when it is stopped lies in `<folder>.partial`, and it goes on from there.

    Raises:
        DifficultyError: one line, if data, model or configuration cannot be used.
    """
    # Imported here: looking a recorded run up needs neither torch nor transformers.
    require("torch", "train")
    from difficulty_lib.training._attention import faster_attention
    from difficulty_lib.training._fine_tune import fine_tune
    from difficulty_lib.training._frozen import frozen_layers
    from difficulty_lib.training._models import load_model, longest_input, longest_target
    from difficulty_lib.training._resumable import last_checkpoint, seconds_so_far
    from difficulty_lib.training._seed import quiet, seed_everything
    from difficulty_lib.training._two_stages import fine_tune_twice

    start = time.perf_counter()
    task = TASKS[config.task]
    if data.target != task.target:
        raise ConfigError(
            f"task '{task.name}' needs data whose target is {task.target}; that of {data.name} is "
            f"{data.target}"
        )
    asked_for(config)  # what is wrong with it is said before anything is trained
    sizes = dict.fromkeys(data.splits, config.eval_size) | {"train": config.train_size}
    subset, truth = intervened(restricted(data, config).subset(sizes), config)
    subset = also_evaluated(subset, config)
    roots = (folder.parent, runs_folder(), registry_folder() / "runs")  # of runs whose scores steer
    known = data["train"].index.union(subset["train"].index)
    subset = select_training(subset, truth, config, known, roots)
    classes = subset["train"]["label"] if data.target == "class" else None
    curriculum = curriculum_of(config, known, roots, classes)
    training = with_pairs(config, subset["train"].index, roots)
    missing = [split for split in config.evaluation_splits if split not in subset.splits]
    if missing:
        raise ConfigError(
            f"{data.name} has no split {', '.join(missing)}; there are {', '.join(subset.splits)}"
        )
    assert task.encode is not None  # RunConfig refuses tasks that are only observed
    folder = _free(folder)
    two_stages = SECOND in subset.splits
    if task.target == "class":
        _check_labels(subset)
    partial = folder.with_name(folder.name + ".partial")
    recorded = ("train",) if config.record_training else ()
    resumed = last_checkpoint(partial, recorded=recorded)
    if resumed is None:
        shutil.rmtree(partial, ignore_errors=True)
    else:
        start -= sum(seconds_so_far(resumed).values())
    seed_everything(config.seed)
    with quiet():
        tokenizer, model = load_model(
            config.model, config.task, data.label_names, _hub_revision(config)
        )
        if task.target == "class":
            tokenizer.truncation_side = config.truncation_side
        settings = TaskSettings(
            tokenizer=tokenizer,
            text_columns=data.text_columns,
            max_length=longest_input(tokenizer, model, config.max_length),
            max_target_length=longest_target(model, config.max_target_length),
            stride=config.stride,
            num_beams=config.num_beams,
            no_repeat_ngram_size=config.no_repeat_ngram_size,
            label_names=data.label_names,
            progress=progress,
        )
        faster_attention(model, config.precision, settings.max_length)
        other = (SECOND,) if two_stages else config.evaluation_splits
        wanted = dict.fromkeys(("train", *other))
        encoded = {split: task.encode(subset[split], settings) for split in wanted}
        _check_lengths(encoded, data.name)
        partial.mkdir(parents=True, exist_ok=True)
        try:
            stages = fine_tune_twice if two_stages else fine_tune
            steered = {} if curriculum is None else {"curriculum": curriculum}
            with frozen_layers(model, encoded, config.frozen_layers, progress=progress) as rows:
                timings = stages(
                    training, model, tokenizer, rows, partial, progress=progress, **steered
                )
            with expected_warnings_hidden(config):
                dynamics = Dynamics.load(partial)
            begun = time.perf_counter()
            outputs = _write_outputs(config, model, settings, subset, encoded, partial)
            if outputs or config.record_probabilities:
                timings["outputs_s"] = time.perf_counter() - begun
            notes = write_ood(config, model, settings, subset, partial)
            if truth is not None:
                truth.to_parquet(partial / TRUTH, compression="zstd")
            seen = replace(subset, splits={split: subset[split] for split in encoded})
            record = _describe(config, seen, dynamics) | {
                "timings": timings | {"total_s": time.perf_counter() - start}
            }
            record["metrics"] |= outputs
            if notes:
                record["data"]["out_of_distribution"] = notes
            record["data"] |= {
                "truncated": {split: encoded[split].truncated for split in encoded},
                "max_length": settings.max_length,
                "problems": _problems(subset, encoded),
            }
            (partial / RECORD).write_text(json.dumps(record, indent=2) + "\n", encoding="utf8")
        except BaseException as error:
            stopped = isinstance(error, KeyboardInterrupt)
            if not stopped or last_checkpoint(partial, recorded=recorded) is None:
                shutil.rmtree(partial, ignore_errors=True)  # nothing half-written stays
            raise
    shutil.rmtree(folder, ignore_errors=True)
    os.replace(partial, folder)
    return Run.load(folder)


def _write_outputs(
    config: RunConfig,
    model: Any,
    settings: TaskSettings,
    data: TextData,
    encoded: dict[str, EncodedSplit],
    folder: Path,
) -> dict[str, dict[str, float]]:
    """Keep what the model gives out for the evaluated splits; the means of its measures."""
    produce = class_probabilities if config.record_probabilities else TASKS[config.task].outputs
    means: dict[str, dict[str, float]] = {}
    if produce is None:
        return means
    for split in config.evaluation_splits:
        if split.endswith(SUFFIX):  # what the model reads is that of the split beside it
            continue
        table = produce(model, settings, data[split], encoded[split])
        (folder / OUTPUTS).mkdir(exist_ok=True)
        table.to_parquet(folder / OUTPUTS / f"{split}.parquet", compression="zstd")
        if config.record_probabilities:  # their means say nothing
            continue
        for name, mean in table.select_dtypes("float").mean().items():
            means.setdefault(str(name), {})[split] = float(mean)
    return means


def _problems(data: TextData, encoded: dict[str, EncodedSplit]) -> list[dict[str, Any]]:
    """Which samples did not fit, and why: those of the source first, then those of the tokenizer."""
    tables = [data.problems[data.problems["split"].isin(list(encoded))]]
    tables += [rows.problems.assign(split=split) for split, rows in encoded.items()]
    return [
        {"split": split, "problem": problem, "used": bool(used), "ids": sorted(part.tolist())}
        for table in tables
        for (split, problem, used), part in table.groupby(["split", "problem", "used"])["sample_id"]
    ]


def _check_labels(data: TextData) -> None:
    if SECOND not in data.splits:
        check_labels(data)
        return
    for split, frame in data.splits.items():  # each is trained on; a label may be in one alone
        check_labels(replace(data, splits={split: frame}), split)


def _check_lengths(encoded: dict[str, EncodedSplit], name: str) -> None:
    for split, rows in encoded.items():
        if not len(rows):
            found = ", ".join(rows.problems["problem"].unique())
            raise DataError(
                f"{name}/{split}: none of the {rows.problems['sample_id'].nunique()} samples can be "
                f"used ({found}); expected at least one"
            )
        if not rows.lengths.all():
            raise ModelError(
                f"{name}/{split}: the tokenizer makes no token of the text of sample "
                f"{rows.rows[int(rows.lengths.argmin())]['sample_id']}; expected a model whose "
                "tokenizer marks where a text begins or ends"
            )


def _describe(config: RunConfig, data: TextData, dynamics: Dynamics) -> dict[str, Any]:
    """What a run's record says of its configuration, environment, data and accuracy."""
    from difficulty_lib.training._environment import environment
    from difficulty_lib.training._precision import use_bfloat16

    return {
        "hash": config.hash,
        "config": config.to_dict(),
        "environment": environment() | {"bfloat16": use_bfloat16(config.precision)},
        "data": {
            "origin": data.origin,
            "label_names": list(data.label_names),
            "label_counts": _label_counts(data),
            "rows": {split: len(frame) for split, frame in data.splits.items()},
            "notes": list(data.notes),
        },
        "health": {
            "/".join(key): [finding.message for finding in health]
            for key in dynamics.keys
            if (health := dynamics.stream(*key).health)
        },
        "metrics": _metrics(dynamics) | _task_metrics(config, data, dynamics),
    }


def _metrics(dynamics: Dynamics) -> dict[str, dict[str, list[float]]]:
    """Loss and, where a sample is right or wrong as a whole, accuracy, after every epoch."""
    found: dict[str, dict[str, list[float]]] = {}
    for key in dynamics.keys:
        stream = dynamics.stream(*key)
        for name, column in (("accuracy", "correct"), ("loss", "loss")):
            # that every token of a text is the likeliest says nothing of a text
            if stream.available(column) and not (name == "accuracy" and stream.tokens is not None):
                found.setdefault(name, {})["/".join(key)] = (
                    stream.matrix(column).mean(axis=1).tolist()
                )
    return found


def _task_metrics(
    config: RunConfig, data: TextData, dynamics: Dynamics
) -> dict[str, dict[str, list[float]]]:
    """What a task counts beside loss and accuracy: by name, split and stream, a value per epoch."""
    measure = TASKS[config.task].metrics
    found: dict[str, dict[str, list[float]]] = {}
    if measure is None:
        return found
    for key in dynamics.keys:
        for name, values in measure(dynamics.stream(*key), data.label_names).items():
            found.setdefault(name, {})["/".join(key)] = values
    return found


def _label_counts(data: TextData) -> dict[str, list[int]]:
    """Samples of every class, by split; none where there are no classes."""
    if data.target != "class":
        return {}
    classes = len(data.label_names)
    return {
        split: np.bincount(frame["label"], minlength=classes).tolist()
        for split, frame in data.splits.items()
    }


def _free(folder: Path) -> Path:
    """The folder, if a run may be put there: it is new, empty, or holds an earlier run alone."""
    folder = folder.resolve()
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"{folder} is a file; expected a folder for the run")
    if folder.is_dir() and {path.name for path in folder.iterdir()} - {
        RECORD,
        ROOT,
        OUTPUTS,
        TRUTH,
        OUT_OF_DISTRIBUTION,
    }:
        raise ConfigError(f"{folder} holds other files; expected a new or empty folder for the run")
    return folder


def _hub_revision(config: RunConfig) -> str:
    return "" if config.model_revision.startswith("folder-") else config.model_revision
