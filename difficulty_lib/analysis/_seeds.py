"""A score over runs that differ in their seed: its values side by side, and an interval per sample."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from difficulty_lib._errors import DynamicsError
from difficulty_lib._extras import require
from difficulty_lib.dynamics import StreamDynamics
from difficulty_lib.scores import SCORES


def seed_scores(streams: Sequence[StreamDynamics], name: str) -> pd.DataFrame:
    """One score of the same samples in several runs.

    Args:
        streams: the same split and stream of runs that differ in their seed alone.
        name: a registered score.

    Returns:
        A column per run, 0, 1, …, in the score's own units and direction, indexed by sample_id;
        `columns.name` is the score's name, from which `compare_scores` takes the direction.

    Raises:
        ConfigError: on an unknown score.
        DynamicsError: on fewer than two runs, or runs whose samples, labels, split, stream or
            number of epochs differ; the message names the run and the first ids.
    """
    entry = SCORES[name]
    if len(streams) < 2:
        raise DynamicsError(f"{len(streams)} run given; expected two or more with different seeds")
    for number, stream in enumerate(streams[1:], start=2):
        _check_same(streams[0], stream, number)
    table = pd.DataFrame({number: entry(stream) for number, stream in enumerate(streams)})
    table.columns.name = name
    return table


def _check_same(first: StreamDynamics, other: StreamDynamics, number: int) -> None:
    for what in ("split", "stream"):
        if getattr(first, what) != getattr(other, what):
            raise DynamicsError(
                f"run {number} has the {what} '{getattr(other, what)}', run 1 "
                f"'{getattr(first, what)}'; expected the same in all runs"
            )
    foreign = np.setxor1d(first.ids, other.ids)
    if len(foreign):
        raise DynamicsError(
            f"runs 1 and {number} have other samples, {len(foreign)} ids are in one of them only, "
            f"first: {foreign[:5].tolist()}"
        )
    if len(first.trained_epochs) != len(other.trained_epochs):
        raise DynamicsError(
            f"run {number} has {len(other.trained_epochs)} epochs, run 1 "
            f"{len(first.trained_epochs)}; expected the same in all runs"
        )
    if first.label is not None and other.label is not None:
        relabelled = first.ids[first.label != other.label]
        if len(relabelled):
            raise DynamicsError(
                f"runs 1 and {number} have other labels for {len(relabelled)} samples, "
                f"first: {relabelled[:5].tolist()}"
            )


def score_interval(
    streams: Sequence[StreamDynamics], name: str, level: float = 0.95
) -> pd.DataFrame:
    """Every sample's mean score over seeds, with Student's t interval.

    The interval says where the mean over ever more seeds would lie. A bootstrap is not offered:
    over the three to ten seeds that one has, it is too narrow.

    Args:
        streams: the same split and stream of S ≥ 2 runs that differ in their seed alone.
        name: a registered score.
        level: of the interval.

    Returns:
        A frame indexed by sample_id: `mean`, `low`, `high` and `sd` (over seeds, ddof 1), all in
        the score's own units and direction, and `seeds`, the number of runs.

    Raises:
        ConfigError: on an unknown score.
        DynamicsError: as `seed_scores`.
    """
    stats = require("scipy.stats", "train")
    table = seed_scores(streams, name)
    count = table.shape[1]
    mean, sd = table.mean(axis=1), table.std(axis=1, ddof=1)
    half = float(stats.t.ppf((1 + level) / 2, count - 1)) * sd / np.sqrt(count)
    return pd.DataFrame(
        {"mean": mean, "low": mean - half, "high": mean + half, "sd": sd, "seeds": count}
    )
