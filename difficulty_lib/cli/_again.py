"""`difficulty again`: a recorded run, trained again and compared with its record."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer


def again(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The recorded run's folder.")],
    out: Annotated[
        Path | None,
        typer.Option(help="Folder that keeps the new run; it is thrown away otherwise."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no bars.")] = False,
) -> None:
    """Train a recorded run again; status 1 if its numbers do not come out within the tolerance."""
    from difficulty_lib.training import Run
    from difficulty_lib.training._again import ACCURACY, CORRELATION, compare_again, train_again

    recorded = Run.load(run)
    with tempfile.TemporaryDirectory() as passing:
        trained = train_again(recorded, out or Path(passing), progress=not quiet)
        found = compare_again(recorded, trained)
    for one in found:
        accuracy = (
            "" if one.accuracy != one.accuracy else f"accuracy differs by {one.accuracy:.4f}, "
        )
        typer.echo(
            f"{one.split}/{one.stream}, {one.samples:,} samples: {accuracy}a loss by "
            f"{one.loss:.2g} nats at the most; action scores correlate by {one.correlation:.4f}"
        )
    far = [one for one in found if not one.within]
    typer.echo(
        f"{'outside' if far else 'within'} the tolerance: accuracy {ACCURACY:g}, "
        f"correlation {CORRELATION:g}"
    )
    if far:
        raise typer.Exit(1)
