"""What a session leaves, in one new folder: the corrected table and the log in three kinds each."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pandas as pd

from difficulty_lib._errors import DataError
from difficulty_lib.review import Decisions, corrected, export, log_table

KINDS = (".csv", ".parquet", "")  # without ending: a `datasets` folder


def export_all(
    table: pd.DataFrame, decisions: Decisions, folder: str | Path, *, as_is: bool = False
) -> list[Path]:
    """Write `corrected` and `log` as CSV, Parquet and `datasets` folders, all of them or nothing.

    Args:
        table: the rows that were reviewed, in any order.
        decisions: of these rows.
        folder: where; it must be new, or empty.
        as_is: write CSV cells as they are, formulas included.

    Returns:
        The files and folders that were written.

    Raises:
        DataError: if the folder holds something, cannot be written, or the rows are other ones.
    """
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DataError(f"{folder} is there already; expected a new folder's name, or an empty one")
    if not folder.resolve().parent.is_dir():
        raise DataError(f"{folder}: no folder {folder.parent}; expected one that exists")
    tables = {"corrected": corrected(table, decisions), "log": log_table(decisions, table)}
    names = [f"{name}{kind}" for name in tables for kind in KINDS]
    try:
        with tempfile.TemporaryDirectory(dir=folder.resolve().parent, prefix=".export-") as scratch:
            made = Path(scratch) / "made"
            made.mkdir()
            for name in names:
                export(tables[Path(name).stem], made / name, as_is=as_is)
            os.replace(made, folder)
    except OSError as error:
        raise DataError(f"{folder}: cannot be written ({error.strerror or error})") from None
    return [folder / name for name in names]
