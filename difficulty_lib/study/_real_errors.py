"""Real errors: what the rankings find of wrong labels that nobody planted, and their false alarms."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from difficulty_lib._errors import (
    ConfigError,
    DataError,
    DifficultyError,
    DynamicsError,
    ModelError,
)
from difficulty_lib.audit import bag_of_words_probabilities
from difficulty_lib.data import TextData, human_labels, imdb_judgements, load_data
from difficulty_lib.dynamics import StreamDynamics
from difficulty_lib.scores import distinct_scores, score_table
from difficulty_lib.study._parameters import run_configs
from difficulty_lib.study._real_errors_alarms import false_alarms, people_say, ratings_as_votes
from difficulty_lib.study._real_errors_imdb import JudgedErrors
from difficulty_lib.study._real_errors_kinds import FEW, MANY, counts_of
from difficulty_lib.study._real_errors_variation import Variation
from difficulty_lib.study._recorded import recorded_runs
from difficulty_lib.training import Run, find_run

REVIEWS, PAIRS = "imdb", "mnli"


def real_errors(
    parameters: Mapping[str, Any],
    pairs: Mapping[str, Any] | None = None,
    reviews: Sequence[Mapping[str, Any]] = (),
) -> RealErrorsStudy:
    """The study from a notebook's parameters.

    Args:
        parameters: of the runs on rated sentences, as `run_configs` takes them; they are trained if
            they are not recorded.
        pairs: of the runs on MultiNLI; those that are recorded are shown, and none is trained.
        reviews: of the runs on IMDB, the same, one group of parameters per model.

    Raises:
        ConfigError: on an unknown parameter, or groups on other data sets.
        DifficultyError: one line, if a run on rated sentences is neither recorded nor can be trained.
    """
    for group, wanted in [(pairs, PAIRS)] * bool(pairs) + [(group, REVIEWS) for group in reviews]:
        if group is not None and group.get("dataset") != wanted:
            raise ConfigError(f"runs on {group.get('dataset')!r}; expected dataset '{wanted}'")
    on_pairs = _recorded(pairs) if pairs else []
    on_reviews = [run for group in reviews for run in _recorded(group)]
    runs, data = recorded_runs(parameters)
    return RealErrorsStudy(
        runs,
        data,
        pairs=on_pairs,
        pair_data=_texts_of_pairs() if on_pairs else None,
        reviews=on_reviews,
    )


def _recorded(parameters: Mapping[str, Any]) -> list[Run]:
    found = []
    for config in run_configs(parameters):
        try:
            run = find_run(config)
        except ModelError:  # what it was run with is not at hand, so its identity is unknown
            continue
        if run is not None:
            found.append(run)
    return found


def _texts_of_pairs() -> TextData | None:
    """MultiNLI, if there are annotators' labels to join to it: the whole of it is a large download."""
    try:
        human_labels(MANY)
        return load_data(PAIRS)
    except DifficultyError as error:
        warnings.warn(f"annotators of MultiNLI are not shown: {error}", stacklevel=3)
        return None


class RealErrorsStudy:
    """Three sources of truth that nobody planted.

    Args:
        runs: on sentences with people's individual ratings, of one or several seeds; the first of
            their evaluated splits is scored.
        data: their texts with `ratings`; None where only the runs are at hand.
        pairs: runs on MultiNLI, of one or several seeds.
        pair_data: MultiNLI's texts, by which annotators' pairs are found; None where not at hand.
        reviews: runs on IMDB whose evaluation stream of the split test was recorded, of one or
            several models and seeds.

    What cannot be shown, also as a run learnt nothing, is None, and `why` says in words what is missing.

    Raises:
        ConfigError: without a run on rated sentences.
    """

    def __init__(
        self,
        runs: Sequence[Run],
        data: TextData | None,
        *,
        pairs: Sequence[Run] = (),
        pair_data: TextData | None = None,
        reviews: Sequence[Run] = (),
    ) -> None:
        if not runs:
            raise ConfigError("no runs; expected at least one seed")
        self.runs, self.data = list(runs), data
        self.pairs, self.pair_data, self.reviews = list(pairs), pair_data, list(reviews)
        self.why: dict[str, str] = {}

    @property
    def all_runs(self) -> list[Run]:
        """Every run that the page is made of."""
        return [*self.runs, *self.pairs, *self.reviews]

    # --- false alarms ------------------------------------------------------------------------

    @cached_property
    def rated(self) -> pd.DataFrame | None:
        """`false_alarms` on the rated sentences; None without their ratings."""
        streams = _streams(self.runs, self.runs[0].config.evaluation_splits[0])
        split, ids = streams[0].split, streams[0].ids
        if self.data is None or "ratings" not in self.data[split].columns:
            self.why["rated"] = "people's individual ratings are not at hand"
            return None
        rows = self.data[split].loc[ids]
        said = people_say(rows["label"], ratings_as_votes(rows["ratings"]))
        try:
            return false_alarms(_scores(streams), said)
        except DynamicsError as error:
            self.why["rated"] = str(error)
            return None

    @cached_property
    def chaos(self) -> pd.DataFrame | None:
        """`false_alarms` on those pairs that a hundred people labelled; None without their labels."""
        people = self._counts(MANY, "chaos")
        if people is None:
            return None
        gold = self._pair_rows["label"].loc[people.index]
        try:
            return false_alarms(self._pair_scores, people_say(gold, people))
        except DynamicsError as error:
            self.why["chaos"] = str(error)
            return None

    # --- error and variation -----------------------------------------------------------------

    @cached_property
    def variation(self) -> Variation | None:
        """The pairs of VariErr; None without the annotators' labels."""
        experts = self._counts(FEW, "variation")
        people = None if experts is None else self._counts(MANY, "variation")
        if experts is None or people is None:
            return None
        try:
            return Variation(self._pair_scores, self._pair_rows["label"], experts, people)
        except (DataError, DynamicsError) as error:
            self.why["variation"] = str(error)
            return None

    @cached_property
    def _pair_streams(self) -> list[StreamDynamics]:
        return _streams(self.pairs, self.pairs[0].config.evaluation_splits[0])

    @cached_property
    def _pair_scores(self) -> pd.DataFrame:
        return _scores(self._pair_streams)

    @cached_property
    def _pair_rows(self) -> pd.DataFrame:
        assert self.pair_data is not None
        stream = self._pair_streams[0]
        return self.pair_data[stream.split].loc[stream.ids]

    def _counts(self, source: str, what: str) -> pd.DataFrame | None:
        if not self.pairs:
            self.why[what] = "no run on MultiNLI is recorded"
            return None
        try:
            human_labels(source)
            if self.pair_data is None:
                self.why[what] = (
                    "the texts, by which the annotators' pairs are found, are not at hand"
                )
                return None
            found = counts_of(source, self._pair_rows, self.pairs[0].label_names)
        except DataError as error:
            self.why[what] = f"the annotators' labels are not at hand ({error})"
            return None
        if not len(found):
            self.why[what] = f"none of {source}'s pairs is among those that were scored"
            return None
        return found

    # --- reviews -----------------------------------------------------------------------------

    @cached_property
    def judged(self) -> JudgedErrors | None:
        """The judged reviews of IMDB; None without runs or judgements."""
        if not self.reviews:
            self.why["judged"] = "no run on IMDB is recorded"
            return None
        foreign = [r.hash for r in self.reviews if r.record["data"].get("origin") == "hub"]
        if foreign:
            self.why["judged"] = (
                f"the judgements are by the mirror's ids, and run {foreign[0]} was trained on the "
                "hub's rows, which are in another order"
            )
            return None
        try:
            judgements = imdb_judgements()
        except DataError as error:
            self.why["judged"] = f"the judgements are not at hand ({error})"
            return None
        models = _by_model(self.reviews).items()
        streams = {m: _streams(runs, "test") for m, runs in models}
        alone = JudgedErrors(streams, judgements)
        try:
            alone.check()
        except DynamicsError as error:
            self.why["judged"] = str(error)
            return None
        # Fitted last: it takes a minute.
        return JudgedErrors(streams, judgements, words=self._by_words(alone.first))

    def _by_words(self, stream: StreamDynamics) -> pd.Series | None:
        """A linear model's probability of the given labels; None where the texts are not at hand."""
        try:
            data = load_data(REVIEWS)
            audited, others = data[stream.split].loc[stream.ids], data["train"]
            found = bag_of_words_probabilities(
                audited["text"], audited["label"], beside=(others["text"], others["label"])
            )
        except DifficultyError as error:
            self.why["words"] = str(error)
            return None
        gold = audited["label"].to_numpy()
        return pd.Series(found.to_numpy()[np.arange(len(gold)), gold], index=audited.index)


def _by_model(runs: Sequence[Run]) -> dict[str, list[Run]]:
    """Runs that differ in nothing but their seed together, by a name."""
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(replace(run.config, seed=0).hash, []).append(run)
    named: dict[str, list[Run]] = {}
    for group in groups.values():
        config = group[0].config
        model = config.model.rstrip("/").rpartition("/")[2]
        side = {"left": "last ", "right": ""}[config.truncation_side]
        epochs = "1 epoch" if config.epochs == 1 else f"{config.epochs} epochs"
        name = f"{model}, {side}{config.max_length} tokens, {epochs}"
        named[name if name not in named else f"{name} ({len(named) + 1})"] = group
    return named


def _streams(runs: Sequence[Run], split: str) -> list[StreamDynamics]:
    return [run.dynamics.stream(split, "evaluation") for run in runs]


def _scores(streams: Sequence[StreamDynamics]) -> pd.DataFrame:
    """Scores over the seeds, without those that order the samples as an earlier one does."""
    return distinct_scores(score_table(streams))
