"""A score over several runs: other seeds, or other models, of the same samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import pandas as pd

from difficulty_lib._errors import ConfigError
from difficulty_lib.dynamics import StreamDynamics
from difficulty_lib.scores._same_samples import same_samples
from difficulty_lib.scores._score import SCORES


def across_runs(streams: Sequence[StreamDynamics], name: str) -> pd.DataFrame:
    """A score of every run side by side.

    Args:
        streams: the same samples, observed in the same stream, of two runs or more.
        name: of a registered score.

    Returns:
        Indexed by sample_id, a column 0 … R − 1 per run.

    Raises:
        ConfigError: on an unknown name.
        DynamicsError: if the runs hold other samples, naming the first ids, or other streams, or
            if one of them does not allow the score.
    """
    entry = SCORES[name]
    same_samples(streams)
    return pd.DataFrame({place: entry(stream) for place, stream in enumerate(streams)})


def ensemble(
    streams: Sequence[StreamDynamics], name: str, combine: Literal["mean", "rank"] = "mean"
) -> pd.Series:
    """A score averaged over seeds or models.

    Args:
        streams: the same samples, observed in the same stream, of two runs or more.
        name: of a registered score; one that is made of several runs already is given as it is.
        combine: "mean" of the values, for runs of one model; or "rank", the mean over the runs of
            a sample's place in the score's own order as a share of the samples (ties share the
            mean place), for models whose values are not of one scale.

    Returns:
        The score of every sample, indexed by sample_id, in the score's own direction whichever
        way it is combined, so that `ranking` orders it.

    Raises:
        ConfigError: on an unknown score or way to combine.
        DynamicsError: if the runs hold other samples, naming the first ids, or other streams, or
            if one of them does not allow the score.

    Source: Chong et al. 2022 (losses over models); Paul et al. 2021 define GraNd and EL2N so, over
    seeds.
    """
    if combine not in ("mean", "rank"):
        raise ConfigError(f"combine is {combine!r}; expected mean or rank")
    if SCORES[name].several_runs:
        return SCORES[name].across(streams)
    table = across_runs(streams, name)
    if combine == "rank":
        table = table.rank() / len(table)
    return table.mean(axis=1).rename(name)
