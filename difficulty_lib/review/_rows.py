"""Ranked rows under review, each with a key that stays the same in the ranked and the first table."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from difficulty_lib._errors import DataError


def row_keys(
    table: pd.DataFrame, text: Sequence[str], label: str, id_column: str | None = None
) -> list[str]:
    """A key for each row that does not depend on the order of the rows, nor on other columns.

    With a column of ids it is the id. Otherwise it is 16 hex digits of the sha256 of texts and
    label; rows with the same texts and label get `-2`, `-3` … appended, in the order of the table.

    Args:
        table: a user's table.
        text: its columns of texts.
        label: its column of labels.
        id_column: a column of unique ids, if any.

    Raises:
        DataError: on a missing column, a row without label, or ids that are not unique.
    """
    if not text:
        raise DataError("no column of texts is named; expected at least one, by --text")
    for column in [*text, label, *([id_column] if id_column else [])]:
        if column not in table.columns:
            known = ", ".join(map(str, table.columns))
            raise DataError(f"no column '{column}'; there are {known}")
    empty = np.flatnonzero(table[label].isna() | (table[label].astype(str).str.strip() == ""))
    if len(empty):
        raise DataError(f"column '{label}', row {empty[0] + 1}: no label; expected one in each row")
    if id_column:
        ids = table[id_column].astype(str)
        if ids.duplicated().any():
            row = int(np.flatnonzero(ids.duplicated())[0])
            raise DataError(
                f"column '{id_column}', row {row + 1}: id {ids.iloc[row]!r} is there already; "
                "expected unique ids"
            )
        return ids.tolist()
    seen: dict[str, int] = {}
    keys = []
    labels = _labels(table, label)
    for given, *texts in zip(labels, *(table[column].tolist() for column in text)):
        parts = "".join(f"{len(part)}:{part}" for part in map(str, [given, *texts]))
        key = hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        seen[key] = seen.get(key, 0) + 1
        keys.append(key if seen[key] == 1 else f"{key}-{seen[key]}")
    return keys


def data_fingerprint(
    table: pd.DataFrame, text: Sequence[str], label: str, id_column: str | None = None
) -> str:
    """Sha256 over keys, texts and labels, whatever the order of the rows; 16 hex digits."""
    by_content = row_keys(table, text, label)
    keys = row_keys(table, text, label, id_column) if id_column else by_content
    return _digest(
        sorted(f"{key}={content.split('-')[0]}" for key, content in zip(keys, by_content))
    )


@dataclass(frozen=True)
class RankedRows:
    """Rows in the order in which they are to be looked at.

    Attributes:
        table: the rows, most suspicious first.
        text: the columns of texts.
        label: the column of labels.
        id_column: the column of unique ids, if any.
    """

    table: pd.DataFrame = field(repr=False)
    text: tuple[str, ...]
    label: str
    id_column: str | None = None

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The rows' keys, in the order of the ranking."""
        return tuple(row_keys(self.table, self.text, self.label, self.id_column))

    @cached_property
    def position(self) -> dict[str, int]:
        """Place of a row in the ranking, from 0, by its key."""
        return {key: place for place, key in enumerate(self.keys)}

    @cached_property
    def data(self) -> str:
        """Fingerprint of the rows, whatever their order."""
        return data_fingerprint(self.table, self.text, self.label, self.id_column)

    @cached_property
    def order(self) -> str:
        """Fingerprint of the order."""
        return _digest(self.keys)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The labels that occur, sorted; integers by their size."""
        found = set(_labels(self.table, self.label))
        return tuple(sorted(found, key=_by_size))

    def __len__(self) -> int:
        return len(self.table)

    def given(self, key: str) -> str:
        """The label that the data gives a row."""
        return str(self.table[self.label].iloc[self.position[key]]).strip()

    def texts(self, key: str) -> list[str]:
        """A row's texts, in the order of the columns."""
        place = self.position[key]
        return [str(self.table[column].iloc[place]) for column in self.text]


def ranked_rows(
    table: pd.DataFrame, text: Sequence[str], label: str, id_column: str | None = None
) -> RankedRows:
    """The rows of a table that `difficulty rank` wrote, in the order of its `suspicion_rank`.

    Raises:
        DataError: on a missing column, no rows, or ranks that are not 1 to the number of rows.
    """
    names = [str(name) for name in table.columns]
    ranks = [name for name in names if _is_ours(name, "suspicion_rank")]
    if not ranks:
        raise DataError("no column 'suspicion_rank'; expected a table that `difficulty rank` wrote")
    # The user's own column of that name was there first; ours has the longer one.
    column = max(ranks, key=len)
    if table.empty:
        raise DataError("no rows; expected at least one")
    rank = pd.to_numeric(table[column], errors="coerce").to_numpy(dtype=float)
    wrong = np.flatnonzero(np.sort(rank) != np.arange(1, len(table) + 1))
    if len(wrong):
        raise DataError(
            f"column '{column}': not the ranks 1 to {len(table)}, each once; "
            "expected a table as `difficulty rank` wrote it"
        )
    ordered = table.iloc[np.argsort(rank)].reset_index(drop=True)
    rows = RankedRows(ordered, tuple(text), label, id_column)
    _ = rows.keys  # refused here, not at the first use
    return rows


def ours(table: pd.DataFrame, name: str) -> str | None:
    """The column that `difficulty rank` added under this name, were it taken or not."""
    found = [str(column) for column in table.columns if _is_ours(str(column), name)]
    return max(found, key=len) if found else None


def _is_ours(column: str, name: str) -> bool:
    rest = column.removeprefix(name) if column.startswith(name) else None
    return rest is not None and rest == "_difficulty" * (len(rest) // len("_difficulty"))


def _labels(table: pd.DataFrame, label: str) -> list[str]:
    return [str(value).strip() for value in table[label].tolist()]


def _by_size(label: str) -> tuple[int, int, str]:
    try:
        return 0, int(label), label
    except ValueError:
        return 1, 0, label


def _digest(parts: Iterable[str]) -> str:
    text = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
