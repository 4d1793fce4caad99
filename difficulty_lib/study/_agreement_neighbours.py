"""The nearest training samples of the hardest samples, with their labels."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from difficulty_lib.analysis import Estimate, hardest, mean, mean_difference, nearest
from difficulty_lib.audit import split_embeddings
from difficulty_lib.audit._sentence_embeddings import embedding_at_hand
from difficulty_lib.data import TextData
from difficulty_lib.data._hashing import unit_hash
from difficulty_lib.features.neighbours import neighbour_agreement
from difficulty_lib.study._study import TOP

if TYPE_CHECKING:
    from difficulty_lib.study._classification import ClassificationStudy

NEAREST = 8
BOTH = "both"
OTHERS = 5  # samples beside the hardest, for each of these


class Neighbours:
    """Neighbours among the training samples, in a space that no run of the study has shaped.

    The hardest 5 % by action score are looked at, and five times as many of the others.

    Args:
        study: with its texts.
        among: so many training samples at most, chosen by their ids; None is all.
        space: as the model of `split_embeddings`; "minilm" where it is at hand if not given.
    """

    def __init__(
        self, study: ClassificationStudy, among: int | None = None, space: str | None = None
    ) -> None:
        self.study = study
        self.space = embedding_at_hand() if space is None else space
        data = study.used_data
        self.trained = len(data["train"])
        self.training = data.subset({"train": among})["train"]
        self.count = min(NEAREST, len(self.training) - 1)
        scored = data[study.split].loc[self.ids]
        own = self.training.index.get_indexer(scored.index)
        self._own = own if study.split == "train" else np.full(len(scored), -1)
        rows = pd.concat([self.training, scored], ignore_index=True)
        both = TextData(**{**data.__dict__, "splits": {BOTH: rows}})  # one space for the two
        vectors = split_embeddings(both, BOTH, self.space).to_numpy()
        self._train, self._scored = vectors[: len(self.training)], vectors[len(self.training) :]

    @cached_property
    def hardest(self) -> pd.Index:
        """Ids of the hardest 5 % by action score, hardest first."""
        return hardest(self.study.samples["action"], TOP)

    @cached_property
    def ids(self) -> pd.Index:
        """Ids of the samples that are looked at: the hardest, then others, chosen by their ids."""
        others = self.study.samples.index.drop(self.hardest)
        order = np.argsort(unit_hash(others.to_numpy(), salt=1), kind="stable")
        return self.hardest.append(others[order[: OTHERS * len(self.hardest)]])

    @cached_property
    def agreement(self) -> pd.DataFrame:
        """Share of a sample's neighbours with its `label`, and with the `predicted` one."""
        places = self.study.samples.index.get_indexer(self.ids)
        label = np.asarray(self.study.dynamics.label)
        predicted = self.study.dynamics.matrix("predicted")[-1].astype(int)
        columns = {
            name: neighbour_agreement(
                classes[places],
                self.training["label"].to_numpy(),
                self._scored,
                self._train,
                self._own,
                self.count,
            )
            for name, classes in (("label", label), ("predicted", predicted))
        }
        return pd.DataFrame(columns, index=self.ids)

    @cached_property
    def of_hardest(self) -> dict[str, Estimate]:
        """Mean share of the hardest samples' neighbours with their label, and the predicted one."""
        table = self.agreement.loc[self.hardest]
        return {name: mean(table[name]) for name in table}

    @cached_property
    def of_others(self) -> Estimate:
        """Mean share of the other samples' neighbours with their label."""
        return mean(self.agreement["label"].drop(self.hardest))

    @cached_property
    def apart(self) -> Estimate:
        """The hardest samples' share minus the others'."""
        label = self.agreement["label"]
        return mean_difference(label.loc[self.hardest], label.drop(self.hardest))

    @cached_property
    def sides(self) -> Estimate:
        """Of the hardest that are predicted wrongly: share with the prediction minus with the label."""
        samples = self.study.samples.loc[self.hardest]
        wrong = samples.index[samples["target"] != samples["predicted"]]
        table = self.agreement.loc[wrong]
        if not len(table):
            return Estimate(float("nan"), float("nan"), float("nan"), n=0)
        return mean(table["predicted"] - table["label"])

    def table(self, count: int = 8) -> pd.DataFrame:
        """The nearest of the hardest samples: a row per neighbour.

        `id`, `place` (1 the nearest), `neighbour` (its id), `neighbour_label`, `cosine`.
        """
        chosen = self.hardest[:count]
        places = self.ids.get_indexer(chosen)
        rows, cosine = nearest(
            self._scored[places], self._train, self.count, own_row=self._own[places]
        )
        labels = self.training["label"].to_numpy()
        return pd.DataFrame(
            [
                {"id": sample, "place": place + 1, "neighbour": self.training.index[row]}
                | {"neighbour_label": self.study.names[labels[row]], "cosine": float(near)}
                for sample, own_rows, own_cosine in zip(chosen, rows, cosine)
                for place, (row, near) in enumerate(zip(own_rows, own_cosine))
            ]
        )
