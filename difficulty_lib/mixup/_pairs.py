"""Which samples are mixed: easy ones with ambiguous ones, or any with any."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib.data._hashing import PAIRS, unit_hash

Labels = Literal["same", "other", "any"]
BY = ("highest", "lowest", "random")


def pair_samples(
    easy: ArrayLike,
    ambiguous: ArrayLike,
    label: pd.Series,
    entropy: pd.Series,
    *,
    labels: Labels = "same",
    by: Literal["highest", "lowest", "random"] = "highest",
    top: float = 1.0,
    seed: int = 0,
) -> pd.DataFrame:
    """Every easy sample with an ambiguous one, chosen by label and entropy.

    The ambiguous samples that an easy one may have by its label are put in the order of their
    entropy, and given out to the easy samples, the surest first: each gets the first of those that
    were taken least so far. Where there are more than enough, those at the order's start are taken.

    Args:
        easy: ids of the easy samples.
        ambiguous: ids of the ambiguous samples.
        label: by sample_id, the classes.
        entropy: by sample_id, in nats.
        labels: whether partners have the "same" label, an "other" one, or "any".
        by: the order of the ambiguous samples: "highest" or "lowest" entropy first, or "random",
            which leaves entropy aside.
        top: share of the ambiguous samples, the first by that order within the label's, that are
            given out at all.
        seed: of the random order.

    Returns:
        One row per easy sample, in the order of `easy`: `first`, `second` (ids), `first_label`,
        `second_label`.

    Raises:
        ConfigError: on an unknown choice, or a `top` that is no share above 0.
        DataError: on no samples, ids of both regions, ids without label or entropy, or an easy
            sample that no ambiguous one goes with.

    Source: after the abstract of a study of entropy-aware mixup (easy with difficult samples, "based
    on their entropy in a label-aware fashion"); regions as Park and Caragea 2022.
    """
    if labels not in ("same", "other", "any"):
        raise ConfigError(f"labels is {labels!r}; expected same, other or any")
    if by not in BY:
        raise ConfigError(f"by is {by!r}; expected {', '.join(BY)}")
    if not 0 < top <= 1:
        raise ConfigError(f"top is {top!r}; expected a share above 0, at most 1")
    first, second = _ids("easy", easy), _ids("ambiguous", ambiguous)
    both = first.intersection(second)
    if len(both):
        raise DataError(f"{len(both)} samples are easy and ambiguous, first: {both[:5].tolist()}")
    for name, known in (("label", label), ("entropy", entropy)):
        unknown = first.append(second).difference(known.dropna().index)
        if len(unknown):
            raise DataError(f"{len(unknown)} samples have no {name}, first: {unknown[:5].tolist()}")
    ranked = _ordered(second, entropy, by, seed)
    surest = entropy.loc[first].sort_index().sort_values(kind="stable").index
    ranked_labels = label.loc[ranked].to_numpy()
    uses = np.zeros(len(ranked), dtype=np.int64)
    pools: dict[int, NDArray[np.int64]] = {}
    partner: dict[int, int] = {}
    for sample_id in surest.tolist():
        own = label.loc[sample_id]
        if own not in pools:
            pools[own] = _pool(ranked_labels, own, labels, top)
        if not len(pools[own]):
            what = "its own label" if labels == "same" else "another label"
            raise DataError(
                f"easy sample {sample_id} has label {own}, and no ambiguous sample has {what}; "
                "expected one, or labels='any'"
            )
        place = pools[own][uses[pools[own]].argmin()]  # the first of those taken least
        uses[place] += 1
        partner[sample_id] = int(ranked[place])
    return _table([(i, partner[i]) for i in first.tolist()], label)


def random_pairs(label: pd.Series, *, count: int | None = None, seed: int = 0) -> pd.DataFrame:
    """The control: any sample with any other one.

    Args:
        label: by sample_id, the classes of the samples that may be mixed.
        count: how many pairs; as many as samples if not given. Every sample is a first one before
            one is so again.
        seed: other seeds give other pairs.

    Returns:
        As `pair_samples`.

    Raises:
        DataError: on fewer than two samples.
    """
    ids = _ids("samples", label.index)
    if len(ids) < 2:
        raise DataError(f"{len(ids)} samples; expected two or more to be mixed")
    count = len(ids) if count is None else count
    pairs: list[tuple[int, int]] = []
    turn = 0
    while len(pairs) < count:
        rng = np.random.default_rng([seed, PAIRS, turn])
        order = rng.permutation(ids.sort_values())
        shift = rng.integers(1, len(ids))  # so that nothing is mixed with itself
        pairs += list(zip(order.tolist(), np.roll(order, shift).tolist()))
        turn += 1
    return _table(pairs[:count], label)


def repeat_pairs(pairs: pd.DataFrame, count: int) -> pd.DataFrame:
    """As many synthetic examples as wanted: the pairs in turn, each with a λ of its own later.

    Args:
        pairs: of `pair_samples`.
        count: how many, such as the number of training samples.

    Raises:
        DataError: on no pairs.
        ConfigError: on a count below 1.
    """
    if count < 1:
        raise ConfigError(f"count is {count!r}; expected 1 or more")
    if pairs.empty:
        raise DataError("no pairs; expected at least one")
    return pairs.iloc[np.arange(count) % len(pairs)].reset_index(drop=True)


def _pool(ranked: NDArray[Any], own: Any, labels: Labels, top: float) -> NDArray[np.int64]:
    """The places of the ambiguous samples that an easy one of this label may have."""
    fits = np.ones(len(ranked), dtype=bool)
    if labels != "any":
        fits = (ranked == own) == (labels == "same")
    pool = np.flatnonzero(fits)
    return pool[: max(1, round(top * len(pool)))]


def _ordered(ids: pd.Index, entropy: pd.Series, by: str, seed: int) -> pd.Index:
    ids = ids.sort_values()
    if by == "random":
        return ids[np.argsort(unit_hash(ids.to_numpy(), salt=PAIRS + seed), kind="stable")]
    return entropy.loc[ids].sort_values(ascending=by == "lowest", kind="stable").index


def _ids(name: str, given: ArrayLike) -> pd.Index:
    ids = pd.Index(np.asarray(given, dtype=np.int64))
    if not len(ids):
        raise DataError(f"no {name}; expected at least one")
    if ids.has_duplicates:
        doubled = ids[ids.duplicated()].unique()
        raise DataError(f"{name}: {len(doubled)} ids are there twice, first: {doubled[0]}")
    return ids


def _table(pairs: list[tuple[int, int]], label: pd.Series) -> pd.DataFrame:
    table = pd.DataFrame(pairs, columns=["first", "second"], dtype="int64")
    for side in ("first", "second"):
        table[f"{side}_label"] = label.loc[table[side]].to_numpy()
    return table
