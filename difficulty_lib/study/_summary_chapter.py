"""A chapter on summaries: charts, tables and sentences, their values glued."""

from __future__ import annotations

from typing import Any

import pandas as pd

from difficulty_lib import charts
from difficulty_lib.analysis import Estimate
from difficulty_lib.book import glue
from difficulty_lib.study import _summary_words as words
from difficulty_lib.study._chapter import key_of, shown
from difficulty_lib.study._outputs import OutputsChapter
from difficulty_lib.study._summaries import ROUGE, TOGETHER, SummaryStudy


class SummaryChapter(OutputsChapter):
    """What the notebook on summaries calls, one method per thing on the page."""

    study: SummaryStudy

    def measures_text(self) -> str:
        """How well the model summarizes."""
        for name, value in self.study.measures(self.study.run).items():
            glue(key_of(name), value)
        return words.measures(self.study)

    def generated_table(self, count: int = 4) -> Any:
        """Some references beside what the model wrote: the median of each quarter of ROUGE-1."""
        samples = self.study.samples
        if "generated" not in samples or "target" not in samples:
            return words.nothing("what the model wrote")
        assert self.study.outputs is not None
        order = self.study.outputs["rouge1"].sort_values(kind="stable").index
        chosen = [order[(2 * k + 1) * len(order) // (2 * count)] for k in range(count)]
        table = samples.loc[chosen, ["id", "target", "generated", "guess", "action"]]
        return shown(table.rename(columns={"target": "reference", "guess": "ROUGE"}), digits=2)

    def cluster_lengths_table(self) -> Any:
        """Sizes of the clusters, and how long their dialogues and summaries are."""
        if self.study.cluster_lengths is None:
            return words.nothing("the texts' lengths")
        return shown(_said(self.study.cluster_lengths, 1))

    def lengths_text(self) -> str:
        """Whether long dialogues are harder."""
        if self.study.lengths is not None:
            for column in ("dialogue", "summary"):
                glue(f"length_{column}", self.study.with_length(column))
        return words.lengths(self.study)

    def linear_chart(self) -> Any:
        """Correlations of action score and entropy, by reduction."""
        rows = [
            {
                "label": f"{row['reduction']}, {row['entropy']}",
                "series": name,
                "estimate": row[name],
            }
            for row in self.study.linear.to_dict("records")
            for name in TOGETHER
        ]
        return charts.intervals_chart(pd.DataFrame(rows), "correlation of action score and entropy")

    def linear_text(self) -> str:
        """The claim of a nearly linear relation."""
        for row in self.study.linear.to_dict("records"):
            for name in TOGETHER:
                kind = {"teacher-forced": "forced", "generated": "generated"}[row["entropy"]]
                glue(f"linear_{row['reduction']}_{kind}_{key_of(name)}", row[name])
        glue("straight", self.study.straight)
        glue("bent", self.study.bent)
        return words.linear(self.study)

    def copying_table(self) -> Any:
        """Whether easy summaries reuse the dialogue's words."""
        if self.study.copying is None:
            return words.nothing("how much of the dialogue a summary copies")
        return shown(_said(self.study.copying, 2))

    def copying_text(self) -> str:
        """The claim that easy summaries copy."""
        if self.study.copying is not None:
            for row in self.study.copying.to_dict("records"):
                glue(f"copying_{row['measure']}", row["difference"])
        return words.copying(self.study)

    def rouge_table(self) -> Any:
        """The action score against ROUGE."""
        if self.study.with_rouge.empty:
            return words.nothing("what the model wrote")
        return shown(_said(self.study.with_rouge, 2))

    def rouge_text(self) -> str:
        """Whether the model's own summaries are worse where the score is high."""
        for name, row in zip(ROUGE, self.study.with_rouge.to_dict("records")):
            glue(f"action_{name}", row["Spearman"])
        return words.rouge(self.study)


def _said(table: pd.DataFrame, digits: int) -> pd.DataFrame:
    """Estimates in words, which do not break within a number."""

    def said(value: object) -> object:
        if not isinstance(value, Estimate):
            return value
        low, high = f"{value.low:.{digits}f}", f"{value.high:.{digits}f}"
        return f"{value.value:.{digits}f}\u00a0[{low},\u00a0{high}]"

    return table.map(said)
