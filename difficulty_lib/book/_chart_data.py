"""The numbers behind the charts of an executed notebook, as tables that anybody may have."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

MIME = "application/vnd.vegalite.v6+json"
IDS = ("id", "sample_id")
# Columns of words that say what a row of samples is, and hold none of its text.
TELLING = {"kind", "label", "class", "part", "series", "cluster", "split", "target", "predicted"}
TEXTS = {"text", "texts", "word", "words", "token", "tokens", "guess", "answer", "summary"}
FEW, SHORT, LONG = 12, 25, 100  # distinct values; characters


@dataclass(frozen=True)
class ChartData:
    """One chart of a notebook: its name, its words, its tables with the largest first."""

    name: str
    description: str
    tables: tuple[pd.DataFrame, ...]


def charts_of(notebook: Mapping[str, Any]) -> list[ChartData]:
    """The charts of an executed notebook in the order in which a page shows them.

    A chart is named by the call that made it (`confusion_chart` is "confusion"), else "chart"; a
    name that is there before gets a number. The tables are as the chart has them: no row or column
    is left out (`without_texts` does that).

    Args:
        notebook: as `json.loads` reads an `.ipynb`.
    """
    found: list[ChartData] = []
    for cell in notebook["cells"]:
        for output in cell.get("outputs", ()):
            spec = output.get("data", {}).get(MIME)
            if spec is None:
                continue
            named = re.findall(r"(\w+?)_chart\b", "".join(cell["source"]))
            stem = (named[-1] if named else "chart").strip("_").replace("_", "-")
            taken = [c.name for c in found]
            name, n = stem, 1
            while name in taken:
                n += 1
                name = f"{stem}-{n}"
            found.append(ChartData(name, str(spec.get("description") or ""), _tables(spec)))
    return found


def _tables(spec: Mapping[str, Any]) -> tuple[pd.DataFrame, ...]:
    rows = [data for data in spec.get("datasets", {}).values() if isinstance(data, list)]
    rows += _inline(spec)
    tables = [pd.DataFrame(data) for data in rows if data and isinstance(data[0], dict)]
    return tuple(sorted(tables, key=len, reverse=True))


def _inline(part: object) -> list[list[Any]]:
    """Data that stand in the specification itself, wherever they do."""
    if isinstance(part, list):
        return [data for item in part for data in _inline(item)]
    if not isinstance(part, dict):
        return []
    own = part.get("data")
    values = own.get("values") if isinstance(own, dict) else None
    found = [values] if isinstance(values, list) else []
    return found + [
        data
        for key, item in part.items()
        if key not in ("datasets", "data")
        for data in _inline(item)
    ]


def without_texts(table: pd.DataFrame) -> pd.DataFrame:
    """The table without the columns that hold, or may hold, texts of samples.

    Numbers stay. In a table of samples (it has a column `id` or `sample_id`) a column of words stays
    only if its name says that it tells samples apart, and it has few and short values; in any other
    table it goes if its name says that it holds texts, or a value is long. What is neither numbers
    nor words (lists, for one) goes.
    """
    samples = any(name in table.columns for name in IDS)
    return table[[name for name in table.columns if _may_go_out(str(name), table[name], samples)]]


def _may_go_out(name: str, column: pd.Series, samples: bool) -> bool:
    if pd.api.types.is_numeric_dtype(column):
        return True
    values = column.dropna()
    if not values.map(lambda value: isinstance(value, str)).all():
        return False
    words = values.unique()
    longest = max((len(word) for word in words), default=0)
    if samples:
        return name in TELLING and len(words) <= FEW and longest <= SHORT
    return name not in TEXTS and longest <= LONG
