"""Threshold samples: what the area under the margin of a wrong label looks like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib.data import TextData
from difficulty_lib.data._hashing import THRESHOLD, unit_hash
from difficulty_lib.dynamics import StreamDynamics
from difficulty_lib.scores import SCORES

Ids = NDArray[np.int64]
CLASS = "threshold"  # the class that nothing belongs to


def threshold_samples(ids: ArrayLike, classes: int, seed: int = 0, part: int = 0) -> Ids:
    """The samples that are given a class of their own, to which none of them belongs.

    They are one in `classes` + 1, as many as a class has on average then. Other parts have no
    sample in common, so that two trainings judge every sample: the first those of part 1, the
    second those of part 0.

    Args:
        ids: shape (N,), of the training samples.
        classes: how many the data have.
        seed: other seeds give other samples.
        part: 0 to `classes`.

    Returns:
        Shape (about N / (classes + 1),), sorted.

    Raises:
        ConfigError: on a part that is none.
        DataError: on fewer samples than classes + 1.

    Source: Pleiss et al. 2020, section 3.2.
    """
    if not isinstance(part, int) or isinstance(part, bool) or not 0 <= part <= classes:
        raise ConfigError(f"part is {part!r}; expected 0 to {classes}")
    known = np.asarray(ids, dtype=np.int64)
    if len(known) < classes + 1:
        raise DataError(f"{len(known)} samples; expected {classes + 1} or more")
    order = np.argsort(unit_hash(known, salt=THRESHOLD + seed), kind="stable")
    return np.sort(known[np.array_split(order, classes + 1)[part]])


def with_threshold_class(data: TextData, seed: int = 0, part: int = 0) -> TextData:
    """The data with the training labels of the threshold samples replaced by a class of their own.

    Args:
        data: data of classes.
        seed: of `threshold_samples`.
        part: likewise.

    Raises:
        ConfigError: on data of other targets.
        DataError: if the data have a class of that name.
    """
    if data.target != "class":
        raise ConfigError(f"{data.name} has {data.target}; expected data of classes")
    if CLASS in data.label_names:
        raise DataError(f"{data.name} has a class '{CLASS}' already; expected another name for it")
    train = data["train"].copy()
    chosen = threshold_samples(train.index, len(data.label_names), seed, part)
    train.loc[chosen, "label"] = len(data.label_names)
    return replace(
        data, splits=data.splits | {"train": train}, label_names=(*data.label_names, CLASS)
    )


def mislabelled_ids(
    streams: Sequence[StreamDynamics], chosen: Sequence[ArrayLike], percentile: float = 99.0
) -> Ids:
    """Samples whose area under the margin is no higher than that of threshold samples.

    Args:
        streams: the training split of runs, each with threshold samples of its own.
        chosen: for each run, the ids of its threshold samples.
        percentile: of the threshold samples' areas, the threshold.

    Returns:
        Sorted ids of the samples at or below the threshold of a run in which they were no
        threshold samples.

    Raises:
        ConfigError: on a percentile outside 0 to 100, or as many lists of ids as there are no runs.
        DataError: if a run has none of its threshold samples, or holds no margins.

    Source: Pleiss et al. 2020, section 3.2 and algorithm 1.
    """
    if not 0 <= percentile <= 100:
        raise ConfigError(f"percentile is {percentile!r}; expected 0 to 100")
    if len(streams) != len(chosen) or not len(streams):
        raise ConfigError(f"{len(streams)} runs and {len(chosen)} lists of ids; expected one each")
    found: set[int] = set()
    for stream, ids in zip(streams, chosen):
        area = SCORES["aum"](stream)
        fake = area.index.isin(np.asarray(ids))
        if not fake.any():
            raise DataError(
                f"{stream.split}/{stream.stream}: none of the {len(np.asarray(ids))} threshold "
                "samples is there; expected the run that was trained with them"
            )
        threshold = np.percentile(area[fake], percentile)
        found |= set(area.index[~fake & (area <= threshold).to_numpy()].tolist())
    return np.array(sorted(found), dtype=np.int64)
