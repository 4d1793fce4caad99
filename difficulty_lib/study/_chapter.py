"""What the chapters of all tasks show: charts, tables and sentences, their values glued."""

from __future__ import annotations

import re
from html import escape
from typing import Any

import pandas as pd

from difficulty_lib import charts
from difficulty_lib._extras import require
from difficulty_lib.book import glue, quoted_texts
from difficulty_lib.review import plain
from difficulty_lib.study import _words as words
from difficulty_lib.study._explain_words import explained, hypothesis
from difficulty_lib.study._study import Study

_END = re.compile(r"\[[-+\d.]+( %)?, [-+\d.]+( %)?\]$|(?<=\d) %$")


def shown(table: pd.DataFrame, digits: int = 3) -> Any:
    """A table without its index, texts left-aligned and wrapped.

    The texts are anybody's: what looks like HTML is shown, not obeyed, and what would hide or
    reorder something is shown by its number. Figures are not broken across lines.
    """
    table = table.map(lambda value: _unbroken(plain(value)) if isinstance(value, str) else value)
    styled = table.style.hide(axis="index").format(precision=digits, escape="html")
    styled = styled.format_index(lambda name: escape(plain(str(name))), axis="columns")
    if "text" in table.columns:
        styled = styled.set_properties(
            subset=["text"], **{"white-space": "normal", "min-width": "11rem"}
        )
    return styled.set_table_attributes('class="dataframe study-table"')


def _unbroken(text: str) -> str:
    """The interval or the percent sign at the end of a text stays with its numbers."""
    return _END.sub(lambda end: end[0].replace(" ", "\N{NO-BREAK SPACE}"), text)


def key_of(name: str) -> str:
    """A measure's name as a glued key: "test accuracy" is `test_accuracy`."""
    return re.sub(r"\W+", "_", name).strip("_").lower()


class Chapter:
    """What the notebook of a task calls, one method per thing on the page."""

    def __init__(self, study: Study) -> None:
        self.study = study
        glue("n_scored", len(study.dynamics))
        glue("n_train", study.run.sizes["train"])
        glue("epochs", study.run.config.epochs)
        glue("n_seeds", len(study.runs))

    def about(self) -> str:
        """What the data are."""
        place = words.papers_sample(self.study)
        if place is not None:
            glue("papers_rank", place[0])
            glue("papers_share", place[0] / place[1])
        return words.about(self.study)

    def clusters_chart(self) -> Any:
        """The centres of the loss curves' clusters, each with its nearest curves."""
        return charts.clusters_chart(self.study.clusters, self.study.dynamics)

    def silhouette_text(self) -> str:
        """Whether three clusters are a good number."""
        glue("silhouette_3", self.study.clusters.silhouette.get(3, float("nan")))
        return words.silhouette(self.study)

    def curve_table(self) -> Any:
        """The samples behind the nearest curves."""
        return shown(self.study.cluster_rows())

    def action_entropy_chart(self) -> Any:
        """The brushable scatter."""
        study = self.study
        order = study.samples["action"].sort_values(ascending=False).index
        quoted = order[:10].append(order[-5:])
        texts = quoted_texts(study.texts, quoted, study.spec.redistributable)
        samples = study.samples.assign(text=texts.reindex(study.samples.index).fillna(""))
        return charts.action_entropy_chart(
            samples, f"Spearman correlation {study.action_entropy.value:.2f}"
        )

    def action_entropy_text(self) -> str:
        """Whether the action score sees what entropy does not."""
        glue("action_entropy", self.study.action_entropy)
        glue("action_entropy_pearson", self.study.action_entropy_linear)
        glue("confident", self.study.confident)
        if self.study.confidently_wrong is not None:
            glue("confidently_wrong", self.study.confidently_wrong)
        note = ""
        if self.study.texts is not None and not self.study.spec.redistributable:
            note = (
                " *The data's licence does not let this page carry every text, so the list quotes "
                "a few and gives the ids of the others.*"
            )
        return words.action_entropy(self.study) + note

    def extremes_table(self) -> Any:
        """The hardest and the easiest samples."""
        glue("largest_action", float(self.study.samples["action"].max()))
        glue("smallest_action", float(self.study.samples["action"].min()))
        return shown(self.study.extremes())

    def correlations_chart(self) -> Any:
        """The heat map of all scores."""
        return charts.correlations_chart(self.study.correlations)

    def correlations_text(self) -> str:
        """How few signals there are."""
        return words.correlations(self.study)

    def seeds_table(self) -> Any:
        """One row per seed."""
        return shown(self.study.seeds())

    def seeds_text(self) -> str:
        """What a single seed is worth."""
        glue("seed_agreement", self.study.seed_agreement())
        table = self.study.seeds()
        for name in self.study.measures(self.study.run):
            glue(f"{key_of(name)}_mean", float(table[name].mean()))
        return words.seeds(self.study)

    def explain_chart(self) -> Any:
        """What makes a sample hard: the features' coefficients."""
        if self.study.explanation is None:
            display = require("IPython.display", "book")
            return display.Markdown("*The texts are not at hand, or too few, for this question.*")
        return charts.explain_chart(self.study.explanation)

    def explain_text(self) -> str:
        """How much the features explain, and the verdict on the paper's hypothesis."""
        found = self.study.explanation
        if found is None:
            return ""
        glue("explained", found.r2)
        for name in found.table["feature"]:
            glue(f"coefficient_{key_of(name)}", found.coefficient(name))
        return f"{explained(found)}\n\n**Verdict.** {hypothesis(found)}"
