"""From the parameters of the benchmark's chapter to its cells, trained where they are not recorded."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from difficulty_lib._errors import ConfigError, DifficultyError
from difficulty_lib.audit import (
    BenchmarkCell,
    benchmark_configs,
    benchmark_table,
    cell_contestants,
    recorded_text_contestants,
)
from difficulty_lib.data import DATASETS, TextData, load_data
from difficulty_lib.study._audit import STREAMS, AuditCell, AuditStudy
from difficulty_lib.study._sized import sized
from difficulty_lib.training import Run, RunConfig
from difficulty_lib.training._cross_validation import get_or_train_all


def audit_configs(parameters: Mapping[str, Any]) -> list[BenchmarkCell]:
    """The cells that a chapter's parameters ask for.

    Args:
        parameters: `corruptions`, a list of [name, rate]; `seeds`; `folds` of a cross-validation,
            or None; `size` (see `sized`), and any setting of `RunConfig` by its name. The task is
            the data set's own, if none is given.

    Raises:
        ConfigError: on an unknown name, or no corruption or seed.
    """
    settings = sized(parameters)
    if settings["dataset"] in DATASETS:
        settings.setdefault("task", DATASETS[settings["dataset"]].task)
    corruptions, seeds = settings.pop("corruptions"), settings.pop("seeds", [1])
    for name, value in (("corruptions", corruptions), ("seeds", seeds)):
        if not isinstance(value, list | tuple):
            raise ConfigError(f"{name} is {value!r}; expected a list")
    folds = settings.pop("folds", None)
    return benchmark_configs(RunConfig.from_dict(settings), corruptions, seeds, folds=folds)


def audit_study(parameters: Mapping[str, Any], *, progress: bool = True) -> AuditStudy:
    """The study of a chapter's parameters; runs are trained where they are not recorded.

    Recorded runs can be measured without the texts: where these cannot be had, and what contestants
    make of them was not kept beside the runs, a warning says why, and those are left out.

    Args:
        parameters: as `audit_configs`.
        progress: whether to show bars.

    Raises:
        DifficultyError: one line, if a run is neither recorded nor can be trained, or there are
            fewer than two seeds.
    """
    wanted = audit_configs(parameters)
    try:
        data, missing = load_data(wanted[0].config.dataset), None
    except DifficultyError as error:
        data, missing = None, error
    cells = [_trained(cell, data, progress) for cell in wanted]
    if missing and not all("neighbour_disagreement/10" in cell.contestants for cell in cells):
        warnings.warn(
            f"neighbours and embeddings are not among the contestants: {missing}", stacklevel=2
        )
    # Intervals within a cell are not shown: those over seeds hold the rows' chance, too.
    return AuditStudy(cells, benchmark_table(cells, resamples=0))


def _trained(cell: BenchmarkCell, data: TextData | None, progress: bool) -> AuditCell:
    run, *folds = get_or_train_all(cell.configs, data, runs=None, progress=progress)
    by_texts = recorded_text_contestants(run, data)
    # A run that learnt nothing is part of the answer: its scores find nothing, and it is counted.
    found = cell_contestants(run, folds or None, by_texts=by_texts, allow_collapsed=True)
    return AuditCell(
        cell.corruption, cell.rate, cell.seed, found.contestants, found.truth, _streams(run), run
    )


def _streams(run: Run) -> dict[str, Any]:
    return {
        name: run.dynamics.stream("train", name)
        for name in STREAMS
        if ("train", name) in run.dynamics.keys
    }
