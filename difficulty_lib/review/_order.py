"""Which row is shown next: the most suspicious one, and every so often one drawn at random."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from difficulty_lib._errors import ConfigError

How = Literal["ranked", "check"]


@dataclass(frozen=True)
class Order:
    """Positions of a ranking in the order in which they are shown.

    Rows are shown from the top of the ranking; each `every`-th is instead the next of a random
    order of all rows that is fixed by the seed. These checks say how many errors the rows that
    nobody has looked at still hold (`errors_left`).

    Attributes:
        rows: number of rows.
        every: each `every`-th row shown is a check; 0 for none.
        seed: of the random order.

    Raises:
        ConfigError: if `every` is 1 or below 0.
    """

    rows: int
    every: int = 5
    seed: int = 0

    def __post_init__(self) -> None:
        if self.every < 0 or self.every == 1:
            raise ConfigError(
                f"every {self.every} rows a check; expected 2 or more, or 0 for no checks"
            )
        if self.seed < 0:
            raise ConfigError(f"seed is {self.seed}; expected 0 or more")

    @cached_property
    def shuffled(self) -> NDArray[np.int64]:
        """All positions in a random order."""
        drawn: NDArray[np.int64] = np.random.default_rng(self.seed).permutation(self.rows)
        return drawn

    def next(
        self, decided: Collection[int], passed: Collection[int] = ()
    ) -> tuple[int, How] | None:
        """The position to show, and why; None if every row is decided.

        Args:
            decided: positions that have a decision.
            passed: positions that others look at just now, shown only if nothing else is left.
        """
        check = self.every > 0 and (len(decided) + 1) % self.every == 0
        order = self.shuffled if check else range(self.rows)
        waiting = None
        for place in order:
            if place in decided:
                continue
            if place not in passed:
                return int(place), "check" if check else "ranked"
            waiting = int(place) if waiting is None else waiting
        return None if waiting is None else (waiting, "check" if check else "ranked")
