"""The chapter on natural language inference: its charts, tables and sentences, values glued."""

from __future__ import annotations

from typing import Any

from difficulty_lib import charts
from difficulty_lib.book import glue
from difficulty_lib.study import _nli_words as words
from difficulty_lib.study._chapter import shown
from difficulty_lib.study._classification_chapter import ClassificationChapter
from difficulty_lib.study._nli import NliStudy


class NliChapter(ClassificationChapter):
    """What the notebook calls beyond a classification chapter, one method per thing on the page.

    Where the data lack what a chart or table shows, it is an empty text, and the sentence beside
    it says what is missing.
    """

    study: NliStudy

    def __init__(self, study: NliStudy) -> None:
        super().__init__(study)

    def about(self) -> str:
        """What the data and the runs are."""
        return f"{super().about()} {words.beside(self.study)}".strip()

    def extremes_text(self) -> str:
        """How large and small action scores are."""
        return words.extremes(self.study)

    def genres_chart(self) -> Any:
        """Mean action score by genre."""
        found = self.study.genres
        if found is None:
            return _nothing()
        return charts.genres_chart(found, float(self.study.samples["action"].mean()))

    def genres_table(self) -> Any:
        """Every genre's size, mean action score and accuracy."""
        found = self.study.genres
        if found is None:
            return _nothing()
        table = found.table.rename(columns={"group": "genre", "n": "pairs", "mean": "action score"})
        table["accuracy"] = table["genre"].map(self.study.genre_accuracy)
        return shown(table)

    def genres_text(self) -> str:
        """Whether genres differ."""
        found = self.study.genres
        if found is not None:
            glue("genre_effect", found.effect)
            glue("genre_p", found.p_value)
            glue("genre_hardest", str(found.table["group"].iloc[0]))
        return words.genres(self.study)

    def people_chart(self) -> Any:
        """Every score against the entropy of a hundred people's labels."""
        found = self.study.people
        return _nothing() if found is None else charts.annotators_chart(found.table, found.ceiling)

    def people_text(self) -> str:
        """Whether people disagree on what the scores rank as hard."""
        found = self.study.people
        if found is not None:
            glue("chaos_n", len(found))
            glue("chaos_action", found.with_entropy("action_score"))
            glue("chaos_entropy", found.with_entropy("predictive_entropy"))
            glue("chaos_action_given_confidence", found.given_confidence("action_score"))
            glue("chaos_outvoted", found.with_outvoted("action_score"))
            glue("chaos_ceiling", found.ceiling.value)
        return words.people(self.study)

    def distance_text(self) -> str:
        """How far the model is from people's labels; empty where there are none."""
        found = self.study.people
        if found is None:
            return ""
        if found.distance is not None:
            glue("chaos_distance_least", found.distance[0])
            glue("chaos_distance_greatest", found.distance[1])
        return words.distance(found)

    def premise_chart(self) -> Any:
        """Accuracy of the hypothesis alone by decile of difficulty."""
        found = self.study.without_premise
        if found is None:
            return _nothing()
        return charts.hypothesis_chart(found.deciles, found.accuracy, found.majority)

    def premise_text(self) -> str:
        """What remains without the premise."""
        found = self.study.without_premise
        if found is not None:
            glue("hypothesis_accuracy", found.accuracy)
            glue("hypothesis_majority", found.majority.value)
            glue("hypothesis_gain", found.gain)
            glue("hypothesis_correlation", found.correlation)
            glue("hypothesis_easiest", found.easiest)
            glue("hypothesis_hardest", found.hardest)
        return words.premise(self.study)

    def premise_table(self) -> Any:
        """Easy pairs that the hypothesis gives away, and easy ones that need the premise."""
        if self.study.without_premise is None:
            return _nothing()
        return shown(self.study.premise_rows())

    def information_chart(self) -> Any:
        """Pointwise V-information against BERT's."""
        found = self.study.information
        if found is None or found.other is None:
            return _nothing()
        said = f"Spearman correlation {found.rank_correlation.value:.2f}"
        return charts.information_chart(found.pairs, said, "BERT")

    def information_text(self) -> str:
        """How the two models' values relate."""
        found = self.study.information
        if found is not None:
            glue("pvi_mean", found.mean)
            if found.other is not None:
                glue("pvi_bert", found.rank_correlation)
                glue("pvi_bert_pearson", found.linear_correlation)
                glue("pvi_bert_action", found.action_correlation)
        return words.information(self.study)


def _nothing() -> Any:
    return None  # the sentence below the chart says why
