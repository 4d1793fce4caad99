"""Margins as the package `aum` (`AUMCalculator`) writes them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from difficulty_lib._errors import DynamicsError
from difficulty_lib.dynamics import Dynamics
from difficulty_lib.readers._named import NamedDynamics, numbered

RECORDS = "full_aum_records.csv"
VALUES = "aum_values.csv"
_WHOLE = ("num_measurements", "target_logit", "other_logit")
_NUMBERS = ("target_val", "other_val", "margin")


def is_aum(path: str | Path) -> bool:
    """Whether `read_aum` would find records there."""
    path = Path(path)
    return (path.is_file() and path.name == RECORDS) or (path / RECORDS).is_file()


def read_aum(path: str | Path, split: str = "train") -> NamedDynamics:
    """Read `full_aum_records.csv`, which `AUMCalculator(…, compressed=False).finalize()` writes.

    Args:
        path: the file, or the folder that holds it.
        split: name of the split.

    Returns:
        The training stream: `margin` and `predicted` of every measurement, the first of a sample
        being epoch 1, with the target as label, and `names` to find the original ids by. Losses
        were not written, so that scores of the loss are not to be had.

    Raises:
        DynamicsError: if the file is missing (where only the compressed `aum_values.csv` is there,
            `read_aum_values` reads that), a line is damaged, a measurement is there twice or
            missing, or a target changes, naming the file, and the line or the sample.
    """
    path = _find(Path(path), RECORDS)
    table = _read(path, ("sample_id", *_WHOLE, *_NUMBERS))
    names = numbered(_original(table["sample_id"]))
    place = pd.Index(names.to_numpy()).get_indexer(_original(table["sample_id"]))
    numbers = {name: _numbers(path, table, name) for name in (*_WHOLE, *_NUMBERS)}
    count = numbers["num_measurements"].astype(np.int64)
    epochs = int(count.max())
    _complete(path, count, place, names)

    def matrix(values: NDArray[np.float64]) -> NDArray[np.float64]:
        made = np.empty((epochs, len(names)))
        made[count - 1, place] = values
        return made

    target = matrix(numbers["target_logit"])
    changing = (target != target[0]).any(axis=0)
    if changing.any():
        raise DynamicsError(
            f"{path}: the target of sample {names.iloc[changing.argmax()]} changes; "
            "expected one label per sample"
        )
    margin, other = matrix(numbers["margin"]), matrix(numbers["other_logit"])
    tied = np.minimum(target, other)  # argmax gives the first of two that are equal
    predicted = np.where(margin > 0, target, np.where(margin < 0, other, tied))
    made = Dynamics.from_arrays(
        names.index.to_numpy(dtype=np.int64),
        label=target[0],
        split=split,
        stream="training",
        margin=margin,
        predicted=predicted,
    )
    return NamedDynamics.of(made, names)


def read_aum_values(path: str | Path) -> pd.Series:
    """Read `aum_values.csv`, the finished scores; dynamics cannot be had from it.

    Args:
        path: the file, or the folder that holds it.

    Returns:
        The area under the margin (low is hard), indexed by the original ids as `sample_id`, and
        named `aum`, so that `ranking` orders it.

    Raises:
        DynamicsError: if the file is missing, a line is damaged, or an id is there twice, naming
            file and line.
    """
    path = _find(Path(path), VALUES)
    table = _read(path, ("sample_id", "aum"))
    doubled = table["sample_id"].duplicated()
    if doubled.any():
        line = int(doubled.to_numpy().argmax())
        raise DynamicsError(
            f"{path}, line {line + 2}: sample {table['sample_id'].iloc[line]} is there already"
        )
    index = pd.Index(_original(table["sample_id"]), name="sample_id")
    return pd.Series(_numbers(path, table, "aum"), index=index, name="aum")


def _find(path: Path, name: str) -> Path:
    found = path / name if path.is_dir() else path
    if found.is_file():
        return found
    if name == RECORDS and (found.parent / VALUES).is_file():
        raise DynamicsError(
            f"{found} is missing: only the finished {VALUES} was written (compressed=True); "
            "read_aum_values reads that"
        )
    raise DynamicsError(f"{found}: no such file; expected what AUMCalculator.finalize() writes")


def _read(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    try:
        table = pd.read_csv(
            path, dtype=str, keep_default_na=False, index_col=False, skip_blank_lines=False
        )
    except (ValueError, UnicodeDecodeError, pd.errors.ParserError) as error:
        reason = str(error).splitlines()[0]
        raise DynamicsError(f"{path}: not readable as CSV ({reason})") from None
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise DynamicsError(
            f"{path}, line 1: no column '{missing[0]}'; expected {', '.join(columns)}"
        )
    if not len(table):
        raise DynamicsError(f"{path}: no rows; expected one per sample")
    return table


def _numbers(path: Path, table: pd.DataFrame, name: str) -> NDArray[np.float64]:
    """A column as numbers, exactly as they were written."""
    values: NDArray[np.float64] = np.empty(len(table))
    for row, text in enumerate(table[name].to_numpy(dtype=object)):
        try:
            values[row] = float(text)
        except (TypeError, ValueError):
            values[row] = np.nan
    wrong = ~np.isfinite(values)
    if name in _WHOLE:
        least = 1 if name == "num_measurements" else 0
        wrong |= (values != np.round(values)) | (values < least)
    if wrong.any():
        line = int(wrong.argmax())
        kind = "a whole number" if name in _WHOLE else "a finite number"
        raise DynamicsError(
            f"{path}, line {line + 2}: {name} is {table[name].iloc[line]!r}; expected {kind}"
        )
    return values


def _original(ids: pd.Series) -> list[int | str]:
    """Ids as integers where all of them are written as such, as text otherwise."""
    texts = ids.tolist()
    if all(text.isascii() and text.removeprefix("-").isdigit() for text in texts):
        numbers = [int(text) for text in texts]
        if all(str(number) == text for number, text in zip(numbers, texts)):
            return list(numbers)
    return list(texts)


def _complete(
    path: Path, count: NDArray[np.int64], place: NDArray[np.intp], names: pd.Series
) -> None:
    """Refuse unless every sample has every measurement from 1 to the largest, once."""
    epochs = int(count.max())
    order = np.lexsort((count, place))
    same = (np.diff(count[order]) == 0) & (np.diff(place[order]) == 0)
    if same.any():
        line = int(order[1:][same].min())
        raise DynamicsError(
            f"{path}, line {line + 2}: measurement {count[line]} of sample "
            f"{names.iloc[place[line]]} is there already"
        )
    seen = np.bincount(place, minlength=len(names))
    if (seen < epochs).any():
        short = int((seen < epochs).argmax())
        raise DynamicsError(
            f"{path}: sample {names.iloc[short]} has {seen[short]} measurements, others {epochs}; "
            "expected every sample once in every epoch"
        )
