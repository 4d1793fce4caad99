"""Curricula against plain training: what the chapter shows, from cells of condition and seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from difficulty_lib._errors import DataError
from difficulty_lib.analysis import Equivalence
from difficulty_lib.budget import EVALUATION_COST
from difficulty_lib.scores import SCORES
from difficulty_lib.study._curriculum_classes import recalls
from difficulty_lib.study._steered import LONGER, MARGIN, PLAIN, PairedRuns, SteeredCell
from difficulty_lib.study._steered_runs import Condition

# Where a curriculum's scores come from, in words.
SOURCES = {
    "same": "a whole run before",
    "first_epoch": "that run's first epoch",
    "other_model": "another model's run",
}


@dataclass(frozen=True)
class Curriculum:
    """In which order samples come, how fast, and by what.

    Attributes:
        order: name in `curriculum.ORDERS`.
        pacing: name in `curriculum.PACINGS`.
        score: name in `SCORES`; None for a random order.
        source: name in `SOURCES`.
    """

    order: str
    pacing: str
    score: str | None = None
    source: str = "same"

    @property
    def title(self) -> str:
        """In words; its key in the study."""
        order = self.order.replace("_", " ")
        if self.score is None:
            return f"{order} order, {self.pacing} pacing"
        by = SCORES[self.score].title + (
            "" if self.source == "same" else f" of {SOURCES[self.source]}"
        )
        return f"{order}, {self.pacing} pacing, by {by}"

    @property
    def control(self) -> str:
        """Title of the random order with the same pacing."""
        return Curriculum("random", self.pacing).title


class CurriculumStudy(PairedRuns):
    """Whether an order of the samples helps, in every condition.

    Args:
        cells: see `PairedRuns`; every condition with plain training, every curriculum and its
            random control.
        conditions: in the order of the page.
        curricula: by title.
        tuning: a row per condition, learning rate and tuning seed: `condition`, `chosen`, `rate`,
            `seed`, `accuracy`; may be empty.
        margin: of accuracy, below which a difference does not matter.
        split: that is reported.

    Raises:
        ConfigError, DataError: as `PairedRuns`.
        DataError: also if a condition lacks plain training or a curriculum.
    """

    def __init__(
        self,
        cells: Sequence[SteeredCell],
        conditions: Sequence[Condition],
        curricula: Mapping[str, Curriculum],
        tuning: pd.DataFrame | None = None,
        *,
        margin: float = MARGIN,
        split: str = "test",
    ) -> None:
        super().__init__(cells, margin)
        self.of = {condition.name: condition for condition in conditions}
        self.curricula = dict(curricula)
        self.tuning = pd.DataFrame() if tuning is None else tuning
        self.split = split
        for condition in self.of:
            missing = sorted({PLAIN, *self.curricula} - set(self.methods(condition)))
            if missing:
                raise DataError(f"{condition} has no runs of {', '.join(missing)}")

    @property
    def steered(self) -> list[str]:
        """Titles of the curricula that follow a score."""
        return [title for title, c in self.curricula.items() if c.score is not None]

    @property
    def controls(self) -> list[str]:
        """Titles of the random orders."""
        return [title for title, c in self.curricula.items() if c.score is None]

    def against(self, condition: str, title: str) -> dict[str, Equivalence]:
        """A curriculum's differences, by what it is compared with.

        `plain`; `random`, in the same pacing, if it is not that itself; `as costly`: where the scores
        are of the condition's own plain run, plain training for as long as both together, and
        where they are of a longer run of another condition, that run.
        """
        found = {"plain": self.difference(condition, title, PLAIN)}
        curriculum = self.curricula[title]
        if curriculum.score is None:
            return found
        found["random"] = self.difference(condition, title, curriculum.control)
        teacher = self.of[condition].teacher
        if curriculum.source == "same":
            if teacher is not None:
                found["as costly"] = self.difference(
                    condition, title, PLAIN, other_condition=teacher
                )
            elif LONGER in self.methods(condition):
                found["as costly"] = self.difference(condition, title, LONGER)
        return found

    @cached_property
    def differences(self) -> pd.DataFrame:
        """A row per condition, curriculum and what it is compared with: `found`, an `Equivalence`."""
        rows = [
            {"condition": condition, "curriculum": title, "against": other, "found": found}
            for condition in self.of
            for title in self.curricula
            for other, found in self.against(condition, title).items()
        ]
        return pd.DataFrame(rows)

    def found(self, against: str, condition: str | None = None) -> list[Equivalence]:
        """All that score-ordered curricula's differences say, in one condition or in all."""
        rows = self.differences
        rows = rows[(rows["against"] == against) & rows["curriculum"].isin(self.steered)]
        if condition is not None:
            rows = rows[rows["condition"] == condition]
        return list(rows["found"])

    @cached_property
    def best(self) -> dict[str, str]:
        """By condition, the score-ordered curriculum with the highest mean accuracy."""
        return {
            condition: max(self.steered, key=lambda t: self.accuracy(condition, t).value)
            for condition in self.of
        }

    @cached_property
    def steps(self) -> pd.DataFrame:
        """Accuracy by updates: `condition`, `method`, `epoch`, `updates`, `value`, `low`, `high`."""
        rows: list[dict[str, Any]] = []
        for condition in self.of:
            for method in self.methods(condition):
                cell = self.cell(condition, method, self.seeds[0])
                for epoch in range(1, cell.epochs + 1):
                    found = self.accuracy(condition, method, epoch=epoch - 1)
                    rows.append(
                        {"condition": condition, "method": method, "epoch": epoch}
                        | {"updates": epoch * cell.updates, "value": found.value}
                        | {"low": found.low, "high": found.high}
                    )
        return pd.DataFrame(rows)

    @cached_property
    def recalls(self) -> pd.DataFrame:
        """How much of each class is recognized, see `recalls`."""
        return recalls(self, list(self.curricula), self.split)

    @cached_property
    def costs(self) -> pd.DataFrame:
        """Passes of samples by condition and kind of scores.

        Columns `condition`, `source`; `own`, trained on by the curriculum's run; `trained` and
        `observed`, for its scores, forward and backward, and forward alone; `factor`, all of them
        over the curriculum's own, where a pass forward alone counts a fifth.
        """
        kinds = dict.fromkeys(c.source for c in self.curricula.values() if c.score is not None)
        rows: list[dict[str, Any]] = []
        for condition, settings in self.of.items():
            own = self.cell(condition, PLAIN, self.seeds[0])
            same = self.cell(settings.teacher or condition, PLAIN, self.seeds[0])
            for source in kinds:
                teacher = own if source == "other_model" else same
                epochs = 1 if source == "first_epoch" else teacher.epochs
                passes = epochs * teacher.rows
                factor = 1 + passes * (1 + EVALUATION_COST) / own.passes
                rows.append(
                    {"condition": condition, "source": source, "own": own.passes}
                    | {"trained": passes, "observed": passes, "factor": factor}
                )
        return pd.DataFrame(rows)
