"""A user's own table: CSV, JSONL or Parquet, with a column of texts and one of labels."""

from __future__ import annotations

import json
import re
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from difficulty_lib._errors import DataError
from difficulty_lib.data._text_data import TextData

READERS = (".csv", ".tsv", ".jsonl", ".parquet")
_INTEGER = re.compile(r"[+-]?\d+")
_FLOAT = re.compile(r"[+-]?(\d+\.\d*|\.\d+|\d+)([eE][+-]?\d+)?|nan|[+-]?inf(inity)?", re.IGNORECASE)


def read_table_file(path: str | Path) -> pd.DataFrame:
    """Read a table; CSV fields stay text as they are written.

    Raises:
        DataError: if the file is missing, empty, of another kind, or not what its ending says.
    """
    path = Path(path)
    if not path.exists():
        raise DataError(f"{path}: no such file; expected a table ({', '.join(READERS)})")
    ending = path.suffix.lower()
    if ending not in READERS:
        raise DataError(f"{path}: '{path.suffix}' is no known kind; expected {', '.join(READERS)}")
    if path.stat().st_size == 0:
        raise DataError(f"{path}: the file is empty; expected a header and rows")
    try:
        if ending == ".parquet":
            return pd.read_parquet(path)
        if ending == ".jsonl":
            return _read_jsonl(path)
        separator = "\t" if ending == ".tsv" else ","
        # utf-8-sig drops a byte-order mark; no value is taken for a missing one.
        # index_col=False: a row with a field too many must not shift the columns in silence.
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(
                path,
                sep=separator,
                dtype=str,
                keep_default_na=False,
                encoding="utf-8-sig",
                index_col=False,
            )
    except DataError:
        raise
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 at byte {error.start}; expected UTF-8 text") from None
    except pd.errors.ParserWarning:
        raise DataError(
            f"{path}: not readable as {ending[1:].upper()} (rows have more fields than the header); "
            "expected quotes around a text that holds the separator"
        ) from None
    except Exception as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{path}: not readable as {ending[1:].upper()} ({reason})") from None


def _read_jsonl(path: Path) -> pd.DataFrame:
    rows = []
    for number, line in enumerate(path.read_text("utf-8-sig").split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise DataError(
                f"{path}, line {number}: not JSON ({error.msg}); expected an object"
            ) from None
        if not isinstance(row, dict):
            raise DataError(f"{path}, line {number}: {type(row).__name__}; expected an object")
        rows.append(row)
    return pd.DataFrame(rows)


def table_data(
    table: pd.DataFrame, text: list[str], label: str, *, where: str, id_column: str | None = None
) -> TextData:
    """Labelled texts of a table, all in one split "train".

    Args:
        table: the user's table.
        text: its text columns, in reading order.
        label: its column of labels, text or integers.
        where: the file's name, for messages.
        id_column: a column of unique ids for messages; rows are numbered from 1 otherwise.

    Raises:
        DataError: naming column and row, on missing columns, empty texts, missing or float
            labels, doubled ids, or fewer than two classes.
    """
    if label in text:
        raise DataError(
            f"{where}: column '{label}' is given as text and as label; expected two columns"
        )
    for column in [*text, label, *([id_column] if id_column else [])]:
        if column not in table.columns:
            raise DataError(
                f"{where}: no column '{column}'; there are {', '.join(map(str, table.columns))}"
            )
    if table.empty:
        raise DataError(f"{where}: no rows; expected at least two labelled texts")
    if id_column:
        doubled = table[id_column].duplicated()
        if doubled.any():
            row = int(np.flatnonzero(doubled)[0])
            value = np.asarray(table[id_column]).tolist()[row]
            raise DataError(
                f"{where}, column '{id_column}', row {row + 1}: id {value!r} is there already; "
                "expected unique ids"
            )
    for column in text:
        values = table[column]
        bad = np.flatnonzero(
            values.isna() | ~values.map(lambda v: isinstance(v, str) and bool(v.strip()))
        )
        if len(bad):
            value = values.iloc[bad[0]]
            found = "empty" if not isinstance(value, str) or not value.strip() else repr(value)
            if not isinstance(value, str) and not pd.isna(value):
                found = f"{type(value).__name__}, not text"
            raise DataError(
                f"{where}, column '{column}', row {bad[0] + 1}: {found} "
                f"({len(bad)} such rows); expected text in every row"
            )
    codes, names = _labels(table[label], f"{where}, column '{label}'")
    # Our own column of codes is called `label`, whatever the user calls the texts.
    named = {column: "text: label" if column == "label" else column for column in text}
    frame = pd.DataFrame({named[column]: table[column].astype(str) for column in text})
    frame = frame.assign(label=codes)
    frame.index = pd.RangeIndex(1, len(frame) + 1, name="sample_id")
    return TextData(
        name=Path(where).name,
        splits={"train": frame},
        text_columns=tuple(named.values()),
        label_names=names,
        origin="file",
    )


def _labels(values: pd.Series, where: str) -> tuple[np.ndarray, tuple[str, ...]]:
    missing = np.flatnonzero(values.isna() | (values.astype(str).str.strip() == ""))
    if len(missing):
        raise DataError(
            f"{where}, row {missing[0] + 1}: no label ({len(missing)} such rows); "
            "expected text or an integer in every row"
        )
    text = values.astype(str).str.strip()
    is_float = pd.api.types.is_float_dtype(values) or any(isinstance(v, float) for v in values)
    if not is_float and not pd.api.types.is_integer_dtype(values):
        integers = text.map(lambda v: bool(_INTEGER.fullmatch(v)))
        numbers = text.map(lambda v: bool(_FLOAT.fullmatch(v)))
        is_float = bool(numbers.all() and not integers.all())
    if is_float:
        row = next((i for i, v in enumerate(text) if not _INTEGER.fullmatch(v)), 0)
        raise DataError(
            f"{where}, row {row + 1}: {text.iloc[row]} is a float; expected classes, "
            "as text or integers (for a rating, cut it into classes first)"
        )
    kinds = sorted(
        text.unique(), key=lambda v: (0, int(v), v) if _INTEGER.fullmatch(v) else (1, 0, v)
    )
    if len(kinds) < 2:
        raise DataError(
            f"{where}: every row has the label '{kinds[0]}'; expected two classes or more"
        )
    if len(kinds) > max(2, len(values) // 2):
        raise DataError(
            f"{where}: {len(kinds)} different labels in {len(values)} rows; expected classes"
        )
    number = {name: code for code, name in enumerate(kinds)}
    return text.map(number).to_numpy(dtype=np.int64), tuple(kinds)
