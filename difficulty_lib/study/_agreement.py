"""Do runs agree on what is hard? What the chapter on agreement shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import combinations, product
from typing import Any

import numpy as np
import pandas as pd

from difficulty_lib._errors import ConfigError, DynamicsError
from difficulty_lib.analysis import (
    Estimate,
    SeedsNeeded,
    accuracy_by_part,
    agreement_difference,
    agreement_in_parts,
    equal_parts,
    overlap_at,
    paired_difference,
    pearson,
    run_agreement,
    seeds_needed,
    spearman,
    spearman_brown,
)
from difficulty_lib.data import TextData
from difficulty_lib.scores import SCORES, hardness, same_samples
from difficulty_lib.study._agreement_neighbours import Neighbours
from difficulty_lib.study._classification import ClassificationStudy
from difficulty_lib.training import Run

ACTION = "action_score"
VARIANCE = "action_variance"
LEAST = 10  # samples that a correlation within a class or a part needs
PART = 30  # samples that a tenth should have; below, there are fewer parts
TOPS = (1.0, 0.5, 0.25, 0.1, 0.05)
SHARES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
TARGET = 0.9
RESAMPLES = 200
ALL = "all samples"


class AgreementStudy(ClassificationStudy):
    """Runs of the same samples under several seeds, of one model or of more.

    Args:
        runs: by model, a run per seed, two or more of each; the first model's first run is the one
            whose samples are shown.
        data: the texts, or None where only the recorded runs are at hand.
        split: the split that is scored, of the evaluation stream.
        among: training samples at most among which neighbours are looked for; None is all.

    Raises:
        ConfigError: if a model has one run, or samples have no classes.
        DynamicsError: if runs hold other samples or labels.
    """

    def __init__(
        self,
        runs: Mapping[str, Sequence[Run]],
        data: TextData | None,
        split: str,
        *,
        among: int | None = None,
    ) -> None:
        few = [model for model, seeds in runs.items() if len(seeds) < 2]
        if not runs or few:
            raise ConfigError(
                f"fewer than two runs of {', '.join(few) or 'any model'}; expected two seeds or more"
            )
        super().__init__([run for seeds in runs.values() for run in seeds], data, split)
        if self.spec.target != "class":
            raise ConfigError(
                f"{self.run.config.dataset} has the target '{self.spec.target}'; expected a data set "
                "of samples with classes"
            )
        self.among = among
        self.models = list(runs)
        self.model_of = [model for model, seeds in runs.items() for _ in seeds]
        self.streams = [self.stream_of(run) for run in self.runs]
        same_samples(self.streams)

    def runs_of(self, model: str) -> list[int]:
        """Numbers of a model's runs."""
        return [place for place, name in enumerate(self.model_of) if name == model]

    @property
    def own_streams(self) -> list[Any]:
        """The first model's streams."""
        return [self.streams[place] for place in self.runs_of(self.models[0])]

    @cached_property
    def groups(self) -> dict[str, list[tuple[int, int]]]:
        """Which runs are set against each other: reruns of each model, and each two models."""
        found = {_reruns(m): list(combinations(self.runs_of(m), 2)) for m in self.models}
        for first, second in combinations(self.models, 2):
            pairs = list(product(self.runs_of(first), self.runs_of(second)))
            found[_both(first, second)] = pairs
        return found

    @property
    def reruns(self) -> str:
        """The first group: reruns of the first model."""
        return next(iter(self.groups))

    @cached_property
    def actions(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Action scores, shape (runs, samples)."""
        return np.stack([SCORES[ACTION](stream).to_numpy() for stream in self.streams])

    @cached_property
    def agreement(self) -> pd.DataFrame:
        """A row per group and class, all samples first: `group`, `class`, `n`, `spearman`, `pearson`.

        Classes of fewer than ten samples are left out.
        """
        rows = []
        for group, pairs in self.groups.items():
            for name, chosen in self._classes.items():
                row = {"group": group, "class": name, "n": int(chosen.sum())}
                for method in ("spearman", "pearson"):
                    row[method] = run_agreement(
                        self.actions[:, chosen], pairs, method=method, resamples=RESAMPLES
                    )
                rows.append(row)
        return pd.DataFrame(rows)

    @cached_property
    def _classes(self) -> dict[str, np.ndarray[Any, np.dtype[np.bool_]]]:
        label = self.dynamics.label
        assert label is not None
        every = {ALL: np.ones(len(label), dtype=bool)}
        each = {name: label == k for k, name in enumerate(self.names)}
        return every | {name: mask for name, mask in each.items() if mask.sum() >= LEAST}

    def overall(self, group: str, method: str = "spearman") -> Estimate:
        """A group's agreement over all samples."""
        table = self.agreement[self.agreement["class"] == ALL].set_index("group")
        found: Estimate = table.at[group, method]
        return found

    @cached_property
    def models_apart(self) -> dict[str, Estimate]:
        """By pair of models, how much less they agree than reruns of both do; none of one model.

        The mean rank correlation of a run of one with a run of the other, less that of two runs of
        the same, below zero where another model finds other samples hard.
        """
        return {
            _both(first, second): agreement_difference(
                self.actions,
                self.groups[_both(first, second)],
                self.groups[_reruns(first)] + self.groups[_reruns(second)],
                resamples=RESAMPLES,
            )
            for first, second in combinations(self.models, 2)
        }

    @cached_property
    def pairs(self) -> pd.DataFrame:
        """A row per pair of runs: `group`, `first`, `second`, `spearman`, `pearson`."""
        rows = []
        for group, pairs in self.groups.items():
            for i, j in pairs:
                row: dict[str, Any] = {"group": group}
                row |= {"first": self._called(i), "second": self._called(j)}
                for name, method in (("spearman", spearman), ("pearson", pearson)):
                    row[name] = method(self.actions[i], self.actions[j], resamples=RESAMPLES)
                rows.append(row)
        return pd.DataFrame(rows)

    def _called(self, place: int) -> str:
        return f"{self.model_of[place]}, seed {self.runs[place].config.seed}"

    @cached_property
    def parts(self) -> pd.DataFrame:
        """Agreement by how hard: `group`, and what `agreement_in_parts` gives for equal parts."""
        count = 10 if len(self.dynamics) >= 10 * PART else 5
        return self._in_parts(equal_parts(count))

    @cached_property
    def tops(self) -> pd.DataFrame:
        """Agreement among the hardest half, quarter and so on, as `parts`; `top` is their share."""
        kept = [top for top in TOPS if top * len(self.dynamics) >= LEAST]
        table = self._in_parts([(1 - top, 1.0) for top in kept])
        return table.assign(top=1 - table["start"])

    def _in_parts(self, parts: Sequence[tuple[float, float]]) -> pd.DataFrame:
        found = [
            agreement_in_parts(self.actions, parts, pairs, resamples=RESAMPLES).assign(group=group)
            for group, pairs in self.groups.items()
        ]
        return pd.concat(found, ignore_index=True)

    @cached_property
    def overlap(self) -> pd.DataFrame:
        """`group`, and what `overlap_at` gives for 1 to 50 % of the samples."""
        n = len(self.dynamics)
        counts = sorted({round(share * n) for share in SHARES if share * n >= 5})
        found = [
            overlap_at(self.actions, counts, pairs, resamples=RESAMPLES).assign(group=group)
            for group, pairs in self.groups.items()
        ]
        return pd.concat(found, ignore_index=True)

    @cached_property
    def reliability_of_scores(self) -> pd.DataFrame:
        """A row per score of the first model, the most reliable first.

        `score`, `title`, `single` (agreement of two seeds, an `Estimate` over samples and, from
        three seeds on, over seeds), `mean` (of two means over as many seeds as there are, by
        Spearman and Brown) and `needed` (`SeedsNeeded` for .9).
        """
        count, rows = len(self.own_streams), []
        for name, needed in self._needed.items():
            if needed is None:
                continue
            r = needed.agreement
            # Below 0 the formula has no meaning: such means do not agree either.
            value, low, high = (
                spearman_brown(max(end, 0.0), count) for end in (r.value, r.low, r.high)
            )
            rows.append(
                {"score": name, "title": SCORES[name].title, "single": r, "needed": needed}
                | {"mean": Estimate(value, low, high, n=r.n, level=r.level)}
            )
        return pd.DataFrame(rows).sort_values(
            "single", key=lambda column: [-e.value for e in column], ignore_index=True
        )

    @cached_property
    def _needed(self) -> dict[str, SeedsNeeded | None]:
        return {str(name): self._needed_of(str(name)) for name in self.scores.columns}

    def _needed_of(self, name: str) -> SeedsNeeded | None:
        try:
            return seeds_needed(self.own_streams, name, TARGET, resamples=RESAMPLES)
        except DynamicsError:  # a seed gives all samples the same, or did not record it
            return None

    @property
    def unreliable(self) -> list[str]:
        """Scores that some seed does not give, or gives to all samples alike."""
        return [name for name, needed in self._needed.items() if needed is None]

    @cached_property
    def judge(self) -> int:
        """The run whose errors are counted: the first model's second seed."""
        return self.runs_of(self.models[0])[1]

    @cached_property
    def accuracy_by_score(self) -> pd.DataFrame:
        """Accuracy in equal parts by each score of the first run, of its own model and the judge's.

        `score`, `title`, `series`, and what `accuracy_by_part` gives.
        """
        parts = 10 if len(self.dynamics) >= 10 * PART else 5
        found = []
        for name in self.distinct_scores:
            entry = SCORES[str(name)]
            hard = hardness(self.scores[name], higher_is_harder=entry.higher_is_harder)
            if np.ptp(hard) == 0:
                continue
            for series, place in self.judges.items():
                right = self.streams[place].matrix("correct")[-1] > 0
                found.append(
                    accuracy_by_part(hard, right, parts=parts).assign(
                        score=name, title=entry.title, series=series
                    )
                )
        return pd.concat(found, ignore_index=True)

    @cached_property
    def judges(self) -> dict[str, int]:
        """The runs whose errors are counted: that of the scores, and another."""
        runs = (0, self.judge)
        words = ("the model that was scored", "another seed's")
        return {f"{w} (seed {self.runs[r].config.seed})": r for w, r in zip(words, runs)}

    @cached_property
    def spread(self) -> pd.DataFrame:
        """A row per sample: `entropy`, `variance` (action variance), `right`; index sample_id."""
        frame = self.samples[["id", "entropy"]].assign(variance=self.scores[VARIANCE])
        return frame.assign(right=self.samples["target"] == self.samples["predicted"])

    @cached_property
    def variance_entropy(self) -> Estimate:
        """Spearman of action variance and entropy."""
        return spearman(self.spread["variance"], self.spread["entropy"])

    @cached_property
    def variance_entropy_linear(self) -> Estimate:
        """Pearson of action variance and entropy."""
        return pearson(self.spread["variance"], self.spread["entropy"])

    @cached_property
    def variance_action(self) -> Estimate:
        """Spearman of action variance and action score."""
        return spearman(self.spread["variance"], self.samples["action"])

    @cached_property
    def variance_closer(self) -> Estimate:
        """Spearman with entropy of the action variance minus that of the action score, paired."""
        return paired_difference(self.scores, self.spread["entropy"], VARIANCE, ACTION)

    @cached_property
    def neighbours(self) -> Neighbours | None:
        """The nearest training samples of the hardest samples and of others; None without texts."""
        return None if self.data is None else Neighbours(self, self.among)


def _reruns(model: str) -> str:
    return f"reruns of {model}"


def _both(first: str, second: str) -> str:
    return f"{first} and {second}"
