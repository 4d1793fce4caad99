"""Scores of every token, by the same functions as those of samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from difficulty_lib._errors import DynamicsError
from difficulty_lib.dynamics import StreamDynamics
from difficulty_lib.scores._table import score_table


def token_table(
    dynamics: StreamDynamics,
    names: Sequence[str] | None = None,
    *,
    allow_collapsed: bool = False,
) -> pd.DataFrame:
    """Every score that these tokens allow, or those named, a row per token.

    A token is scored as a sample is: its gold token is the label, and its loss, margin, entropy and
    prediction in every epoch are the dynamics.

    Args:
        dynamics: one split and stream, of sequences.
        names: names of scores; all available ones if not given.
        allow_collapsed: whether to score a run, too, that learnt nothing.

    Returns:
        A frame indexed by (sample_id, position), positions from 0 among the gold tokens of a sample;
        a column per score. `attrs["stream"]` says which stream the scores were computed from.

    Raises:
        DynamicsError: if no tokens were recorded, or a named score needs what was not.
        ConfigError: on an unknown name.
    """
    tokens = dynamics.tokens
    if tokens is None:
        raise DynamicsError(
            f"{dynamics.split}/{dynamics.stream}: no tokens were recorded; expected the dynamics of "
            "sequences or labelled tokens"
        )
    each = replace(
        dynamics,
        ids=np.arange(len(tokens.gold)),
        columns={
            "loss": tokens.columns["loss"],
            "margin": tokens.margins(),
            "entropy": tokens.columns["entropy"],
            "predicted": tokens.columns["predicted"],
        },
        label=tokens.gold.astype(np.int64),
        static={},
        health=None,
        tokens=None,
        reduction=None,
    )
    table = score_table(each, names, allow_collapsed=allow_collapsed)
    table.index = pd.MultiIndex.from_arrays(
        [np.repeat(dynamics.ids, tokens.lengths), tokens.positions],
        names=["sample_id", "position"],
    )
    return table
