"""Everything that the chapter on natural language inference shows beyond a classification chapter."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib.analysis import GroupDifficulty, group_difficulty
from difficulty_lib.data import TextData
from difficulty_lib.dynamics import StreamDynamics
from difficulty_lib.study._classification import ClassificationStudy
from difficulty_lib.study._nli_humans import annotator_counts
from difficulty_lib.study._nli_people import FEWEST, People
from difficulty_lib.study._nli_premise import WithoutPremise
from difficulty_lib.study._nli_pvi import Information
from difficulty_lib.study._parameters import BESIDE
from difficulty_lib.training import Run


class NliStudy(ClassificationStudy):
    """Results of runs on pairs of premise and hypothesis.

    Args:
        runs: of one configuration under one or several seeds; among them may be one without the
            premise and one with empty inputs (see `run_configs`).
        data: the texts, or None where only the recorded runs are at hand.
        split: the split that is scored, of the evaluation stream.

    What the data lack is None, and `why` says in words what is missing.

    Raises:
        ConfigError: if no run reads both texts.
    """

    def __init__(self, runs: Sequence[Run], data: TextData | None, split: str) -> None:
        whole = [run for run in runs if not run.config.intervention]
        if not whole:
            raise ConfigError(f"{len(runs)} runs, all with an intervention; expected one without")
        super().__init__(whole, data, split)
        self.hypothesis_run = _with(runs, BESIDE["hypothesis_only"])
        self.null_run = _with(runs, BESIDE["null_run"])
        self.why: dict[str, str] = {}

    @property
    def beside(self) -> list[Run]:
        """The runs without premise or without inputs."""
        return [run for run in (self.hypothesis_run, self.null_run) if run is not None]

    @cached_property
    def genres(self) -> GroupDifficulty | None:
        """Action score by genre, of the pairs whose genre is known."""
        known = self._column("genre")
        if known is None:
            return None
        if known.nunique() < 2:
            self.why["genre"] = "all pairs whose genre is known are of one genre"
            return None
        return group_difficulty(self.samples["action"].loc[known.index], known)

    @cached_property
    def genre_accuracy(self) -> pd.Series:
        """Accuracy by genre after the last epoch."""
        known = self._column("genre")
        assert known is not None
        right = pd.Series(self.dynamics.matrix("correct")[-1], index=self.dynamics.ids)
        return right.loc[known.index].groupby(known).mean()

    @cached_property
    def genre_seeds(self) -> pd.DataFrame:
        """Mean action score by genre, a column per seed."""
        known = self._column("genre")
        assert known is not None
        columns = {}
        for run in self.runs:
            stream = run.dynamics.stream(self.split, "evaluation")
            action = pd.Series(stream.matrix("loss").sum(axis=0), index=stream.ids)
            columns[run.config.seed] = action.reindex(known.index).groupby(known).mean()
        return pd.DataFrame(columns)

    @cached_property
    def people(self) -> People | None:
        """The scores beside ChaosNLI's annotators, where enough of the pairs were shown to them."""
        if self.rows is None or not {"premise", "hypothesis"} <= set(self.rows.columns):
            self.why["people"] = "the texts, by which their pairs are found, are not at hand"
            return None
        try:
            counts = annotator_counts(self.rows, self.names)
        except DataError as error:
            self.why["people"] = f"their labels are not at hand ({error})"
            return None
        if len(counts) < FEWEST:
            self.why["people"] = f"they were shown {len(counts)} of these pairs"
            return None
        return People(self.scores, self.dynamics, counts, list(self.distinct_scores.columns))

    @cached_property
    def without_premise(self) -> WithoutPremise | None:
        """The run that reads the hypothesis alone, beside the first run."""
        if self.hypothesis_run is None:
            self.why["premise"] = "no run without the premise was asked for (`hypothesis_only`)"
            return None
        alone = self.hypothesis_run.dynamics.stream(self.split, "evaluation")
        counts = self.run.record["data"]["label_counts"]["train"]
        return WithoutPremise(self.dynamics, alone, counts)

    def premise_rows(self, count: int = 3) -> pd.DataFrame:
        """Easy pairs that the hypothesis gives away, and easy ones that need the premise."""
        found = self.without_premise
        assert found is not None
        texts, parts = self.texts, []
        place = pd.Series(np.arange(len(found)), index=found.whole.ids)
        for kind, ids in found.chosen(count).items():
            part = pd.DataFrame({"": kind, "id": ids})
            part["text"] = "" if texts is None else texts.loc[ids].to_numpy()
            part["target"] = self.samples.loc[ids, "target"].to_numpy()
            part["action"] = found.action[place.loc[ids]]
            part["without premise"] = found.action_alone[place.loc[ids]]
            parts.append(part)
        return pd.concat(parts, ignore_index=True)

    @cached_property
    def information(self) -> Information | None:
        """Pointwise V-information, beside BERT's where the data have it."""
        if not self.dynamics.available("null_loss") or not self.dynamics.held_out:
            self.why["information"] = (
                f"it is defined for samples that were kept from the model, and {self.split} was not"
            )
            return None
        null = None
        if self.null_run is not None:
            null = self.null_run.dynamics.stream(self.split, "evaluation")
        return Information(self.dynamics, self._column("pvi_bert"), null, self.streams)

    @property
    def streams(self) -> list[StreamDynamics]:
        """The scored split's evaluation streams of all seeds."""
        return [run.dynamics.stream(self.split, "evaluation") for run in self.runs]

    def _column(self, name: str) -> pd.Series | None:
        """A column of the scored samples' rows without what is missing in it; None if it is not there."""
        if self.rows is None:
            self.why[name] = "the data are not at hand"
            return None
        if name not in self.rows.columns or self.rows[name].isna().all():
            self.why[name] = f"{self.spec.title} has no column `{name}`"
            return None
        return self.rows[name].dropna()


def _with(runs: Sequence[Run], intervention: dict[str, Any]) -> Run | None:
    return next((run for run in runs if run.config.intervention == intervention), None)
