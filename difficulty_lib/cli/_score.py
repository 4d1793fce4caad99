"""`difficulty score`: the scores of recorded dynamics."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from difficulty_lib.cli._files import check_table_kind, check_writable, write_table

if TYPE_CHECKING:
    from difficulty_lib.dynamics import Dynamics


def score(
    folders: Annotated[
        list[Path],
        typer.Argument(
            metavar="FOLDER...",
            help="A run's folder, the one that holds dynamics/, or what cartography or aum wrote; "
            "of several runs of the same samples, scores are averaged.",
        ),
    ],
    split: Annotated[str | None, typer.Option(help="Which split.")] = None,
    stream: Annotated[
        str | None,
        typer.Option(help="evaluation, training, cross_validated or second_split."),
    ] = None,
    name: Annotated[
        list[str] | None,
        typer.Option(help="A score; may be repeated. All available ones otherwise."),
    ] = None,
    by: Annotated[str, typer.Option(help="The score that orders the rows.")] = "action_score",
    out: Annotated[Path | None, typer.Option(help="Table to write.")] = None,
    top: Annotated[int, typer.Option(min=1, help="Rows to print.")] = 10,
    reduction: Annotated[
        str | None,
        typer.Option(
            help="Of sequences: mean (the default), sum, max, softmin or top_k_mean of the tokens."
        ),
    ] = None,
    allow_collapsed: Annotated[
        bool, typer.Option("--allow-collapsed", help="Score a run, too, that learnt nothing.")
    ] = False,
) -> None:
    """Compute scores from recorded dynamics; print the hardest, or write them all."""
    from difficulty_lib.readers import NamedDynamics
    from difficulty_lib.scores import SCORES, ranking, score_table

    if out is not None:
        check_table_kind(out)
        check_writable(out)
    names = None if not name else list(dict.fromkeys([*name, by]))
    needs = None if names is None else [need for each in names for need in SCORES[each].needs]
    read = [_read(folder, split, stream, needs) for folder in folders]
    runs = [dynamics.stream(split, stream) for dynamics in read]
    table = score_table(runs, names, reduction=reduction, allow_collapsed=allow_collapsed)
    if by not in table:  # it is refused in so many words
        score_table(runs, [by], reduction=reduction, allow_collapsed=allow_collapsed)
    ranks = ranking(table[by])
    table = table.loc[ranks.index].assign(rank=ranks).reset_index()
    if isinstance(read[0], NamedDynamics):
        table.insert(1, "name", read[0].names.loc[table["sample_id"]].to_numpy())
    of = f" of {len(runs)} runs" if len(runs) > 1 else ""
    where = f"{runs[0].split}/{runs[0].stream}{of}"
    typer.echo(f"{where}: {len(table):,} samples, hardest first by {by}")
    if out is None:
        typer.echo(table.head(top).to_string(index=False, float_format=lambda v: f"{v:.4g}"))
    else:
        write_table(table, out)
        typer.echo(f"table: {out}")


def _read(folder: Path, split: str | None, stream: str | None, needs: list[str] | None) -> Dynamics:
    from difficulty_lib.dynamics import CollapsedRunWarning
    from difficulty_lib.readers import read_aum, read_cartography
    from difficulty_lib.readers.aum import is_aum
    from difficulty_lib.readers.cartography import is_cartography
    from difficulty_lib.training import load_recorded

    if is_cartography(folder):
        return read_cartography(folder)
    if is_aum(folder):
        return read_aum(folder)
    with warnings.catch_warnings():  # the scores say it, too, in one line
        warnings.simplefilter("ignore", CollapsedRunWarning)
        return load_recorded(folder, split, stream, needs)
