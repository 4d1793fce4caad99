"""In which order samples come: by a score whose direction the registry knows, ties by the id's hash."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from difficulty_lib._errors import ConfigError
from difficulty_lib.curriculum._checked import checked_ids, checked_seed, checked_values
from difficulty_lib.data._hashing import unit_hash
from difficulty_lib.scores import SCORES, hardness

ORDERS = ("easy_first", "hard_first", "ambiguous_first", "random")
_SALT = 20_000_000


def turned(
    scores: pd.Series, *, higher_is_harder: bool | None = None, ambiguous: bool = False
) -> NDArray[np.float64]:
    """A score's values, turned so that high is hard, or ambiguous.

    Args:
        scores: indexed by sample_id; its name is that of a registered score unless
            `higher_is_harder` is given.
        higher_is_harder: the direction, for numbers that are not of a registered score.
        ambiguous: whether the hard end must be the ambiguous one.

    Raises:
        ConfigError: if the direction is neither given nor registered, or a registered score's hard
            end is not the ambiguous one.
        DataError: on values that are no numbers.
    """
    if higher_is_harder is None:
        if scores.name not in SCORES:
            raise ConfigError(
                f"'{scores.name}' is no registered score: say higher_is_harder=True or False"
            )
        entry = SCORES[str(scores.name)]
        if ambiguous and entry.means != "ambiguous":
            known = [name for name, other in SCORES.items() if other.means == "ambiguous"]
            raise ConfigError(
                f"the hard end of '{entry.name}' is difficult, not ambiguous; expected a score of "
                f"ambiguity: {', '.join(known)}"
            )
        higher_is_harder = entry.higher_is_harder
    return hardness(checked_values(scores), higher_is_harder=higher_is_harder)


def ordered(
    scores: pd.Series, order: str, *, seed: int = 0, higher_is_harder: bool | None = None
) -> NDArray[np.int64]:
    """The samples in the order in which a curriculum makes them available.

    Args:
        scores: indexed by sample_id; its name is that of a registered score unless
            `higher_is_harder` is given. A random order does not look at the values.
        order: "easy_first", "hard_first", "ambiguous_first" (by a score of ambiguity) or "random".
        seed: other seeds give another random order, and ties another.
        higher_is_harder: the direction, for numbers that are not of a registered score; for
            "ambiguous_first", whether high is ambiguous.

    Returns:
        Shape (N,), the ids. It does not depend on the order in which the samples are given.

    Raises:
        ConfigError: on an unknown order, or a score whose direction is unknown or whose hard end is
            not the ambiguous one.
        DataError: on ids that are doubled, or values that are no numbers.
    """
    if order not in ORDERS:
        raise ConfigError(f"unknown order '{order}'; known: {', '.join(ORDERS)}")
    ids = checked_ids(scores.index, f"'{scores.name}'")
    tie = unit_hash(ids, salt=_SALT + checked_seed(seed))
    if order == "random":
        return ids[np.lexsort((ids, tie))]
    key = turned(scores, higher_is_harder=higher_is_harder, ambiguous=order == "ambiguous_first")
    return ids[np.lexsort((ids, tie, key if order == "easy_first" else -key))]
