"""Probabilities of all classes after the last epoch, which the dynamics do not hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from difficulty_lib._errors import DynamicsError
from difficulty_lib._extras import require
from difficulty_lib.tasks import EncodedSplit, TaskSettings
from difficulty_lib.training._interventions import HELD_OUT

if TYPE_CHECKING:
    from difficulty_lib.training._run import Run

PREFIX = "p_"


def class_probabilities(
    model: Any, settings: TaskSettings, frame: pd.DataFrame, encoded: EncodedSplit
) -> pd.DataFrame:
    """The softmax of a classifier's logits, of one more pass in eval mode.

    Args:
        model: with logits of classes.
        settings: with its tokenizer.
        frame: the split, indexed by sample_id.
        encoded: its rows.

    Returns:
        By sample_id, in the order of the ids: `p_0` … `p_{K−1}`, float32.
    """
    from difficulty_lib.tasks.classification import pad_inputs
    from difficulty_lib.training._evaluation import ID_COLUMN, observe_split

    torch = require("torch", "train")

    def observe(logits: Any, labels: Any) -> dict[str, Any]:
        shares = torch.softmax(logits.detach().float(), dim=-1)
        return {f"{PREFIX}{k}": shares[:, k] for k in range(shares.shape[1])}

    observed = observe_split(model, encoded, pad_inputs(settings.tokenizer, model), observe=observe)
    index = pd.Index(observed.pop(ID_COLUMN), name=frame.index.name)
    return pd.DataFrame(observed, index=index).sort_index()


def fold_probabilities(done: Sequence[Run]) -> pd.DataFrame | None:
    """Out-of-sample probabilities of every training sample, from the runs of all folds.

    Args:
        done: runs as `fold_runs` gives them, of a configuration with `record_probabilities`.

    Returns:
        Shape (N, K), by sample_id, columns 0 … K − 1, rows adding up to 1; None if a run recorded
        none.

    Raises:
        DynamicsError: without runs, or if a sample is in more than one fold, naming the first ids.
    """
    if not done:
        raise DynamicsError("no runs of folds; expected two or more")
    found = [run.outputs(HELD_OUT) for run in done]
    parts = [part for part in found if part is not None and f"{PREFIX}0" in part]
    if len(parts) < len(done):
        return None
    whole = pd.concat(parts).sort_index()
    doubled = whole.index[whole.index.duplicated()].unique()
    if len(doubled):
        raise DynamicsError(
            f"{len(doubled)} samples are in more than one fold, first: {doubled[:5].tolist()}; "
            "expected the folds of one data set"
        )
    whole.columns = pd.RangeIndex(whole.shape[1])
    exact = whole.astype("float64")
    return exact.div(exact.sum(axis=1), axis=0)
