"""The chapter on mixup: its charts, each with the table behind it, and its sentences."""

from __future__ import annotations

from typing import Any

import pandas as pd

from difficulty_lib import charts
from difficulty_lib.analysis import Estimate
from difficulty_lib.book import glue
from difficulty_lib.study import _mixup_words as words
from difficulty_lib.study._audit_chapter import folded
from difficulty_lib.study._chapter import key_of, shown
from difficulty_lib.study._mixup import MEASURES, MixupStudy
from difficulty_lib.study._mixup_methods import FULL, MIXUP_METHODS, PLAIN


class MixupChapter:
    """What the notebook on mixup calls, one method per thing on the page."""

    def __init__(self, study: MixupStudy) -> None:
        self.study = study
        glue("n_seeds", len(study.seeds))
        glue("n_trainings", len(study.cells))

    def about(self) -> str:
        """What was trained on what."""
        return words.about(self.study)

    def verdict_text(self) -> str:
        """Whether it beats its controls."""
        for setting in self.study.settings:
            glue(f"guessing_f1_{key_of(setting)}", self.study.guessing(setting)["f1"])
            glue(f"plain_f1_{key_of(setting)}", self.study.over_seeds("f1", setting, PLAIN))
            plain = self.study.cells_of(setting, PLAIN)[0].run
            glue(f"n_train_{key_of(setting)}", plain.sizes["train"])
            for control in [c for c in words.CONTROLS[1:] if c in self.study.methods]:
                found = self.study.difference("f1", setting, FULL, control)
                glue(f"f1_{key_of(setting)}_against_{key_of(control)}", found)
            for measure in self.study.measures(setting):
                apart = self.study.difference(measure, setting)
                glue(f"{measure}_{key_of(setting)}", apart)
                for method in self.study.methods[1:]:
                    found = self.study.difference(measure, setting, method)
                    glue(f"{measure}_{key_of(setting)}_{key_of(method)}", found)
        return words.verdict(self.study)

    def overview_table(self) -> Any:
        """A row per setting and method: every measure with its interval over seeds."""
        rows = []
        for setting in self.study.settings:
            known = self.study.measures(setting)
            for method in self.study.methods:
                row = {"data": setting, "trained with": MIXUP_METHODS[method].title}
                for measure in [m for m in MEASURES if m in self._measures]:
                    figure = "–"
                    if measure in known:
                        figure = _figure(self.study.over_seeds(measure, setting, method))
                    row[MEASURES[measure].title] = figure
                rows.append(row)
            guess = self.study.guessing(setting)
            row = {"data": setting, "trained with": "nothing: always the most frequent class"}
            titles = {m: MEASURES[m].title for m in MEASURES if m in self._measures}
            rows.append(
                row | {t: f"{guess[m]:.3f}" if m in guess else "–" for m, t in titles.items()}
            )
        return shown(pd.DataFrame(rows))

    @property
    def _measures(self) -> set[str]:
        return {m for setting in self.study.settings for m in self.study.measures(setting)}

    def effects_chart(self, measure: str = "f1") -> Any:
        """Every method's difference from no mixup, in one measure."""
        table = self.study.differences
        part = table[table["measure"] == measure]
        if part.empty:
            return None
        titles = part["method"].map(lambda method: MIXUP_METHODS[method].title)
        return charts.intervals_chart(
            part.assign(label=titles, series=part["setting"]),
            f"{MEASURES[measure].title}: difference from no mixup",
        )

    def effects_table(self) -> Any:
        """The numbers of these charts, for all measures."""
        rows = [
            {"data": row.setting, "trained with": MIXUP_METHODS[row.method].title}
            | {"measure": MEASURES[row.measure].title}
            | {"difference from no mixup": _figure(row.estimate, "+.3f")}
            | {"shown": words.outcome(row.measure, row.estimate)}
            for row in self.study.differences.itertuples(index=False)
        ]
        return folded(pd.DataFrame(rows), "differences from no mixup, with 95 % intervals")

    def effects_text(self) -> str:
        """What each method is shown to do."""
        return words.controls(self.study)

    def ablations_chart(self, measure: str = "f1") -> Any:
        """What each part of the method adds, in one measure."""
        table = self.study.ablations
        part = table[table["measure"] == measure]
        if part.empty:
            return None
        return charts.intervals_chart(
            part.assign(label=part["part"], series=part["setting"]),
            f"{MEASURES[measure].title}: with this part minus without",
        )

    def ablations_table(self) -> Any:
        """The numbers of that chart, for all measures."""
        rows = [
            {"data": row.setting, "part": row.part, "measure": MEASURES[row.measure].title}
            | {"with it minus without": _figure(row.estimate, "+.3f")}
            | {"shown": words.outcome(row.measure, row.estimate)}
            for row in self.study.ablations.itertuples(index=False)
        ]
        if not rows:
            return None
        return folded(pd.DataFrame(rows), "what each part adds, with 95 % intervals")

    def ablations_text(self) -> str:
        """Which parts matter."""
        return words.ablations(self.study)

    def regions_table(self) -> Any:
        """Who is in which region of the data map."""
        table = self.study.regions
        rows = [
            {"data": row.setting, "map of": row.map, "region": row.region}
            | {"texts": f"{row.samples:.0f}", "of the rarest class": f"{100 * row.rarest:.0f} %"}
            | {"wrong in the last epoch": f"{100 * row.wrong:.0f} %"}
            for row in table.itertuples(index=False)
        ]
        return shown(pd.DataFrame(rows))

    def regions_text(self) -> str:
        """What the map takes for easy and for mislabelled."""
        return words.regions(self.study)

    def calibration_chart(self, setting: str | None = None) -> Any:
        """Accuracy by confidence, of no mixup and of the method, in the first setting or another."""
        chosen = setting or self.study.settings[0]
        return charts.calibration_chart(self._bins(chosen), chosen)

    def calibration_table(self, setting: str | None = None) -> Any:
        """The numbers of that chart."""
        table = self._bins(setting or self.study.settings[0])
        rows = [
            {"trained with": row.series, "confidence": f"{row.low:.1f} to {row.high:.1f}"}
            | {"texts": row.texts, "mean confidence": row.confidence, "accuracy": row.accuracy}
            for row in table.itertuples(index=False)
        ]
        return folded(pd.DataFrame(rows), "accuracy by confidence")

    def _bins(self, setting: str) -> pd.DataFrame:
        wanted = [m for m in (PLAIN, FULL, "label_smoothing") if m in self.study.methods]
        table = pd.concat(self.study.reliability(setting, m).assign(method=m) for m in wanted)
        titles = table["method"].map(lambda method: MIXUP_METHODS[method].title)
        return table.assign(series=titles).reset_index(drop=True)

    def not_measured_text(self) -> str:
        """What is left open."""
        return words.not_measured(self.study)


def _figure(estimate: Estimate, form: str = ".3f") -> str:
    return f"{estimate.value:{form}} [{estimate.low:{form}}, {estimate.high:{form}}]"
