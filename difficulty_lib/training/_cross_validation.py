"""Cross-validation: every training sample observed by a model that was not trained on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from difficulty_lib._errors import DynamicsError
from difficulty_lib._whole import whole_number
from difficulty_lib.data import TextData, load_data
from difficulty_lib.dynamics import Dynamics
from difficulty_lib.dynamics._merge import merge_samples
from difficulty_lib.training._config import RunConfig
from difficulty_lib.training._interventions import HELD_OUT
from difficulty_lib.training._run import Run
from difficulty_lib.training._runs import find_run, get_or_train


def cross_validate(
    config: RunConfig,
    data: TextData | None = None,
    folds: int = 5,
    *,
    runs: Path | None = None,
    progress: bool = True,
) -> Dynamics:
    """Train once per fold on the other folds, and put together what was seen of the held-out ones.

    A sample's fold follows from its id and the configuration's seed alone. Every fold is a run of
    its own, with `intervention={"fold": [number, folds]}`, and recorded runs are used again.

    Args:
        config: how to train; its evaluation splits and its training stream are not recorded.
        data: the data, if they are at hand; loaded by name otherwise, and only if needed.
        folds: how many, at least 2.
        runs: the folder of one's own runs; `runs_folder()` if not given.
        progress: whether to show bars.

    Returns:
        Dynamics of the stream `cross_validated` of split `train`, every training sample in it
        once. With it go self-confidence, normalised margin and PVI, whose null model is that of
        the labels' frequencies in the folds that the sample's model was trained on.

    Raises:
        DifficultyError: one line, if data, model or configuration cannot be used, or a fold is
            empty or holds a label that the others lack.
    """
    return together(fold_runs(config, data, folds, runs=runs, progress=progress))


def fold_runs(
    config: RunConfig,
    data: TextData | None = None,
    folds: int = 5,
    *,
    runs: Path | None = None,
    progress: bool = True,
) -> list[Run]:
    """The run of every fold, in their order; arguments and errors as for `cross_validate`."""
    return get_or_train_all(fold_configs(config, folds), data, runs=runs, progress=progress)


def fold_configs(config: RunConfig, folds: int) -> list[RunConfig]:
    """The configuration of every fold's run.

    Raises:
        ConfigError: on fewer than two folds.
    """
    whole_number("folds", folds, 2)
    return [
        replace(
            config,
            evaluation_splits=(HELD_OUT,),
            record_training=False,
            intervention={**config.intervention, "fold": [number, folds]},
        )
        for number in range(folds)
    ]


def together(done: Sequence[Run]) -> Dynamics:
    """What the runs of all folds saw of the samples held out, as one stream.

    Raises:
        DynamicsError: if they are not the folds of one data set.
    """
    stream = merge_samples(
        [run.dynamics.stream(HELD_OUT, "evaluation") for run in done], "train", "cross_validated"
    )
    # Of the data's rows: what the tokenizer sets aside is in no stream.
    whole = sum(_rows(run, HELD_OUT) for run in done)
    for run in done:
        total = _rows(run, "train") + _rows(run, HELD_OUT)
        if total != whole:
            raise DynamicsError(
                f"{run.folder.name} is of {total} training samples, all folds together hold "
                f"{whole}; expected the folds of one data set, so remove it and train again"
            )
    return Dynamics({("train", "cross_validated"): stream})


def _rows(run: Run, split: str) -> int:
    counts = run.record["data"].get("label_counts")
    return (
        int(sum(counts[split])) if counts else run.sizes[split]
    )  # the null loss is of these counts


def get_or_train_all(
    configs: Sequence[RunConfig], data: TextData | None, *, runs: Path | None, progress: bool
) -> list[Run]:
    """The recorded runs of these configurations of one data set, which is read once at most."""
    if data is None and any(find_run(config.resolved(), runs) is None for config in configs):
        data = load_data(configs[0].dataset)
    return [get_or_train(config, data, runs=runs, progress=progress) for config in configs]
