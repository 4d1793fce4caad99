"""A score over runs that differ in their seed: its values side by side, and an interval per sample."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from difficulty_lib._extras import require
from difficulty_lib.dynamics import StreamDynamics
from difficulty_lib.scores import across_runs, same_epochs


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
    table = across_runs(streams, name)
    same_epochs(streams)
    table.columns.name = name
    return table


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
