"""Which rows of my data set should I look at first? A table in, the table with scores and a rank out."""

from __future__ import annotations

import tempfile
import warnings
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from difficulty_lib._errors import ConfigError
from difficulty_lib.budget import Plan, cheaper, plan_budget
from difficulty_lib.data import TextData
from difficulty_lib.dynamics import CollapsedRunWarning, StreamDynamics
from difficulty_lib.dynamics._columns import STATIC
from difficulty_lib.scores import SCORES, Score, ranking, score_table
from difficulty_lib.training import RunConfig
from difficulty_lib.training._runs import train_run

SUSPICION = "action_score"
KEPT = (
    "action_score",
    "last_loss",
    "aum",
    "confidence",
    "variability",
    "forgetting_events",
    "predictive_entropy",
)
OVER_EPOCHS = ("action_variance", "variability", "forgetting_events")  # nothing after one


@dataclass(frozen=True)
class Suspicion:
    """Rows ranked by how suspicious their labels are.

    Attributes:
        table: indexed by sample_id (the row's number from 1), hardest first: the text, `label`,
            `predicted`, the scores, and `suspicion_rank` from 1.
        by: the score that ranks.
        dynamics: what the scores were computed from.
        run: the record of the fine-tuning.
        data: the labelled texts.
        plan: what was paid for, if a budget was given.
    """

    table: pd.DataFrame = field(repr=False)
    by: str
    dynamics: StreamDynamics = field(repr=False)
    run: dict[str, Any] = field(repr=False)
    data: TextData = field(repr=False)
    plan: Plan | None = None


def rank_suspicion(
    data: TextData,
    config: RunConfig | None = None,
    *,
    by: str = SUSPICION,
    budget: float = 1.0,
    keep: Path | None = None,
    progress: bool = True,
) -> Suspicion:
    """Fine-tune on the rows and rank them by a score of their training stream, hardest first.

    The training stream comes from the very forward passes that train, so that the ranking needs
    no pass beyond the fine-tuning. With a budget below 1 it is the evaluation stream of a
    fine-tuning that is shorter, as `budget.plan_budget` says.

    Args:
        data: labelled texts, all in the split "train".
        config: how to fine-tune; the defaults of `RunConfig` if not given.
        by: the score that ranks.
        budget: share of the cost of the fine-tuning that `config` describes, above 0, at most 1.
        keep: a folder to keep the run in; nothing is kept if not given.
        progress: whether to show bars.

    Raises:
        DifficultyError: one line, if the data, the model or the configuration cannot be used.
    """
    if by not in SCORES:
        raise ConfigError(f"unknown score '{by}'; known: {', '.join(SCORES)}")
    _check_score(SCORES[by])
    config = replace(
        config or RunConfig(dataset=data.name),
        evaluation_splits=(),
        record_training=True,
        record_initial=False,
        data_fingerprint=data.fingerprint(),
    )
    plan = None if budget == 1 else plan_budget(budget, config.epochs)
    if plan is not None:
        if plan.epochs == 1 and by in OVER_EPOCHS:
            raise ConfigError(
                f"score '{by}' compares epochs, and budget {budget:g} of {config.epochs} pays for one; "
                f"expected a budget that pays for two, or another score, such as {SUSPICION}"
            )
        config = cheaper(config, plan)
    config = config.resolved()
    with tempfile.TemporaryDirectory() as scratch:
        folder = keep or Path(scratch) / "run"
        with warnings.catch_warnings():  # the scores say it, too, in one line
            warnings.simplefilter("ignore", CollapsedRunWarning)
            run = train_run(config, data, folder, progress=progress)
            dynamics = run.dynamics.stream("train", "evaluation" if plan else "training")
        table = _table(data, dynamics, by)
    return Suspicion(table=table, by=by, dynamics=dynamics, run=run.record, data=data, plan=plan)


def _check_score(entry: Score) -> None:
    """Refuse before training what the training stream of one run cannot give."""
    if any(need.startswith("initial_") for need in entry.needs):
        raise ConfigError(f"score '{entry.name}' needs epoch 0, which the training stream has not")
    if entry.several_runs or entry.held_out or entry.only_stream not in (None, "training"):
        what = "several runs" if entry.several_runs else entry.only_stream or "held-out samples"
        raise ConfigError(
            f"score '{entry.name}' needs {what}, which the training stream of one run has not"
        )
    extra = [n for n in entry.needs if n in (*STATIC, "gradient_norm", "learning_rate")]
    if extra:
        raise ConfigError(
            f"score '{entry.name}' needs {', '.join(extra)}, which the training stream has not"
        )


def _table(data: TextData, dynamics: StreamDynamics, by: str) -> pd.DataFrame:
    names = np.array(data.label_names, dtype=object)
    frame = data["train"]
    scores = score_table(dynamics, list(dict.fromkeys((*KEPT, by))))
    predicted = dynamics.matrix("predicted")[-1].astype(int)
    place = ranking(scores[by])
    table = pd.DataFrame(
        {
            "text": data.texts("train"),
            "label": names[frame["label"].to_numpy()],
            "predicted": pd.Series(names[predicted], index=scores.index),
        }
    ).join(scores)
    return table.loc[place.index].assign(suspicion_rank=place)
