"""Out of distribution: how well scores tell strange texts, and which texts of one's own they mistake."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib.analysis import Estimate
from difficulty_lib.analysis._estimate import _ranks
from difficulty_lib.analysis._measures import area_under_roc
from difficulty_lib.analysis._resampled import partial_spearman_of, spearman_of
from difficulty_lib.audit import over_seeds
from difficulty_lib.ood import OOD_SCORES, length_matched_auroc
from difficulty_lib.ood._measures import _area, _let_in
from difficulty_lib.scores import SCORES
from difficulty_lib.study._mixup import MixupCell, check_seeds, outsides_of
from difficulty_lib.study._mixup_methods import PLAIN
from difficulty_lib.training import Run
from difficulty_lib.training._ood import INSIDE

Array = NDArray[np.float64]
LEVEL = 0.95
RESAMPLES = 400
TENTHS = 10
LENGTHS = ("length", "length_distance")
DIFFICULTY = "action_score"
SOURCES = {"same": "of the same training", "other": "of other seeds' trainings"}
MEASURES = {
    "auroc": "AUROC",
    "false_positives": "FPR at 95 % TPR",
    "matched_auroc": "AUROC, lengths matched",
}


def crossed(
    statistics: Sequence[Callable[..., Array]], sizes: Sequence[int], resamples: int = RESAMPLES
) -> Estimate:
    """The mean over trainings of a figure of the same texts, texts and trainings both resampled.

    Args:
        statistics: a function for each training, of rows of each kind of text, shapes (R, n), to (R,).
        sizes: how many texts of each kind there are.
        resamples: bootstrap resamples.
    """
    rng = np.random.default_rng(0)
    whole = [np.arange(size)[None] for size in sizes]
    value = float(np.mean([statistic(*whole)[0] for statistic in statistics]))
    step = max(1, 2_000_000 // sum(sizes))
    draws = []
    for start in range(0, resamples, step):
        count = min(step, resamples - start)
        rows = [rng.integers(0, size, (count, size)) for size in sizes]
        each = np.stack([statistic(*rows) for statistic in statistics])
        chosen = rng.integers(0, len(statistics), (count, len(statistics)))
        draws.append(each[chosen, np.arange(count)[:, None]].mean(axis=1))
    low, high = np.quantile(np.concatenate(draws), [0.025, 0.975])
    return Estimate(value, float(low), float(high), n=sum(sizes))


class OodStudy:
    """Trainings of one data set under several methods and seeds, and what they make of other texts.

    Args:
        cells: every method with the same seeds, two or more, the plain one among them.

    Raises:
        ConfigError: on one seed, seeds that differ, or no plain runs.
        DataError: if a run keeps no texts from elsewhere, or others than the rest.
    """

    def __init__(self, cells: Sequence[MixupCell]) -> None:
        self.cells = list(cells)
        self.methods = list(dict.fromkeys(cell.method for cell in self.cells))
        settings = list(dict.fromkeys(cell.setting for cell in self.cells))
        if len(settings) != 1:
            raise ConfigError(f"settings are {', '.join(settings)}; expected one")
        self.seeds = check_seeds(self.cells, settings, self.methods)
        self.tables = {(c.method, c.seed): _table_of(c.run) for c in self.cells}
        self.first = self.tables[PLAIN, self.seeds[0]]
        for key, table in self.tables.items():
            if not table.index.equals(self.first.index):
                raise DataError(f"{key[0]}, seed {key[1]}, saw other texts than the first training")
        self.outsides = outsides_of(self.first)
        if not self.outsides:
            raise DataError("no texts from elsewhere were kept; expected one source or more")

    @property
    def runs(self) -> list[Run]:
        """Every cell's run."""
        return [cell.run for cell in self.cells]

    def run(self, method: str, seed: int) -> Run:
        """One training's run."""
        return next(c.run for c in self.cells if (c.method, c.seed) == (method, seed))

    @cached_property
    def scores(self) -> list[str]:
        """The out-of-distribution scores that some plain training kept."""
        kept = [self.tables[PLAIN, seed] for seed in self.seeds]
        return [name for name in OOD_SCORES if any(name in table for table in kept)]

    def strangeness(self, score: str, source: str, method: str = PLAIN) -> list[Array]:
        """A score of a source's texts, high for strange, by training that kept it; shape (N,) each.

        What reads no model but the texts is the same in all, and one training is enough.
        """
        sign = 1 if OOD_SCORES[score].higher_is_outside else -1
        tables = [self.tables[method, seed] for seed in self.seeds]
        return [
            sign * table.loc[source, score].to_numpy(dtype=np.float64)
            for table in tables
            if score in table
        ]

    def _pairs(self, score: str, outside: str, method: str = PLAIN) -> list[tuple[Array, Array]]:
        return list(
            zip(self.strangeness(score, INSIDE, method), self.strangeness(score, outside, method))
        )

    def words(self, source: str) -> Array:
        """Words of a source's texts."""
        found: Array = self.first.loc[source, "words"].to_numpy(dtype=np.float64)
        return found

    @cached_property
    def detections(self) -> pd.DataFrame:
        """A row per outside and score: `auroc`, `false_positives`, `matched_auroc`, each an `Estimate`.

        Of the plain trainings; intervals resample texts and trainings. The matched area is None
        where too few texts have a length in common; `matched_inside` and `matched_outside` count
        those that have.
        """
        rows: list[dict[str, Any]] = []
        for outside in self.outsides:
            for score in self.scores:
                pairs = self._pairs(score, outside)
                sizes = [len(side) for side in pairs[0]]
                row: dict[str, Any] = {"outside": outside, "score": score}
                row["auroc"] = crossed([_area_of(*pair) for pair in pairs], sizes)
                row["false_positives"] = crossed([_rate_of(*pair) for pair in pairs], sizes)
                rows.append(row | self._matched(pairs, outside))
        return pd.DataFrame(rows)

    def _matched(self, pairs: list[tuple[Array, Array]], outside: str) -> dict[str, Any]:
        lengths = self.words(INSIDE), self.words(outside)
        try:
            found = [length_matched_auroc(*pair, *lengths, resamples=200) for pair in pairs]
        except DataError:  # hardly a length in common
            return {"matched_auroc": None, "matched_inside": 0, "matched_outside": 0}
        estimate = found[0].auroc
        if len(found) > 1:
            # The texts' share of the interval, and the trainings'.
            half = float(np.mean([(f.auroc.high - f.auroc.low) / 2 for f in found]))
            values = np.array([f.auroc.value for f in found])
            between = 1.96 * float(values.std(ddof=1)) / np.sqrt(len(values))
            mean, wide = float(values.mean()), float(np.hypot(half, between))
            estimate = Estimate(mean, mean - wide, mean + wide, n=found[0].auroc.n)
        return {
            "matched_auroc": estimate,
            "matched_inside": found[0].inside,
            "matched_outside": found[0].outside,
        }

    def detected(self, outside: str, score: str, measure: str = "auroc") -> Estimate | None:
        """One figure of `detections`."""
        table = self.detections
        own = table[(table["outside"] == outside) & (table["score"] == score)]
        found: Estimate | None = own.iloc[0][measure]
        return found

    @cached_property
    def alike(self) -> dict[str, str]:
        """Scores whose areas are an earlier one's for every outside, within a thousandth."""
        table = self.detections.assign(value=[e.value for e in self.detections["auroc"]])
        wide = table.pivot(index="outside", columns="score", values="value")[self.scores]
        found: dict[str, str] = {}
        for place, name in enumerate(self.scores):
            for earlier in self.scores[:place]:
                if earlier not in found and (wide[name] - wide[earlier]).abs().max() < 1e-3:
                    found[name] = earlier
                    break
        return found

    def difficulty(self, seed: int, source: str, method: str = PLAIN) -> Array:
        """Action score of the inside texts, shape (N,), in the order of the table.

        Args:
            seed: of the training whose mistakes are looked at.
            source: "same", or "other": the mean rank over the other seeds' trainings.
            method: of these trainings.
        """
        seeds = [seed] if source == "same" else [s for s in self.seeds if s != seed]
        found = [self._hard(self.run(method, s)) for s in seeds]
        if source == "same":
            return found[0]
        ranks: Array = np.mean([_ranks(values) for values in found], axis=0)
        return ranks

    def _hard(self, run: Run) -> Array:
        split = run.config.intervention["out_of_distribution"]["inside"]
        series = SCORES[DIFFICULTY](run.dynamics.stream(split, "evaluation"), allow_collapsed=True)
        ids = self.first.loc[INSIDE].index
        found: Array = series.loc[ids].to_numpy(dtype=np.float64)
        return found

    @cached_property
    def joins(self) -> pd.DataFrame:
        """Whether difficulty says which inside texts look strange: a row per score and source.

        Columns `score`, `source` (of the difficulty), and three `Estimate`s: `spearman` of action
        score and strangeness, `partial`, the same with the ranks of length held fixed, and `mistaken`,
        how well the action score finds the 5 % that are taken for strange (area under the ROC curve).
        """
        rows = []
        for score in self._joined():
            for source in SOURCES:
                strange = self.strangeness(score, INSIDE)
                hard = [self.difficulty(seed, source) for seed in self.seeds]
                rows.append({"score": score, "source": source} | self._join(hard, strange))
        return pd.DataFrame(rows)

    def _joined(self) -> list[str]:
        """Scores that a model of one's own makes of every training."""
        return [n for n in self.scores if n not in (*LENGTHS, "perplexity") and n not in self.alike]

    def _join(self, hard: Sequence[Array], strange: Sequence[Array]) -> dict[str, Estimate]:
        size, length = [len(hard[0])], self.words(INSIDE)
        both = list(zip(hard, strange))
        return {
            "spearman": crossed([_or_zero(spearman_of(h, s)) for h, s in both], size),
            "partial": crossed(
                [_or_zero(partial_spearman_of(h, s, length)) for h, s in both], size
            ),
            "mistaken": crossed([_mistaken(h, s) for h, s in both], size),
        }

    @cached_property
    def tenths(self) -> pd.DataFrame:
        """Share of the inside texts taken for strange, by tenth of difficulty of other trainings.

        Columns `score`, `tenth` (1 is the easiest), `value`; the mean over the plain trainings.
        """
        rows = []
        for score in self._joined():
            shares = []
            for seed, strange in zip(self.seeds, self.strangeness(score, INSIDE)):
                hard = _ranks(self.difficulty(seed, "other"))
                tenth = np.ceil(hard / len(hard) * TENTHS).clip(1, TENTHS).astype(int)
                out = taken_for_strange(strange)
                shares.append([out[tenth == t].mean() for t in range(1, TENTHS + 1)])
            rows += [
                {"score": score, "tenth": t, "value": float(value)}
                for t, value in enumerate(np.nanmean(shares, axis=0), start=1)
            ]
        return pd.DataFrame(rows)

    @cached_property
    def methods_values(self) -> pd.DataFrame:
        """A row per method, seed, outside and score: what training otherwise does.

        Columns `auroc`, `false_positives`, and of the inside texts `spearman`, of the method's own
        action score and strangeness.
        """
        rows = []
        for method in self.methods:
            for outside in self.outsides:
                for score in self._joined():
                    for seed, (known, other) in zip(
                        self.seeds, self._pairs(score, outside, method)
                    ):
                        hard = self.difficulty(seed, "same", method)
                        everything = np.arange(len(known))[None]
                        rows.append(
                            {"method": method, "seed": seed, "outside": outside, "score": score}
                            | {"auroc": float(_area(known[None], other[None])[0])}
                            | {
                                "false_positives": float(
                                    _let_in(known[None], other[None], LEVEL)[1][0]
                                )
                            }
                            | {"spearman": float(_or_zero(spearman_of(hard, known))(everything)[0])}
                        )
        return pd.DataFrame(rows)

    @cached_property
    def changes(self) -> pd.DataFrame:
        """What each method changes: its figure minus the plain training's, paired by seed.

        A row per method, outside, score and measure, `estimate` with Student's t interval.
        """
        keys = ["outside", "score", "seed"]
        table = self.methods_values.set_index(["method", *keys])
        rows = []
        for method in self.methods:
            if method == PLAIN:
                continue
            apart = table.loc[method] - table.loc[PLAIN]
            for (outside, score), part in apart.groupby(level=keys[:2], sort=False):
                rows += [
                    {"method": method, "outside": outside, "score": score, "measure": name}
                    | {"estimate": over_seeds(part[name].tolist())}
                    for name in ("auroc", "false_positives", "spearman")
                ]
        columns = ["method", "outside", "score", "measure", "estimate"]
        return pd.DataFrame(rows, columns=columns)

    def accuracies(self, method: str = PLAIN) -> Estimate:
        """Accuracy on the inside texts, over seeds."""
        return over_seeds([_right(self.tables[method, seed].loc[INSIDE]) for seed in self.seeds])

    def elsewhere(self, outside: str, method: str = PLAIN) -> Estimate | None:
        """Accuracy on the outside texts of the run's classes, or None where there is none."""
        values = [_right(self.tables[method, seed].loc[outside]) for seed in self.seeds]
        return over_seeds(values) if np.isfinite(values).all() else None


def taken_for_strange(strange: Array) -> NDArray[np.bool_]:
    """Inside texts above the threshold that lets 95 % of them in, shape (N,)."""
    threshold = _let_in(strange[None], strange[None], LEVEL)[0][0]
    return strange > threshold


def _right(table: pd.DataFrame) -> float:
    known = table[table["label"] >= 0]
    return float((known["predicted"] == known["label"]).mean()) if len(known) else float("nan")


def _area_of(inside: Array, outside: Array) -> Callable[..., Array]:
    return lambda a, b: _area(inside[a], outside[b])


def _rate_of(inside: Array, outside: Array) -> Callable[..., Array]:
    return lambda a, b: _let_in(inside[a], outside[b], LEVEL)[1]


def _or_zero(statistic: Callable[..., Array]) -> Callable[..., Array]:
    """Where all drawn values are alike there is no correlation, and it counts as none."""
    return lambda rows: np.nan_to_num(statistic(rows))


def _mistaken(hard: Array, strange: Array) -> Callable[..., Array]:
    """Which texts are mistaken is settled once; a resample without any has no area and counts .5."""
    truth = taken_for_strange(strange).astype(np.float64)

    def statistic(rows: NDArray[np.int64]) -> Array:
        return np.nan_to_num(area_under_roc(hard[rows], truth[rows]), nan=0.5)

    return statistic


def _table_of(run: Run) -> pd.DataFrame:
    table = run.out_of_distribution
    if table is None:
        raise DataError(
            f"{run.folder.name} keeps no texts from elsewhere; expected the intervention "
            "out_of_distribution"
        )
    return table
