"""Mixup against its controls: measures of every method, paired by seed."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib._extras import require
from difficulty_lib.analysis import Estimate
from difficulty_lib.audit import over_seeds
from difficulty_lib.dynamics import CollapsedRunWarning
from difficulty_lib.mixup import data_map
from difficulty_lib.ood import OOD_SCORES, calibration, detection
from difficulty_lib.study._mixup_methods import FULL, MIXUP_METHODS, OPTIONS, PLAIN
from difficulty_lib.study._steered import learnt_nothing
from difficulty_lib.training import Run
from difficulty_lib.training._ood import INSIDE

MSP = "maximum_softmax_probability"


@dataclass(frozen=True)
class Measure:
    """A figure of a run.

    Attributes:
        title: in words.
        better: 1 where high is good, −1 where low is.
    """

    title: str
    better: int


MEASURES = {
    "f1": Measure("F1, mean of the classes", 1),
    "f1_rarest": Measure("F1 of the rarest class", 1),
    "accuracy": Measure("accuracy", 1),
    "ece": Measure("calibration error, bins of equal width", -1),
    "ece_mass": Measure("calibration error, bins of equal mass", -1),
    "brier": Measure("Brier score", -1),
    "accuracy_elsewhere": Measure("accuracy elsewhere", 1),
    "auroc": Measure("AUROC of texts from elsewhere", 1),
}


@dataclass(frozen=True)
class MixupCell:
    """One training.

    Attributes:
        setting: which data.
        method: one of `MIXUP_METHODS`.
        seed: of the training.
        run: that records the probabilities of the inside split, and texts from elsewhere.
    """

    setting: str
    method: str
    seed: int
    run: Run


class MixupStudy:
    """Every method in every setting, over seeds.

    Args:
        cells: every setting and method with the same seeds, two or more; the plain method among
            them.
        options: of the methods.

    Raises:
        ConfigError: on one seed, seeds that differ, or no plain runs.
    """

    def __init__(self, cells: Sequence[MixupCell], options: Mapping[str, Any] = OPTIONS) -> None:
        self.cells = list(cells)
        self.options = dict(options)
        self.settings = list(dict.fromkeys(cell.setting for cell in self.cells))
        self.methods = list(dict.fromkeys(cell.method for cell in self.cells))
        self.seeds = check_seeds(self.cells, self.settings, self.methods)

    @property
    def runs(self) -> list[Run]:
        """Every cell's run."""
        return [cell.run for cell in self.cells]

    @property
    def collapsed(self) -> int:
        """Runs whose model learnt nothing; they count all the same."""
        return sum(learnt_nothing(run) for run in self.runs)

    def cells_of(self, setting: str, method: str) -> list[MixupCell]:
        """One cell per seed, in the order of the seeds."""
        found = [c for c in self.cells if (c.setting, c.method) == (setting, method)]
        return sorted(found, key=lambda cell: cell.seed)

    @cached_property
    def values(self) -> pd.DataFrame:
        """Every measure, a column each, by (setting, method, seed); NaN where it cannot be had."""
        rows = {(c.setting, c.method, c.seed): run_measures(c.run) for c in self.cells}
        table = pd.DataFrame.from_dict(rows, orient="index", columns=list(MEASURES))
        names = ["setting", "method", "seed"]
        table.index = pd.MultiIndex.from_tuples(list(rows), names=names)
        return table.sort_index()

    def measures(self, setting: str) -> list[str]:
        """Those that can be had in a setting."""
        return [str(m) for m in MEASURES if self.values.loc[setting, m].notna().all()]

    def over_seeds(self, measure: str, setting: str, method: str) -> Estimate:
        """A measure's mean over the seeds, with Student's t interval."""
        return over_seeds(self.values.loc[(setting, method), measure].tolist())

    def difference(
        self, measure: str, setting: str, method: str = FULL, other: str = PLAIN
    ) -> Estimate:
        """A method's measure minus another's, paired by seed."""
        apart = (
            self.values.loc[(setting, method), measure] - self.values.loc[(setting, other), measure]
        )
        return over_seeds(apart.tolist())

    def guessing(self, setting: str) -> dict[str, float]:
        """`f1` and `accuracy` of always saying the class that is most frequent in training."""
        run = self.cells_of(setting, PLAIN)[0].run
        _, gold = _predictions(run)
        most = int(np.argmax(run.record["data"]["label_counts"]["train"]))
        right = float((gold == most).mean())
        # Precision of that class is its share, recall is 1; every other class's F1 is 0.
        return {"f1": 2 * right / (1 + right) / len(np.unique(gold)), "accuracy": right}

    @cached_property
    def differences(self) -> pd.DataFrame:
        """From no mixup: a row per setting, method and measure, `estimate` paired by seed."""
        rows = [
            {"setting": setting, "method": method, "measure": measure}
            | {"estimate": self.difference(measure, setting, method)}
            for setting in self.settings
            for method in self.methods
            for measure in self.measures(setting)
            if method != PLAIN
        ]
        return pd.DataFrame(rows)

    @cached_property
    def ablations(self) -> pd.DataFrame:
        """What a part adds: the full method minus the one without it, a row per setting, part, measure.

        Columns `setting`, `method` (without it), `part`, `measure`, `estimate`.
        """
        rows = [
            {"setting": setting, "method": method, "part": MIXUP_METHODS[method].part}
            | {"measure": measure, "estimate": self.difference(measure, setting, FULL, method)}
            for setting in self.settings
            for method in self.methods
            for measure in self.measures(setting)
            if MIXUP_METHODS[method].part
        ]
        columns = ["setting", "method", "part", "measure", "estimate"]
        return pd.DataFrame(rows, columns=columns)

    def reliability(self, setting: str, method: str, bins: int = 10) -> pd.DataFrame:
        """Accuracy by confidence, of all seeds' predictions together: a row per bin of equal width.

        Columns `low`, `high`, `texts`, `confidence`, `accuracy`.
        """
        found = [_predictions(cell.run) for cell in self.cells_of(setting, method)]
        p, gold = (np.concatenate(side) for side in zip(*found))
        return calibration(p, gold, bins).bins.rename(columns={"count": "texts"})

    @cached_property
    def regions(self) -> pd.DataFrame:
        """Who is in which region: a row per setting, kind of map and region, means over seeds.

        Columns `setting`, `map` ("each class by itself" or "all classes together"), `region`,
        `samples`, `share` (of the samples), `rarest` (the share of the rarest class in it) and
        `wrong` (of those there that the plain model gets wrong in the last epoch).
        """
        shares = {k: self.options[k] for k in ("easy", "ambiguous", "mislabelled")}
        parts = []
        for setting in self.settings:
            for cell in self.cells_of(setting, PLAIN):
                with warnings.catch_warnings():
                    # What learnt nothing counts, and the page says how many runs that are.
                    warnings.simplefilter("ignore", CollapsedRunWarning)
                    stream = cell.run.dynamics.stream("train", "training")
                assert stream.label is not None  # of classes it always is
                rarest = int(np.bincount(stream.label).argmin())
                wrong = pd.Series(stream.matrix("correct")[-1] < 0.5, index=stream.ids)
                for within, kind in ((True, KINDS[0]), (False, KINDS[1])):
                    table = data_map(
                        stream, **shares, within_class=within, allow_collapsed=True
                    ).table
                    table = table.assign(rare=table["label"] == rarest, wrong=wrong)
                    found = table.groupby("region").agg(
                        samples=("rare", "size"), rarest=("rare", "mean"), wrong=("wrong", "mean")
                    )
                    found["share"] = found["samples"] / len(table)
                    parts.append(found.reset_index().assign(setting=setting, map=kind))
        keys = ["setting", "map", "region"]
        return pd.concat(parts).groupby(keys, sort=False).mean().reset_index()


KINDS = ("each class by itself", "all classes together")


def check_seeds(cells: Sequence[Any], settings: Sequence[str], methods: Sequence[str]) -> list[int]:
    """The seeds that every setting and method has.

    Raises:
        ConfigError: on fewer than two, others in one of them, or no plain runs.
    """
    if PLAIN not in methods:
        raise ConfigError(f"methods are {', '.join(methods)}; expected {PLAIN} among them")
    seeds = sorted({cell.seed for cell in cells})
    if len(seeds) < 2:
        raise ConfigError(f"seeds are {seeds}; expected two or more, each another one")
    for setting in settings:
        for method in methods:
            found = sorted(c.seed for c in cells if (c.setting, c.method) == (setting, method))
            if found != seeds:
                raise ConfigError(
                    f"{setting}, {method} has the seeds {found}; expected {seeds}, as the others"
                )
    return seeds


def run_measures(run: Run) -> dict[str, float]:
    """Every measure of a run, NaN where it cannot be had.

    Raises:
        DataError: if no probabilities were recorded.
    """
    p, gold = _predictions(run)
    table = run.out_of_distribution
    metrics = require("sklearn.metrics", "train")
    classes = np.arange(p.shape[1])
    scores = metrics.f1_score(gold, p.argmax(axis=1), labels=classes, average=None, zero_division=0)
    there = np.bincount(gold, minlength=len(classes)) > 0
    trained = np.array(run.record["data"]["label_counts"]["train"])
    rarest = int(np.where(there, trained, trained.max() + 1).argmin())
    found = calibration(p, gold)
    return {
        "f1": float(scores[there].mean()),
        "f1_rarest": float(scores[rarest]),
        "accuracy": found.accuracy,
        "ece": found.equal_width,
        "ece_mass": found.equal_mass,
        "brier": found.brier,
        "accuracy_elsewhere": _elsewhere(table),
        "auroc": _told_apart(table),
    }


def _predictions(run: Run) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Probabilities of the inside split, shape (N, K), and the gold classes."""
    table = run.out_of_distribution
    split = run.config.intervention.get("out_of_distribution", {}).get("inside", "validation")
    probabilities = run.outputs(split)
    if table is None or probabilities is None:
        raise DataError(
            f"{run.folder.name} keeps no probabilities, or no texts from elsewhere; expected "
            "record_probabilities and the intervention out_of_distribution"
        )
    gold = table.loc[INSIDE, "label"].loc[probabilities.index].to_numpy()
    p = probabilities.to_numpy(dtype=np.float64)
    return p / p.sum(axis=1, keepdims=True), gold


def outsides_of(table: pd.DataFrame) -> list[str]:
    """The names of the texts from elsewhere, in their order."""
    return [name for name in dict.fromkeys(table.index.get_level_values(0)) if name != INSIDE]


def _elsewhere(table: pd.DataFrame) -> float:
    """Accuracy on texts from elsewhere that have a class of the run's, the mean over sources."""
    shares = []
    for name in outsides_of(table):
        known = table.loc[name].query("label >= 0")
        if len(known):
            shares.append(float((known["predicted"] == known["label"]).mean()))
    return float(np.mean(shares)) if shares else float("nan")


def _told_apart(table: pd.DataFrame) -> float:
    """AUROC of the maximum softmax probability, the mean over sources."""
    names = outsides_of(table)
    if not names:
        return float("nan")
    sign = 1 if OOD_SCORES[MSP].higher_is_outside else -1
    values = sign * table[MSP].astype(np.float64)
    inside = values.loc[INSIDE]
    return float(
        np.mean([detection(inside, values.loc[n], resamples=1).auroc.value for n in names])
    )
