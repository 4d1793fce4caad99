"""Scores turned so that high is hard, and marked so that none is ever turned twice or not at all."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib.scores import SCORES, hardness

MARK = "hard_is"


def oriented(
    scores: pd.Series, *, higher_is_harder: bool | None = None, name: str | None = None
) -> pd.Series:
    """The scores turned so that high is hard, as every measure of an audit wants them.

    Args:
        scores: indexed by sample_id. What is oriented already stays as it is; otherwise its name
            is that of a registered score, unless `higher_is_harder` says the direction.
        higher_is_harder: the direction of numbers that are no registered score.
        name: of the result; "hard_<name>" if not given, so that it is not taken for the score.

    Returns:
        Shape (N,), high is hard, with `attrs["hard_is"] = "high"`, which says so. pandas keeps it
        through arithmetic: what is made of the result is taken as oriented, too.

    Raises:
        ConfigError: if nothing says the direction.
    """
    if scores.attrs.get(MARK) == "high" and higher_is_harder is None:
        return scores if name is None else scores.rename(name)
    if higher_is_harder is None:
        if scores.name not in SCORES:
            raise ConfigError(
                f"the direction of '{scores.name}' is unknown: it is no registered score; "
                "say higher_is_harder=True or False"
            )
        higher_is_harder = SCORES[str(scores.name)].higher_is_harder
    values = hardness(scores.to_numpy(dtype=float), higher_is_harder=higher_is_harder)
    return marked(values, scores.index, f"hard_{scores.name}" if name is None else name)


def marked(values: ArrayLike, index: pd.Index, name: str) -> pd.Series:
    """Values that are high where it is hard, by sample_id, marked as such."""
    found = pd.Series(
        np.asarray(values, dtype=np.float64), index=index.rename("sample_id"), name=name
    )
    found.attrs[MARK] = "high"
    return found


def check_values(hard: pd.Series) -> None:
    """Refuse a doubled sample_id and what is not a number.

    Raises:
        DataError: naming the first ids.
    """
    if not len(hard):
        raise DataError(f"'{hard.name}' holds no sample; expected one or more")
    if not hard.index.is_unique:
        doubled = hard.index[hard.index.duplicated()].unique()
        raise DataError(
            f"'{hard.name}': {len(doubled)} sample ids are doubled, first: {doubled[:5].tolist()}"
        )
    bad = hard.index[~np.isfinite(hard.to_numpy(dtype=float))]
    if len(bad):
        raise DataError(
            f"'{hard.name}' is not finite for {len(bad)} samples, first: {bad[:5].tolist()}"
        )
