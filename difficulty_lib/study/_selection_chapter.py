"""The chapter on selection: its charts, each with the table behind it, and its sentences."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from difficulty_lib import charts
from difficulty_lib.analysis import Estimate
from difficulty_lib.book import glue
from difficulty_lib.study import _selection_words as words
from difficulty_lib.study._audit_chapter import folded
from difficulty_lib.study._chapter import key_of
from difficulty_lib.study._selection import SelectionStudy
from difficulty_lib.study._steered import PLAIN
from difficulty_lib.study._steered_words import VERDICTS, figure


class SelectionChapter:
    """What the notebook on selection calls, one method per thing on the page."""

    def __init__(self, study: SelectionStudy) -> None:
        self.study = study
        glue("n_seeds", len(study.seeds))
        glue("n_trainings", len(study.cells))
        glue("n_selections", len(study.selections))

    def about(self) -> str:
        """What was trained."""
        return words.about(self.study)

    def verdict_text(self) -> str:
        """Whether leaving rows out pays."""
        table = self.study.differences
        for how in dict.fromkeys(table["how"]):
            for against in ("all rows", "random rows"):
                found = self.study.found(against, how=how)
                for verdict in VERDICTS:
                    name = f"{how}_{key_of(against)}_{verdict}"
                    glue(name, sum(f.verdict == verdict for f in found))
        for condition in self.study.of:
            for split in self.study.splits:
                whole = self.study.accuracy(condition, PLAIN, split)
                glue(f"accuracy_{key_of(condition)}_{key_of(split)}", whole)
        return words.verdict(self.study)

    def kept_chart(self) -> Any:
        """Accuracy by the share that is kept."""
        table, split = self.study.kept, self.study.split
        return charts.kept_chart(table[table["split"] == split], f"accuracy on {split}")

    def kept_table(self) -> Any:
        """The numbers of that chart."""
        return self._kept([self.study.split], "accuracy")

    def elsewhere_chart(self) -> Any:
        """The same on other data, all of them in one chart; nothing without them."""
        table = self.study.kept
        table = table[table["split"].isin(self.study.elsewhere)]
        if table.empty:
            return None
        both = [f"{c}, on {s}" for c, s in zip(table["condition"], table["split"])]
        return charts.kept_chart(table.assign(condition=both), "accuracy elsewhere")

    def elsewhere_table(self) -> Any:
        """The numbers of that chart."""
        if not self.study.elsewhere:
            return None
        return self._kept(self.study.elsewhere, "accuracy elsewhere")

    def differences_chart(self) -> Any:
        """Every selection minus all rows, and minus as many random ones, on the data's own split."""
        return charts.differences_chart(self._points(), 100 * self.study.margin)

    def differences_table(self) -> Any:
        """The numbers of that chart, and those of other data."""
        table = self.study.differences
        for row in table.itertuples(index=False):
            what = (row.condition, row.split, row.title, row.against)
            glue(f"difference_{'_'.join(map(key_of, what))}", row.found.difference)
        wide = table.assign(said=[figure(found) for found in table["found"]])
        wide = wide.pivot(index=["condition", "split", "title"], columns="against", values="said")
        rows = list(dict.fromkeys(zip(table["condition"], table["split"], table["title"])))
        wide = wide.loc[rows, [c for c in ("all rows", "random rows") if c in wide]]
        wide.columns = [f"minus {name}" for name in wide.columns]
        return folded(
            wide.fillna("").reset_index().rename(columns={"title": "kept"}),
            "differences of accuracy, in points",
        )

    def recovered_text(self) -> str:
        """What the errors cost."""
        return words.recovered(self.study)

    def recovered_chart(self) -> Any:
        """The share of the lost accuracy that comes back; nothing where none is bounded."""
        table = self.study.recovered
        if table.empty:
            return None
        bounded = [math.isfinite(e.low) and math.isfinite(e.high) for e in table["share"]]
        table = table[bounded]
        if table.empty:
            return None
        label = [f"{r.series} ({r.condition})" for r in table.itertuples(index=False)]
        return charts.intervals_chart(
            table.assign(label=label, series=table["split"], estimate=table["share"]),
            "share of the lost accuracy that comes back",
        )

    def recovered_table(self) -> Any:
        """What pruning gains, and the share of the lost accuracy that this is."""
        table = self.study.recovered
        if table.empty:
            return None
        rows = []
        for row in table.itertuples(index=False):
            glue(
                f"recovered_{key_of(row.condition)}_{key_of(row.split)}_{key_of(row.series)}",
                row.share,
            )
            glue(
                f"gained_{key_of(row.condition)}_{key_of(row.split)}_{key_of(row.series)}",
                row.gained.difference,
            )
            rows.append(
                {"condition": row.condition, "split": row.split, "training rows": row.series}
                | {"accuracy, %": _percent(row.accuracy), "gained, points": figure(row.gained)}
                | {"of what was lost": _percent(row.share, 0, " %")}
            )
        return folded(pd.DataFrame(rows), "what pruning brings back, with 95 % intervals")

    def not_measured_text(self) -> str:
        """What is left open."""
        return words.not_measured(self.study)

    def _kept(self, splits: list[str], what: str) -> Any:
        table = self.study.kept
        table = table[table["split"].isin(splits)]
        said = [f"{r.value:.3f} [{r.low:.3f}, {r.high:.3f}]" for r in table.itertuples(index=False)]
        keys = ["condition", "split", "series"]
        wide = table.assign(said=said).pivot(index=keys, columns="kept", values="said")
        wide = wide.loc[list(dict.fromkeys(zip(*(table[key] for key in keys))))]
        wide.columns = [f"{100 * share:g} % kept" for share in wide.columns]
        return folded(wide.fillna("").reset_index(), f"{what} by share, with 95 % intervals")

    def _points(self) -> pd.DataFrame:
        table = self.study.differences
        rows = [
            {"condition": row.condition, "label": row.title, "series": f"minus {row.against}"}
            | {end: 100 * getattr(row.found.difference, end) for end in ("value", "low", "high")}
            for row in table[table["split"] == self.study.split].itertuples(index=False)
        ]
        return pd.DataFrame(rows)


def _percent(found: Estimate, digits: int = 1, unit: str = "") -> str:
    if not (math.isfinite(found.low) and math.isfinite(found.high)):
        return "not bounded"
    value, low, high = (100 * e for e in (found.value, found.low, found.high))
    return f"{value:.{digits}f}{unit} [{low:.{digits}f}, {high:.{digits}f}]"
