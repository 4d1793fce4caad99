"""In which order samples come: by a score whose direction the registry knows, ties by the id's hash."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from difficulty_lib._errors import ConfigError
from difficulty_lib._whole import whole_number
from difficulty_lib.curriculum._checked import (
    check_same_samples,
    checked_ids,
    checked_values,
)
from difficulty_lib.data._hashing import ORDER, unit_hash
from difficulty_lib.scores import SCORES, hardness

IN_CLASS = "_in_class"  # ends the name of an order that every class follows on its own
BY_SCORE = ("easy_first", "hard_first", "ambiguous_first")
ORDERS = (*BY_SCORE, *(f"{order}{IN_CLASS}" for order in BY_SCORE), "random")


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
    scores: pd.Series,
    order: str,
    *,
    seed: int = 0,
    higher_is_harder: bool | None = None,
    classes: pd.Series | None = None,
) -> NDArray[np.int64]:
    """The samples in the order in which a curriculum makes them available.

    The easiest samples of all are often of few classes. "easy_first_in_class" and its like order
    every class on its own and deal the classes out together: among the first p % of the samples are
    the first p % of each class.

    Args:
        scores: indexed by sample_id; its name is that of a registered score unless
            `higher_is_harder` is given. A random order does not look at the values.
        order: "easy_first", "hard_first", "ambiguous_first" (by a score of ambiguity), each also with
            "_in_class" behind it; or "random".
        seed: other seeds give another random order, and ties another.
        higher_is_harder: the direction, for numbers that are not of a registered score; for
            "ambiguous_first", whether high is ambiguous.
        classes: indexed by sample_id, for the orders "in class"; others do not look at them.

    Returns:
        Shape (N,), the ids. It does not depend on the order in which the samples are given.

    Raises:
        ConfigError: on an unknown order, or a score whose direction is unknown or whose hard end is
            not the ambiguous one; on an order "in class" without classes.
        DataError: on ids that are doubled, values that are no numbers, or classes of other samples.

    Source: Hacohen and Weinshall 2019, whose first samples hold every class alike.
    """
    if order not in ORDERS:
        raise ConfigError(f"unknown order '{order}'; known: {', '.join(ORDERS)}")
    ids = checked_ids(scores.index, f"'{scores.name}'")
    tie = unit_hash(ids, salt=ORDER + whole_number("seed", seed, 0))
    if order == "random":
        return ids[np.lexsort((ids, tie))]
    plain = order.removesuffix(IN_CLASS)
    key = turned(scores, higher_is_harder=higher_is_harder, ambiguous=plain == "ambiguous_first")
    place = np.lexsort((ids, tie, key if plain == "easy_first" else -key))
    if plain != order:
        place = place[_dealt(_classes_of(ids, classes, order)[place])]
    return ids[place]


def _classes_of(ids: NDArray[np.int64], classes: pd.Series | None, order: str) -> NDArray[np.int64]:
    if classes is None:
        raise ConfigError(f"the order '{order}' needs the samples' classes")
    check_same_samples("the classes", checked_ids(classes.index, "classes"), ids, what="class")
    return pd.factorize(classes.loc[ids])[0]


def _dealt(groups: NDArray[np.int64]) -> NDArray[np.intp]:
    """Places in which groups go through their members at rates that let all end together."""
    members = pd.Series(groups).groupby(groups)
    share = (members.cumcount() + 0.5) / members.transform("size")
    return np.argsort(share.to_numpy(), kind="stable")
