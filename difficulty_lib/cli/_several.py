"""`difficulty run --folds` and `--second-split`: several runs, put together to one stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from difficulty_lib._errors import ConfigError
from difficulty_lib.cli._problem_lines import problem_lines
from difficulty_lib.tasks import TASKS

if TYPE_CHECKING:
    from difficulty_lib.dynamics import StreamDynamics
    from difficulty_lib.training import Run, RunConfig


def refuse_beside(folds: int | None, second_split: bool, given: dict[str, bool]) -> None:
    """Refuse options that do nothing beside `--folds` or `--second-split`.

    Args:
        folds: how many, or None.
        second_split: whether it was asked for.
        given: of the other options, by name, whether each was given.

    Raises:
        ConfigError: naming them.
    """
    if folds is not None and second_split:
        raise ConfigError("--folds and --second-split are two ways to train; expected one of them")
    idle = [name for name, there in given.items() if there]
    if idle:
        chosen = "--second-split" if second_split else "--folds"
        raise ConfigError(
            f"{chosen} observes the training samples alone, while a model is not trained on them; "
            f"expected no {' or '.join(idle)} beside it"
        )


def train_folds(config: RunConfig, folds: int, *, progress: bool) -> None:
    """Cross-validate; say and keep what was seen of the samples held out."""
    from difficulty_lib.training._cross_validation import fold_runs, together

    runs = fold_runs(config, folds=folds, progress=progress)
    stream = together(runs).stream("train", "cross_validated")
    if TASKS[config.task].target == "class":
        typer.echo(f"cross_validated accuracy: {stream.matrix('correct')[-1].mean():.3f}")
    _say(runs, stream, {"folds": folds}, f"{folds}-folds")


def train_halves(config: RunConfig, *, progress: bool) -> None:
    """Train on each half and go on with the other; say and keep what was seen of the first."""
    from difficulty_lib.training._second_split import half_runs, together

    runs = half_runs(config, progress=progress)
    _say(runs, together(runs).stream("train", "second_split"), {"halves": 2}, "second-split")


def _say(runs: list[Run], stream: StreamDynamics, made: dict[str, int], ending: str) -> None:
    from difficulty_lib.dynamics import Dynamics
    from difficulty_lib.scores import SCORES
    from difficulty_lib.scores._collapsed import refuse_collapsed
    from difficulty_lib.training import RunConfig, runs_folder

    for line in problem_lines(_problems(runs)):
        typer.echo(line)
    for run in runs:
        typer.echo(f"run {run.hash}: {run.folder}")
    # Kept as one, a part that learnt nothing would be hidden among the others.
    refuse_collapsed(stream)
    scores = [score.name for score in SCORES.values() if score.available(stream)]
    typer.echo(f"{stream.split}/{stream.stream}: {len(stream):,} samples, {len(scores)} scores:")
    typer.echo(f"  {', '.join(scores)}")
    values: dict[str, Any] = runs[0].config.to_dict()
    whole = RunConfig.from_dict(values | {"intervention": made})
    folder = runs_folder() / f"{whole.folder_name}-{ending}"
    Dynamics({(stream.split, stream.stream): stream}).save(folder)
    typer.echo(f"dynamics, for difficulty score: {folder}")


def _problems(runs: list[Run]) -> list[dict[str, Any]]:
    """The samples that did not fit, of all runs: each is in several."""
    found: dict[tuple[str, bool], set[int]] = {}
    for run in runs:
        for each in run.record["data"].get("problems", []):
            found.setdefault((each["problem"], each["used"]), set()).update(each["ids"])
    return [
        {"split": "train", "problem": problem, "used": used, "ids": sorted(ids)}
        for (problem, used), ids in found.items()
    ]
