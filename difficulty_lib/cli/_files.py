"""Writing a user's files: whole or not at all, in the kind that was asked for."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import Any

import pandas as pd

from difficulty_lib._errors import DataError
from difficulty_lib.data._table_file import READERS


def check_writable(path: Path) -> None:
    """Refuse before any work is done what could not be written afterwards.

    Raises:
        DataError: on an unknown kind, or a folder that is not there or not writable.
    """
    if path.is_dir():
        raise DataError(f"{path} is a folder; expected a file's name")
    folder = path.parent if str(path.parent) else Path()
    if not folder.is_dir():
        raise DataError(f"{path}: no folder {folder}; expected one that exists")
    if not os.access(folder, os.W_OK):
        raise DataError(f"{path}: cannot write into {folder}")


def check_table_kind(path: Path) -> None:
    """Refuse endings that no table is written as."""
    if path.suffix.lower() not in READERS:
        raise DataError(f"{path}: '{path.suffix}' is no known kind; expected {', '.join(READERS)}")


def write_text(text: str, path: Path) -> None:
    """Write a text file atomically."""
    _write_bytes(text.encode("utf8"), path)


def _write_bytes(content: bytes, path: Path) -> None:
    temporary = path.with_name(path.name + ".tmp")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table atomically as CSV, TSV, JSONL or Parquet, by its ending."""
    check_table_kind(path)
    ending = path.suffix.lower()
    if ending == ".parquet":
        temporary = path.with_name(path.name + ".tmp")
        try:
            table.to_parquet(temporary, index=False)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    elif ending == ".jsonl":
        # Not to_json: it cuts the user's own numbers to ten digits.
        rows = table.astype(object).where(table.notna(), None).to_dict("records")
        lines = [json.dumps(row, ensure_ascii=False, default=_plain) for row in rows]
        write_text("\n".join(lines) + "\n", path)
    else:
        # A carriage return by itself is not quoted otherwise, and would end a row when it is read.
        returns = table.map(lambda value: isinstance(value, str) and "\r" in value).any(axis=None)
        quoting = csv.QUOTE_NONNUMERIC if returns else csv.QUOTE_MINIMAL
        separator = "\t" if ending == ".tsv" else ","
        _write_bytes(table.to_csv(index=False, sep=separator, quoting=quoting).encode(), path)


def _plain(value: Any) -> Any:
    """numpy's values and dates, as JSON can hold them."""
    return value.tolist() if hasattr(value, "tolist") else str(value)
