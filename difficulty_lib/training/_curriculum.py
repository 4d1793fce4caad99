"""A run's curriculum: `{"curriculum": {"order": …, "pacing": …, "score": …, "run": …}}`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from difficulty_lib._errors import ConfigError
from difficulty_lib.curriculum import CurriculumSampler
from difficulty_lib.curriculum._checked import check_same_samples
from difficulty_lib.curriculum._order import IN_CLASS
from difficulty_lib.training._scores_from import SOURCE, check_known, scores_from

if TYPE_CHECKING:
    from difficulty_lib.training._config import RunConfig

NAME = "curriculum"
_OWN = ("order", "pacing", "start", "end")


@dataclass(frozen=True)
class RunCurriculum:
    """What a run's intervention asks for, with its scores read."""

    settings: dict[str, Any]
    scores: pd.Series | None
    classes: pd.Series | None = None

    def sampler(
        self, ids: ArrayLike, *, epochs: int, batch_size: int, seed: int, lengths: ArrayLike
    ) -> CurriculumSampler:
        """The sampler of the encoded rows; at pacing "constant" it has a plain run's batches."""
        rows = np.asarray(ids)
        scores = self.scores
        if scores is not None:
            scores = scores[scores.index.isin(rows)]
        classes = self.classes
        if classes is not None:
            classes = classes[classes.index.isin(rows)]
        return CurriculumSampler(
            rows,
            scores,
            epochs=epochs,
            batch_size=batch_size,
            seed=seed,
            classes=classes,
            lengths=lengths,
            **self.settings,
        )


def curriculum_of(
    config: RunConfig,
    known: ArrayLike,
    roots: Sequence[Path],
    classes: pd.Series | None = None,
) -> RunCurriculum | None:
    """The curriculum of a run's intervention, or None.

    `order` and `pacing` are those of `difficulty_lib.curriculum`, with `start` and `end`; any order
    but "random" needs scores (see `scores_from`).

    Args:
        config: of the run.
        known: ids of all training samples of the data, the run's own and others.
        roots: folders of runs.
        classes: the given ones of the training samples, by sample_id, for the orders "in class";
            None of data without classes.

    Raises:
        ConfigError: on an order "in class" of data without classes; on settings that are none of
            these, with a second split, or with the training stream recorded, which must see every
            sample once in every epoch.
        DataError: if there are scores of samples that the data do not have.
    """
    if NAME not in config.intervention:
        return None
    given = config.intervention[NAME]
    if not isinstance(given, dict):
        raise ConfigError(
            f"intervention {NAME} is {given!r}; expected a mapping with order, pacing"
        )
    check_known(given, NAME, (*_OWN, *SOURCE))
    if "second_split" in config.intervention:
        raise ConfigError("intervention has both curriculum and second_split; expected one of them")
    settings = {name: given[name] for name in (*_OWN, "higher_is_harder") if name in given}
    for name in ("order", "pacing"):
        if name not in settings:
            raise ConfigError(f"intervention {NAME} has no {name}; expected order and pacing")
    if config.record_training and settings["pacing"] != "constant":
        raise ConfigError(
            "the training stream has every sample once in every epoch, which a curriculum does not; "
            "expected record_training=False, and train among the evaluation splits"
        )
    if str(settings["order"]).endswith(IN_CLASS) and classes is None:
        raise ConfigError(
            f"order is '{settings['order']}', and {config.dataset} has no classes; expected another"
        )
    scores = None
    if settings["order"] != "random":
        scores = scores_from(given, NAME, config.dataset, roots)
        _refuse_foreign(scores, known)
    return RunCurriculum(settings, scores, classes)


def _refuse_foreign(scores: pd.Series, known: ArrayLike) -> None:
    ids = np.asarray(known)
    # Those without a score are named when it is known which of them can be encoded.
    check_same_samples(
        str(scores.name), scores.index.to_numpy(), ids[np.isin(ids, scores.index.to_numpy())]
    )
