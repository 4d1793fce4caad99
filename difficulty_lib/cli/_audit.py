"""`difficulty audit`: look through ranked rows in the terminal, and decide about each."""

from __future__ import annotations

import io
import shutil
import sys
import textwrap
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from difficulty_lib._errors import DataError
from difficulty_lib.data import read_table_file
from difficulty_lib.review import (
    Decisions,
    RankedRows,
    Shown,
    TakenError,
    corrected,
    errors_left,
    export,
    log_table,
    ours,
    plain,
    ranked_rows,
)

KEYS = "[k]eep  [r]elabel  [a]mbiguous  [s]kip  [u]ndo  [q]uit"
LONGEST = 4000  # characters of a text that are shown


def audit(
    file: Annotated[
        Path, typer.Argument(help="A table of `difficulty rank`, or a folder with one.")
    ],
    text: Annotated[
        list[str] | None, typer.Option(help="Column of texts; give it twice for a pair.")
    ] = None,
    label: Annotated[str | None, typer.Option(help="Column of labels.")] = None,
    id: Annotated[str | None, typer.Option(help="Column of unique ids, if any.")] = None,
    decisions: Annotated[
        Path | None, typer.Option(help="Where decisions are kept; FILE.decisions.db otherwise.")
    ] = None,
    who: Annotated[str | None, typer.Option(help="Your name, for the log.")] = None,
    checks: Annotated[
        int, typer.Option(min=0, help="One row in so many is a random one; 0 for none.")
    ] = 5,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the random rows.")] = 0,
    apply: Annotated[
        Path | None, typer.Option(help="Decisions to put into FILE, instead of deciding.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Corrected table: CSV, TSV, JSONL, Parquet, or no ending: `datasets`."),
    ] = None,
    log: Annotated[
        Path | None, typer.Option(help="Where --apply writes the log, if at all.")
    ] = None,
    as_is: Annotated[
        bool, typer.Option("--as-is", help="Write CSV cells as they are, formulas included.")
    ] = False,
) -> None:
    """Decide about ranked rows one by one, or put the decisions into a table with --apply."""
    try:
        if apply is not None:
            _apply(apply, file, out, log, as_is)
        else:
            _check_options(text, label, out, log)
            _review(file, text or [], str(label), id, decisions, who, checks, seed)
    except DataError as error:  # it may name columns and labels, which are the data's
        raise DataError(plain(str(error), one_line=True)) from None


def _check_options(
    text: list[str] | None, label: str | None, out: Path | None, log: Path | None
) -> None:
    if out is not None or log is not None:
        raise DataError("--out and --log go with --apply; expected --apply DECISIONS, too")
    if not text or label is None:
        raise DataError("which columns? expected --text COLUMN and --label COLUMN")


def _review(
    file: Path,
    text: list[str],
    label: str,
    id: str | None,
    decisions: Path | None,
    who: str | None,
    checks: int,
    seed: int,
) -> None:
    file = _table_of(file)
    try:
        rows = ranked_rows(read_table_file(file), text, label, id)
    except DataError as error:
        raise _about(file, error) from None
    path = decisions or file.with_name(f"{file.stem}.decisions.db")
    with Decisions(path, rows, who=who, every=checks, seed=seed) as kept:
        _loop(kept, rows)


def _table_of(path: Path) -> Path:
    """A folder stands for the one ranked table in it."""
    if not path.is_dir():
        return path
    found = sorted(p for p in path.glob("*.ranked.*") if p.suffix != ".db" and p.is_file())
    found = [p for p in found if p.suffix.lower() in (".csv", ".tsv", ".jsonl", ".parquet")]
    if len(found) != 1:
        names = ", ".join(p.name for p in found) or "none"
        raise DataError(f"{path}: expected one ranked table in the folder; there are {names}")
    return found[0]


def _about(file: Path, error: DataError) -> DataError:
    message = str(error)
    return error if message.startswith(str(file)) else DataError(f"{file}: {message}")


def _apply(decisions: Path, file: Path, out: Path | None, log: Path | None, as_is: bool) -> None:
    if out is None:
        raise DataError("--apply without --out; expected --out and where the table goes")
    places = [decisions, file, out, *([log] if log else [])]
    if len({place.resolve() for place in places}) < len(places):
        raise DataError(f"{', '.join(map(str, places))}: expected different files")
    table = read_table_file(file)
    with Decisions(decisions) as kept:
        try:
            result = corrected(table, kept)
            entries = log_table(kept, table)
        except DataError as error:
            raise _about(file, error) from None
        changed = export(result, out, as_is=as_is)
        if log is not None:
            changed += export(entries, log, as_is=as_is)
        made = kept.active()["decision"].value_counts()
    counts = ", ".join(f"{int(made.get(kind, 0)):,} {what}" for kind, what in COUNTED.items())
    typer.echo(f"{len(result):,} rows: {counts}")
    if changed:
        typer.echo(
            f"{changed:,} cells hold what a spreadsheet would run; an apostrophe was put there "
            "(difficulty_lib.review.restore_table takes it back, --as-is leaves it out)"
        )
    typer.echo(f"table:  {plain(str(out), one_line=True)}")
    if log is not None:
        typer.echo(f"log:    {plain(str(log), one_line=True)}")


COUNTED = {
    "relabel": "relabelled",
    "keep": "kept",
    "ambiguous": "ambiguous",
    "skip": "skipped",
}


def _loop(kept: Decisions, rows: RankedRows) -> None:
    for stream, errors in ((sys.stdin, "replace"), (sys.stdout, "backslashreplace")):
        if isinstance(stream, io.TextIOWrapper):  # a wrong byte, or a poor locale, ends no review
            stream.reconfigure(errors=errors)
    made = len(kept.active())
    if made:
        typer.echo(f"{made:,} of {len(rows):,} rows have a decision; going on from there")
    while True:
        shown = kept.next()
        if shown is None:
            typer.echo("every row has a decision")
            break
        _show(shown, rows)
        if not _decide(shown, kept, rows):
            break
        typer.echo(_progress(kept, rows))
    _end(kept)


def _show(shown: Shown, rows: RankedRows) -> None:
    row = rows.table.iloc[shown.position]
    why = "a random check" if shown.how == "check" else f"rank {shown.position + 1:,}"
    said = [f"labelled {plain(rows.given(shown.row), one_line=True)}"]
    for name, words in (("predicted", "the model says "), ("action_score", "action score ")):
        column = ours(rows.table, name)
        # A check is to be read with an open mind, as any other row of the data would be.
        if column is not None and column != rows.label and shown.how != "check":
            said.append(f"{words}{plain(str(row[column]), one_line=True)}")
    typer.echo(f"\n--- {why} of {len(rows):,} · {' · '.join(said)}")
    width = max(shutil.get_terminal_size().columns, 40)
    for column, content in zip(rows.text, rows.texts(shown.row)):
        if len(rows.text) > 1:
            typer.echo(f"{plain(column, one_line=True)}:")
        for line in plain(content[:LONGEST]).split("\n"):
            wrapped = textwrap.wrap(line, width - 4, replace_whitespace=False) or [""]
            for part in wrapped:
                typer.echo(f"  | {part}")
        if len(content) > LONGEST:
            typer.echo(f"  … {len(content) - LONGEST:,} characters more")


def _decide(shown: Shown, kept: Decisions, rows: RankedRows) -> bool:
    """Ask until there is a decision, or an undo, about the row; False to stop."""
    while True:
        answer = _ask(f"{KEYS} > ")
        if answer is None or answer.casefold() in ("q", "quit"):
            return False
        key, _, rest = answer.partition(" ")
        key = key.casefold() if not rest or key.casefold() in ("r", "relabel") else ""
        try:
            if key in ("u", "undo"):
                undone = kept.undo()
                typer.echo(f"undone: {undone.decision}" if undone else "nothing to undo")
                if undone is None:
                    continue
                return True
            if key in ("k", "keep"):
                kept.record(shown, "keep")
            elif key in ("a", "ambiguous"):
                kept.record(shown, "ambiguous")
            elif key in ("s", "skip"):
                kept.record(shown, "skip")
            elif key in ("r", "relabel"):
                label = _label(rest.strip(), rows)
                if label is None:
                    continue
                kept.record(shown, "relabel", label)
            else:
                typer.echo(
                    f"'{plain(answer, one_line=True)}' is no key; expected k, r, a, s, u or q"
                )
                continue
        except TakenError as error:
            typer.echo(plain(str(error), one_line=True))
        except DataError as error:
            if key not in ("r", "relabel") or "already" not in str(error):
                raise
            typer.echo(plain(str(error), one_line=True))
            continue
        return True


def _label(given: str, rows: RankedRows) -> str | None:
    """A known label, by its name or its number in the list; None if it was none."""
    if not given:
        listed = "  ".join(
            f"{number} {plain(name, one_line=True)}"
            for number, name in enumerate(rows.labels, start=1)
        )
        given = _ask(f"which label?  {listed}  (nothing: back) > ") or ""
    if not given:
        return None
    if given in rows.labels:
        return given
    if given.isascii() and given.isdigit() and 1 <= int(given) <= len(rows.labels):
        return rows.labels[int(given) - 1]
    known = ", ".join(plain(name, one_line=True) for name in rows.labels)
    typer.echo(f"'{plain(given, one_line=True)}' is no label of this table; expected {known}")
    return None


def _ask(prompt: str) -> str | None:
    """A line from the keyboard or a pipe; None at its end."""
    typer.echo(prompt, nl=False)
    line = sys.stdin.readline()
    if not line or not sys.stdin.isatty():
        typer.echo()
    return line.strip() if line else None


def _progress(kept: Decisions, rows: RankedRows) -> str:
    active = kept.active()
    share = len(active) / len(rows)
    return f"{len(active):,} of {len(rows):,} ({share:.0%}); {errors_left(active, rows.keys)}"


def _end(kept: Decisions) -> None:
    made: pd.Series = kept.active()["decision"].value_counts()
    counts = ", ".join(f"{int(made.get(kind, 0)):,} {what}" for kind, what in COUNTED.items())
    path = plain(str(kept.path), one_line=True)
    typer.echo(f"{counts}; kept in {path}")
