"""A chart's tables as files: CSV that no spreadsheet executes, and Parquet."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from difficulty_lib.book._chart_data import ChartData, without_texts
from difficulty_lib.review import inert_table


def write_numbers(charts: Iterable[ChartData], folder: Path) -> dict[str, list[str]]:
    """Write the tables of all charts, without texts, as `<chart>.csv` and `<chart>.parquet`.

    A chart's second table is `<chart>-table-2`. Numbers are written so that they can be read back
    exactly; words in CSV have an apostrophe where a spreadsheet would see a formula.

    Args:
        charts: as `charts_of` gives them, each with a name of its own.
        folder: where they go; it is made, and files of earlier charts in it are removed.

    Returns:
        The files' names without their ending, by the chart's name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in [*folder.glob("*.csv"), *folder.glob("*.parquet")]:
        old.unlink()
    written: dict[str, list[str]] = {}
    for chart in charts:
        written[chart.name] = []
        for place, whole in enumerate(chart.tables, start=1):
            table = without_texts(whole)
            if not len(table.columns):
                continue
            stem = chart.name if place == 1 else f"{chart.name}-table-{place}"
            inert_table(table).to_csv(folder / f"{stem}.csv", index=False, encoding="utf8")
            table.to_parquet(folder / f"{stem}.parquet", index=False)
            written[chart.name].append(stem)
    return written
