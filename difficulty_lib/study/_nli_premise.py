"""What is still learnt, and what stays hard, when the premise is taken away."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from difficulty_lib.analysis import Estimate, bootstrap, share, spearman
from difficulty_lib.dynamics import StreamDynamics

Array = NDArray[np.float64]
EASIEST = 0.2  # the share of the samples that count as easiest, and as hardest
BINS = 10


class WithoutPremise:
    """A model of pairs beside one that was trained and evaluated on their hypotheses alone.

    Args:
        whole: the scored split's evaluation stream of the model that reads both.
        alone: the same of the model that reads the hypothesis.
        counts: training samples per class.

    Only the samples that both were evaluated on are compared.
    """

    def __init__(self, whole: StreamDynamics, alone: StreamDynamics, counts: list[int]) -> None:
        common = np.intersect1d(whole.ids, alone.ids)
        self.whole, self.alone = whole.take(common), alone.take(common)
        self.common_class = int(np.argmax(counts))

    def __len__(self) -> int:
        return len(self.whole)

    @cached_property
    def right(self) -> NDArray[np.bool_]:
        """Which samples the hypothesis alone gets right after its last epoch, shape (N,)."""
        return self.alone.matrix("correct")[-1] > 0

    @cached_property
    def accuracy(self) -> Estimate:
        """Accuracy of the hypothesis alone."""
        return share(self.right)

    @cached_property
    def majority(self) -> Estimate:
        """Accuracy of always naming the class that is commonest in training."""
        return share(self._commonest)

    @cached_property
    def gain(self) -> Estimate:
        """Accuracy of the hypothesis alone minus that of the commonest class, paired."""
        difference = self.right.astype(float) - self._commonest.astype(float)
        return bootstrap(lambda rows: difference[rows].mean(axis=-1), len(self))

    @cached_property
    def action(self) -> Array:
        """Action score of the model that reads both, nats, shape (N,)."""
        total: Array = self.whole.matrix("loss").sum(axis=0)
        return total

    @cached_property
    def action_alone(self) -> Array:
        """Action score of the model that reads the hypothesis, nats, shape (N,)."""
        total: Array = self.alone.matrix("loss").sum(axis=0)
        return total

    @cached_property
    def correlation(self) -> Estimate:
        """Spearman of the two action scores."""
        return spearman(self.action, self.action_alone)

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """Rows from the easiest to the hardest by action score with the premise."""
        return np.argsort(self.action, kind="stable")

    @cached_property
    def easiest(self) -> Estimate:
        """Share of the easiest samples that the hypothesis alone gets right."""
        return share(self.right[self.order[: self._part]])

    @cached_property
    def hardest(self) -> Estimate:
        """Share of the hardest samples that the hypothesis alone gets right."""
        return share(self.right[self.order[-self._part :]])

    @cached_property
    def easier(self) -> Estimate:
        """Accuracy of the hypothesis alone on the easiest minus that on all others."""
        rest = self.right[self.order[self._part :]].astype(float)
        first = self.right[self.order[: self._part]].astype(float)
        rng = np.random.default_rng(0)
        draws = [
            part[rng.integers(0, len(part), (1000, len(part)))].mean(axis=1)
            for part in (first, rest)
        ]
        low, high = np.quantile(draws[0] - draws[1], [0.025, 0.975])
        return Estimate(first.mean() - rest.mean(), float(low), float(high), n=len(self))

    @cached_property
    def deciles(self) -> pd.DataFrame:
        """Accuracy of the hypothesis alone by decile of the action score with the premise."""
        rows = []
        for number, part in enumerate(np.array_split(self.order, BINS), start=1):
            found = share(self.right[part])
            rows.append(
                {"decile": number, "value": found.value, "low": found.low, "high": found.high}
                | {"n": found.n}
            )
        return pd.DataFrame(rows)

    def chosen(self, count: int = 3) -> dict[str, NDArray[np.int64]]:
        """Ids of pairs with an easy whole: given away by the hypothesis, and in need of the premise."""
        easy = self.order[: self._part]
        by_alone = easy[np.argsort(self.action_alone[easy], kind="stable")]
        ids = self.whole.ids
        return {
            "given away": ids[by_alone[:count]],
            "needs the premise": ids[by_alone[::-1][:count]],
        }

    @property
    def _part(self) -> int:
        return max(1, round(EASIEST * len(self)))

    @property
    def _commonest(self) -> NDArray[np.bool_]:
        assert self.whole.label is not None
        return np.asarray(self.whole.label == self.common_class)
