"""What every chapter of a task shows, whatever a sample is: scores, curves, entropy, seeds."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import pandas as pd

from difficulty_lib._errors import ConfigError
from difficulty_lib.analysis import (
    CurveClusters,
    Estimate,
    Explanation,
    SeedsNeeded,
    cluster_curves,
    confident_errors,
    curve_table,
    explain_difficulty,
    pearson,
    score_correlations,
    seeds_needed,
    share,
    spearman,
)
from difficulty_lib.data import DATASETS, TextData
from difficulty_lib.dynamics import StreamDynamics
from difficulty_lib.dynamics._reductions import DEFAULT_REDUCTION
from difficulty_lib.features import feature_table
from difficulty_lib.scores import distinct_scores, ranking, same_samples, score_table
from difficulty_lib.training import Run

RELIABILITY = ("action_score", "aum", "variability", "predictive_entropy", "last_loss")
TOP = 0.05  # the share of the samples that count as hardest


class Study:
    """Results of recorded runs of one configuration under one or several seeds.

    Args:
        runs: the runs; the figures show the first.
        data: the texts, or None where only the recorded runs are at hand.
        split: the split that is scored, of the evaluation stream.
        reduction: of sequences, by which tokens are made a sample.

    Every result is computed when first asked for and kept.
    """

    def __init__(
        self,
        runs: Sequence[Run],
        data: TextData | None,
        split: str,
        *,
        reduction: str = DEFAULT_REDUCTION,
    ) -> None:
        if not runs:
            raise ConfigError("no runs; expected at least one seed")
        self.runs = list(runs)
        self.run = runs[0]
        self.split = split
        self.spec = DATASETS[self.run.config.dataset]
        self.names = self.run.label_names
        self.reduction = reduction
        self.data = data

    @cached_property
    def dynamics(self) -> StreamDynamics:
        """The scored split's evaluation stream."""
        return self.stream_of(self.run)

    def stream_of(self, run: Run) -> StreamDynamics:
        """A run's evaluation stream of the scored split, tokens reduced to samples."""
        stream = run.dynamics.stream(self.split, "evaluation")
        return stream if stream.tokens is None else stream.reduce(self.reduction)

    @cached_property
    def scores(self) -> pd.DataFrame:
        """Every available score of the evaluation stream, indexed by sample_id."""
        return score_table(self.dynamics)

    @cached_property
    def distinct_scores(self) -> pd.DataFrame:
        """The scores without those that order these samples as an earlier one does."""
        return distinct_scores(self.scores)

    @cached_property
    def rows(self) -> pd.DataFrame | None:
        """The scored samples' rows of the data, or None."""
        return None if self.data is None else self.data[self.split].loc[self.dynamics.ids]

    @cached_property
    def texts(self) -> pd.Series | None:
        """The scored samples' texts, or None."""
        return None if self.data is None else self.data.texts(self.split).loc[self.dynamics.ids]

    @cached_property
    def samples(self) -> pd.DataFrame:
        """A row per sample: `id`, `action`, `entropy`; index sample_id."""
        frame = pd.DataFrame({"id": self.dynamics.ids}, index=self.scores.index)
        frame["action"] = self.scores["action_score"]
        frame["entropy"] = self.scores["predictive_entropy"]
        return frame

    @cached_property
    def clusters(self) -> CurveClusters:
        """k-means of the loss curves, three clusters as in the paper."""
        return cluster_curves(self.dynamics, 3)

    def cluster_rows(self) -> pd.DataFrame:
        """Loss and prediction per epoch of the curves nearest to the centres."""
        parts = []
        for name, ids in zip(self.clusters.names, self.clusters.nearest):
            part = curve_table(self.dynamics, ids, self.names, self.texts)
            if "target" not in part.columns and "target" in self.samples.columns:
                part.insert(2, "target", self.samples.loc[ids, "target"].to_numpy())
            part.insert(0, "cluster", name)
            parts.append(part)
        return pd.concat(parts, ignore_index=True)

    @cached_property
    def action_entropy(self) -> Estimate:
        """Spearman of action score and entropy."""
        return spearman(self.samples["action"], self.samples["entropy"])

    @cached_property
    def action_entropy_linear(self) -> Estimate:
        """Pearson of action score and entropy."""
        return pearson(self.samples["action"], self.samples["entropy"])

    @cached_property
    def confident(self) -> Estimate:
        """Share of the hardest samples by action score whose entropy is below the median."""
        return share(confident_errors(self.samples["action"], self.samples["entropy"], TOP))

    @property
    def confidently_wrong(self) -> Estimate | None:
        """Share of the hardest that are wrong with a probability of .9 or more, where that is known."""
        return None

    @cached_property
    def features(self) -> pd.DataFrame | None:
        """What is known of the scored samples' texts (see `feature_table`); None without texts."""
        if self.data is None:
            return None
        return feature_table(self.used_data, self.split, self.dynamics.ids)

    @property
    def used_data(self) -> TextData:
        """The data at the sizes that the run had: words and classes are counted in what was trained on."""
        assert self.data is not None
        config = self.run.config
        return self.data.subset(
            {s: config.train_size if s == "train" else config.eval_size for s in self.data.splits}
        )

    @cached_property
    def explanation(self) -> Explanation | None:
        """Regression of the action score on the features; None without texts."""
        if self.features is None or len(self.features) <= 2 * self.features.shape[1]:
            return None
        return explain_difficulty(self.features, self.scores["action_score"])

    def extremes(self, count: int = 5) -> pd.DataFrame:
        """The hardest and the easiest samples by action score."""
        order = ranking(self.scores["action_score"]).index
        chosen = order[:count].append(order[-count:][::-1])
        table = self.samples.loc[chosen].reset_index(drop=True)
        table.insert(0, "", ["hard"] * count + ["easy"] * count)
        texts = self.texts
        table.insert(2, "text", "" if texts is None else texts.loc[chosen].to_numpy())
        return table

    @cached_property
    def correlations(self) -> pd.DataFrame:
        """Rank correlations between all scores, ordered by clustering."""
        return score_correlations(self.distinct_scores)

    def seeds(self) -> pd.DataFrame:
        """One row per run: how well it does, and how action score and entropy relate."""
        return pd.DataFrame([self._seed_row(run) for run in self.runs])

    def measures(self, run: Run) -> dict[str, float]:
        """How well a run's model does, by name: for the table of seeds."""
        return {}

    def _seed_row(self, run: Run) -> dict[str, Any]:
        scores = score_table(self.stream_of(run), ["action_score", "predictive_entropy"])
        action, entropy = scores["action_score"], scores["predictive_entropy"]
        row: dict[str, Any] = {"seed": run.config.seed, "run": run.hash, **self.measures(run)}
        row["Spearman action–entropy"] = spearman(action, entropy, resamples=1).value
        row[f"hardest {TOP:.0%} with entropy below the median"] = float(
            confident_errors(action, entropy, TOP).mean()
        )
        row["largest action score"] = float(action.max())
        return row

    @cached_property
    def reliability(self) -> dict[str, SeedsNeeded]:
        """Per score: how well two seeds agree, and how many it takes for halves to agree at .9."""
        streams = [self.stream_of(run) for run in self.runs]
        same_samples(streams)
        names = [name for name in RELIABILITY if name in self.scores.columns]
        return {name: seeds_needed(streams, name) for name in names}

    def seed_agreement(self) -> float:
        """Mean Spearman of the action scores between pairs of seeds; NaN for a single seed."""
        if len(self.runs) < 2:
            return float("nan")
        return self.reliability["action_score"].agreement.value
