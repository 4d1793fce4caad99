"""Regions of a data map: easy, ambiguous and mislabelled samples, by training dynamics."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib.dynamics import StreamDynamics
from difficulty_lib.scores import SCORES

REGIONS = ("easy", "ambiguous", "mislabelled", "other")


@dataclass(frozen=True)
class DataMap:
    """Samples in regions.

    Attributes:
        table: indexed by sample_id: `confidence`, `variability`, `aum`, `entropy` after the last
            epoch, `label`, and the `region`.
    """

    table: pd.DataFrame = field(repr=False)

    def ids(self, region: str) -> NDArray[np.int64]:
        """The samples of a region, sorted.

        Raises:
            ConfigError: on an unknown region.
        """
        if region not in REGIONS:
            raise ConfigError(f"unknown region '{region}'; known: {', '.join(REGIONS)}")
        chosen = self.table.index[self.table["region"] == region]
        return np.sort(chosen.to_numpy(dtype=np.int64))


def data_map(
    dynamics: StreamDynamics,
    *,
    easy: float = 1 / 3,
    ambiguous: float = 1 / 3,
    mislabelled: float | ArrayLike = 0.0,
    within_class: bool = False,
    allow_collapsed: bool = False,
) -> DataMap:
    """Regions of a data map, without overlap.

    First the mislabelled samples are set apart. Of those left, the most variable are ambiguous, and
    of those left then, the most confident are easy; shares are of all samples. Ties go to the smaller
    sample_id.

    Args:
        dynamics: the training split of one run, of classes; published on the training stream.
        easy: share of the samples, by confidence.
        ambiguous: share of the samples, by variability.
        mislabelled: the ids (see `mislabelled_ids`), or the share of the samples with the lowest
            area under the margin.
        within_class: whether shares are of every class by itself, so that each has samples of every
            region; otherwise rare classes, which are learnt late, may have none that is easy.
        allow_collapsed: whether to map a run that learnt nothing, whose regions are chance.

    Raises:
        ConfigError: on shares that are none, or add up to more than 1.
        DataError: if an id is not among the samples, or a region that was asked for has no sample.
        DynamicsError: if margins, losses or entropy were not recorded, there are no classes, or the
            run collapsed.

    Source: Swayamdipta et al. 2020, section 2; Pleiss et al. 2020; both as Park and Caragea 2022.
    """
    for name, share in (("easy", easy), ("ambiguous", ambiguous)):
        _check_share(name, share)
    if dynamics.label is None:
        raise DataError(f"{dynamics.split}/{dynamics.stream}: no classes; expected gold labels")
    table = pd.DataFrame(
        {
            name: SCORES[name](dynamics, allow_collapsed=allow_collapsed)
            for name in ("confidence", "variability", "aum")
        }
    )
    table["entropy"] = dynamics.matrix("entropy")[-1]
    table["label"] = dynamics.label
    chosen = {"easy": easy, "ambiguous": ambiguous}
    parts = [part for _, part in table.groupby("label")] if within_class else [table]
    given = mislabelled if np.ndim(mislabelled) == 0 else _known(table.index, mislabelled)
    regions = [_regions(part, chosen, given) for part in parts]
    region = pd.concat(regions).loc[table.index]
    return DataMap(table.assign(region=region))


def _regions(table: pd.DataFrame, chosen: dict[str, float], mislabelled: Any) -> pd.Series:
    """The region of every sample of a part."""
    count = len(table)
    if np.ndim(mislabelled) == 0:
        _check_share("mislabelled", mislabelled)
        wrong = _highest(-table["aum"], round(mislabelled * count))
    else:
        wrong = mislabelled.intersection(table.index)
    wanted = {name: round(share * count) for name, share in chosen.items()}
    if sum(wanted.values()) + len(wrong) > count:
        raise ConfigError(
            f"{chosen['easy']:g} easy, {chosen['ambiguous']:g} ambiguous and {len(wrong)} mislabelled "
            f"samples are more than the {count} there are; expected smaller shares"
        )
    for name, number in wanted.items():
        if chosen[name] and not number:
            raise DataError(f"{chosen[name]:g} of {count} samples leave none that is {name}")
    left = table.drop(index=wrong)
    variable = _highest(left["variability"], wanted["ambiguous"])
    confident = _highest(left["confidence"].drop(index=variable), wanted["easy"])
    region = pd.Series("other", index=table.index)
    for name, ids in zip(REGIONS, (confident, variable, wrong)):
        region.loc[ids] = name
    return region


def _known(index: pd.Index, given: ArrayLike) -> pd.Index:
    ids = pd.Index(np.unique(np.asarray(given, dtype=np.int64)))
    strange = ids.difference(index)
    if len(strange):
        raise DataError(
            f"{len(strange)} mislabelled ids are not among the samples, first: "
            f"{strange[:5].tolist()}"
        )
    return ids


def _check_share(name: str, share: float) -> None:
    if not 0 <= share <= 1:
        raise ConfigError(f"{name} is {share!r}; expected a share from 0 to 1")


def _highest(values: pd.Series, number: int) -> pd.Index:
    """The ids of the highest values; of equals, the smaller ids."""
    ranked = values.sort_index().sort_values(ascending=False, kind="stable")
    return ranked.index[:number]
