"""Cheap difficulty: scores after a part of the fine-tuning, and what they are worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from difficulty_lib._errors import ConfigError, DynamicsError
from difficulty_lib.analysis import share, spearman
from difficulty_lib.data import read_registry
from difficulty_lib.dynamics import StreamDynamics
from difficulty_lib.scores import SCORES, ranking

if TYPE_CHECKING:
    from difficulty_lib.training import RunConfig

EVALUATION_COST = 0.2  # of an epoch of training: a pass forward only, in batches of like length
MOST_FASTER = 4.0


@dataclass(frozen=True)
class Plan:
    """What a budget pays for.

    Attributes:
        budget: share of the full fine-tuning's cost.
        epochs: passes that train, each followed by one that evaluates.
        full: epochs of the full fine-tuning.
        faster: factor on the peak learning rate.
    """

    budget: float
    epochs: int
    full: int
    faster: float

    @property
    def share(self) -> float:
        """What the plan costs, as a share of the full fine-tuning: at most `budget`."""
        return self.epochs * (1 + EVALUATION_COST) / self.full


def plan_budget(budget: float, epochs: int) -> Plan:
    """How many epochs a share of a fine-tuning's cost pays for.

    An epoch costs one pass that trains and one that evaluates, a fifth of it. The evaluation is
    worth more than further training: the training stream of a first epoch is measured on samples
    that were not yet seen, the first of them by a model that has learnt nothing. The schedule is
    made for these epochs, and the peak learning rate rises by `epochs / epochs paid for`, at most
    fourfold, so that as much is learnt in fewer updates.

    Args:
        budget: share of the cost of the full fine-tuning, above 0 and below 1.
        epochs: of the full fine-tuning.

    Raises:
        ConfigError: if the budget is out of range or pays for less than an epoch.
    """
    if not 0 < budget < 1:
        raise ConfigError(f"budget is {budget:g}; expected a share above 0 and at most 1")
    paid = int(np.floor(budget * epochs / (1 + EVALUATION_COST) + 1e-9))
    if paid < 1:
        least = (1 + EVALUATION_COST) / epochs
        raise ConfigError(
            f"budget {budget:g} of {epochs} epochs pays for less than one epoch and its evaluation; "
            + (f"expected {least:.2g} to 1" if least < 1 else "expected more epochs")
        )
    return Plan(budget, paid, epochs, min(MOST_FASTER, epochs / paid))


def cheaper(config: RunConfig, plan: Plan) -> RunConfig:
    """The configuration of the plan: fewer epochs, a higher learning rate, evaluated on "train"."""
    return replace(
        config,
        epochs=plan.epochs,
        learning_rate=config.learning_rate * plan.faster,
        evaluation_splits=("train",),
    )


def spent(plan: Plan, timings: Mapping[str, float]) -> str:
    """What a run of the plan took, as one line.

    Args:
        plan: what was paid for.
        timings: of the run's record, in seconds: `train_s` and `evaluation_s`.
    """
    took = timings["train_s"] + timings["evaluation_s"]
    full = timings["train_s"] * plan.full / plan.epochs
    epochs = "1 epoch" if plan.epochs == 1 else f"{plan.epochs} epochs"
    return (
        f"spent: {epochs} of {plan.full}, evaluated, {took:.0f} s: {took / full:.2f} of the {full:.0f} s "
        f"that all {plan.full} would take"
    )


def expected() -> str:
    """What a budget of a fifth was worth where it was measured, as one line."""
    found = read_registry("budget")["emotion"]
    return (
        f"to expect: of {found['flipped']} labels flipped in {found['rows']:,} tweets, "
        f"{found['epochs']} epoch of {found['of']} had {found['cheap']} among its first "
        f"{found['flipped']} rows, all {found['of']} had {found['full']}"
    )


def first_epochs(stream: StreamDynamics, epochs: int) -> StreamDynamics:
    """The dynamics as they were after so many trained epochs.

    Args:
        stream: one split and stream.
        epochs: from 1 to the number of trained epochs; epoch 0 stays if it was recorded.

    Raises:
        ConfigError: on another number.
    """
    known = stream.trained_epochs
    if not 1 <= epochs <= len(known):
        raise ConfigError(f"the first {epochs} epochs of {len(known)}; expected 1 to {len(known)}")
    if stream.tokens is not None:
        reduced = stream if stream.reduction is not None else stream.reduce()
        stream = replace(reduced, tokens=None)
    keep = stream.epochs <= known[epochs - 1]
    return replace(
        stream,
        epochs=stream.epochs[keep],
        columns={name: values[keep] for name, values in stream.columns.items()},
    ).trusted()


def early_agreement(
    stream: StreamDynamics,
    name: str,
    *,
    full: StreamDynamics | None = None,
    top: float = 0.05,
    resamples: int = 200,
    seed: int = 0,
) -> pd.DataFrame:
    """How well a score after its first epochs ranks as the full one does.

    The first epochs are a part of the full score where both come from one run: some agreement
    comes for free. Give another run as `full` (another seed, a larger model) to see what is left.

    Args:
        stream: one split and stream of E epochs.
        name: a registered score.
        full: the dynamics that the full score comes from, of the same samples: another stream,
            seed or model; `stream` itself if not given.
        top: share of the samples that count as hardest.
        resamples: bootstrap resamples of the samples.
        seed: of the resampling.

    Returns:
        A row per number of epochs 1 … E: `epoch`; Spearman's correlation with the full score,
        `value`, `low`, `high`, `n`, by bootstrap over samples; and the share of the full score's
        hardest that are among the early one's hardest, `overlap`, `overlap_low`, `overlap_high`,
        by Wilson's formula; by chance it is `top`. Intervals are 95 %.

    Raises:
        ConfigError: on an unknown score.
        DynamicsError: if the full dynamics are of other samples, or hold not what the score needs.
    """
    entry = SCORES[name]
    full = stream if full is None else full
    other = np.setxor1d(stream.ids, full.ids)
    if len(other):
        raise DynamicsError(
            f"the full dynamics are of other samples: {len(other)} ids are in one of both only, "
            f"first: {other[:5].tolist()}"
        )
    whole = entry(full)
    count = max(1, round(top * len(whole)))
    hardest = ranking(whole).index[:count]
    rows = []
    for epochs in range(1, len(stream.trained_epochs) + 1):
        early = entry(first_epochs(stream, epochs))
        found = spearman(early, whole.loc[early.index], resamples=resamples, seed=seed)
        both = share(hardest.isin(ranking(early).index[:count]))
        rows.append(
            {"epoch": int(stream.trained_epochs[epochs - 1])}
            | {"value": found.value, "low": found.low, "high": found.high, "n": found.n}
            | {"overlap": both.value, "overlap_low": both.low, "overlap_high": both.high}
        )
    return pd.DataFrame(rows)
