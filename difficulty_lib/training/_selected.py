"""A run on a part of its training data: `{"selected": {"how": …, "fraction": …, "score": …}}`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from difficulty_lib._errors import ConfigError
from difficulty_lib.curriculum._checked import check_same_samples
from difficulty_lib.data import TextData
from difficulty_lib.selection import SELECTIONS, drop_suspects, select
from difficulty_lib.selection._select import kept_count
from difficulty_lib.training._scores_from import SOURCE, check_known, scores_from

if TYPE_CHECKING:
    from difficulty_lib.training._config import RunConfig

NAME = "selected"
DROP, TRUE = "drop_suspects", "without_errors"
_OWN = ("how", "fraction", "floor", "seed")
_BLIND = ("random", "class_balanced")  # look at no score


def select_training(
    data: TextData,
    truth: pd.DataFrame | None,
    config: RunConfig,
    known: pd.Index,
    roots: Sequence[Path],
) -> TextData:
    """The data with the part of the training split that the run's intervention asks for.

    `how` is one of `selection.SELECTIONS`, with the `fraction` to keep; "drop_suspects", with the
    `fraction` of hardest samples to drop, of which the easiest `floor` of a class are spared; or
    "without_errors", which drops those that the intervention `corrupted` has planted. `floor` and
    `seed` are those of `select`, and all but "random", "class_balanced" and "without_errors" need
    scores (see `scores_from`).

    Args:
        data: as the other interventions have left them.
        truth: about planted errors.
        config: of the run.
        known: ids of all training samples of the data, the run's own and others.
        roots: folders of runs.

    Raises:
        ConfigError: on settings that are none of these.
        DataError: on scores of other samples than the data's, or a part that cannot be.
    """
    if NAME not in config.intervention:
        return data
    given = config.intervention[NAME]
    hows = (*SELECTIONS, DROP, TRUE)
    if not isinstance(given, dict) or given.get("how") not in hows:
        raise ConfigError(
            f"intervention {NAME} is {given!r}; expected a mapping whose how is {', '.join(hows)}"
        )
    check_known(given, NAME, (*_OWN, *SOURCE))
    frame = data["train"]
    labels = frame["label"] if data.target == "class" else None
    if given["how"] == TRUE:
        if truth is None:
            raise ConfigError(f"intervention {NAME}: no errors were planted; expected corrupted")
        planted = truth.index[truth["corrupted"]].intersection(frame.index)
        kept = drop_suspects(frame.index, planted, labels, floor=given.get("floor", 0))
    else:
        kept = _by_score(given, frame, labels, config, known, roots)
    part = frame[frame.index.isin(kept)]
    return replace(data, splits={**data.splits, "train": part})


def _by_score(
    given: dict[str, Any],
    frame: pd.DataFrame,
    labels: pd.Series | None,
    config: RunConfig,
    known: pd.Index,
    roots: Sequence[Path],
) -> np.ndarray:
    how = given["how"]
    if how in _BLIND:
        scores = pd.Series(0.0, index=frame.index, name=how)
    else:
        found = scores_from(given, NAME, config.dataset, roots)
        here = frame.index.union(known.intersection(found.index))
        check_same_samples(str(found.name), found.index.to_numpy(), here.to_numpy())
        scores = found.loc[frame.index]
    settings = {name: given[name] for name in ("seed", "higher_is_harder") if name in given}
    fraction, floor = given.get("fraction"), given.get("floor", 0)
    if how == DROP and not floor:
        suspects = select(scores, fraction, "hardest", **settings)  # type: ignore[arg-type]
        return drop_suspects(frame.index, suspects)
    if how == DROP:  # the least suspect of a class stay, whatever their place
        fraction, how = 1 - kept_count(fraction, len(scores)) / len(scores), "easiest"
    return select(scores, fraction, how, labels, floor=floor, **settings)  # type: ignore[arg-type]
