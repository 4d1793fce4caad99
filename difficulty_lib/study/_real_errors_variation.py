"""Which scores tell a wrong label from one on which people differ in earnest."""

from __future__ import annotations

from functools import cached_property

import pandas as pd

from difficulty_lib._errors import DataError
from difficulty_lib.audit import (
    RULE,
    SortingMeasures,
    SuspectRule,
    audit_measures,
    measure_sorting,
    oriented,
    wrong_or_ambiguous,
)
from difficulty_lib.scores import SCORES
from difficulty_lib.study._real_errors_kinds import KIND_RULE, KINDS, KindRule, label_kinds

FEWEST = 5  # of a kind, below which nothing is measured
# The pair for the page, fixed beforehand, and others for comparison.
PAIRS = (
    ("action_score", "variability"),
    ("action_score", "predictive_entropy"),
    ("action_score", "aleatoric"),
    ("self_confidence", "variability"),
    ("self_confidence", "predictive_entropy"),
    ("aum", "variability"),
)
QUESTIONS = {
    "error against variation": ("error", ("variation",)),
    "error against agreed": ("error", ("agreed",)),
    "variation against agreed": ("variation", ("agreed",)),
}
THRESHOLDS = (20.0, KIND_RULE.error_below, 50.0)


class Variation:
    """Scores of pairs beside what two groups of annotators say of the pairs' labels.

    Args:
        scores: a column per score, of all pairs, indexed by sample_id.
        gold: the given labels of all pairs.
        experts: as `label_kinds`.
        people: as `label_kinds`.

    Raises:
        DataError: as `label_kinds`, or if there are fewer than five errors, or five labels with
            variation.
    """

    def __init__(
        self, scores: pd.DataFrame, gold: pd.Series, experts: pd.DataFrame, people: pd.DataFrame
    ) -> None:
        self.scores, self._given = scores, (gold, experts, people)
        self.kinds = label_kinds(gold, experts, people)
        for kind in ("error", "variation"):
            if self.counts[kind] < FEWEST:
                raise DataError(
                    f"{self.counts[kind]} of {len(self.kinds)} labels are {kind}; expected "
                    f"{FEWEST} or more"
                )

    @property
    def counts(self) -> dict[str, int]:
        """How many labels are of every kind."""
        found = self.kinds.value_counts()
        return {kind: int(found.get(kind, 0)) for kind in KINDS}

    def truth(
        self, kind: str, others: tuple[str, ...], kinds: pd.Series | None = None
    ) -> pd.Series:
        """True for labels of a kind, False for those of the others; no more labels."""
        found = self.kinds if kinds is None else kinds
        return found[found.isin([kind, *others])] == kind

    @cached_property
    def separation(self) -> pd.DataFrame:
        """How every score answers each of `QUESTIONS`.

        A row for each: `question`, `score`, `title`, `means`; `average_precision` and `auroc`, each
        an `Estimate`; `base_rate`, `n`. AUROC of one half is no separation, below it the score is
        higher for the others. Highest AUROC first.
        """
        rows = []
        for question, (kind, others) in QUESTIONS.items():
            truth = self.truth(kind, others)
            if not truth.any() or truth.all():
                continue
            for name in self.scores:
                rows.append({"question": question} | self._measured(str(name), truth))
        table = pd.DataFrame(rows)
        order = table["auroc"].map(lambda e: -e.value)
        return table.loc[order.sort_values(kind="stable").index].reset_index(drop=True)

    def _measured(self, name: str, truth: pd.Series) -> dict[str, object]:
        found = audit_measures(oriented(self.scores[name]).loc[truth.index], truth)
        return {
            "score": name,
            "title": SCORES[name].title,
            "means": SCORES[name].means,
            "average_precision": found.average_precision,
            "auroc": found.auroc,
            "base_rate": found.base_rate,
            "n": found.n,
        }

    @cached_property
    def by_threshold(self) -> pd.DataFrame:
        """The first question for the action score where other thresholds say what an error is.

        `error_below`, `errors`, `variation`, `auroc` (an `Estimate`, or None where there are fewer
        than two errors).
        """
        rows = []
        for threshold in THRESHOLDS:
            kinds = label_kinds(*self._given, KindRule(error_below=threshold))
            truth = self.truth("error", ("variation",), kinds)
            found = self._measured("action_score", truth)["auroc"] if truth.sum() > 1 else None
            rows.append(
                {"error_below": threshold, "errors": int(truth.sum())}
                | {"variation": int((~truth).sum()), "auroc": found}
            )
        return pd.DataFrame(rows)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Those of `PAIRS` whose scores are there."""
        return [pair for pair in PAIRS if set(pair) <= set(self.scores.columns)]

    def places(self, pair: tuple[str, str], rule: SuspectRule = RULE) -> pd.DataFrame:
        """The rule's verdicts on the annotated pairs, by their places among all that were scored."""
        found = wrong_or_ambiguous(self.scores[pair[0]], self.scores[pair[1]], rule)
        return found.loc[self.kinds.index].assign(label=self.kinds)

    def sorting(self, pair: tuple[str, str], rule: SuspectRule = RULE) -> SortingMeasures:
        """How often the rule is right.

        Raises:
            DataError: if no suspect is an error, or none is variation.
        """
        found = wrong_or_ambiguous(self.scores[pair[0]], self.scores[pair[1]], rule)
        return measure_sorting(found, self.kinds == "error", self.kinds == "variation")

    @cached_property
    def sorted_by(self) -> pd.DataFrame:
        """The rule on every pair of scores: `wrongness`, `ambiguity`, `balanced_accuracy`, `separation`."""
        rows = []
        for pair in self.pairs:
            try:
                found = self.sorting(pair)
            except DataError:  # no suspect of one kind
                continue
            rows.append(
                {"wrongness": SCORES[pair[0]].title, "ambiguity": SCORES[pair[1]].title}
                | {
                    name: getattr(found, name)
                    for name in ("balanced_accuracy", "separation", "errors_suspected")
                }
            )
        return pd.DataFrame(rows)
