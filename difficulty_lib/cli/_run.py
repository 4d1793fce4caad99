"""`difficulty run`: one recorded fine-tuning."""

from __future__ import annotations

from typing import Annotated

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


def run(
    dataset: Annotated[str, typer.Option("--data", help="Name in the registry: difficulty data.")],
    model: Model = DEFAULT.model,
    seed: Seed = DEFAULT.seed,
    epochs: Annotated[
        int, typer.Option(min=1, help="Passes over the training split.")
    ] = DEFAULT.epochs,
    learning_rate: LearningRate = DEFAULT.learning_rate,
    batch_size: BatchSize = DEFAULT.batch_size,
    max_length: MaxLength = DEFAULT.max_length,
    precision: Annotated[str, typer.Option(help="auto, float32 or bfloat16.")] = DEFAULT.precision,
    train_size: Annotated[int | None, typer.Option(min=1, help="Training samples.")] = None,
    eval_size: Annotated[
        int | None,
        typer.Option(min=1, help="Samples of other splits."),
    ] = None,
    split: Annotated[
        list[str] | None,
        typer.Option(help="Split to record in eval mode; may be repeated."),
    ] = None,
    record_training: Annotated[bool, typer.Option(help="Record the training stream too.")] = False,
    record_gradients: Annotated[
        bool, typer.Option(help="Record gradient norms and the variance of gradients too.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Fine-tune and record the dynamics, or find the recorded run of the same settings."""
    from difficulty_lib.training import RunConfig, get_or_train

    config = RunConfig(
        dataset=dataset,
        model=model,
        seed=seed,
        epochs=epochs,
        learning_rate=learning_rate,
        batch_size=batch_size,
        max_length=max_length,
        precision=precision,
        train_size=train_size,
        eval_size=eval_size,
        evaluation_splits=tuple(split or DEFAULT.evaluation_splits),
        record_training=record_training,
        record_gradients=record_gradients,
    )
    done = get_or_train(config, progress=not quiet)
    for split_name in done.config.evaluation_splits:
        typer.echo(f"{split_name} accuracy: {done.accuracy(split_name):.3f}")
    typer.echo(f"run {done.hash}: {done.folder}")
