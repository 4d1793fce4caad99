"""`difficulty run`: one recorded fine-tuning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from difficulty_lib.cli._options import (
    DEFAULT,
    BatchSize,
    LearningRate,
    MaxLength,
    Model,
    Quiet,
    Seed,
)
from difficulty_lib.cli._problem_lines import problem_lines
from difficulty_lib.cli._several import refuse_beside, train_folds, train_halves
from difficulty_lib.data import DATASETS
from difficulty_lib.tasks import TASKS

if TYPE_CHECKING:
    from difficulty_lib.training import Run


def run(
    dataset: Annotated[str, typer.Option("--data", help="Name in the registry: difficulty data.")],
    task: Annotated[
        str | None, typer.Option(help=f"{', '.join(TASKS)}; that of the data set otherwise.")
    ] = None,
    model: Model = DEFAULT.model,
    seed: Seed = DEFAULT.seed,
    epochs: Annotated[
        int, typer.Option(min=1, help="Passes over the training split.")
    ] = DEFAULT.epochs,
    learning_rate: LearningRate = DEFAULT.learning_rate,
    batch_size: BatchSize = DEFAULT.batch_size,
    max_length: MaxLength = DEFAULT.max_length,
    max_target_length: Annotated[
        int, typer.Option(min=1, help="Summaries: tokens of a reference and of a generated text.")
    ] = DEFAULT.max_target_length,
    stride: Annotated[
        int, typer.Option(min=0, help="Questions: tokens that pieces of a long context share.")
    ] = DEFAULT.stride,
    num_beams: Annotated[
        int, typer.Option(min=1, help="Summaries: beams of the generation; 1 is greedy.")
    ] = DEFAULT.num_beams,
    no_repeat_ngram_size: Annotated[
        int,
        typer.Option(
            min=0, help="Summaries: tokens in a row that are never written twice; 0: any."
        ),
    ] = DEFAULT.no_repeat_ngram_size,
    frozen_layers: Annotated[
        int,
        typer.Option(min=0, help="Causal models: so many of the lowest layers keep their weights."),
    ] = DEFAULT.frozen_layers,
    truncation_side: Annotated[
        str,
        typer.Option(help="Classes: which end of a long text is cut, right (its end) or left."),
    ] = DEFAULT.truncation_side,
    precision: Annotated[str, typer.Option(help="auto, float32 or bfloat16.")] = DEFAULT.precision,
    train_size: Annotated[int | None, typer.Option(min=1, help="Training samples.")] = None,
    eval_size: Annotated[
        int | None,
        typer.Option(min=1, help="Samples of other splits."),
    ] = None,
    split: Annotated[
        list[str] | None,
        typer.Option(
            help="Split to record in eval mode; may be repeated. All but train otherwise."
        ),
    ] = None,
    record_training: Annotated[bool, typer.Option(help="Record the training stream too.")] = False,
    record_gradients: Annotated[
        bool, typer.Option(help="Record gradient norms and the variance of gradients too.")
    ] = False,
    folds: Annotated[
        int | None,
        typer.Option(
            min=2, help="Cross-validate: train once per fold, on the others, and observe the fold."
        ),
    ] = None,
    second_split: Annotated[
        bool,
        typer.Option(
            "--second-split",
            help="Train on one half, go on with the other and observe the first; and exchanged.",
        ),
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Fine-tune and record the dynamics, or find the recorded run of the same settings."""
    from difficulty_lib.training import RunConfig, get_or_train

    if folds is not None or second_split:
        given = {
            "--split": bool(split),
            "--eval-size": eval_size is not None,
            "--record-training": record_training,
            "--record-gradients": record_gradients and second_split,
        }
        refuse_beside(folds, second_split, given)
    spec = DATASETS.get(dataset)
    config = RunConfig(
        dataset=dataset,
        task=task or (spec.task if spec else DEFAULT.task),
        model=model,
        seed=seed,
        epochs=epochs,
        learning_rate=learning_rate,
        batch_size=batch_size,
        max_length=max_length,
        max_target_length=max_target_length,
        stride=stride,
        num_beams=num_beams,
        no_repeat_ngram_size=no_repeat_ngram_size,
        frozen_layers=frozen_layers,
        truncation_side=truncation_side,
        precision=precision,
        train_size=train_size,
        eval_size=eval_size,
        evaluation_splits=tuple(
            split or [name for name in (spec.splits if spec else ()) if name != "train"]
        ),
        record_training=record_training,
        record_gradients=record_gradients,
    )
    if folds is not None:
        train_folds(config, folds, progress=not quiet)
        return
    if second_split:
        train_halves(config, progress=not quiet)
        return
    done = get_or_train(config, progress=not quiet)
    for line in [*measured(done), *problem_lines(done.record["data"].get("problems", []))]:
        typer.echo(line)
    typer.echo(f"run {done.hash}: {done.folder}")


def measured(done: Run) -> list[str]:
    """How right the model is after the last epoch, a line per evaluated split and measure.

    Of classes the accuracy; of other targets what the task measures, such as ROUGE or F1.
    """
    metrics = done.record["metrics"]
    if TASKS[done.config.task].target == "class":
        names = ["accuracy"]
    else:
        names = [name for name in metrics if name not in ("accuracy", "loss")]
    lines = []
    for split in done.config.evaluation_splits:
        for name in names:
            found = metrics[name].get(f"{split}/evaluation", [metrics[name].get(split)])[-1]
            if found is not None:
                lines.append(f"{split} {name}: {found:.3f}")
    return lines
