"""The chapter on texts out of distribution: charts, each with the table behind it, and sentences."""

from __future__ import annotations

from typing import Any

import pandas as pd

from difficulty_lib import charts
from difficulty_lib.analysis import Estimate
from difficulty_lib.book import glue
from difficulty_lib.study import _ood_words as words
from difficulty_lib.study._audit_chapter import folded
from difficulty_lib.study._chapter import key_of, shown
from difficulty_lib.study._mixup_methods import MIXUP_METHODS
from difficulty_lib.study._ood import MEASURES, SOURCES, OodStudy

CHANGED = {**MEASURES, "spearman": "Spearman of difficulty and strangeness"}


class OodChapter:
    """What the notebook on texts out of distribution calls, one method per thing on the page."""

    def __init__(self, study: OodStudy) -> None:
        self.study = study
        glue("n_seeds", len(study.seeds))
        glue("n_trainings", len(study.cells))

    def about(self) -> str:
        """What was trained on what, and what is strange to it."""
        return words.about(self.study)

    def detection_chart(self, measure: str = "auroc") -> Any:
        """Every score against every source."""
        table = self.study.detections
        part = table[table[measure].notna()]
        if part.empty:
            return None
        part = part.assign(
            label=part["score"].map(words.title),
            series=part["outside"],
            estimate=part[measure],
        )
        chance = 0.5 if measure.endswith("auroc") else None
        return charts.intervals_chart(part, MEASURES[measure], zero=chance)

    def detection_table(self) -> Any:
        """The numbers of these charts."""
        rows = []
        for row in self.study.detections.itertuples(index=False):
            line = {"from": row.outside, "score": words.title(row.score)}
            for name, what in MEASURES.items():
                found = getattr(row, name)
                line[what] = "–" if found is None else _figure(found)
                if found is not None:
                    glue(f"{name}_{key_of(row.score)}_{key_of(row.outside)}", found)
            line["texts of like length"] = f"{row.matched_inside:,} and {row.matched_outside:,}"
            rows.append(line)
        return folded(pd.DataFrame(rows), "every score, with 95 % intervals")

    def detection_text(self) -> str:
        """What tells them, and what length alone tells."""
        return words.detection(self.study)

    def join_chart(self) -> Any:
        """How well difficulty finds the texts that are mistaken for strange ones."""
        table = self.study.joins
        part = table.assign(
            label=table["score"].map(words.title),
            series=["action score " + SOURCES[s] for s in table["source"]],
            estimate=table["mistaken"],
        )
        return charts.intervals_chart(part, "AUROC of being mistaken, by difficulty", zero=0.5)

    def join_table(self) -> Any:
        """The numbers of that chart."""
        rows = []
        for row in self.study.joins.itertuples(index=False):
            glue(f"mistaken_{key_of(row.score)}_{row.source}", row.mistaken)
            glue(f"partial_{key_of(row.score)}_{row.source}", row.partial)
            rows.append(
                {"score": words.title(row.score), "action score": SOURCES[row.source]}
                | {"AUROC of being mistaken": _figure(row.mistaken)}
                | {"Spearman with strangeness": _figure(row.spearman)}
                | {"length held fixed": _figure(row.partial)}
            )
        return folded(pd.DataFrame(rows), "difficulty and strangeness, with 95 % intervals")

    def join_text(self) -> str:
        """Whether difficulty says who is mistaken."""
        return words.join(self.study)

    def verdict_text(self) -> str:
        """The join in one sentence."""
        return words.join_verdict(self.study)

    def mistaken_chart(self) -> Any:
        """Share taken for strange by tenth of difficulty."""
        table = self.study.tenths
        return charts.mistaken_chart(table.assign(title=table["score"].map(words.title)))

    def mistaken_table(self) -> Any:
        """The numbers of that chart."""
        table = self.study.tenths
        wide = table.assign(value=[f"{100 * v:.1f} %" for v in table["value"]])
        wide = wide.pivot(index="tenth", columns="score", values="value")
        wide = wide[list(dict.fromkeys(table["score"]))].rename(columns=words.title)
        return folded(wide.reset_index(), "texts taken for strange by tenth of difficulty")

    def changes_chart(self, measure: str = "auroc") -> Any:
        """What each method changes, the mean over the sources."""
        table = self.study.changes
        if table.empty:
            return None
        part = table[(table["measure"] == measure)]
        part = part[part["outside"] == self.study.outsides[-1]]
        part = part.assign(
            label=part["score"].map(words.title),
            series=part["method"].map(lambda method: MIXUP_METHODS[method].title),
        )
        what = f"{CHANGED[measure]}, {self.study.outsides[-1]}: change"
        return charts.intervals_chart(part, what)

    def changes_table(self) -> Any:
        """The numbers of that chart, for every source and measure."""
        rows = [
            {"trained with": MIXUP_METHODS[row.method].title, "from": row.outside}
            | {"score": words.title(row.score), "measure": CHANGED[row.measure]}
            | {"minus plain training": _figure(row.estimate, "+.3f")}
            for row in self.study.changes.itertuples(index=False)
        ]
        if not rows:
            return None
        return folded(pd.DataFrame(rows), "what each way to train changes, with 95 % intervals")

    def changes_text(self) -> str:
        """What dropping or mixing changes."""
        return words.changes(self.study)

    def accuracy_table(self) -> Any:
        """Accuracy here and elsewhere by method."""
        rows = []
        for method in self.study.methods:
            row = {"trained with": MIXUP_METHODS[method].title}
            row["accuracy"] = _figure(self.study.accuracies(method))
            for outside in self.study.outsides:
                found = self.study.elsewhere(outside, method)
                row[f"on {outside}"] = "–" if found is None else _figure(found)
            rows.append(row)
        return shown(pd.DataFrame(rows))

    def not_measured_text(self) -> str:
        """What is left open."""
        return words.not_measured(self.study)


def _figure(estimate: Estimate, form: str = ".3f") -> str:
    return f"{estimate.value:{form}} [{estimate.low:{form}}, {estimate.high:{form}}]"
