"""How many errors are left in the rows that nobody has looked at?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from difficulty_lib._errors import ConfigError, DataError


@dataclass(frozen=True)
class ErrorsLeft:
    """An estimate of the errors among the rows that nobody has looked at.

    Attributes:
        value: expected number; nan before the first check.
        low: lower end of the interval.
        high: upper end.
        unread: rows that nobody has looked at.
        checks: random rows, below those read by rank, that the estimate rests on.
        found: errors found so far, by rank and by checks.
        level: of the interval.
    """

    value: float
    low: int
    high: int
    unread: int
    checks: int
    found: int
    level: float = 0.95

    def __str__(self) -> str:
        if not self.unread:
            return f"{self.found:,} wrong labels found; every row was looked at"
        about = "unknown" if np.isnan(self.value) else f"about {self.value:,.0f}"
        return (
            f"{self.found:,} wrong labels found; left in the {self.unread:,} rows not looked at: "
            f"{about} [{self.low:,} to {self.high:,}] from {self.checks:,} random checks"
        )


def errors_left(
    decisions: pd.DataFrame, ranking: Sequence[str], *, level: float = 0.95
) -> ErrorsLeft:
    """Errors left among the rows that nobody has looked at, with an interval.

    The model: nothing is assumed of how errors lie in the ranking. Let r be the last position read
    by rank. The checks come from a random order of all rows that was fixed beforehand, so that
    those below r are a simple random sample, without replacement, of all rows below r, whatever r
    is. The number of errors below r then has the exact (Clopper–Pearson kind of) interval of the
    hypergeometric distribution, from which the errors that the checks themselves found are taken.
    A label is an error if it was relabelled; kept and ambiguous ones are none. Skipped checks count
    as right for the lower end, as wrong for the upper one, and not at all for `value`.

    The interval holds its level at a moment that was chosen beforehand. Whoever stops *because* the
    number has become small sees it at its luckiest.

    Args:
        decisions: those that hold, one row each, with columns `row` (its key), `decision` (keep,
            relabel, ambiguous, skip) and `how` (ranked, check), as `Decisions.active` gives them.
        ranking: the keys of all rows, most suspicious first.
        level: of the interval.

    Raises:
        DataError: on a decision about a row that the ranking does not have.
        ConfigError: on a level that is not between 0 and 1.
    """
    if not 0 < level < 1:
        raise ConfigError(f"level is {level!r}; expected a number between 0 and 1")
    place = {key: position for position, key in enumerate(ranking)}
    unknown = [row for row in decisions["row"] if row not in place]
    if unknown:
        raise DataError(f"a decision about row {unknown[0]!r}, which the ranking does not have")
    positions = np.array([place[row] for row in decisions["row"]], dtype=np.int64)
    ranked = decisions["how"].to_numpy(dtype=object) == "ranked"
    made = decisions["decision"].to_numpy(dtype=object)
    reached = int(positions[ranked].max()) + 1 if ranked.any() else 0
    sample = made[(~ranked) & (positions >= reached)]
    rows, wrong = len(ranking) - reached, int((sample == "relabel").sum())
    skipped = int((sample == "skip").sum())
    unread = rows - len(sample)
    low = interval(wrong, len(sample), rows, level)[0] - wrong
    high = interval(wrong + skipped, len(sample), rows, level)[1] - wrong - skipped
    decided = len(sample) - skipped
    value = unread * wrong / decided if decided else float("nan")
    return ErrorsLeft(
        value=float(value) if np.isnan(value) else float(min(max(value, low), high)),
        low=low,
        high=high,
        unread=unread,
        checks=len(sample),
        found=int((made == "relabel").sum()),
        level=level,
    )


def interval(wrong: int, drawn: int, rows: int, level: float = 0.95) -> tuple[int, int]:
    """Exact interval for the number of errors among `rows`, of which `drawn` were drawn at random.

    The lower end is the smallest number under which `wrong` or more had a probability of
    (1 − level) / 2 or more; the upper end is the largest under which `wrong` or fewer had.

    Args:
        wrong: errors among those drawn.
        drawn: rows drawn without replacement.
        rows: all rows they were drawn from.
        level: of the interval.
    """
    tail = (1 - level) / 2 - 1e-9  # equal but for rounding is equal
    least, most = wrong, rows - (drawn - wrong)
    low, above = least, most
    while low < above:  # P(X >= wrong) grows with the number of errors
        middle = (low + above) // 2
        if _at_least(wrong, drawn, rows, middle) >= tail:
            above = middle
        else:
            low = middle + 1
    below, high = least, most
    while below < high:  # P(X <= wrong) falls with it
        middle = (below + high + 1) // 2
        if 1 - _at_least(wrong + 1, drawn, rows, middle) >= tail:
            below = middle
        else:
            high = middle - 1
    return low, high


def _at_least(wrong: int, drawn: int, rows: int, errors: int) -> float:
    """P(X >= wrong) for the errors X among `drawn` rows out of `rows` with so many errors."""
    count = np.arange(max(wrong, 0, drawn - (rows - errors)), min(drawn, errors) + 1)
    table = _log_factorials(rows)

    def choose(n: int, k: NDArray[np.int64]) -> NDArray[np.float64]:
        ways: NDArray[np.float64] = table[n] - table[k] - table[n - k]
        return ways

    logs = choose(errors, count) + choose(rows - errors, drawn - count)
    return float(min(np.exp(logs - choose(rows, np.array([drawn]))).sum(), 1.0))


@lru_cache(maxsize=4)
def _log_factorials(most: int) -> NDArray[np.float64]:
    """log(k!) for k from 0 to `most`."""
    return np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, most + 1)))])
