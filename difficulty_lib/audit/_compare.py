"""Which contestant is better over many settings: mean ranks, Friedman's test, Nemenyi's distance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib._extras import require


@dataclass(frozen=True)
class ContestantComparison:
    """Contestants by their mean rank over settings.

    Attributes:
        mean_ranks: by contestant, 1 is the best; the best first.
        statistic: Friedman's χ², corrected for ties, with K − 1 degrees of freedom.
        p_value: of it: how likely are ranks so far apart if all contestants are alike.
        critical_difference: mean ranks at least so far apart differ (Nemenyi).
        groups: the largest sets of contestants that do not differ, in the order of their ranks;
            one that differs from all others is in none.
        settings: their number N.
        alpha: the level of the tests.
    """

    mean_ranks: pd.Series
    statistic: float
    p_value: float
    critical_difference: float
    groups: tuple[tuple[str, ...], ...]
    settings: int
    alpha: float

    def differ(self, first: str, second: str) -> bool:
        """Whether two contestants' mean ranks are a critical difference apart, or more.

        Raises:
            ConfigError: on an unknown contestant.
        """
        for name in (first, second):
            if name not in self.mean_ranks.index:
                raise ConfigError(
                    f"unknown contestant '{name}'; known: {', '.join(self.mean_ranks.index)}"
                )
        apart = abs(self.mean_ranks[first] - self.mean_ranks[second])
        return bool(apart >= self.critical_difference)


def compare_contestants(
    table: pd.DataFrame, *, higher_is_better: bool = True, alpha: float = 0.05
) -> ContestantComparison:
    """Rank the contestants within every setting, and test whether their mean ranks differ.

    Settings count as independent. Seeds of one data set are not quite, so that the tests then
    speak of that data set alone.

    Args:
        table: one measure, a row per setting (such as corruption, rate and seed), a column per
            contestant; a long table becomes one by `pivot`.
        higher_is_better: whether a high value is good: not so for the effort.
        alpha: the level of the tests.

    Raises:
        ConfigError: on a level outside (0, 1).
        DataError: on fewer than two settings or contestants, doubled names, or values that are not
            finite: every contestant takes part in every setting.

    Source: Demšar 2006.
    """
    if not 0 < alpha < 1:
        raise ConfigError(f"alpha is {alpha:g}; expected above 0 and below 1")
    settings, count = table.shape
    if settings < 2 or count < 2:
        raise DataError(f"{count} contestants in {settings} settings; expected two or more of each")
    names = [str(name) for name in table.columns]
    if len(set(names)) < count:
        raise DataError(f"contestants are {', '.join(names)}; expected a name for each")
    values = table.to_numpy(dtype=float)
    if not np.isfinite(values).all():
        row, column = np.argwhere(~np.isfinite(values))[0]
        raise DataError(
            f"'{names[column]}' has no finite value in setting {table.index[row]}; expected every "
            "contestant in every setting"
        )
    stats = require("scipy.stats", "train")
    # Rankings that are alike may be measured in another order of sums: the last digits are noise.
    ranks = stats.rankdata(np.round(-values if higher_is_better else values, 12), axis=1)
    means = pd.Series(ranks.mean(axis=0), index=pd.Index(names, name="contestant"), name="rank")
    means = means.sort_values(kind="stable")
    spread = float(((ranks - (count + 1) / 2) ** 2).sum())
    between = settings**2 * float(((means - (count + 1) / 2) ** 2).sum())
    statistic = (count - 1) * between / spread if spread else 0.0
    critical = float(stats.studentized_range.ppf(1 - alpha, count, np.inf)) / np.sqrt(2)
    critical *= np.sqrt(count * (count + 1) / (6 * settings))
    return ContestantComparison(
        mean_ranks=means,
        statistic=statistic,
        p_value=float(stats.chi2.sf(statistic, count - 1)),
        critical_difference=float(critical),
        groups=_groups(means, float(critical)),
        settings=settings,
        alpha=alpha,
    )


def _groups(means: pd.Series, critical: float) -> tuple[tuple[str, ...], ...]:
    values, names = means.to_numpy(), list(means.index)
    found: list[tuple[str, ...]] = []
    reached = 0
    for start, best in enumerate(values):
        end = int((values < best + critical).sum())
        if end > max(reached, start + 1):  # no part of the group before it
            found.append(tuple(names[start:end]))
            reached = end
    return tuple(found)
