"""The benchmark of planted errors: what the chapter shows, from cells of corruption, rate and seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib.analysis import Estimate
from difficulty_lib.audit import (
    ENSEMBLES,
    CellContestants,
    ContestantComparison,
    audit_over_time,
    compare_contestants,
    minutes_per_error,
    over_seeds,
    review_curve,
)
from difficulty_lib.dynamics import StreamDynamics
from difficulty_lib.scores import SCORES
from difficulty_lib.training import Run

ACTION = "action_score"
# Sums of the same losses: no rival of the action score's.
FAMILY = (ACTION, "action_score_mean", "action_score_initial")
STREAMS = {
    "evaluation": "after each epoch",
    "training": "while training",
    "cross_validated": "held out",
}
AP = "average_precision"
OVER_TIME = (ACTION, "last_loss")
SECONDS = 5.0
SHARE = 0.8
READ = 101  # places of the reviewer's curves

Setting = tuple[str, float]


@dataclass(frozen=True)
class AuditCell(CellContestants):
    """One training on data with planted errors, who ranked the rows, and what was recorded.

    Attributes:
        streams: of the training split, by name, for what each epoch gives.
        run: that was trained, where there is one.
    """

    streams: Mapping[str, StreamDynamics] = field(default_factory=dict, repr=False)
    run: Run | None = field(default=None, repr=False)

    @property
    def setting(self) -> Setting:
        """Corruption and rate."""
        return self.corruption, self.rate

    @property
    def collapsed(self) -> bool:
        """Whether the model learnt nothing, so that no score of it can find anything."""
        return any(stream.collapsed is not None for stream in self.streams.values())


class AuditStudy:
    """Which ranking finds the planted errors, over all settings and seeds.

    Args:
        cells: every setting with the same seeds, two or more.
        table: of all cells, as `benchmark_table` gives it: `corruption`, `rate`, `seed`,
            `contestant`, `measure`, `value`, `low`, `high`, `base_rate`.

    Raises:
        ConfigError: if a setting has one seed, or settings have other seeds.
        DataError: if no action score is among the contestants, or no other score, or a cell has no
            average precision in the table.

    A rival is every registered score but the action score and its variants, on whatever stream. The
    best of them is chosen for each seed on the *other* seeds of its setting, so that what is
    reported had no part in the choice; `oracle` is chosen on what is reported, and says so.
    """

    def __init__(self, cells: Sequence[AuditCell], table: pd.DataFrame) -> None:
        self.cells = list(cells)
        self.settings: list[Setting] = list(dict.fromkeys(cell.setting for cell in self.cells))
        seeds = {s: sorted(c.seed for c in self.cells if c.setting == s) for s in self.settings}
        self.seeds = next(iter(seeds.values()), [])
        if len(self.seeds) < 2 or len(set(self.seeds)) < len(self.seeds):
            raise ConfigError(f"seeds are {self.seeds}; expected two or more, each another one")
        for setting, found in seeds.items():
            if found != self.seeds:
                raise ConfigError(
                    f"{named(setting)} has the seeds {found}, {named(self.settings[0])} "
                    f"{self.seeds}; expected the same seeds in every setting"
                )
        self.table = table
        # Those that some cell lacks cannot be compared over all of them.
        self.precision = _precision(self.cells, table)
        if not self.actions or not self.rivals:
            raise DataError(
                f"contestants are {', '.join(self.precision.columns)}; expected an action score "
                "and another registered score among them"
            )

    @property
    def runs(self) -> list[Run]:
        """Every cell's run, without those of folds."""
        return [cell.run for cell in self.cells if cell.run is not None]

    @cached_property
    def actions(self) -> list[str]:
        """The action score's contestants, one per stream, the evaluation stream's first."""
        known = {name.split("/")[1]: name for name in self._scores if _score(name) == ACTION}
        return [known[stream] for stream in STREAMS if stream in known]

    @cached_property
    def rivals(self) -> list[str]:
        """Every other registered score's contestants."""
        return [name for name in self._scores if _score(name) not in FAMILY]

    @property
    def _scores(self) -> list[str]:
        return [name for name in self.precision if "/" in name and _score(name) in SCORES]

    def contestant(self, score: str) -> str | None:
        """The first contestant of this name, whatever stands behind the stroke; None without one.

        Of the ensembles it is the one of most members.
        """
        if score == "ensemble":
            return next((n for n in reversed(list(ENSEMBLES)) if n in self.precision), None)
        return next((name for name in self.precision if _score(name) == score), None)

    @cached_property
    def base_rates(self) -> dict[Setting, float]:
        """Share of errors by setting, the mean over seeds."""
        return {
            s: float(np.mean([c.truth.mean() for c in self._cells_of(s)])) for s in self.settings
        }

    @cached_property
    def learnt(self) -> dict[Setting, Estimate]:
        """Share of the rows without an error whose label the model predicts in the last epoch.

        While training, or after it where that alone was recorded; by setting, the mean over seeds.
        Settings without any stream that says so are left out.
        """
        found = {}
        for setting in self.settings:
            shares = [share for c in self._cells_of(setting) if (share := _learnt(c)) is not None]
            if len(shares) == len(self.seeds):
                found[setting] = over_seeds(shares)
        return found

    @cached_property
    def chosen(self) -> pd.Series:
        """The best rival by (corruption, rate, seed), chosen on the other seeds of the setting."""
        found = {}
        for setting in self.settings:
            values = self.precision.loc[setting, self.rivals]
            for seed in self.seeds:
                found[(*setting, seed)] = str(values.drop(index=seed).mean().idxmax())
        index = pd.MultiIndex.from_tuples(list(found), names=self.precision.index.names)
        return pd.Series(list(found.values()), index=index, name="chosen")

    @cached_property
    def best(self) -> pd.Series:
        """Average precision of the chosen rival by (corruption, rate, seed)."""
        values = [float(self.precision.at[cell, name]) for cell, name in self.chosen.items()]
        return pd.Series(values, index=self.chosen.index, name="best")

    @cached_property
    def oracle(self) -> dict[Setting, str]:
        """The rival that is best on the very seeds that are reported."""
        return {s: str(self.precision.loc[s, self.rivals].mean().idxmax()) for s in self.settings}

    def over_seeds(self, contestant: str, setting: Setting) -> Estimate:
        """A contestant's mean average precision over the seeds; "best" is the chosen rival."""
        return over_seeds(self._values(contestant).loc[setting].tolist())

    def distance(self, first: str, second: str, setting: Setting | None = None) -> Estimate:
        """Average precision of the first minus that of the second, paired over seeds.

        Args:
            first: a contestant, or "best".
            second: another.
            setting: corruption and rate; over all of them, a mean for each seed, if not given.
        """
        apart = self._values(first) - self._values(second)
        if setting is not None:
            return over_seeds(apart.loc[setting].tolist())
        return over_seeds(apart.groupby(level="seed").mean().tolist())

    def _values(self, contestant: str) -> pd.Series:
        return self.best if contestant == "best" else self.precision[contestant]

    @cached_property
    def beyond_last(self) -> dict[str, Estimate]:
        """By action score, its distance over all settings to the last epoch's loss on its stream."""
        losses = {name: name.replace(ACTION, "last_loss") for name in self.actions}
        return {
            name: self.distance(name, loss)
            for name, loss in losses.items()
            if loss in self.precision
        }

    @cached_property
    def series(self) -> dict[str, str]:
        """What the charts show, contestant by its title: named in advance, but for the best."""
        shown = {title(name): name for name in self.actions}
        shown["best other score"] = "best"
        for score in ("confident_learning", "neighbour_disagreement", "ensemble", "random"):
            name = self.contestant(score)
            if name is not None:
                shown[title(name)] = name
        return shown

    @cached_property
    def precisions(self) -> pd.DataFrame:
        """A row per setting and shown contestant: average precision over seeds, with its interval."""
        rows: list[dict[str, Any]] = []
        for setting in self.settings:
            for label, name in self.series.items():
                found = self.over_seeds(name, setting)
                rows.append(
                    _setting(setting)
                    | {"series": label, "value": found.value, "low": found.low}
                    | {"high": found.high, "base_rate": self.base_rates[setting]}
                )
        return pd.DataFrame(rows)

    @cached_property
    def overview(self) -> pd.DataFrame:
        """A row per setting: the action scores, the best rival, and their paired distances.

        Columns `corruption`, `rate`, `base_rate`; by stream `<stream>` and `<stream>_distance`; and
        `best`, `oracle`, each an `Estimate`; `oracle_name`, `chosen`: the rivals that were chosen.
        """
        rows = []
        for setting in self.settings:
            row: dict[str, Any] = {"corruption": setting[0], "rate": setting[1]}
            row["base_rate"] = self.base_rates[setting]
            for name in self.actions:
                row[_stream(name)] = self.over_seeds(name, setting)
                row[f"{_stream(name)}_distance"] = self.distance(name, "best", setting)
            row["best"] = self.over_seeds("best", setting)
            row["oracle"] = self.over_seeds(self.oracle[setting], setting)
            row["oracle_name"] = self.oracle[setting]
            row["chosen"] = tuple(dict.fromkeys(self.chosen.loc[setting]))
            rows.append(row)
        return pd.DataFrame(rows)

    @cached_property
    def everyone(self) -> pd.DataFrame:
        """A row per setting and contestant, those that rank alike everywhere once: for the heat map.

        Columns `corruption`, `rate`, `setting`, `contestant`, `title`, `value`, `low`, `high`; the
        contestants in the order of their mean ranks.
        """
        rows: list[dict[str, Any]] = []
        for name in self.comparison.mean_ranks.index:
            for setting in self.settings:
                found = self.over_seeds(name, setting)
                rows.append(
                    _setting(setting)
                    | {"contestant": name, "title": title(name), "value": found.value}
                    | {"low": found.low, "high": found.high}
                )
        return pd.DataFrame(rows)

    @cached_property
    def comparison(self) -> ContestantComparison:
        """Mean ranks over all cells, of those that do not rank as an earlier one does everywhere."""
        return compare_contestants(self.distinct)

    @cached_property
    def distinct(self) -> pd.DataFrame:
        """Average precision by cell, without what equals an earlier contestant's in every cell."""
        return self.precision.loc[:, ~self.precision.round(12).T.duplicated()]

    @cached_property
    def same(self) -> dict[str, str]:
        """The contestants left out of `distinct`, each with the one that it equals."""
        kept = {tuple(values.round(12)): name for name, values in self.distinct.items()}
        return {
            name: str(kept[tuple(values.round(12))])
            for name, values in self.precision.items()
            if name not in self.distinct
        }

    def _cells_of(self, setting: Setting) -> list[AuditCell]:
        return [cell for cell in self.cells if cell.setting == setting]

    def _hard(self, cell: AuditCell, name: str) -> pd.Series:
        if name == "best":
            name = str(self.chosen[(*cell.setting, cell.seed)])
        return cell.contestants[name]

    @cached_property
    def minutes(self) -> pd.DataFrame:
        """Minutes of a reviewer per error, until 80 % are found: a row per setting and series.

        `estimate` is the geometric mean over the seeds with Student's t interval of the logarithms,
        for minutes are above 0 and their ratios count.
        """
        rows: list[dict[str, Any]] = []
        for setting in self.settings:
            for label, name in self.series.items():
                logs = [
                    float(np.log(self._minutes(cell, name))) for cell in self._cells_of(setting)
                ]
                found = over_seeds(logs)
                value, low, high = (float(np.exp(x)) for x in (found.value, found.low, found.high))
                estimate = Estimate(value, low, high, n=found.n)
                rows.append(_setting(setting) | {"series": label, "estimate": estimate})
        return pd.DataFrame(rows)

    def _minutes(self, cell: AuditCell, name: str) -> float:
        hard = self._hard(cell, name)
        truth = cell.truth.loc[hard.index]
        return minutes_per_error(hard, truth, seconds=SECONDS, share=SHARE, resamples=0).value

    def curves(self, setting: Setting) -> pd.DataFrame:
        """What a reviewer has found by then: the mean over seeds, a row per series and place.

        Columns `series`, `read` (share of the rows), `minutes`, `found` (share of the errors) and
        `precision` (share of errors among the rows read; NaN where none is).

        Raises:
            ConfigError: on a setting that was not run.
        """
        if setting not in self.settings:
            raise ConfigError(
                f"setting is {named(setting)}; expected one of {', '.join(map(named, self.settings))}"
            )
        read = np.linspace(0, 1, READ)
        parts = []
        for label, name in self.series.items():
            found, minutes, errors = [], [], []
            for cell in self._cells_of(setting):
                hard = self._hard(cell, name)
                truth = cell.truth.loc[hard.index]
                curve = review_curve(hard, truth, seconds=SECONDS, points=READ)
                whole = len(hard)
                found.append(np.interp(read, curve["rows"] / whole, curve["share"]))
                errors.append(found[-1] * truth.sum())
                minutes.append(read * whole * SECONDS / 60)
            rows = np.mean(minutes, axis=0) * 60 / SECONDS
            with np.errstate(invalid="ignore"):
                precision = np.mean(errors, axis=0) / rows
            part = {"series": label, "read": read, "minutes": np.mean(minutes, axis=0)}
            parts.append(
                pd.DataFrame(part | {"found": np.mean(found, axis=0), "precision": precision})
            )
        return pd.concat(parts, ignore_index=True)

    @cached_property
    def over_time(self) -> pd.DataFrame:
        """Average precision from the first epochs: a row per setting, stream, score and epoch.

        `title` and `observed` say score and stream in words;
        `value`, `low`, `high` over seeds; `to_last`, an `Estimate` of it minus what all epochs give,
        paired over seeds; `spearman` with the ranking of all epochs, the mean over seeds. Trainings
        that learnt nothing are left out, and settings with fewer than two others.
        """
        rows: list[dict[str, Any]] = []
        for setting in self.settings:
            cells = [cell for cell in self._cells_of(setting) if not cell.collapsed]
            for stream in STREAMS:
                if len(cells) < 2 or not all(stream in cell.streams for cell in cells):
                    continue
                parts = [_over_time(cell, stream) for cell in cells]
                for (score, epoch), part in pd.concat(parts).groupby(
                    ["score", "epoch"], sort=False
                ):
                    if len(part) < len(cells):
                        continue
                    found = over_seeds(part[AP].tolist())
                    rows.append(
                        _setting(setting)
                        | {"stream": stream, "score": score, "epoch": int(epoch)}
                        | {"title": SCORES[score].title, "observed": STREAMS[stream]}
                        | {"value": found.value, "low": found.low, "high": found.high}
                        | {"to_last": over_seeds(part["to_last"].tolist())}
                        | {"spearman": float(part["spearman"].mean())}
                    )
        return pd.DataFrame(rows)


def named(setting: Setting) -> str:
    """A setting in words: "flip labels, 10 %"."""
    return f"{setting[0].replace('_', ' ')}, {100 * setting[1]:g} %"


def title(contestant: str) -> str:
    """A contestant in words: a score's title and how it was observed."""
    name, _, rest = contestant.partition("/")
    if name in SCORES and rest:
        stream, _, more = rest.partition("/")
        words = STREAMS.get(stream, stream.replace("_", " "))
        return f"{SCORES[name].title}, {words}" + (f" ({more})" if more else "")
    words = {"random": "random order"}.get(name, name.replace("_", " "))
    more = STREAMS.get(rest, rest.replace("_", " "))
    if name == "neighbour_disagreement":
        return f"disagreement with {more} neighbours"
    return f"{words} ({more})" if more else words


def _precision(cells: Sequence[AuditCell], table: pd.DataFrame) -> pd.DataFrame:
    keys = ["corruption", "rate", "seed"]
    own = table[table["measure"] == AP]
    wide = own.pivot(index=keys, columns="contestant", values="value")
    index = pd.MultiIndex.from_tuples([(*c.setting, c.seed) for c in cells], names=keys)
    missing = index.difference(wide.index)
    if len(missing):
        raise DataError(
            f"the table has no average precision of {len(missing)} cells, first: "
            f"{named(missing[0][:2])}, seed {missing[0][2]}"
        )
    # In the order of the first cell: the table's is that of what they found.
    order = [name for name in cells[0].contestants if name in wide.columns]
    found: pd.DataFrame = wide.loc[index, order].dropna(axis="columns").sort_index()
    return found


def _over_time(cell: AuditCell, stream: str) -> pd.DataFrame:
    recorded = cell.streams[stream]
    names = [name for name in OVER_TIME if SCORES[name].available(recorded)]
    return audit_over_time(recorded, cell.truth.loc[recorded.ids], names, resamples=0)


def _score(contestant: str) -> str:
    return contestant.partition("/")[0]


def _stream(contestant: str) -> str:
    return contestant.split("/")[1]


def _setting(setting: Setting) -> dict[str, Any]:
    return {"corruption": setting[0], "rate": setting[1], "setting": named(setting)}


def _learnt(cell: AuditCell) -> float | None:
    stream = cell.streams.get("training", cell.streams.get("evaluation"))
    if stream is None or not stream.available("correct"):
        return None
    clean = ~cell.truth.loc[stream.ids].to_numpy(dtype=bool)
    return float(stream.matrix("correct")[-1, clean].mean())
