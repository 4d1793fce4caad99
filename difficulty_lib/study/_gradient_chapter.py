"""The chapter on gradients: its charts, tables and sentences."""

from __future__ import annotations

from typing import Any

from difficulty_lib import charts
from difficulty_lib.book import glue
from difficulty_lib.scores import SCORES
from difficulty_lib.study._chapter import shown
from difficulty_lib.study._gradients import GRADIENTS, RIVAL, GradientStudy
from difficulty_lib.study._words import interval, verdict


class GradientChapter:
    """What the notebook on gradients calls, one method per thing on the page."""

    def __init__(self, study: GradientStudy) -> None:
        self.study = study
        glue("n_scored", len(study.dynamics))
        glue("n_seeds", len(study.runs))

    def about(self) -> str:
        """What was recorded."""
        study = self.study
        return (
            f"{len(study.dynamics):,} samples of {study.split}, {study.run.config.epochs} epochs, "
            f"{len(study.runs)} seed{'s' if len(study.runs) > 1 else ''}; the figures show seed "
            f"{study.run.config.seed}. Accuracy {100 * study.accuracy.value:.1f} %."
        )

    def extremes_table(self) -> Any:
        """The hardest and the easiest samples by gradient scores."""
        return shown(self.study.gradient_extremes())

    def variants_chart(self) -> Any:
        """Every variant of the variance of gradients."""
        return charts.variants_chart(self.study.variants)

    def variants_text(self) -> str:
        """How much the choice of the variant matters."""
        study, table = self.study, self.study.variants
        truth = table[table["against"] == study.truth_name].set_index("variant")
        best, worst = truth["value"].idxmax(), truth["value"].idxmin()
        return (
            f"Against {study.truth_name}, the variants range from {truth.loc[worst, 'value']:.2f} "
            f"({worst}) to {truth.loc[best, 'value']:.2f} ({best}). Their order was not known "
            f"before this page was made, so the best of {len(truth)} is not a recommendation; the "
            "registered score is the one published: logit, all checkpoints, within class."
        )

    def correlations_chart(self) -> Any:
        """The heat map of all scores."""
        return charts.correlations_chart(self.study.correlations)

    def correlations_text(self) -> str:
        """How the gradient scores relate to the action score."""
        parts, gain = [], self.study.gain.set_index("score")
        for name in GRADIENTS:
            found = gain.loc[name, "action score"]
            glue(f"rival_{name}", found)
            parts.append(f"{SCORES[name].title} {interval(found)}")
        return f"Spearman with the action score: {'; '.join(parts)}."

    def deciles_chart(self) -> Any:
        """Error by decile of each score."""
        return charts.deciles_chart(self.study.deciles, self.study.error_name)

    def deciles_text(self) -> str:
        """What the hardest decile of each score holds."""
        table = self.study.deciles
        top = table[table["decile"] == table["decile"].max()].set_index("score")
        said = "; ".join(
            f"{row.title} {100 * row.value:.0f} % ({100 * row.low:.0f} to {100 * row.high:.0f} %)"
            for row in top.itertuples()
        )
        whose = (
            "The errors are those of the other seeds' models: a score holds its own model's errors "
            "already. "
            if len(self.study.runs) > 1
            else "The errors are this run's own, which the action score holds already. "
        )
        return (
            f"{whose}On average {100 * self.study.error.mean():.1f} % are wrong; in the hardest "
            f"decile by {said}."
        )

    def gain_table(self) -> Any:
        """What each gradient score says of the truth beyond the action score, and the reverse."""
        table = self.study.gain.drop(columns="score").rename(columns={"title": "score"})
        return shown(
            table.map(lambda value: str(value).replace(", ", ",\u00a0").replace(" [", "\u00a0["))
        )

    def verdict_text(self) -> str:
        """Does a gradient say anything that the loss curve does not?"""
        study, parts = self.study, []
        gain = study.gain.set_index("score")
        for name in GRADIENTS:
            found, back = gain.loc[name, ["given the action score", "action score given it"]]
            glue(f"beyond_{name}", found)
            glue(f"beyond_action_given_{name}", back)
            title = SCORES[name].title
            said = verdict(
                found,
                0.0,
                f"{title} says something of {study.truth_name} that the action score does not",
                f"with the action score held fixed, {title} points the wrong way",
                f"beyond the action score, {title} shows nothing of {study.truth_name}",
            )
            parts.append(
                f"{said}: partial correlation {interval(found)}, against {interval(back)} for the "
                f"action score with {title} held fixed"
            )
        for name in (RIVAL, *GRADIENTS):
            glue(f"truth_{name}", study.with_truth(name))
        return f"**Verdict.** {'. '.join(part[0].upper() + part[1:] for part in parts)}."

    def seeds_table(self) -> Any:
        """One row per seed."""
        table = self.study.seed_table.drop(columns="run").set_index("seed").T
        table = table.rename(columns=lambda seed: f"seed {seed}")
        table.insert(0, "mean", table.mean(axis=1))
        return shown(table.reset_index(names="Spearman"))

    def costs_table(self) -> Any:
        """What each part cost."""
        table = self.study.costs()
        for row in table.itertuples():
            glue(f"cost_{row.Index}", row[3])
        table["seconds"] = table["seconds"].round(0).astype(int)
        return shown(table, digits=2)

    def costs_text(self) -> str:
        """On which hardware, and what memory."""
        run = self.study.run
        where = run.record["environment"]
        held = run.record["timings"]["vog_mb"]
        return (
            f"Seconds by the clock, whatever else the machine did, mean over the runs, on "
            f"{where['hardware']}; the chapter on cost has ratios from alternating runs. The passes "
            f"over {len(self.study.dynamics):,} samples after each of {run.config.epochs} epochs, "
            f"against training on "
            f"{run.sizes['train']:,}. The gradient norms keep nothing "
            f"between batches; the variance of gradients, in all its variants, held {held:,.0f} MB."
        )
