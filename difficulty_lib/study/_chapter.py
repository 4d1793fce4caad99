"""A chapter: a study's results as charts, tables and sentences, its values glued for other pages."""

from __future__ import annotations

from typing import Any

import pandas as pd

from difficulty_lib import charts
from difficulty_lib._extras import require
from difficulty_lib.book import glue, quoted_texts
from difficulty_lib.study import _words as words
from difficulty_lib.study._classification import ClassificationStudy


def shown(table: pd.DataFrame, digits: int = 3) -> Any:
    """A table without its index, texts left-aligned and wrapped."""
    styled = table.style.hide(axis="index").format(precision=digits)
    if "text" in table.columns:
        styled = styled.set_properties(
            subset=["text"], **{"white-space": "normal", "min-width": "11rem"}
        )
    return styled.set_table_attributes('class="dataframe study-table"')


class ClassificationChapter:
    """What the notebook of a classification task calls, one method per thing on the page."""

    def __init__(self, study: ClassificationStudy) -> None:
        self.study = study
        glue("n_scored", len(study.dynamics))
        glue("n_train", sum(study.run.record["data"]["label_counts"]["train"]))
        glue("epochs", study.run.config.epochs)
        glue("n_seeds", len(study.runs))

    def about(self) -> str:
        """What the data are."""
        place = words.papers_sample(self.study)
        if place is not None:
            glue("papers_rank", place[0])
            glue("papers_share", place[0] / place[1])
        return words.about(self.study)

    def confusion_chart(self) -> Any:
        """The normalised confusion matrix of the last epoch."""
        study = self.study
        glue("accuracy", study.accuracy)
        predicted = study.dynamics.matrix("predicted")[-1].astype(int)
        assert study.dynamics.label is not None
        table = charts.confusion_table(study.dynamics.label, predicted, study.names)
        return charts.confusion_chart(
            table, f"{study.split}, epoch {study.dynamics.trained_epochs[-1]}"
        )

    def accuracy_text(self) -> str:
        """Accuracy on every evaluated split."""
        run, parts = self.study.run, []
        for split in run.config.evaluation_splits:
            value = run.accuracy(split)
            glue(f"accuracy_{split}", value)
            parts.append(f"{100 * value:.1f} % on {split}")
        return (
            f"Accuracy after {run.config.epochs} epochs: {' and '.join(parts)}; on {self.study.split} "
            f"the 95 % interval is {100 * self.study.accuracy.low:.1f} to "
            f"{100 * self.study.accuracy.high:.1f} %."
        )

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
        glue("confidently_wrong", self.study.confidently_wrong)
        note = ""
        if self.study.texts is not None and not self.study.spec.redistributable:
            note = (
                " *The data's licence does not let this page carry every text, so the list quotes "
                "a few and gives the ids of the others.*"
            )
        return words.action_entropy(self.study) + note

    def classes_chart(self) -> Any:
        """Class sizes and the action scores of every class."""
        return charts.classes_chart(self.study.classes, self.study.samples)

    def classes_text(self) -> str:
        """Whether rarer classes are harder."""
        glue("classes", self.study.classes.correlation)
        glue("rarity", self.study.rarity)
        return words.classes(self.study)

    def extremes_table(self) -> Any:
        """The hardest and the easiest samples."""
        glue("largest_action", float(self.study.samples["action"].max()))
        glue("smallest_action", float(self.study.samples["action"].min()))
        return shown(self.study.extremes())

    def disagreement_chart(self) -> Any:
        """Every score against human disagreement, or a sentence where there are no ratings."""
        if not self.study.rated:
            display = require("IPython.display", "book")
            return display.Markdown(
                "These data have no individual human ratings, so this question is answered for "
                "those that do: see the chapter on the human-rated sentences."
            )
        return charts.disagreement_chart(self.study.disagreement, self.study.ceiling)

    def disagreement_text(self) -> str:
        """Whether people find hard what the score ranks as hard."""
        if self.study.rated:
            table = self.study.disagreement.set_index("score")
            for name in ("value", "low", "high"):
                suffix = "" if name == "value" else f"_{name}"
                glue(f"human_action{suffix}", float(table.loc["action_score", name]))
            glue("human_ceiling", self.study.ceiling.value)
            glue("human_minus_entropy", self.study.against("predictive_entropy"))
            glue("human_minus_last", self.study.against("last_loss"))
        return words.disagreement(self.study)

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
        for split in self.study.run.config.evaluation_splits:
            glue(f"accuracy_{split}_mean", float(table[f"{split} accuracy"].mean()))
        return words.seeds(self.study)
