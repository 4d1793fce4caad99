"""What recording and scoring cost: the committed tables of the benchmarks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from difficulty_lib._errors import DataError
from difficulty_lib.data import registry_folder


def read_benchmarks(folder: Path | None = None) -> list[dict[str, Any]]:
    """Every table that `make benchmark` left, newest first.

    Args:
        folder: where the tables lie; `data/benchmarks` if not given.

    Returns:
        Per machine: `environment` (hardware, date, versions) and `rows`, a frame with `group`,
        `name`, `low`, `median`, `high`, `unit`, `at_most`, `at_least`, `note`, `met`.

    Raises:
        DataError: if there is none, or a file is damaged.
    """
    folder = folder or registry_folder() / "benchmarks"
    tables = []
    for path in sorted(folder.glob("*.json")):
        try:
            found = json.loads(path.read_text("utf8"))
            rows = pd.DataFrame(found["rows"])
            rows["met"] = [met(row) for row in found["rows"]]
            tables.append({"environment": found["environment"], "rows": rows})
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(f"{path} is damaged ({error}); run make benchmark again") from None
    if not tables:
        raise DataError(f"{folder}: no tables; run make benchmark")
    return sorted(tables, key=lambda table: str(table["environment"]["date"]), reverse=True)


def met(row: dict[str, Any]) -> bool | None:
    """Whether the median keeps its bar; None where there is none."""
    if row["at_most"] is not None:
        return bool(row["median"] <= row["at_most"])
    if row["at_least"] is not None:
        return bool(row["median"] >= row["at_least"])
    return None


def against_bars(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows that have a bar, as a multiple of it: 1 just keeps it, and less is better.

    Args:
        rows: of `read_benchmarks`.

    Returns:
        `name`, `group`, `value`, `low`, `high` (multiples), `said` (figure and bar in words), `met`.
    """
    kept = []
    for row in rows.to_dict("records"):
        most, least = row["at_most"], row["at_least"]
        if pd.notna(most):
            value, low, high = (row[key] / most for key in ("median", "low", "high"))
            bar = f"at most {most:g}"
        elif pd.notna(least):
            value, low, high = (least / row[key] for key in ("median", "high", "low"))
            bar = f"at least {least:g}"
        else:
            continue
        kept.append(
            {
                "group": row["group"],
                "name": f"{row['group']}: {row['name']}",
                "value": value,
                "low": low,
                "high": high,
                "said": f"{row['median']:.3g} {row['unit']}, {bar}",
                "met": bool(row["met"]),
            }
        )
    return pd.DataFrame(kept)
