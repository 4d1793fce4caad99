"""The chapter of the benchmark: its charts, each with the table behind it, and its sentences."""

from __future__ import annotations

from html import escape
from typing import Any

import pandas as pd

from difficulty_lib import charts
from difficulty_lib._extras import require
from difficulty_lib.analysis import Estimate
from difficulty_lib.book import glue
from difficulty_lib.study import _audit_words as words
from difficulty_lib.study._audit import STREAMS, AuditStudy, Setting, named, title
from difficulty_lib.study._chapter import key_of, shown


class AuditChapter:
    """What the notebook on planted errors calls, one method per thing on the page."""

    def __init__(self, study: AuditStudy) -> None:
        self.study = study
        glue("n_settings", len(study.settings))
        glue("n_seeds", len(study.seeds))
        glue("n_trainings", len(study.cells))
        glue("n_rows", min(len(cell.truth) for cell in study.cells))
        glue("n_contestants", study.precision.shape[1])

    def about(self) -> str:
        """What was planted, and who was to find it."""
        for setting, share in self.study.learnt.items():
            self._glue("learnt", setting, share)
        return words.about(self.study)

    def overview_table(self) -> Any:
        """A row per setting: base rate, action scores, the best other score, their distances."""
        rows = []
        for row in self.study.overview.to_dict("records"):
            setting = (row["corruption"], row["rate"])
            line = {"planted": named(setting), "base rate": f"{100 * row['base_rate']:.1f} %"}
            for name in self.study.actions:
                stream = name.split("/")[1]
                line[f"action score, {STREAMS[stream]}"] = _figure(row[stream])
                self._glue(f"action_{stream}", setting, row[stream])
                self._glue(f"distance_{stream}", setting, row[f"{stream}_distance"])
            line["best other score"] = _figure(row["best"])
            for name in self.study.actions:
                stream = name.split("/")[1]
                line[f"distance, {STREAMS[stream]}"] = _figure(row[f"{stream}_distance"], "+.3f")
            self._glue("best", setting, row["best"])
            self._glue("oracle", setting, row["oracle"])
            rows.append(line)
        return shown(pd.DataFrame(rows))

    def chosen_table(self) -> Any:
        """Which scores were the best other ones, chosen on other seeds and with hindsight."""
        rows = [
            {"planted": named((row["corruption"], row["rate"]))}
            | {"chosen on the other seeds": "; ".join(title(name) for name in row["chosen"])}
            | {"best with hindsight": title(row["oracle_name"])}
            | {"its average precision": _figure(row["oracle"])}
            for row in self.study.overview.to_dict("records")
        ]
        return folded(pd.DataFrame(rows), "which other scores were the best")

    def overview_text(self) -> str:
        """How the best other score was chosen."""
        for name in self.study.actions:
            glue(f"distance_{name.split('/')[1]}", self.study.distance(name, "best"))
        return words.overview(self.study)

    def precision_chart(self) -> Any:
        """Average precision by corruption and rate."""
        return charts.audit_precision_chart(self.study.precisions)

    def precision_table(self) -> Any:
        """The numbers of that chart."""
        table = _by_series(self.study.precisions)
        return folded(table, "average precision over seeds, with 95 % intervals")

    def everyone_chart(self) -> Any:
        """All contestants in all settings."""
        return charts.audit_heatmap_chart(self.study.everyone)

    def everyone_table(self) -> Any:
        """The numbers of that chart."""
        table = _by_series(self.study.everyone.rename(columns={"title": "series"})).set_index(
            "planted"
        )
        return folded(
            table.T.reset_index(names="contestant"), "average precision of all contestants"
        )

    def ranks_chart(self) -> Any:
        """The critical-difference diagram."""
        found = self.study.comparison
        kept = {self.study.same.get(name, name) for name in self.study.actions}
        titles = {name: title(str(name)) for name in found.mean_ranks.index}
        return charts.critical_difference_chart(found, titles, frozenset(kept))

    def ranks_table(self) -> Any:
        """The numbers of that chart."""
        found = self.study.comparison.mean_ranks
        table = pd.DataFrame(
            {"contestant": [title(str(n)) for n in found.index], "mean rank": found.to_numpy()}
        )
        return folded(table, "mean ranks", digits=1)

    def ranks_text(self) -> str:
        """Who is best on the whole, and who is not shown to differ."""
        glue("critical_difference", self.study.comparison.critical_difference)
        return words.ranks(self.study)

    def minutes_chart(self) -> Any:
        """Minutes per error."""
        table = self.study.minutes
        ends = {n: [getattr(e, n) for e in table["estimate"]] for n in ("value", "low", "high")}
        return charts.minutes_chart(table.drop(columns="estimate").assign(**ends))

    def minutes_table(self) -> Any:
        """The numbers of that chart."""
        table = self.study.minutes
        for row in table.itertuples(index=False):
            self._glue(f"minutes_{key_of(row.series)}", (row.corruption, row.rate), row.estimate)
        wide = table.assign(said=[_figure(e, ".2f") for e in table["estimate"]])
        return folded(_wide(wide), "minutes per error found, with 95 % intervals")

    def minutes_text(self) -> str:
        """What an error costs."""
        return words.effort(self.study)

    def review_chart(self, setting: Setting | None = None) -> Any:
        """Errors found by minutes, in the first setting or another."""
        chosen = setting or self.study.settings[0]
        return charts.review_chart(self.study.curves(chosen), named(chosen))

    def precision_recall_chart(self, setting: Setting | None = None) -> Any:
        """Precision by recall, in the first setting or another."""
        chosen = setting or self.study.settings[0]
        rate = self.study.base_rates[chosen]
        return charts.precision_recall_chart(self.study.curves(chosen), named(chosen), rate)

    def review_table(self, setting: Setting | None = None) -> Any:
        """The numbers of both charts at every tenth of the rows."""
        table = self.study.curves(setting or self.study.settings[0])
        tenths = table[(100 * table["read"]).round().astype(int) % 10 == 0]
        said = [
            f"{100 * row.found:.0f} %"
            + ("" if row.read == 0 else f" ({100 * row.precision:.0f} %)")
            for row in tenths.itertuples(index=False)
        ]
        wide = tenths.assign(said=said, read=[f"{100 * r:.0f} %" for r in tenths["read"]])
        order = list(dict.fromkeys(wide["series"]))
        wide = wide.pivot(index=["minutes", "read"], columns="series", values="said")[order]
        table = wide.reset_index().rename(columns={"read": "rows read"})
        return folded(table, "errors found (and errors among the rows read)", digits=0)

    def over_time_chart(self) -> Any:
        """Average precision from the first epochs on."""
        if self.study.over_time.empty:
            return None
        return charts.audit_epochs_chart(self.study.over_time)

    def over_time_table(self) -> Any:
        """The numbers of that chart."""
        table = self.study.over_time
        if table.empty:
            return None
        said = [f"{r.value:.3f} [{r.low:.3f}, {r.high:.3f}]" for r in table.itertuples(index=False)]
        rows = ["setting", "title", "observed"]
        wide = table.assign(said=said).pivot(index=rows, columns="epoch", values="said")
        wide = wide.loc[list(dict.fromkeys(zip(*(table[name] for name in rows))))]
        wide.columns = [f"epoch {epoch}" for epoch in wide.columns]
        return folded(wide.reset_index(), "average precision by epoch, with 95 % intervals")

    def over_time_text(self) -> str:
        """What the first epoch already gives, and the sum over the epochs beside the last loss."""
        for name, ahead in self.study.beyond_last.items():
            glue(f"beyond_last_{name.split('/')[1]}", ahead)
        return words.over_time(self.study)

    def verdict_text(self) -> str:
        """Where the action score wins, ties and loses."""
        for name in self.study.actions:
            stream = name.split("/")[1]
            for outcome, settings in words.outcomes(self.study, name).items():
                glue(f"{outcome}_{stream}", len(settings))
        return words.verdict(self.study)

    def not_measured_text(self) -> str:
        """What is left open."""
        return words.not_measured(self.study)

    def _glue(self, name: str, setting: Setting, value: Estimate) -> None:
        glue(f"{name}_{key_of(setting[0])}_{100 * setting[1]:g}", value)


def folded(table: pd.DataFrame, what: str, digits: int = 3) -> Any:
    """A chart's numbers as a table that a click, or a reader without pictures, opens."""
    display = require("IPython.display", "book")
    body = shown(table, digits).to_html()
    return display.HTML(f"<details><summary>As a table: {escape(what)}</summary>{body}</details>")


def _figure(estimate: Estimate, form: str = ".3f") -> str:
    return f"{estimate.value:{form}} [{estimate.low:{form}}, {estimate.high:{form}}]"


def _by_series(table: pd.DataFrame) -> pd.DataFrame:
    said = [f"{r.value:.3f} [{r.low:.3f}, {r.high:.3f}]" for r in table.itertuples(index=False)]
    wide = _wide(table.assign(said=said))
    if "base_rate" in table:
        rates = table.drop_duplicates("setting")["base_rate"]
        wide.insert(1, "base rate", [f"{100 * rate:.1f} %" for rate in rates])
    return wide


def _wide(table: pd.DataFrame) -> pd.DataFrame:
    wide = table.pivot(index="setting", columns="series", values="said")
    wide = wide.loc[list(dict.fromkeys(table["setting"])), list(dict.fromkeys(table["series"]))]
    return wide.reset_index(names="planted")
