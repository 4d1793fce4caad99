"""A chapter on questions: charts, tables and sentences, their values glued."""

from __future__ import annotations

from typing import Any

import pandas as pd

from difficulty_lib import charts
from difficulty_lib._extras import require
from difficulty_lib.book import glue
from difficulty_lib.features import column_title
from difficulty_lib.study import _question_words as words
from difficulty_lib.study._chapter import key_of, shown
from difficulty_lib.study._outputs import OutputsChapter
from difficulty_lib.study._questions import QuestionStudy


class QuestionChapter(OutputsChapter):
    """What the notebook on questions calls, one method per thing on the page."""

    study: QuestionStudy

    def measures_text(self) -> str:
        """How well the model answers."""
        for name, value in self.study.measures(self.study.run).items():
            glue(key_of(name), value)
        if self.study.with_f1 is not None:
            glue("action_f1", self.study.with_f1)
        return words.measures(self.study)

    def types_chart(self) -> Any:
        """Mean action score of every kind of question."""
        found = self.study.by_type
        if found is None:
            return _missing()
        return charts.genres_chart(
            found, float(self.study.samples["action"].mean()), "kind of question"
        )

    def types_text(self) -> str:
        """Whether kinds of questions differ in difficulty."""
        if self.study.by_type is not None:
            glue("type_effect", self.study.by_type.effect)
        return words.types(self.study)

    def answers_chart(self) -> Any:
        """Answer length, place, overlap and disagreement against the action score."""
        found = self.study.with_answers
        if found is None:
            return _missing()
        rows = [
            {"label": column_title(row["feature"]), "series": series, "estimate": row[series]}
            for row in found.to_dict("records")
            for series in ("Spearman", "given the entropy")
        ]
        return charts.intervals_chart(pd.DataFrame(rows), "rank correlation with the action score")

    def answers_text(self) -> str:
        """What is said of each of them."""
        if self.study.with_answers is not None:
            for row in self.study.with_answers.to_dict("records"):
                glue(f"action_{row['feature']}", row["Spearman"])
        return words.answers(self.study)

    def context_table(self) -> Any:
        """Hard questions read beside their contexts."""
        return shown(self.study.beside_context(), digits=2)


def _missing() -> Any:
    markdown = require("IPython.display", "book").Markdown
    return markdown("*The texts are not at hand, or all of one kind.*")
