"""What a review leaves: the corrected table and the log, as CSV, Parquet or a `datasets` folder."""

from __future__ import annotations

import csv
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from difficulty_lib._errors import DataError
from difficulty_lib._extras import require
from difficulty_lib.review._decisions import Decisions
from difficulty_lib.review._inert import inert_table
from difficulty_lib.review._rows import data_fingerprint, row_keys

KINDS = (".csv", ".tsv", ".jsonl", ".parquet", "a folder's name without ending, for `datasets`")


def corrected(table: pd.DataFrame, decisions: Decisions) -> pd.DataFrame:
    """The table with relabelled rows' new labels, in its own order, and what was decided.

    Of rows with the same texts and label, which the keys tell apart by their order alone, a
    decision may come to lie on the other one, unless the review was begun with ids.

    Args:
        table: the rows that were reviewed, in any order and with any further columns.
        decisions: of these rows.

    Returns:
        The table, and the columns `decision` (empty where there is none) and `label_before`, each
        with `_difficulty` appended where the table has such a column.

    Raises:
        DataError: if the rows are not those that the decisions are about.
    """
    header = decisions.header
    text, label = json.loads(header["text"]), header["label"]
    id_column = json.loads(header["id"])
    found = data_fingerprint(table, text, label, id_column)
    if found != header["data"]:
        raise DataError(
            f"the table is not the one that {decisions.path} is about ({len(table)} rows, "
            f"fingerprint {found}; expected {header['rows']} rows, {header['data']})"
        )
    active = decisions.active().set_index("row")
    keys = pd.Index(row_keys(table, text, label, id_column))
    made = active["decision"].reindex(keys)
    new = active["label"].reindex(keys).to_numpy(dtype=object)
    relabelled = made.to_numpy(dtype=object) == "relabel"
    result = table.copy()
    result[label] = _relabelled(table[label], new, relabelled)
    result[_free(table, "decision")] = made.fillna("").to_numpy(dtype=object)
    result[_free(table, "label_before")] = table[label].to_numpy()
    return result


def log_table(decisions: Decisions, table: pd.DataFrame | None = None) -> pd.DataFrame:
    """Who decided what and when, every entry, undone ones marked; with the texts if given the rows.

    Args:
        decisions: of a review.
        table: the rows that were reviewed, to have texts and given label beside each entry.
    """
    log = decisions.log()
    log["undone"] = log["undone"].astype(bool)
    if table is None:
        return log
    header = decisions.header
    text, label = json.loads(header["text"]), header["label"]
    keys = row_keys(table, text, label, json.loads(header["id"]))
    place = pd.Series(range(len(keys)), index=keys).reindex(log["row"])
    if place.isna().any():
        raise DataError(f"a decision about row {place.index[place.isna()][0]}: not in the table")
    taken = table.iloc[place.to_numpy(dtype=int)].reset_index(drop=True)
    log["given"] = taken[label].astype(str)
    for number, column in enumerate(text, start=1):
        log[f"text_{number}" if len(text) > 1 else "text"] = taken[column].astype(str)
    return log


def export(table: pd.DataFrame, path: str | Path, *, as_is: bool = False) -> int:
    """Write a table, whole or not at all: CSV, TSV, JSONL, Parquet, or without ending `datasets`.

    In CSV and TSV, what a spreadsheet would run is made inert, as `inert` says; `restore_table`
    takes it back. The other kinds hold the texts as they are.

    Args:
        table: what to write.
        path: where; a `datasets` folder must not be there yet.
        as_is: write CSV cells as they are, formulas included.

    Returns:
        How many cells were made inert.

    Raises:
        DataError: on another ending, a folder that is not there, or a path that is taken.
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise DataError(f"{path}: no folder {path.parent}; expected one that exists")
    ending = path.suffix.lower()
    if ending not in ("", ".csv", ".tsv", ".jsonl", ".parquet"):
        raise DataError(f"{path}: '{path.suffix}' is no known kind; expected {', '.join(KINDS)}")
    if ending and path.is_dir():
        raise DataError(f"{path} is a folder; expected a file's name")
    if not ending and path.exists():
        raise DataError(f"{path} is there already; expected a new folder's name")
    changed = 0
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".export-") as scratch:
            made = Path(scratch) / (path.name or "table")
            if not ending:
                datasets = require("datasets", "train")
                datasets.disable_progress_bars()
                datasets.Dataset.from_pandas(table, preserve_index=False).save_to_disk(str(made))
                shutil.move(made, path)
                return 0
            if ending == ".parquet":
                table.to_parquet(made, index=False)
            elif ending == ".jsonl":
                made.write_text(_lines(table), encoding="utf8")
            else:
                written = table if as_is else inert_table(table)
                changed = _different(table, written)
                # Every text in quotes: pandas would leave one with a lone carriage return without.
                written.to_csv(
                    made,
                    index=False,
                    sep="\t" if ending == ".tsv" else ",",
                    quoting=csv.QUOTE_NONNUMERIC,
                )
            os.replace(made, path)
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error.strerror or error})") from None
    except (ValueError, TypeError) as error:  # what the kind of file cannot hold
        reason = " ".join(str(error).split())
        raise DataError(f"{path}: cannot be written as {ending or 'datasets'} ({reason})") from None
    return changed


def _lines(table: pd.DataFrame) -> str:
    # Not to_json: it cuts numbers to ten digits.
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    return "".join(json.dumps(row, ensure_ascii=False, default=_json) + "\n" for row in rows)


def _json(value: Any) -> Any:
    """numpy's values and dates, as JSON can hold them."""
    return value.tolist() if hasattr(value, "tolist") else str(value)


def _different(table: pd.DataFrame, written: pd.DataFrame) -> int:
    count = sum(str(a) != str(b) for a, b in zip(table.columns, written.columns))
    for place in range(table.shape[1]):
        before, after = table.iloc[:, place], written.iloc[:, place]
        if not pd.api.types.is_numeric_dtype(before):
            count += sum(a is not b and a != b for a, b in zip(before, after) if isinstance(a, str))
    return count


def _relabelled(given: pd.Series, new: np.ndarray, where: np.ndarray) -> pd.Series:
    """New labels in the type of the given ones, as far as it can hold them."""
    labels = given.astype(object).copy()
    whole = pd.api.types.is_integer_dtype(given) and all(_is_integer(v) for v in new[where])
    for place in np.flatnonzero(where):
        labels.iloc[place] = int(new[place]) if whole else new[place]
    if whole:
        return labels.astype(given.dtype)
    if pd.api.types.is_integer_dtype(given):
        return labels.astype(str)
    return labels


def _is_integer(value: object) -> bool:
    try:
        int(str(value))
    except ValueError:
        return False
    return True


def _free(table: pd.DataFrame, name: str) -> str:
    while name in table.columns:
        name += "_difficulty"
    return name
