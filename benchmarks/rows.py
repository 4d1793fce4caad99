"""One measured figure as a row: printed, and kept as JSON for the book's table."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def row(
    group: str,
    name: str,
    values: Sequence[float] | float,
    unit: str,
    *,
    at_most: float | None = None,
    at_least: float | None = None,
    note: str = "",
) -> dict[str, Any]:
    """A figure with its spread over the rounds, and the bar that it is held against."""
    values = [values] if isinstance(values, int | float) else list(values)
    return {
        "group": group,
        "name": name,
        "low": min(values),
        "median": statistics.median(values),
        "high": max(values),
        "rounds": len(values),
        "unit": unit,
        "at_most": at_most,
        "at_least": at_least,
        "note": note,
    }


def line(found: dict[str, Any]) -> str:
    """The row as one line of text."""
    bar = ""
    if found["at_most"] is not None:
        bar = f" (bar: at most {found['at_most']:g})"
    if found["at_least"] is not None:
        bar = f" (bar: at least {found['at_least']:g})"
    spread = f"{found['low']:.4g} / {found['median']:.4g} / {found['high']:.4g}"
    note = f"; {found['note']}" if found["note"] else ""
    return f"{found['group']} · {found['name']}: {spread} {found['unit']}{bar}{note}"


def keep(rows: list[dict[str, Any]], path: Path | None) -> None:
    """Print the rows, and write them where they are wanted."""
    for found in rows:
        print(line(found))
    if path is not None:
        path.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf8")
