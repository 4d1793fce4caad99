"""Runs that a score steers, beside plain ones: accuracies by condition, method and seed, in pairs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib.analysis import Equivalence, Estimate, equivalence
from difficulty_lib.audit import over_seeds
from difficulty_lib.training import Run
from difficulty_lib.training._elsewhere import ALSO

MARGIN = 0.004  # of accuracy: .4 points
PLAIN = "plain training"
LONGER = "plain training, longer"


@dataclass(frozen=True)
class SteeredCell:
    """One training, by condition, method and seed.

    Attributes:
        condition: under which it was trained.
        method: what steered it; `PLAIN` for nothing.
        seed: of the training, and of planted errors.
        accuracy: after each epoch, 0 to 1, by the name of the evaluated split.
        rows: samples of an epoch.
        batch_size: samples per update.
        run: that was recorded, where there is one.
    """

    condition: str
    method: str
    seed: int
    accuracy: Mapping[str, Sequence[float]]
    rows: int
    batch_size: int = 32
    run: Run | None = field(default=None, repr=False)

    @classmethod
    def of_run(cls, condition: str, method: str, run: Run) -> SteeredCell:
        """The cell of a recorded run.

        Raises:
            DataError: if its samples are not right or wrong as a whole.
        """
        found = run.record["metrics"].get("accuracy", {})
        known = {
            key.partition("/")[0]: [float(value) for value in values][-run.config.epochs :]
            for key, values in found.items()
            if key.endswith("/evaluation")
        }
        splits = [split for split in run.config.evaluation_splits if split != "train"]
        missing = [split for split in splits if split not in known]
        if missing:
            raise DataError(
                f"{run.folder.name} has no accuracy on {', '.join(missing)}; expected a task of classes"
            )
        return cls(
            condition,
            method,
            run.config.seed,
            {split: known[split] for split in splits},
            run.sizes["train"],
            run.config.batch_size,
            run,
        )

    @property
    def epochs(self) -> int:
        """Of the training."""
        return len(next(iter(self.accuracy.values())))

    @property
    def passes(self) -> int:
        """Samples that were trained on, as often as they were."""
        return self.epochs * self.rows

    @property
    def updates(self) -> int:
        """Of the weights, in an epoch."""
        return math.ceil(self.rows / self.batch_size)


class PairedRuns:
    """Accuracies of every method, compared in pairs of one seed.

    Args:
        cells: every method of a condition with the same seeds, two or more.
        margin: of accuracy, below which a difference does not matter.

    Raises:
        ConfigError: on one seed, or methods with other seeds.
        DataError: if a cell is there twice, or cells have other splits.
    """

    def __init__(self, cells: Sequence[SteeredCell], margin: float = MARGIN) -> None:
        self.cells = list(cells)
        self.margin = margin
        self._by = {(c.condition, c.method, c.seed): c for c in self.cells}
        if len(self._by) < len(self.cells):
            raise DataError("a condition's method has a seed twice; expected each once")
        self.conditions = list(dict.fromkeys(c.condition for c in self.cells))
        self.seeds = sorted({c.seed for c in self.cells})
        if len(self.seeds) < 2:
            raise ConfigError(f"seeds are {self.seeds}; expected two or more, each another one")
        self.splits = list(self.cells[0].accuracy)
        for condition in self.conditions:
            for method in self.methods(condition):
                found = [c for c in self.cells if (c.condition, c.method) == (condition, method)]
                if sorted(c.seed for c in found) != self.seeds:
                    raise ConfigError(
                        f"{condition}, {method} has the seeds {sorted(c.seed for c in found)}; "
                        f"expected {self.seeds}, as elsewhere"
                    )
                if any(list(c.accuracy) != self.splits for c in found):
                    raise DataError(
                        f"{condition}, {method} is evaluated on other splits than "
                        f"{', '.join(self.splits)}"
                    )

    @property
    def runs(self) -> list[Run]:
        """Every cell's run."""
        return [cell.run for cell in self.cells if cell.run is not None]

    @property
    def collapsed(self) -> int:
        """Runs whose model learnt nothing; they count all the same, as sources of scores, too."""
        return sum(learnt_nothing(run) for run in self.runs)

    def methods(self, condition: str) -> list[str]:
        """What was trained under a condition, in the order of the cells."""
        return list(dict.fromkeys(c.method for c in self.cells if c.condition == condition))

    def cell(self, condition: str, method: str, seed: int) -> SteeredCell:
        """One training.

        Raises:
            ConfigError: if it was not trained.
        """
        try:
            return self._by[condition, method, seed]
        except KeyError:
            raise ConfigError(f"{condition}, {method} was not trained with seed {seed}") from None

    def accuracies(
        self, condition: str, method: str, split: str | None = None, epoch: int = -1
    ) -> pd.Series:
        """Accuracy by seed, after the last epoch if none is given, on the first split if none is."""
        cells = [self.cell(condition, method, seed) for seed in self.seeds]
        values = [cell.accuracy[split or self.splits[0]][epoch] for cell in cells]
        return pd.Series(values, index=pd.Index(self.seeds, name="seed"), name="accuracy")

    def accuracy(
        self, condition: str, method: str, split: str | None = None, epoch: int = -1
    ) -> Estimate:
        """Mean accuracy over the seeds, with Student's t interval."""
        return over_seeds(self.accuracies(condition, method, split, epoch).tolist())

    def difference(
        self,
        condition: str,
        method: str,
        other: str,
        split: str | None = None,
        *,
        other_condition: str | None = None,
    ) -> Equivalence:
        """Accuracy of the first method minus the other's, paired by seed."""
        return equivalence(
            self.accuracies(condition, method, split),
            self.accuracies(other_condition or condition, other, split),
            self.margin,
        )


def learnt_nothing(run: Run) -> bool:
    """Whether a run's own samples say so: on other data a model may be worse than chance, and be none."""
    elsewhere = run.config.intervention.get(ALSO, {})
    found = run.record.get("health", {}).items()
    return any(said for where, said in found if where.partition("/")[0] not in elsewhere)
