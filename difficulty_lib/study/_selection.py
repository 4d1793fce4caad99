"""Training on a part of the data: what the chapter shows, from cells of condition and seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from difficulty_lib._errors import DataError
from difficulty_lib.analysis import Equivalence, Estimate
from difficulty_lib.scores import SCORES
from difficulty_lib.study._selection_ratio import ratio_of_means
from difficulty_lib.study._steered import MARGIN, PLAIN, PairedRuns, SteeredCell
from difficulty_lib.study._steered_runs import Condition

SUSPECTS, TRUTH = "drop_suspects", "without_errors"
RANDOM = "random"
HOWS = {
    "easiest": "easiest",
    "hardest": "hardest",
    "most_ambiguous": "most ambiguous",
    RANDOM: "random rows",
    "class_balanced": "balanced classes",
    SUSPECTS: "without suspects",
    TRUTH: "without the errors",
}


@dataclass(frozen=True)
class Selection:
    """Which part of the training rows is kept.

    Attributes:
        how: name in `HOWS`.
        kept: share of the rows, as it is asked for.
        score: name in `SCORES`; None where none is looked at.
    """

    how: str
    kept: float
    score: str | None = None

    @property
    def series(self) -> str:
        """In words, without the share."""
        by = "" if self.score is None else f", by {SCORES[self.score].title}"
        return f"{HOWS[self.how]}{by}"

    @property
    def title(self) -> str:
        """In words; its key in the study."""
        return f"{self.series}, {100 * self.kept:g} %"

    @property
    def prunes(self) -> bool:
        """Whether it is meant to take errors out."""
        return self.how in (SUSPECTS, TRUTH)


class SelectionStudy(PairedRuns):
    """What becomes of accuracy when a part of the rows is left out, and which part.

    Args:
        cells: see `PairedRuns`; every condition with plain training on all rows.
        conditions: in the order of the page.
        selections: by title; a condition may lack some.
        split: of the data themselves; the cells' other splits are elsewhere.
        margin: of accuracy, below which a difference does not matter.

    Raises:
        ConfigError, DataError: as `PairedRuns`.
        DataError: also if a condition lacks plain training.
    """

    def __init__(
        self,
        cells: Sequence[SteeredCell],
        conditions: Sequence[Condition],
        selections: Mapping[str, Selection],
        *,
        split: str = "test",
        margin: float = MARGIN,
    ) -> None:
        super().__init__(cells, margin)
        self.of = {condition.name: condition for condition in conditions}
        self.selections = dict(selections)
        self.split = split
        for condition in self.of:
            if PLAIN not in self.methods(condition):
                raise DataError(f"{condition} has no runs of {PLAIN}")

    @property
    def elsewhere(self) -> list[str]:
        """The splits that are not of the data themselves."""
        return [split for split in self.splits if split != self.split]

    def chosen(self, condition: str, *, pruning: bool = False) -> list[Selection]:
        """The selections of a condition: those that keep a share, or those that prune errors."""
        own = [self.selections[m] for m in self.methods(condition) if m in self.selections]
        return [selection for selection in own if selection.prunes == pruning]

    @cached_property
    def kept(self) -> pd.DataFrame:
        """Accuracy by share: `condition`, `split`, `series`, `kept`, `value`, `low`, `high`.

        Every series ends with all rows.
        """
        rows: list[dict[str, Any]] = []
        for condition in self.of:
            for split in self.splits:
                whole = self.accuracy(condition, PLAIN, split)
                chosen = self.chosen(condition)
                for series in dict.fromkeys(s.series for s in chosen):
                    points = {
                        s.kept: self.accuracy(condition, s.title, split)
                        for s in chosen
                        if s.series == series and s.kept < 1
                    } | {1.0: whole}
                    rows += [
                        {"condition": condition, "split": split, "series": series, "kept": share}
                        | {"value": found.value, "low": found.low, "high": found.high}
                        for share, found in sorted(points.items())
                    ]
        return pd.DataFrame(rows)

    @cached_property
    def differences(self) -> pd.DataFrame:
        """A row per condition, split, selection and what it is compared with: `found`.

        `against` is "all rows", and for what is not random "random rows", as many. Columns
        `series`, `how`, `kept`, too.
        """
        rows: list[dict[str, Any]] = []
        for condition in self.of:
            for split in self.splits:
                for s in [*self.chosen(condition), *self.chosen(condition, pruning=True)]:
                    row: dict[str, Any] = {"condition": condition, "split": split}
                    row["series"] = s.series
                    row |= {"how": s.how, "kept": s.kept, "title": s.title}
                    found = self.difference(condition, s.title, PLAIN, split)
                    rows.append(row | {"against": "all rows", "found": found})
                    control = Selection(RANDOM, s.kept).title
                    if s.how != RANDOM and control in self.methods(condition):
                        found = self.difference(condition, s.title, control, split)
                        rows.append(row | {"against": "random rows", "found": found})
        return pd.DataFrame(rows)

    def found(self, against: str, **where: Any) -> list[Equivalence]:
        """All differences of rows whose columns have these values."""
        rows = self.differences
        rows = rows[rows["against"] == against]
        for column, value in where.items():
            rows = rows[rows[column] == value]
        return list(rows["found"])

    def reference(self, condition: str) -> str | None:
        """The condition without errors that is alike otherwise; None if there is none."""
        own = self.of[condition]
        return next(
            (
                name
                for name, other in self.of.items()
                if not other.noise and other.budget == own.budget
            ),
            None,
        )

    @cached_property
    def recovered(self) -> pd.DataFrame:
        """What pruning brings back of the accuracy lost to planted errors.

        A row per condition with errors, split and pruning (and as many random rows): `series`,
        `kept`, `accuracy`, an `Estimate`; `lost`, by the errors, and `gained`, by pruning, each an
        `Estimate` of accuracy; `share`, gained over lost, an `Estimate` whose ends are infinite
        where nothing is shown to be lost. Empty without a condition without errors.
        """
        rows: list[dict[str, Any]] = []
        for condition, settings in self.of.items():
            reference = self.reference(condition)
            if not settings.noise or reference is None:
                continue
            pruned = self.chosen(condition, pruning=True)
            shares = {s.kept for s in pruned}
            controls = [s for s in self.chosen(condition) if s.how == RANDOM and s.kept in shares]
            for split in self.splits:
                noisy = self.accuracies(condition, PLAIN, split)
                lost = self.difference(
                    reference, PLAIN, PLAIN, split, other_condition=condition
                ).difference
                for s in [*pruned, *controls]:
                    gained = self.accuracies(condition, s.title, split) - noisy
                    rows.append(
                        {"condition": condition, "split": split, "series": s.series}
                        | {"how": s.how, "kept": s.kept, "lost": lost}
                        | {"accuracy": self.accuracy(condition, s.title, split)}
                        | {"gained": self.difference(condition, s.title, PLAIN, split)}
                        | {"share": self._share(reference, condition, gained, split)}
                    )
        return pd.DataFrame(rows)

    def _share(self, reference: str, condition: str, gained: pd.Series, split: str) -> Estimate:
        lost = self.accuracies(reference, PLAIN, split) - self.accuracies(condition, PLAIN, split)
        return ratio_of_means(gained, lost)
