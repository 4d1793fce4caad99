"""The chapter on curricula: its charts, each with the table behind it, and its sentences."""

from __future__ import annotations

from typing import Any

import pandas as pd

from difficulty_lib import charts
from difficulty_lib.book import glue
from difficulty_lib.study import _curriculum_words as words
from difficulty_lib.study._audit_chapter import folded
from difficulty_lib.study._chapter import key_of, shown
from difficulty_lib.study._curriculum import SOURCES, CurriculumStudy
from difficulty_lib.study._steered import PLAIN
from difficulty_lib.study._steered_words import VERDICTS, figure


class CurriculumChapter:
    """What the notebook on curricula calls, one method per thing on the page."""

    def __init__(self, study: CurriculumStudy) -> None:
        self.study = study
        glue("n_seeds", len(study.seeds))
        glue("n_trainings", len(study.cells))
        glue("n_curricula", len(study.steered))
        glue("margin_points", 100 * study.margin)

    def about(self) -> str:
        """What was trained."""
        return words.about(self.study)

    def tuning_text(self) -> str:
        """Which learning rates were chosen."""
        return words.tuning(self.study)

    def verdict_text(self) -> str:
        """Whether an order of the samples helps."""
        for against in words.AGAINST:
            found = self.study.found(against)
            for verdict in VERDICTS:
                glue(f"{key_of(against)}_{verdict}", sum(f.verdict == verdict for f in found))
        for condition, title in self.study.best.items():
            for against, compared in self.study.against(condition, title).items():
                glue(f"best_{key_of(condition)}_{key_of(against)}", compared.difference)
        return words.verdict(self.study)

    def overview_table(self) -> Any:
        """A row per condition and method: accuracy, and its differences in points."""
        rows = []
        for condition in self.study.of:
            for method in (PLAIN, *self.study.curricula):
                found = self.study.accuracy(condition, method)
                glue(f"accuracy_{key_of(condition)}_{key_of(method)}", found)
                line = {"condition": condition, "order": method}
                ends = (100 * e for e in (found.value, found.low, found.high))
                line["accuracy, %"] = "{:.1f} [{:.1f}, {:.1f}]".format(*ends)
                compared = {} if method == PLAIN else self.study.against(condition, method)
                for against, one in compared.items():
                    name = f"{key_of(condition)}_{key_of(method)}_{key_of(against)}"
                    glue(f"difference_{name}", one.difference)
                for against in ("plain", "random"):
                    line[f"minus {words.AGAINST[against]}"] = (
                        figure(compared[against]) if against in compared else ""
                    )
                rows.append(line)
        return shown(pd.DataFrame(rows))

    def differences_chart(self) -> Any:
        """Every curriculum minus what it is compared with."""
        return charts.differences_chart(self._points(), 100 * self.study.margin)

    def differences_table(self) -> Any:
        """The numbers of that chart."""
        table = self.study.differences
        wide = table.assign(
            said=[figure(found) for found in table["found"]],
            against=[words.AGAINST[against] for against in table["against"]],
        ).pivot(index=["condition", "curriculum"], columns="against", values="said")
        order = [name for name in words.AGAINST.values() if name in wide]
        rows = list(dict.fromkeys(zip(table["condition"], table["curriculum"])))
        return folded(
            wide.loc[rows, order].fillna("").reset_index(), "differences of accuracy, in points"
        )

    def steps_chart(self) -> Any:
        """Accuracy by updates."""
        return charts.steps_chart(self.study.steps)

    def steps_table(self) -> Any:
        """The numbers of that chart."""
        table = self.study.steps
        said = [f"{r.value:.3f} [{r.low:.3f}, {r.high:.3f}]" for r in table.itertuples(index=False)]
        wide = table.assign(said=said).pivot(
            index=["condition", "method"], columns="epoch", values="said"
        )
        wide = wide.loc[list(dict.fromkeys(zip(table["condition"], table["method"])))]
        wide.columns = [f"epoch {epoch}" for epoch in wide.columns]
        return folded(wide.fillna("").reset_index(), "accuracy by epoch, with 95 % intervals")

    def classes_text(self) -> str:
        """Which class an order costs most."""
        return words.classes(self.study)

    def classes_table(self) -> Any:
        """How much of each class is recognized."""
        table = self.study.recalls
        if table.empty:
            return words.no_classes()
        for row in table.itertuples(index=False):
            name = f"{key_of(row.condition)}_{key_of(row.method)}_{key_of(row.label)}"
            glue(f"recall_{name}", row.recall)
            glue(f"lost_{name}", row.lost)
        names = dict(zip(table["label"], table["samples"]))
        wide = table.assign(said=[f"{100 * found.value:.0f}" for found in table["recall"]]).pivot(
            index=["condition", "method"], columns="label", values="said"
        )
        wide = wide.loc[list(dict.fromkeys(zip(table["condition"], table["method"]))), list(names)]
        wide.columns = [f"{label} ({samples:,})" for label, samples in names.items()]
        return shown(wide.reset_index().rename(columns={"method": "order"}))

    def costs_table(self) -> Any:
        """Passes of samples."""
        table = self.study.costs
        for row in table.itertuples(index=False):
            glue(f"cost_{key_of(row.condition)}_{row.source}", row.factor)
        return shown(
            table.assign(source=table["source"].map(SOURCES)).rename(
                columns={"source": "scores of", "own": "own passes"}
                | {"trained": "passes that train, for the scores"}
                | {"observed": "passes that observe, for the scores"}
                | {"factor": "times the cost of plain training"}
            ),
            digits=1,
        )

    def costs_text(self) -> str:
        """What the scores cost."""
        return words.costs(self.study)

    def not_measured_text(self) -> str:
        """What is left open."""
        return words.not_measured(self.study)

    def _points(self) -> pd.DataFrame:
        rows = [
            {"condition": row.condition, "label": row.curriculum}
            | {"series": f"minus {words.AGAINST[row.against]}"}
            | {end: 100 * getattr(row.found.difference, end) for end in ("value", "low", "high")}
            for row in self.study.differences.itertuples(index=False)
        ]
        return pd.DataFrame(rows)
