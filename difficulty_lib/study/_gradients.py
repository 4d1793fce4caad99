"""Everything that the chapter on gradients shows: do they say what the loss curve does not?"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from difficulty_lib._errors import DynamicsError
from difficulty_lib.analysis import (
    Estimate,
    error_by_decile,
    partial_spearman,
    spearman,
)
from difficulty_lib.dynamics import VOG_TARGETS, VOG_WINDOWS
from difficulty_lib.scores import SCORES, hardness, ranking, score_table
from difficulty_lib.study._classification import ClassificationStudy

GRADIENTS = ("vog", "vog_raw", "grand", "tracin_self")
RIVAL = "action_score"


class GradientStudy(ClassificationStudy):
    """Gradient scores beside the loss curve's, over runs that recorded gradients.

    Arguments as for `ClassificationStudy`.

    Raises:
        DynamicsError: if the first run recorded no gradients of the split.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        missing = [name for name in GRADIENTS if name not in self.scores]
        if missing:
            raise DynamicsError(
                f"{self.run.folder}: no {', '.join(missing)} for {self.split}; expected a run with "
                "record_gradients=True"
            )

    def turned(self, name: str) -> pd.Series:
        """A score of the first run, turned so that high is hard."""
        return self._hard(self.scores, name)

    @staticmethod
    def _hard(scores: pd.DataFrame, name: str) -> pd.Series:
        turned = hardness(scores[name], higher_is_harder=SCORES[name].higher_is_harder)
        return pd.Series(turned, index=scores.index, name=name)

    @cached_property
    def error(self) -> pd.Series:
        """Share of the *other* seeds' models that are wrong about a sample; with one seed, its own.

        A score contains the errors of the model that it comes from, so those say little of it.
        """
        runs = self.runs[1:] or self.runs
        wrong = [
            1 - r.dynamics.stream(self.split, "evaluation").matrix("correct")[-1] for r in runs
        ]
        return pd.Series(np.mean(wrong, axis=0), index=self.scores.index, name="error")

    @property
    def error_name(self) -> str:
        """What `error` is, for an axis."""
        return "errors of other seeds" if len(self.runs) > 1 else "errors of this run"

    @property
    def truth(self) -> pd.Series:
        """What a score of difficulty should follow: people's disagreement, else `error`."""
        if self.rated:
            assert self.rows is not None
            return self.rows["disagreement"].loc[self.scores.index]
        return self.error

    @property
    def truth_name(self) -> str:
        """What `truth` is."""
        return "human disagreement" if self.rated else self.error_name

    @cached_property
    def deciles(self) -> pd.DataFrame:
        """Error by decile of the gradient scores and of the action score."""
        parts = [
            error_by_decile(self.turned(name), self.error).assign(
                score=name, title=SCORES[name].title
            )
            for name in (RIVAL, *(n for n in GRADIENTS if n != "vog_raw"))
        ]
        return pd.concat(parts, ignore_index=True)

    @cached_property
    def variants(self) -> pd.DataFrame:
        """Every variant of the variance of gradients against action score and truth."""
        assert self.dynamics.label is not None
        rows = []
        for target in VOG_TARGETS:
            for when in VOG_WINDOWS:
                raw = self.dynamics.matrix(f"vog_{target}_{when}")
                normalised = SCORES["vog"].function(raw, self.dynamics.label)
                for within, values in (("", raw), (", within class", normalised)):
                    for against, other in (
                        (SCORES[RIVAL].title, self.turned(RIVAL)),
                        (self.truth_name, self.truth),
                    ):
                        found = spearman(values, other, resamples=400)
                        rows.append(
                            {"variant": f"{target}, {when}{within}", "against": against}
                            | {"value": found.value, "low": found.low, "high": found.high}
                        )
        return pd.DataFrame(rows)

    def with_rival(self, name: str) -> Estimate:
        """Spearman of a score with the action score."""
        return spearman(self.turned(name), self.turned(RIVAL))

    def with_truth(self, name: str) -> Estimate:
        """Spearman of a score with the truth."""
        return spearman(self.turned(name), self.truth)

    def beyond(self, name: str, given: str = RIVAL) -> Estimate:
        """Spearman of a score with the truth, another score held fixed."""
        return partial_spearman(self.turned(name), self.truth, self.turned(given))

    @cached_property
    def gain(self) -> pd.DataFrame:
        """Per gradient score: with the action score, with the truth, and with it beyond the other."""
        rows = []
        for name in GRADIENTS:
            row: dict[str, Any] = {"score": name, "title": SCORES[name].title}
            for column, found in (
                ("action score", self.with_rival(name)),
                (self.truth_name, self.with_truth(name)),
                ("given the action score", self.beyond(name)),
                ("action score given it", self.beyond(RIVAL, name)),
            ):
                row[column] = found
            rows.append(row)
        return pd.DataFrame(rows)

    def gradient_extremes(self, count: int = 3) -> pd.DataFrame:
        """The hardest and the easiest samples by each gradient score."""
        texts, parts = self.texts, []
        for name in ("vog", "grand"):
            order = ranking(self.scores[name]).index
            chosen = order[:count].append(order[-count:][::-1])
            part = self.samples.loc[chosen, ["id", "target", "predicted"]].reset_index(drop=True)
            part.insert(0, "", ["hard"] * count + ["easy"] * count)
            part.insert(0, "by", name)
            part.insert(3, "text", "" if texts is None else texts.loc[chosen].to_numpy())
            part["score"] = self.scores.loc[chosen, name].to_numpy()
            part["action score"] = self.scores.loc[chosen, RIVAL].to_numpy()
            parts.append(part)
        return pd.concat(parts, ignore_index=True)

    @cached_property
    def seed_table(self) -> pd.DataFrame:
        """One row per run: how each gradient score relates to action score and truth."""
        rows = []
        for run in self.runs:
            scores = score_table(run.dynamics.stream(self.split, "evaluation"), [RIVAL, *GRADIENTS])
            rival = self._hard(scores, RIVAL)
            row: dict[str, Any] = {"seed": run.config.seed, "run": run.hash}
            for name in GRADIENTS:
                hard = self._hard(scores, name)
                title = SCORES[name].title
                row[f"{title}: with the action score"] = spearman(hard, rival, resamples=1).value
                row[f"{title}: with {self.truth_name}"] = spearman(
                    hard, self.truth, resamples=1
                ).value
            rows.append(row)
        return pd.DataFrame(rows)

    def costs(self) -> pd.DataFrame:
        """Seconds of each part of the runs, and as shares of the training alone."""
        timings = pd.DataFrame([run.record["timings"] for run in self.runs])
        named = {
            "train_s": "training alone",
            "evaluation_s": "evaluation stream (loss curve)",
            "gradient_norm_s": "gradient norms (GraNd, TracIn)",
            "vog_s": "variance of gradients, all variants",
        }
        mean = timings.mean(numeric_only=True)
        rows = [
            {"part": title, "seconds": mean[key], "share of training": mean[key] / mean["train_s"]}
            for key, title in named.items()
            if key in mean
        ]
        return pd.DataFrame(rows)
