"""Everything that a chapter on summaries shows: difficulty, entropy, lengths, copying and ROUGE."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from difficulty_lib._errors import DataError
from difficulty_lib.analysis import (
    Estimate,
    bootstrap,
    mean,
    mean_difference,
    partial_spearman,
    pearson,
    spearman,
)
from difficulty_lib.dynamics import REDUCTIONS
from difficulty_lib.features import feature_table
from difficulty_lib.scores import ranking, score_table
from difficulty_lib.study._outputs import OutputsStudy
from difficulty_lib.training import Run

ROUGE = ("rouge1", "rouge2", "rougeL")
COPYING = ("coverage", "density", "compression")
THIRD = 1 / 3
TOGETHER = ("Pearson", "Spearman", "Spearman given the summary's length")


class SummaryStudy(OutputsStudy):
    """Results of recorded runs of a summarizer, encoder–decoder or decoder alone."""

    kinds = ("upper half", "lower half")
    kinds_title = "ROUGE-1 of the model's own summary"

    @cached_property
    def samples(self) -> pd.DataFrame:
        """A row per sample: `id`, `target`, `generated`, `kind`, `guess`, `action`, `entropy`.

        `target` is the reference; `kind` says in which half of ROUGE-1 the model's summary is.
        """
        frame = super().samples
        if self.rows is not None:
            frame.insert(1, "target", self.rows["label"].to_numpy())
        if self.outputs is not None:
            rouge = self.outputs["rouge1"]
            frame["generated"] = self.outputs["generated"]
            said = [f"ROUGE-1 {100 * value:.0f}" for value in rouge]
            frame = self.with_kinds(frame, rouge >= rouge.median(), said)
        return frame

    @property
    def shown_texts(self) -> pd.Series | None:
        """The references; a dialogue is too long for a line."""
        return None if self.rows is None else self.rows["label"]

    def measures(self, run: Run) -> dict[str, float]:
        """ROUGE after the last epoch, in per cent, and the mean loss per token."""
        table = run.outputs(self.split)
        found = {} if table is None else {_title(n): 100 * float(table[n].mean()) for n in ROUGE}
        tokens = run.dynamics.stream(self.split, "evaluation").tokens
        assert tokens is not None
        return found | {"loss per token": float(tokens.epoch(-1).columns["loss"].mean())}

    @cached_property
    def tokens(self) -> pd.Series:
        """Gold tokens of every summary, the end mark among them."""
        assert self.dynamics.tokens is not None
        return pd.Series(self.dynamics.tokens.lengths, index=self.scores.index, name="tokens")

    @cached_property
    def lengths(self) -> pd.DataFrame | None:
        """Words of every dialogue and of its summary, or None where the texts are not at hand."""
        if self.rows is None or self.data is None:
            return None
        (source,) = self.data.text_columns
        return pd.DataFrame(
            {
                "dialogue": self.rows[source].str.split().str.len(),
                "summary": self.rows["label"].str.split().str.len(),
            }
        )

    @cached_property
    def cluster_lengths(self) -> pd.DataFrame | None:
        """Per cluster of loss curves: its size, and mean words of dialogue and summary."""
        if self.lengths is None:
            return None
        rows = []
        for number, name in enumerate(self.clusters.names):
            part = self.lengths[self.clusters.members == number]
            row: dict[str, Any] = {"cluster": name, "samples": len(part)}
            for column in part:
                row[f"words of the {column}"] = mean(part[column].to_numpy(dtype=np.float64))
            rows.append(row)
        return pd.DataFrame(rows)

    def with_length(self, column: str) -> Estimate:
        """Spearman of the action score with the words of the dialogue, or of the summary."""
        if self.lengths is None:
            raise DataError(f"{self.spec.name}: no texts at hand, so there are no lengths")
        return spearman(self.lengths[column], self.samples["action"])

    @cached_property
    def linear(self) -> pd.DataFrame:
        """How action score and entropy go together, by reduction of the tokens.

        Returns:
            A row per reduction and entropy: `reduction`, `entropy` ("teacher-forced" of the
            reference's tokens, reduced alike, or "generated" of the model's own text, the mean per
            token), and an `Estimate` in each column of `TOGETHER`.
        """
        stream = self.run.dynamics.stream(self.split, "evaluation")
        rows = []
        for name in REDUCTIONS:
            table = score_table(stream.reduce(name), ["action_score", "predictive_entropy"])
            action = table["action_score"]
            entropies = {"teacher-forced": table["predictive_entropy"]}
            if self.outputs is not None:
                entropies["generated"] = self.outputs["generated_entropy"]
            for kind, entropy in entropies.items():
                found = (
                    pearson(action, entropy),
                    spearman(action, entropy),
                    partial_spearman(action, entropy, self.tokens),
                )
                rows.append({"reduction": name, "entropy": kind, **dict(zip(TOGETHER, found))})
        return pd.DataFrame(rows)

    @cached_property
    def straight(self) -> Estimate:
        """Share of the entropy's variance (teacher-forced, the study's reduction) that a straight
        line in the action score explains, R²; the rest is scatter or curvature.
        """
        x, y = (self.samples[name].to_numpy(dtype=np.float64) for name in ("action", "entropy"))

        def statistic(rows: Any) -> Any:
            a, b = x[rows], y[rows]
            a = a - a.mean(axis=-1, keepdims=True)
            b = b - b.mean(axis=-1, keepdims=True)
            return (a * b).sum(-1) ** 2 / ((a**2).sum(-1) * (b**2).sum(-1))

        return bootstrap(statistic, len(x))

    @cached_property
    def bent(self) -> Estimate:
        """How much more of the entropy's variance a smooth curve explains, out of fold.

        The difference of R² between a cubic polynomial and a straight line in the action score,
        each predicting folds that it was not fitted to. Above 0: the relation is curved.
        """
        x, y = (self.samples[name].to_numpy(dtype=np.float64) for name in ("action", "entropy"))
        x = (x - x.mean()) / x.std()
        fold = np.random.default_rng(0).permutation(len(x)) % 5
        misses = {}
        for degree in (1, 3):
            predicted = np.empty_like(y)
            for number in range(5):
                inside = fold != number
                fit = np.polynomial.Polynomial.fit(x[inside], y[inside], degree)
                predicted[~inside] = fit(x[~inside])
            misses[degree] = (y - predicted) ** 2
        squares = (y - y.mean()) ** 2

        def statistic(rows: Any) -> Any:
            gained = misses[1][rows].sum(-1) - misses[3][rows].sum(-1)
            return gained / squares[rows].sum(-1)

        return bootstrap(statistic, len(x))

    @cached_property
    def with_rouge(self) -> pd.DataFrame:
        """Spearman of the action score with ROUGE of the model's own summaries, by measure."""
        if self.outputs is None:
            return pd.DataFrame(columns=["measure", "Spearman"])
        return pd.DataFrame(
            [
                {
                    "measure": _title(name),
                    "Spearman": spearman(self.outputs[name], self.samples["action"]),
                    "Spearman given the summary's length": partial_spearman(
                        self.outputs[name], self.samples["action"], self.tokens
                    ),
                }
                for name in ROUGE
            ]
        )

    @cached_property
    def copying(self) -> pd.DataFrame | None:
        """Extractive coverage, density and compression of the easiest and hardest third.

        Returns:
            A row per measure: `measure`; `easiest third`, `hardest third` and `difference`, hard
            minus easy, means with intervals; `Spearman` with the action score.
        """
        if self.data is None:
            return None
        table = feature_table(self.used_data, self.split, self.dynamics.ids, COPYING)
        order = ranking(self.scores["action_score"]).index
        count = max(1, round(THIRD * len(order)))
        hard, easy = order[:count], order[-count:]
        rows = []
        for name in COPYING:
            values = table[name]
            a, b = (values.loc[part].to_numpy(dtype=np.float64) for part in (easy, hard))
            rows.append(
                {
                    "measure": name,
                    "easiest third": mean(a),
                    "hardest third": mean(b),
                    "difference": mean_difference(b, a),
                    "Spearman": spearman(values, self.samples["action"]),
                }
            )
        return pd.DataFrame(rows)

    @cached_property
    def by_reduction(self) -> pd.DataFrame:
        """Action scores of every sample, a column per reduction of its tokens."""
        stream = self.run.dynamics.stream(self.split, "evaluation")
        return pd.DataFrame(
            {
                name: score_table(stream.reduce(name), ["action_score"])["action_score"]
                for name in REDUCTIONS
            }
        )

    def extremes(self, count: int = 3) -> pd.DataFrame:
        """The hardest and the easiest samples: dialogue, reference and the model's summary."""
        table = super().extremes(count)
        return table.drop(columns=["kind", "guess"], errors="ignore")


def _title(name: str) -> str:
    return f"ROUGE-{name.removeprefix('rouge')}"
