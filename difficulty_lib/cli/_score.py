"""`difficulty score`: the scores of recorded dynamics."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from difficulty_lib.cli._files import check_table_kind, check_writable, write_table


def score(
    folder: Annotated[Path, typer.Argument(help="A run's folder, the one that holds dynamics/.")],
    split: Annotated[str | None, typer.Option(help="Which split.")] = None,
    stream: Annotated[str | None, typer.Option(help="evaluation or training.")] = None,
    name: Annotated[
        list[str] | None,
        typer.Option(help="A score; may be repeated. All available ones otherwise."),
    ] = None,
    by: Annotated[str, typer.Option(help="The score that orders the rows.")] = "action_score",
    out: Annotated[Path | None, typer.Option(help="Table to write.")] = None,
    top: Annotated[int, typer.Option(min=1, help="Rows to print.")] = 10,
) -> None:
    """Compute scores from recorded dynamics; print the hardest, or write them all."""
    from difficulty_lib.dynamics import Dynamics
    from difficulty_lib.scores import ranking, score_table

    if out is not None:
        check_table_kind(out)
        check_writable(out)
    chosen = Dynamics.load(folder, split, stream).stream(split, stream)
    names = None if not name else list(dict.fromkeys([*name, by]))
    table = score_table(chosen, names)
    ranks = ranking(score_table(chosen, [by])[by])
    table = table.loc[ranks.index].assign(rank=ranks).reset_index()
    typer.echo(f"{chosen.split}/{chosen.stream}: {len(table):,} samples, hardest first by {by}")
    if out is None:
        typer.echo(table.head(top).to_string(index=False, float_format=lambda v: f"{v:.4g}"))
    else:
        write_table(table, out)
        typer.echo(f"table: {out}")
