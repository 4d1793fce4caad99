"""Options that several commands have, with the defaults of `RunConfig`."""

from __future__ import annotations

from typing import Annotated

import typer

from difficulty_lib.training import RunConfig

DEFAULT = RunConfig(dataset="")

Model = Annotated[str, typer.Option(help="Embedded name, folder or hub id.")]
Seed = Annotated[int, typer.Option(help="Seed of everything random.")]
LearningRate = Annotated[float, typer.Option(help="Peak learning rate.")]
BatchSize = Annotated[int, typer.Option(min=1, help="Samples per update.")]
MaxLength = Annotated[int, typer.Option(min=4, help="Tokens kept of a text.")]
Quiet = Annotated[bool, typer.Option(help="No progress bars.")]
