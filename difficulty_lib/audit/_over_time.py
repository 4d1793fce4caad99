"""How soon the errors are found: a score from the first epochs on, against the truth and the last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from difficulty_lib.analysis import Estimate, spearman
from difficulty_lib.audit import _ties
from difficulty_lib.audit._oriented import oriented
from difficulty_lib.audit._ranked import Ranked, draws, estimate
from difficulty_lib.budget import first_epochs
from difficulty_lib.dynamics import StreamDynamics
from difficulty_lib.scores import SCORES

LEVEL = 0.95


def audit_over_time(
    stream: StreamDynamics,
    truth: pd.Series,
    names: Sequence[str] = ("action_score",),
    *,
    resamples: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Average precision of scores from the first t epochs, t = 1 … E, and how each epoch changes it.

    "action_score" sums what was seen so far; "last_loss" shows every epoch's own ranking.

    Args:
        stream: one split and stream of E epochs.
        truth: by sample_id, True where there is an error; of the stream's samples.
        names: registered scores.
        resamples: bootstrap resamples of the rows, the same for all epochs; 0 for no intervals.
        seed: of the resampling.

    Returns:
        A row per score and epoch: `score`, `epoch`; `average_precision`, `low`, `high`; `to_last`,
        this minus what all epochs give, and `step`, this minus the epoch before (NaN for the first),
        paired over the resamples, each with `_low` and `_high`; `spearman` with the ranking of all
        epochs, `spearman_low`, `spearman_high` (NaN where all samples are tied). 95 % intervals.
        `attrs["base_rate"]` is the share of errors.

    Raises:
        ConfigError: on an unknown score.
        DataError: as `audit_measures`.
        DynamicsError: if a score needs what was not recorded, or the run collapsed.
    """
    rows: list[dict[str, Any]] = []
    measure = {"ap": _ties.average_precision}
    for name in names:
        entry = SCORES[name]
        whole = oriented(entry(stream))
        epochs = range(1, len(stream.trained_epochs) + 1)
        early = [oriented(entry(first_epochs(stream, t))) for t in epochs]
        early[-1] = whole
        ranked = [Ranked.of(hard, truth) for hard in early]
        values = [float(_ties.average_precision(*r.counts())) for r in ranked]
        drawn = [draws(r, measure, resamples=resamples, seed=seed)["ap"] for r in ranked]
        for t, hard in enumerate(early):
            own = estimate(values[t], drawn[t], len(truth), LEVEL)
            last = estimate(values[t] - values[-1], drawn[t] - drawn[-1], len(truth), LEVEL)
            step = Estimate(np.nan, np.nan, np.nan, len(truth))
            if t:
                step = estimate(
                    values[t] - values[t - 1], drawn[t] - drawn[t - 1], len(truth), LEVEL
                )
            alike = spearman(hard, whole, resamples=resamples or 1, seed=seed)
            if not resamples:
                alike = Estimate(alike.value, np.nan, np.nan, alike.n)
            rows.append(
                {"score": name, "epoch": int(stream.trained_epochs[t])}
                | {"average_precision": own.value, "low": own.low, "high": own.high}
                | _columns("to_last", last)
                | _columns("step", step)
                | _columns("spearman", alike)
            )
    table = pd.DataFrame(rows)
    table.attrs["base_rate"] = float(truth.mean())
    return table


def _columns(name: str, found: Estimate) -> dict[str, float]:
    return {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}
