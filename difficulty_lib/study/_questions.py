"""Everything that a chapter on questions shows: difficulty by kind of question, answer and context."""

from __future__ import annotations

import re
from functools import cached_property

import pandas as pd

from difficulty_lib.analysis import (
    Estimate,
    GroupDifficulty,
    group_difficulty,
    partial_spearman,
    spearman,
)
from difficulty_lib.features import feature_table
from difficulty_lib.scores import ranking
from difficulty_lib.study._outputs import OutputsStudy
from difficulty_lib.training import Run

ASKED = (
    "how many",
    "how much",
    "how",
    "what",
    "which",
    "who",
    "whose",
    "whom",
    "when",
    "where",
    "why",
)
OTHER = "other"
FEWEST = 20  # a kind of question with fewer samples is counted among the others
ABOUT_ANSWERS = (
    "answer_length",
    "answer_position",
    "words_near_answer",
    "lexical_overlap",
    "answer_disagreement",
)
AROUND = 160  # characters of the context shown on either side of an answer


def question_type(question: str) -> str:
    """What is asked for: the first question word, "how many" and "how much" apart from "how".

    Args:
        question: the question.

    Returns:
        One of "how many", "how much", "how", "what", "which", "who" ("whom" too), "whose", "when",
        "where", "why" or "other".
    """
    words = f" {' '.join(re.findall(r'[a-z]+', question.lower()))} "
    found = [(words.find(f" {kind} "), -len(kind), kind) for kind in ASKED if f" {kind} " in words]
    if not found:
        return OTHER
    first = min(found)[2]
    return "who" if first == "whom" else first


class QuestionStudy(OutputsStudy):
    """Results of recorded runs of extractive question answering."""

    kinds = ("exact", "not exact")
    kinds_title = "the model's answer"
    guess_quotes = True

    @cached_property
    def samples(self) -> pd.DataFrame:
        """A row per question: `id`, `target`, `predicted`, `kind`, `guess`, `action`, `entropy`."""
        frame = super().samples
        if self.rows is not None:
            frame.insert(1, "target", [_said(golds) for golds in self.rows["label"]])
        if self.outputs is not None:
            predicted = self.outputs["predicted"].replace("", "(no answer)")
            frame["predicted"] = predicted
            gold = frame["target"] if "target" in frame else pd.Series("", index=frame.index)
            said = [f"{_short(a)} → {_short(b)}" for a, b in zip(gold, predicted)]
            frame = self.with_kinds(frame, self.outputs["exact_match"] > 0, said)
        return frame

    def measures(self, run: Run) -> dict[str, float]:
        """Exact match and F1 on the scored split after the last epoch, in per cent."""
        table = run.outputs(self.split)
        if table is None:
            return {}
        return {
            "exact match": 100 * float(table["exact_match"].mean()),
            "F1": 100 * float(table["f1"].mean()),
        }

    @cached_property
    def texts(self) -> pd.Series | None:
        """The questions, without their contexts, or None."""
        return None if self.rows is None else self.rows["question"].rename("text")

    @cached_property
    def types(self) -> pd.Series | None:
        """What every question asks for; seldom kinds are "other"."""
        if self.rows is None:
            return None
        kinds = self.rows["question"].map(question_type)
        return kinds.where(kinds.map(kinds.value_counts()) >= FEWEST, OTHER).rename("type")

    @cached_property
    def by_type(self) -> GroupDifficulty | None:
        """Mean action score per kind of question; None without texts, or with one kind alone."""
        if self.types is None or self.types.nunique() < 2:
            return None
        return group_difficulty(self.samples["action"], self.types)

    @cached_property
    def answer_features(self) -> pd.DataFrame | None:
        """Length and place of the answer, overlap of question and context, annotators' agreement."""
        if self.data is None:
            return None
        return feature_table(self.used_data, self.split, self.dynamics.ids, ABOUT_ANSWERS)

    @cached_property
    def with_answers(self) -> pd.DataFrame | None:
        """How each of `ABOUT_ANSWERS` goes with the action score.

        Returns:
            A row per feature: `feature`, `Spearman`, and `given the entropy`, the partial
            correlation with the model's own uncertainty held fixed. A constant one is left out.
        """
        if self.answer_features is None:
            return None
        action, entropy = self.samples["action"], self.samples["entropy"]
        return pd.DataFrame(
            [
                {
                    "feature": name,
                    "Spearman": spearman(self.answer_features[name], action),
                    "given the entropy": partial_spearman(
                        self.answer_features[name], action, entropy
                    ),
                }
                for name in ABOUT_ANSWERS
                if self.answer_features[name].nunique() > 1
            ]
        )

    @cached_property
    def with_f1(self) -> Estimate | None:
        """Spearman of the action score with the F1 of the model's own answer."""
        if self.outputs is None:
            return None
        return spearman(self.outputs["f1"], self.samples["action"])

    def beside_context(self, count: int = 5) -> pd.DataFrame:
        """The hardest questions with the part of the context around the first gold answer."""
        chosen = ranking(self.scores["action_score"]).index[:count]
        table = self.samples.loc[chosen].drop(columns=["kind", "guess"], errors="ignore")
        if self.rows is not None:
            rows = self.rows.loc[chosen]
            table.insert(1, "question", rows["question"])
            table.insert(2, "text", [_around(*row) for row in zip(rows["context"], rows["label"])])
        return table.reset_index(drop=True)

    def extremes(self, count: int = 5) -> pd.DataFrame:
        """The hardest and the easiest questions, gold and predicted answers."""
        return super().extremes(count).drop(columns=["kind", "guess"], errors="ignore")


def _said(golds: tuple[tuple[str, int], ...]) -> str:
    return golds[0][0] if golds else "(no answer)"


def _short(text: str, length: int = 24) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def _around(context: str, golds: tuple[tuple[str, int], ...]) -> str:
    """The context around the first gold answer, which stands between »…«."""
    if not golds:
        return _short(context, 2 * AROUND)
    text, start = golds[0]
    before, after = context[:start], context[start + len(text) :]
    left = before if len(before) <= AROUND else "…" + before[-AROUND:]
    right = after if len(after) <= AROUND else after[:AROUND] + "…"
    return f"{left}»{text}«{right}"
