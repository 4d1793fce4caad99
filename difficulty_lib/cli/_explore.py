"""`difficulty explore`: a page to look through the samples of recorded runs."""

from __future__ import annotations

import shlex
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from difficulty_lib._errors import ConfigError, DataError, DifficultyError
from difficulty_lib.data import DATASETS, TextData, load_data, read_table_file, table_data

if TYPE_CHECKING:
    from difficulty_lib.training import Run


def explore(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN...",
            help="A run's folder, or several of the same samples to compare: what `difficulty run` "
            "made, or what `difficulty rank --keep` kept.",
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder that the page goes to.")],
    file: Annotated[
        Path | None,
        typer.Option(help="The table that `difficulty rank` was given, for its texts."),
    ] = None,
    text: Annotated[
        list[str] | None, typer.Option(help="Its column of texts; give it twice for a pair.")
    ] = None,
    label: Annotated[str | None, typer.Option(help="Its column of labels.")] = None,
    split: Annotated[
        list[str] | None, typer.Option(help="Only this split; may be repeated.")
    ] = None,
    name: Annotated[
        list[str] | None, typer.Option(help="A score; may be repeated. All otherwise.")
    ] = None,
    title: Annotated[str | None, typer.Option(help="Of the page.")] = None,
    texts: Annotated[bool, typer.Option(help="Whether the page holds the texts.")] = True,
    projection: Annotated[
        bool, typer.Option("--projection", help="Offer a map of the texts' words, too.")
    ] = False,
    allow_collapsed: Annotated[
        bool, typer.Option("--allow-collapsed", help="Show a run, too, that learnt nothing.")
    ] = False,
) -> None:
    """Write a page with a map of the samples: pick some, read them, see their loss curves."""
    from difficulty_lib.dynamics import CollapsedRunWarning
    from difficulty_lib.explorer import explorer_page, text_projection
    from difficulty_lib.training import Run

    if file is not None and not (text and label):
        raise ConfigError(f"--file {file}: expected --text COLUMN and --label COLUMN with it")
    if out.exists() and not out.is_dir():
        raise DataError(f"{out} is a file; expected a folder, or a name for one")
    read = [Run.load(folder) for folder in runs]
    datasets = {run.config.dataset for run in read}
    if len(datasets) > 1:
        raise DataError(f"runs of {', '.join(sorted(datasets))}; expected runs of one data set")
    data: TextData | None
    if file is not None:
        data = table_data(read_table_file(file), text or [], label or "", where=str(file))
        _check_same(data, read, file)
    else:
        data = _registered(read[0]) if texts or projection else None
    if projection and data is None:
        raise DataError("--projection: the texts are not at hand")
    with warnings.catch_warnings():
        if allow_collapsed:
            warnings.simplefilter("ignore", CollapsedRunWarning)
        page = explorer_page(
            read,
            data,
            out,
            title=title or (file.name if file is not None else read[0].config.dataset),
            texts=texts,
            projection=text_projection(data) if projection and data is not None else None,
            splits=split or None,
            scores=name or None,
            command=shlex.join(["difficulty", *sys.argv[1:]]),
            allow_collapsed=allow_collapsed,
        )
    typer.echo(f"page: {page}")


def _check_same(data: TextData, runs: list[Run], file: Path) -> None:
    for run in runs:
        if run.config.data_fingerprint not in ("", None, data.fingerprint()):
            raise DataError(f"{file}: other texts or labels than run {run.folder} was trained on")


def _registered(run: Run) -> TextData | None:
    if run.config.dataset not in DATASETS:
        typer.echo("the texts are not shown: say where they are with --file, --text and --label")
        return None
    try:
        return load_data(run.config.dataset)
    except DifficultyError as error:
        warnings.warn(f"texts are not shown: {error}", stacklevel=2)
        return None
