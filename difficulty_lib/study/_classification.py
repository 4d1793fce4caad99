"""Everything that a classification chapter shows, for whichever data set it is given."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import pandas as pd

from difficulty_lib._errors import ConfigError
from difficulty_lib.analysis import (
    ClassDifficulty,
    CurveClusters,
    Estimate,
    SeedsNeeded,
    agreement_ceiling,
    class_difficulty,
    cluster_curves,
    confident_errors,
    curve_table,
    disagreement_table,
    hardest,
    paired_difference,
    pearson,
    score_correlations,
    seeds_needed,
    share,
    spearman,
)
from difficulty_lib.data import DATASETS, TextData
from difficulty_lib.dynamics import StreamDynamics
from difficulty_lib.scores import distinct_scores, ranking, same_samples, score_table
from difficulty_lib.training import Run

RELIABILITY = ("action_score", "aum", "variability", "predictive_entropy", "last_loss")
TOP = 0.05  # the share of the samples that count as hardest


class ClassificationStudy:
    """Results of recorded runs of one configuration under one or several seeds.

    Args:
        runs: the runs; the figures show the first.
        data: the texts, or None where only the recorded runs are at hand.
        split: the split that is scored, of the evaluation stream.

    Every result is computed when first asked for and kept.
    """

    def __init__(self, runs: Sequence[Run], data: TextData | None, split: str) -> None:
        if not runs:
            raise ConfigError("no runs; expected at least one seed")
        self.runs = list(runs)
        self.run = runs[0]
        self.split = split
        self.spec = DATASETS[self.run.config.dataset]
        self.names = self.run.label_names
        self.data = data

    @cached_property
    def dynamics(self) -> StreamDynamics:
        """The scored split's evaluation stream."""
        return self.run.dynamics.stream(self.split, "evaluation")

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
        """A row per sample: `id`, `target`, `predicted`, `action`, `entropy`; index sample_id."""
        assert self.dynamics.label is not None
        predicted = self.dynamics.matrix("predicted")[-1].astype(int)
        frame = pd.DataFrame(
            {
                "id": self.dynamics.ids,
                "target": [self.names[k] for k in self.dynamics.label],
                "predicted": [self.names[k] for k in predicted],
            },
            index=self.scores.index,
        )
        frame["action"] = self.scores["action_score"]
        frame["entropy"] = self.scores["predictive_entropy"]
        return frame

    @cached_property
    def accuracy(self) -> Estimate:
        """Accuracy on the scored split after the last epoch."""
        return share(self.dynamics.matrix("correct")[-1] > 0)

    @cached_property
    def clusters(self) -> CurveClusters:
        """k-means of the loss curves, three clusters as in the paper."""
        return cluster_curves(self.dynamics, 3)

    def cluster_rows(self) -> pd.DataFrame:
        """Loss and prediction per epoch of the curves nearest to the centres."""
        parts = []
        for name, ids in zip(self.clusters.names, self.clusters.nearest):
            part = curve_table(self.dynamics, ids, self.names, self.texts)
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

    @cached_property
    def confidently_wrong(self) -> Estimate:
        """Share of the hardest by action score that are wrong with a probability of .9 or more."""
        wrong = self.samples["target"] != self.samples["predicted"]
        sure = self.scores["maximum_softmax_probability"] >= 0.9
        return share((wrong & sure).loc[hardest(self.samples["action"], TOP)])

    @cached_property
    def classes(self) -> ClassDifficulty:
        """Mean action score of every class against its frequency in training."""
        assert self.dynamics.label is not None
        counts = self.run.record["data"]["label_counts"]["train"]
        return class_difficulty(self.samples["action"], self.dynamics.label, counts, self.names)

    @cached_property
    def rarity(self) -> Estimate:
        """Spearman, over the samples, of action score and the frequency of the sample's class."""
        counts = self.run.record["data"]["label_counts"]["train"]
        frequency = self.samples["target"].map(dict(zip(self.names, counts)))
        return spearman(frequency, self.samples["action"])

    def extremes(self, count: int = 5) -> pd.DataFrame:
        """The hardest and the easiest samples by action score."""
        order = ranking(self.scores["action_score"]).index
        chosen = order[:count].append(order[-count:][::-1])
        table = self.samples.loc[chosen].reset_index(drop=True)
        table.insert(0, "", ["hard"] * count + ["easy"] * count)
        texts = self.texts
        table.insert(2, "text", "" if texts is None else texts.loc[chosen].to_numpy())
        return table

    @property
    def rated(self) -> bool:
        """Whether people's individual ratings of the samples are at hand."""
        return self.rows is not None and "disagreement" in self.rows.columns

    @cached_property
    def disagreement(self) -> pd.DataFrame:
        """Every score's Spearman with human disagreement (see `disagreement_table`)."""
        assert self.rows is not None
        return disagreement_table(self.distinct_scores, self.rows["disagreement"])

    @cached_property
    def ceiling(self) -> Estimate:
        """The highest correlation that the raters' own agreement allows."""
        assert self.rows is not None
        return agreement_ceiling(self.rows["ratings"].tolist(), self.rows["label"].tolist())

    def against(self, other: str) -> Estimate:
        """Action score's correlation with human disagreement minus another score's, paired."""
        assert self.rows is not None
        return paired_difference(self.scores, self.rows["disagreement"], "action_score", other)

    @cached_property
    def correlations(self) -> pd.DataFrame:
        """Rank correlations between all scores, ordered by clustering."""
        return score_correlations(self.distinct_scores)

    def seeds(self) -> pd.DataFrame:
        """One row per run: accuracies, and how action score and entropy relate."""
        return pd.DataFrame([self._seed_row(run) for run in self.runs])

    def _seed_row(self, run: Run) -> dict[str, Any]:
        scores = score_table(
            run.dynamics.stream(self.split, "evaluation"), ["action_score", "predictive_entropy"]
        )
        action, entropy = scores["action_score"], scores["predictive_entropy"]
        row: dict[str, Any] = {"seed": run.config.seed, "run": run.hash}
        row |= {f"{s} accuracy": run.accuracy(s) for s in run.config.evaluation_splits}
        for other in run.config.evaluation_splits:
            if other != self.split:  # an epoch chosen on a split says nothing of that split
                chosen = run.accuracy(other, run.best_epoch(self.split))
                row[f"{other} accuracy, best epoch on {self.split}"] = chosen
        row["Spearman action–entropy"] = spearman(action, entropy, resamples=1).value
        row[f"hardest {TOP:.0%} with entropy below the median"] = float(
            confident_errors(action, entropy, TOP).mean()
        )
        row["largest action score"] = float(action.max())
        return row

    @cached_property
    def reliability(self) -> dict[str, SeedsNeeded]:
        """Per score: how well two seeds agree, and how many it takes for halves to agree at .9."""
        streams = [run.dynamics.stream(self.split, "evaluation") for run in self.runs]
        same_samples(streams)
        return {name: seeds_needed(streams, name) for name in RELIABILITY}

    def seed_agreement(self) -> float:
        """Mean Spearman of the action scores between pairs of seeds; NaN for a single seed."""
        if len(self.runs) < 2:
            return float("nan")
        return self.reliability["action_score"].agreement.value
