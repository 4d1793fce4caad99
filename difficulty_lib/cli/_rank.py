"""`difficulty rank`: which rows of my data set should I look at first?"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from difficulty_lib._errors import DataError
from difficulty_lib.budget import expected, spent
from difficulty_lib.cli._files import check_table_kind, check_writable, write_table, write_text
from difficulty_lib.cli._options import (
    DEFAULT,
    BatchSize,
    LearningRate,
    MaxLength,
    Model,
    Quiet,
    Seed,
)
from difficulty_lib.data import read_table_file, table_data
from difficulty_lib.review import plain
from difficulty_lib.suspicion import SUSPICION, Suspicion


def rank(
    file: Annotated[Path, typer.Argument(help="CSV, TSV, JSONL or Parquet.")],
    text: Annotated[list[str], typer.Option(help="Column of texts; give it twice for a pair.")],
    label: Annotated[str, typer.Option(help="Column of labels, text or integers.")],
    id: Annotated[str | None, typer.Option(help="Column of unique ids, if any.")] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Where the ranked table goes; FILE.ranked.* otherwise."),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(
            "--html",
            "--report",
            help="Where the page goes that lists the rows; FILE.report.html otherwise.",
        ),
    ] = None,
    model: Model = DEFAULT.model,
    epochs: Annotated[int, typer.Option(min=2, help="Passes over the rows.")] = DEFAULT.epochs,
    learning_rate: LearningRate = DEFAULT.learning_rate,
    batch_size: BatchSize = DEFAULT.batch_size,
    max_length: MaxLength = DEFAULT.max_length,
    seed: Seed = DEFAULT.seed,
    by: Annotated[str, typer.Option(help="The score that ranks.")] = SUSPICION,
    budget: Annotated[
        float,
        typer.Option(help="Share of the fine-tuning's cost to pay, 0 to 1: 0.2 for a fifth."),
    ] = 1.0,
    show: Annotated[
        int | None,
        typer.Option(min=1, help="Rows on the page, hardest first; all otherwise."),
    ] = None,
    keep: Annotated[
        Path | None,
        typer.Option(help="Folder to keep the recorded run in."),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Fine-tune on your own table and rank its rows by how suspicious their labels are."""
    from difficulty_lib.report import render_report
    from difficulty_lib.suspicion import rank_suspicion
    from difficulty_lib.training import RunConfig

    out = out or file.with_name(f"{file.stem}.ranked{file.suffix}")
    report = html or file.with_name(f"{file.stem}.report.html")
    table = read_table_file(file)
    data = table_data(table, text, label, where=str(file), id_column=id)
    check_table_kind(out)
    for path in (out, report):
        check_writable(path)
    if keep is not None and not keep.resolve().parent.is_dir():
        raise DataError(f"{keep}: no folder {keep.parent}; expected one that exists")
    if len({path.resolve() for path in (file, out, report)}) < 3:
        raise DataError(f"{file}, {out} and {report}: expected three different files")
    config = RunConfig(
        dataset=data.name,
        model=model,
        epochs=epochs,
        learning_rate=learning_rate,
        batch_size=batch_size,
        max_length=max_length,
        seed=seed,
    )
    found = rank_suspicion(data, config, by=by, budget=budget, keep=keep, progress=not quiet)
    command = shlex.join(["difficulty", *sys.argv[1:]])
    ids = None if id is None else (id, table[id].tolist())
    page = render_report(found, file.name, rows=show, command=command, label=label, ids=ids)
    write_table(ranked_table(table, found), out)
    write_text(page, report)
    _say(found, out, report)


def ranked_table(table: pd.DataFrame, found: Suspicion) -> pd.DataFrame:
    """The user's table, hardest first, with the row's number, prediction, scores and rank added."""
    added = found.table.drop(columns=["text", "label"])
    added.insert(0, "sample_id", added.index)  # the row's number, by which the kept run knows it
    numbers = added.select_dtypes("float").columns
    added[numbers] = added[numbers].map(lambda value: float(f"{value:.6g}"))
    taken: dict[str, str] = {}
    for name in added.columns:
        free = name
        while free in table.columns:
            free += "_difficulty"
        taken[name] = free
    added = added.rename(columns=taken)
    ordered = table.iloc[added.index.to_numpy() - 1].reset_index(drop=True)
    return pd.concat([ordered, added.reset_index(drop=True)], axis=1)


def _say(found: Suspicion, out: Path, report: Path) -> None:
    first = found.table.iloc[0]
    truncated = found.run["data"]["truncated"]["train"]
    contradicted = int((found.table["label"] != found.table["predicted"]).sum())
    typer.echo(
        f"{len(found.table):,} rows ranked by {found.by}; the model contradicts {contradicted:,}"
    )
    if found.plan is not None:
        typer.echo(spent(found.plan, found.run["timings"]))
        typer.echo(expected())
    if truncated:
        typer.echo(
            f"{truncated:,} texts were longer than {found.run['data']['max_length']} tokens and cut"
        )
    shown = " ".join(str(first["text"]).split())
    shown = shown if len(shown) <= 90 else shown[:89] + "…"
    said = (
        f"first: row {found.table.index[0]}, labelled {first['label']}, "
        f"the model says {first['predicted']}: {shown}"
    )
    typer.echo(plain(said, one_line=True))
    typer.echo(f"table:  {out}")
    typer.echo(f"report: {report}")
