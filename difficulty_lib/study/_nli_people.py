"""A model's scores beside the labels that a hundred people gave to the same pairs."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pandas as pd

from difficulty_lib.analysis import (
    Estimate,
    annotators_ceiling,
    bootstrap,
    disagreement_table,
    jensen_shannon_bounds,
    label_entropy,
    paired_difference,
    partial_spearman,
    spearman,
)
from difficulty_lib.dynamics import StreamDynamics
from difficulty_lib.scores import SCORES, hardness

CONFIDENCE = "maximum_softmax_probability"
FEWEST = 20  # pairs below which no correlation is shown


class People:
    """What people's labels say of a model's scores.

    Args:
        scores: a column per score, indexed by sample_id; `action_score` and the model's
            confidence, `maximum_softmax_probability`, among them.
        dynamics: the scored split's evaluation stream.
        counts: how often people chose every class, a column per class in the order of the labels,
            indexed by sample_id: some of the dynamics' samples.
        distinct: the names of the scores to compare; all of `scores` if None.
    """

    def __init__(
        self,
        scores: pd.DataFrame,
        dynamics: StreamDynamics,
        counts: pd.DataFrame,
        distinct: list[str] | None = None,
    ) -> None:
        self.counts = counts.sort_index()
        self.scores = scores.loc[self.counts.index]
        self.dynamics = dynamics.take(self.counts.index.to_numpy())
        self.names = list(scores.columns) if distinct is None else distinct

    def __len__(self) -> int:
        return len(self.counts)

    @cached_property
    def entropy(self) -> pd.Series:
        """Entropy of the labels that people gave, in nats."""
        return pd.Series(label_entropy(self.counts), index=self.counts.index, name="entropy")

    @cached_property
    def outvoted(self) -> pd.Series:
        """Share of the people who did not choose the gold class."""
        assert self.dynamics.label is not None
        votes = self.counts.to_numpy(dtype=float)
        chosen = votes[np.arange(len(votes)), self.dynamics.label] / votes.sum(axis=1)
        return pd.Series(1 - chosen, index=self.counts.index, name="outvoted")

    def turned(self, name: str) -> pd.Series:
        """A score, turned so that high is hard."""
        turned = hardness(self.scores[name], higher_is_harder=SCORES[name].higher_is_harder)
        return pd.Series(turned, index=self.scores.index, name=name)

    @cached_property
    def table(self) -> pd.DataFrame:
        """Every score's Spearman with the entropy, alone and given the model's confidence."""
        alone = disagreement_table(self.scores[self.names], self.entropy)
        alone = alone.assign(against="alone")
        rows = []
        for name, title in zip(alone["score"], alone["title"]):
            if name == CONFIDENCE:
                continue
            found = self.given_confidence(name)
            rows.append(
                {"score": name, "title": title, "value": found.value}
                | {"low": found.low, "high": found.high, "n": found.n}
                | {"against": "given the model's confidence"}
            )
        return pd.concat([alone, pd.DataFrame(rows)], ignore_index=True)

    def with_entropy(self, name: str) -> Estimate:
        """Spearman of a score with the entropy of people's labels."""
        return spearman(self.turned(name), self.entropy)

    def given_confidence(self, name: str) -> Estimate:
        """The same with the ranks of the model's confidence taken out of both."""
        return partial_spearman(self.turned(name), self.entropy, self.scores[CONFIDENCE])

    def with_outvoted(self, name: str) -> Estimate:
        """Spearman of a score with the share of the people who did not choose the gold class."""
        return spearman(self.turned(name), self.outvoted)

    def against(self, other: str) -> Estimate:
        """Action score's correlation with the entropy minus another score's, paired."""
        return paired_difference(self.scores, self.entropy, "action_score", other)

    @cached_property
    def ceiling(self) -> Estimate:
        """The highest correlation with the entropy that so many annotators allow."""
        return annotators_ceiling(self.counts.to_numpy())

    @cached_property
    def distance(self) -> tuple[Estimate, Estimate] | None:
        """Least and greatest mean Jensen–Shannon distance to the model; None but for three classes."""
        if self.counts.shape[1] != 3:
            return None
        part = self.dynamics
        assert part.label is not None
        gold, other = part.matrix("gold_probability")[-1], part.matrix("other_probability")[-1]
        bounds = jensen_shannon_bounds(
            self.counts, part.label, part.matrix("predicted")[-1], gold, other
        )
        low, high = (
            bootstrap(lambda rows, d=d: d[rows].mean(axis=-1), len(d))  # type: ignore[misc]
            for d in bounds
        )
        return low, high

    @cached_property
    def uniform_distance(self) -> float:
        """Mean Jensen–Shannon distance of people's labels to a third for each of three classes."""
        even = np.full(len(self), 1 / 3)
        label = np.zeros(len(self), dtype=np.int64)
        low, _ = jensen_shannon_bounds(self.counts, label, label, even, even)
        return float(low.mean())
