"""A one-page HTML report of suspicious rows: one file, no script, nothing fetched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from difficulty_lib._extras import require
from difficulty_lib.budget import expected, spent
from difficulty_lib.scores import SCORES
from difficulty_lib.suspicion import Suspicion


@dataclass(frozen=True)
class ReportRow:
    """One row of the report's table."""

    rank: int
    row: int
    text: str
    label: str
    predicted: str
    agrees: bool
    score: float
    curve: str


def sparkline(values: list[float], top: float, width: int = 90, height: int = 26) -> str:
    """Points of an SVG polyline: a sample's loss over the epochs on a scale from 0 to `top`."""
    steps = max(1, len(values) - 1)
    return " ".join(
        f"{2 + (width - 4) * i / steps:.1f},"
        f"{height - 2 - (height - 4) * min(1.0, v / top if top else 0):.1f}"
        for i, v in enumerate(values)
    )


def render_report(found: Suspicion, title: str, *, rows: int = 100, command: str = "") -> str:
    """The report as HTML.

    Args:
        found: the ranking.
        title: what was ranked, such as the file's name.
        rows: how many of the rows to show, hardest first.
        command: the command that made it, shown at the end.
    """
    jinja = require("jinja2", "train")
    environment = jinja.Environment(
        loader=jinja.FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True
    )
    environment.filters["thousands"] = lambda n: f"{n:,}"
    loss = pd.DataFrame(found.dynamics.matrix("loss"), columns=found.dynamics.ids)
    top = float(np.quantile(loss.to_numpy(), 0.995))
    shown = [
        ReportRow(
            rank=int(row["suspicion_rank"]),
            row=int(str(sample_id)),
            text=str(row["text"]),
            label=str(row["label"]),
            predicted=str(row["predicted"]),
            agrees=bool(row["label"] == row["predicted"]),
            score=float(row[found.by]),
            curve=sparkline(loss[sample_id].tolist(), top),
        )
        for sample_id, row in found.table.head(rows).iterrows()
    ]
    return environment.get_template("report.html").render(
        title=title,
        rows=shown,
        by=SCORES[found.by],
        total=len(found.table),
        contradicted=int((found.table["label"] != found.table["predicted"]).sum()),
        classes=_classes(found),
        pairs=_pairs(found, rows),
        run=found.run,
        epochs=len(found.dynamics.trained_epochs),
        stream=found.dynamics.stream,
        budget=(f"{spent(found.plan, found.run['timings'])}; {expected()}" if found.plan else ""),
        truncated=found.run["data"]["truncated"].get("train", 0),
        command=command,
    )


def _classes(found: Suspicion) -> list[dict[Hashable, object]]:
    table = found.table.assign(contradicted=found.table["label"] != found.table["predicted"])
    grouped = table.groupby("label", sort=False)
    summary = pd.DataFrame(
        {
            "n": grouped.size(),
            "mean": grouped[found.by].mean(),
            "contradicted": grouped["contradicted"].sum(),
        }
    ).sort_values("n", ascending=False)
    return [dict(row) for row in summary.reset_index().to_dict("records")]


def _pairs(found: Suspicion, rows: int) -> list[tuple[str, str, int]]:
    first = found.table.head(rows)
    first = first[first["label"] != first["predicted"]]
    counts = Counter(zip(first["label"].astype(str), first["predicted"].astype(str)))
    return [(given, guess, n) for (given, guess), n in counts.most_common(8)]
