"""The chapter on cost: measured figures against their bars, and what early scores are worth."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from difficulty_lib import charts
from difficulty_lib.analysis import Estimate
from difficulty_lib.book import glue
from difficulty_lib.budget import early_agreement
from difficulty_lib.scores import SCORES
from difficulty_lib.study._chapter import shown
from difficulty_lib.study._costs import against_bars, read_benchmarks
from difficulty_lib.training import Run

RECORDER = ("recorder's own time", "% of the epoch")  # a row of the table
EARLY = ("action_score", "aum", "confidence", "variability")


class CostChapter:
    """What the notebook on cost calls.

    Args:
        runs: recorded runs whose first epochs are compared with all of them.
        folder: the benchmarks' tables; `data/benchmarks` if not given.
    """

    def __init__(self, runs: Sequence[Run], folder: Path | None = None) -> None:
        self.runs = list(runs)
        self.tables = read_benchmarks(folder)

    def about(self) -> str:
        """On what machines the figures were measured."""
        parts = [
            f"{t['environment']['hardware']} ({t['environment']['date']}, torch "
            f"{t['environment']['packages']['torch']})"
            for t in self.tables
        ]
        return f"Measured on: {'; '.join(parts)}. `make benchmark` measures on your machine."

    def bars_chart(self) -> Any:
        """The newest table against its bars."""
        return charts.bars_chart(against_bars(self.tables[0]["rows"]))

    def bars_text(self) -> str:
        """How many bars are kept, and which are not."""
        table = against_bars(self.tables[0]["rows"])
        glue("bars", len(table))
        glue("bars_kept", int(table["met"].sum()))
        for row in self.tables[0]["rows"].itertuples(index=False):
            if (row.name, row.unit) == RECORDER:
                glue("recorder_share", Estimate(row.median, row.low, row.high, n=row.rounds))
        missed = table[~table["met"]]
        said = "; ".join(f"{row.name} is {row.said}" for row in missed.itertuples(index=False))
        return f"{int(table['met'].sum())} of {len(table)} bars are kept." + (
            f" Missed: {said}." if len(missed) else ""
        )

    def table(self) -> Any:
        """Every figure of every machine."""
        parts = []
        for found in self.tables:
            rows = found["rows"]
            part = rows[["group", "name", "low", "median", "high", "unit", "note"]].copy()
            if len(self.tables) > 1:
                part.insert(0, "hardware", found["environment"]["hardware"])
            parts.append(part)
        frame = pd.concat(parts, ignore_index=True)
        numbers = ["low", "median", "high"]
        frame[numbers] = frame[numbers].map(lambda value: f"{value:.3g}")
        return shown(frame)

    def early(self, run: Run) -> pd.DataFrame:
        """How well scores of the first epochs rank as the full ones, evaluation stream."""
        split = run.config.evaluation_splits[0]
        stream = run.dynamics.stream(split, "evaluation")
        parts = [
            early_agreement(stream, name).assign(score=name, title=SCORES[name].title)
            for name in EARLY
            if SCORES[name].available(stream)
        ]
        # After one epoch variability is the same for all samples, and ranks nothing.
        return pd.concat(parts, ignore_index=True).dropna(subset=["value"])

    def early_chart(self) -> Any:
        """The first run's early scores."""
        return charts.early_chart(self.early(self.runs[0]))

    def early_text(self) -> str:
        """What one epoch is worth."""
        parts = []
        for run in self.runs:
            table = self.early(run)
            row = table[(table["epoch"] == 1) & (table["score"] == "action_score")].iloc[0]
            n = int(row["n"])
            glue("early_action", Estimate(row["value"], row["low"], row["high"], n))
            glue(
                "early_overlap",
                Estimate(row["overlap"], row["overlap_low"], row["overlap_high"], n),
            )
            parts.append(
                f"{run.config.dataset}, {run.config.epochs} epochs: Spearman {row['value']:.2f} "
                f"(95 % interval {row['low']:.2f} to {row['high']:.2f}), and "
                f"{100 * row['overlap']:.0f} % ({100 * row['overlap_low']:.0f} to "
                f"{100 * row['overlap_high']:.0f} %) of the hardest 5 % are the same"
            )
        return (
            f"Action score after the first epoch against that of all: {'; '.join(parts)}. The first "
            "epoch is part of the whole, so some agreement comes for free, and the easy bulk agrees "
            "with any score: the overlap of the hardest is the figure to look at."
        )
