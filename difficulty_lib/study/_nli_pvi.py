"""Pointwise V-information beside that of another model for the same pairs."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pandas as pd

from difficulty_lib.analysis import Estimate, bootstrap, pearson, seed_agreement, spearman
from difficulty_lib.dynamics import StreamDynamics
from difficulty_lib.scores import SCORES, with_trained_null


class Information:
    """Pointwise V-information of a model's samples, and of another model where it is known.

    Args:
        dynamics: the scored split's evaluation stream, with the null loss of the frequencies.
        other: another model's values in bits, low is hard, indexed by sample_id; or None.
        null: the evaluation stream of a run with empty inputs; or None.
        streams: the scored split's evaluation streams of all seeds.
    """

    def __init__(
        self,
        dynamics: StreamDynamics,
        other: pd.Series | None,
        null: StreamDynamics | None,
        streams: list[StreamDynamics],
    ) -> None:
        self.dynamics, self.null, self.streams = dynamics, null, streams
        known = None if other is None else other.dropna()
        self.other = None if known is None or len(known) < 3 else known

    @cached_property
    def own(self) -> pd.Series:
        """Bits that the input gives about the label, by the labels' frequencies; low is hard."""
        return SCORES["pvi"](self.dynamics)

    @cached_property
    def own_trained(self) -> pd.Series | None:
        """The same, by a model that was trained on empty inputs."""
        if self.null is None:
            return None
        return SCORES["pvi"](with_trained_null(self.dynamics, self.null))

    @cached_property
    def mean(self) -> Estimate:
        """V-information: the mean over the samples, bits."""
        return self._mean(self.own)

    @cached_property
    def other_mean(self) -> Estimate:
        """The other model's mean, bits."""
        assert self.other is not None
        return self._mean(self.other)

    @cached_property
    def pairs(self) -> pd.DataFrame:
        """Both models' values of the samples that both know: `own`, `other`, `action`."""
        assert self.other is not None
        ids = self.own.index.intersection(self.other.index)
        action = SCORES["action_score"](self.dynamics)
        return pd.DataFrame(
            {"own": self.own.loc[ids], "other": self.other.loc[ids], "action": action.loc[ids]}
        )

    @cached_property
    def rank_correlation(self) -> Estimate:
        """Spearman of the two models' values."""
        return spearman(self.pairs["own"], self.pairs["other"])

    @cached_property
    def linear_correlation(self) -> Estimate:
        """Pearson of the two models' values."""
        return pearson(self.pairs["own"], self.pairs["other"])

    @cached_property
    def action_correlation(self) -> Estimate:
        """Spearman of the action score with the other model's values turned so that high is hard."""
        return spearman(self.pairs["action"], -self.pairs["other"])

    @cached_property
    def between_seeds(self) -> Estimate | None:
        """Mean Spearman between the seeds' values; None for a single seed."""
        return seed_agreement(self.streams, "pvi") if len(self.streams) > 1 else None

    @staticmethod
    def _mean(series: pd.Series) -> Estimate:
        values = series.to_numpy(dtype=np.float64)
        return bootstrap(lambda rows: values[rows].mean(axis=-1), len(values))
