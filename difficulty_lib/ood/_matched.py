"""The area under the ROC curve among texts of like length."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib.analysis._estimate import Estimate
from difficulty_lib.ood._measures import LEAST, _area, _estimate
from difficulty_lib.ood._score import Array, as_values


@dataclass(frozen=True)
class LengthMatched:
    """How well a score detects what is out of distribution, among texts of like length.

    Attributes:
        auroc: of samples that share a bin of lengths.
        length_auroc: the same of length itself: what the bins leave of it, .5 for nothing.
        inside: in-distribution samples in the bins that hold both kinds.
        outside: out-of-distribution samples there.
        bins: one row per bin that holds both kinds: `shortest`, `longest`, `inside`, `outside`,
            `auroc`, and its `weight`.
    """

    auroc: Estimate
    length_auroc: float
    inside: int
    outside: int
    bins: pd.DataFrame = field(repr=False)


def length_matched_auroc(
    inside: ArrayLike,
    outside: ArrayLike,
    inside_lengths: ArrayLike,
    outside_lengths: ArrayLike,
    *,
    bins: int = 10,
    resamples: int = 1000,
    seed: int = 0,
) -> LengthMatched:
    """The area under the ROC curve within bins of length, averaged over them.

    The bins are between quantiles of the lengths that both kinds have, of the kind that has fewer
    there. A bin with a in- and b out-of-distribution samples has the weight a·b/(a + b), so that one
    which is crowded by one kind counts no more than the other kind warrants.

    Args:
        inside: shape (N,), the in-distribution samples' score, high is out of distribution.
        outside: shape (M,), that of the out-of-distribution samples.
        inside_lengths: shape (N,), words or tokens.
        outside_lengths: shape (M,), likewise.
        bins: how many, at most; fewer where lengths are tied.
        resamples: bootstrap resamples of each kind within each bin.
        seed: of the resampling.

    Raises:
        DataError: if shapes do not fit, no length is both kinds', or fewer than ten samples of
            either kind share a bin with the other.
        ConfigError: on fewer than one bin.
    """
    if bins < 1:
        raise ConfigError(f"bins is {bins!r}; expected 1 or more")
    scores = [as_values("inside", inside), as_values("outside", outside)]
    lengths = [
        as_values("inside_lengths", inside_lengths),
        as_values("outside_lengths", outside_lengths),
    ]
    for name, values, long in zip(("inside", "outside"), scores, lengths):
        if len(values) != len(long) or not len(values):
            raise DataError(f"{name}: {len(values)} scores, {len(long)} lengths; expected as many")
    places = _binned(lengths, bins)
    shared = [
        number
        for number in np.unique(np.concatenate(places))
        if number >= 0 and all((place == number).any() for place in places)
    ]
    kept = [int(np.isin(place, shared).sum()) for place in places]
    if min(kept) < LEAST:
        raise DataError(
            f"{kept[0]} in-distribution and {kept[1]} out-of-distribution texts have lengths in "
            f"common; expected {LEAST} or more of each"
        )
    rng = np.random.default_rng(seed)
    rows, draws, alone = [], [], []
    for number in shared:
        a, b = (values[place == number] for values, place in zip(scores, places))
        of_bin = [values[place == number] for values, place in zip(lengths, places)]
        both = np.concatenate(of_bin)
        rows.append(
            {
                "shortest": both.min(),
                "longest": both.max(),
                "inside": len(a),
                "outside": len(b),
                "auroc": float(_area(a[None], b[None])[0]),
                "weight": len(a) * len(b) / (len(a) + len(b)),
            }
        )
        alone.append(float(_area(of_bin[0][None], of_bin[1][None])[0]))
        draws.append(_resampled(a, b, resamples, rng))
    table = pd.DataFrame(rows)
    table["weight"] /= table["weight"].sum()
    weight = table["weight"].to_numpy()
    return LengthMatched(
        auroc=_estimate(weight @ table["auroc"].to_numpy(), weight @ np.stack(draws), sum(kept)),
        length_auroc=float(weight @ np.array(alone)),
        inside=kept[0],
        outside=kept[1],
        bins=table,
    )


def _binned(lengths: list[Array], bins: int) -> list[NDArray[np.int64]]:
    """The bin of every sample of both kinds; −1 for a length that the other kind does not reach."""
    low = max(values.min() for values in lengths)
    high = min(values.max() for values in lengths)
    if low > high:
        spans = ", ".join(f"{values.min():g} to {values.max():g}" for values in lengths)
        raise DataError(f"no length in common: {spans}; expected texts of like length in both")
    within = [(values >= low) & (values <= high) for values in lengths]
    fewer = min((values[mask] for values, mask in zip(lengths, within)), key=len)
    if not len(fewer):
        raise DataError(f"no text of one kind is {low:g} to {high:g} long, as some others are")
    edges = np.unique(np.quantile(fewer, np.linspace(0, 1, bins + 1)[1:-1], method="lower"))
    return [
        np.where(mask, np.searchsorted(edges, values, side="left"), -1)
        for values, mask in zip(lengths, within)
    ]


def _resampled(a: Array, b: Array, resamples: int, rng: np.random.Generator) -> Array:
    step = max(1, 4_000_000 // (len(a) + len(b)))
    found = []
    for start in range(0, resamples, step):
        count = min(step, resamples - start)
        found.append(
            _area(
                a[rng.integers(0, len(a), (count, len(a)))],
                b[rng.integers(0, len(b), (count, len(b)))],
            )
        )
    return np.concatenate(found)
