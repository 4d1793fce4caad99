"""A classification chapter: a study's results as charts, tables and sentences."""

from __future__ import annotations

from typing import Any

from difficulty_lib import charts
from difficulty_lib._extras import require
from difficulty_lib.book import glue
from difficulty_lib.study import _words as words
from difficulty_lib.study._chapter import Chapter
from difficulty_lib.study._classification import ClassificationStudy


class ClassificationChapter(Chapter):
    """What the notebook of a classification task calls, one method per thing on the page."""

    study: ClassificationStudy

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
        found = self.study.accuracy
        parts[run.config.evaluation_splits.index(self.study.split)] += (
            f" (95 % interval {100 * found.low:.1f} to {100 * found.high:.1f} %)"
        )
        return f"Accuracy after {run.config.epochs} epochs: {' and '.join(parts)}."

    def classes_chart(self) -> Any:
        """Class sizes and the action scores of every class."""
        return charts.classes_chart(self.study.classes, self.study.samples)

    def classes_text(self) -> str:
        """Whether rarer classes are harder."""
        glue("classes", self.study.classes.correlation)
        glue("rarity", self.study.rarity)
        return words.classes(self.study)

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
