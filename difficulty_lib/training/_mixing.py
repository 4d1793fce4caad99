"""What a run's interventions `mixup` and `label_smoothing` do to its training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from difficulty_lib._errors import ConfigError
from difficulty_lib.tasks import TASKS, EncodedSplit

if TYPE_CHECKING:
    from difficulty_lib.mixup import MixedExamples, MixupSettings
    from difficulty_lib.training._config import RunConfig

MIXUP = "mixup"
SMOOTHING = "label_smoothing"
SETTINGS = ("alpha", "layer", "weight", "dominant")


def mixed_training(
    config: RunConfig, train: EncodedSplit
) -> tuple[MixedExamples, MixupSettings] | None:
    """The synthetic examples of a run and how they are mixed, or None where nothing is mixed.

    `{"mixup": {"pairs": [[first, second], …], "alpha": 0.4, "layer": 0}}` trains on mixtures of
    these training samples alone (`mixup_intervention` writes it).

    Raises:
        ConfigError: on another form, a task without classes, a curriculum too, or a training stream
            that was asked for: mixtures are no samples.
        DataError: on ids that are not among the training samples.
    """
    given = config.intervention.get(MIXUP)
    if given is None:
        return None
    from difficulty_lib.mixup import MixedExamples, MixupSettings  # they need torch

    _check_task(config, MIXUP)
    if config.record_training:
        raise ConfigError("record_training is True, and mixtures have no dynamics; expected False")
    if "curriculum" in config.intervention:
        raise ConfigError("intervention has both mixup and curriculum; expected one of them")
    if not isinstance(given, dict) or not _are_pairs(given.get("pairs")):
        raise ConfigError("intervention mixup is no mapping with pairs [[first, second], …] of ids")
    strange = sorted(set(given) - {"pairs", *SETTINGS})
    if strange:
        raise ConfigError(
            f"intervention mixup has {', '.join(map(str, strange))}; expected pairs and some of "
            f"{', '.join(SETTINGS)}"
        )
    pairs = pd.DataFrame(given["pairs"], columns=["first", "second"])
    settings = {name: given[name] for name in SETTINGS if name in given}
    return MixedExamples(train, pairs), MixupSettings(**settings, seed=config.seed)


def label_smoothing(config: RunConfig) -> float:
    """The share of the intervention `{"label_smoothing": share}`; 0 without one.

    Raises:
        ConfigError: on what is no share below 1, or a task without classes.
    """
    given: Any = config.intervention.get(SMOOTHING, 0.0)
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given < 1:
        raise ConfigError(f"intervention {SMOOTHING} is {given!r}; expected 0 or more, below 1")
    if given:
        _check_task(config, SMOOTHING)
    return float(given)


def _check_task(config: RunConfig, name: str) -> None:
    if TASKS[config.task].target != "class":
        raise ConfigError(f"intervention {name}: task '{config.task}' has no classes of samples")


def _are_pairs(given: Any) -> bool:
    return (
        isinstance(given, list | tuple)
        and len(given) > 0
        and all(
            isinstance(pair, list | tuple)
            and len(pair) == 2
            and all(isinstance(i, int) and not isinstance(i, bool) for i in pair)
            for pair in given
        )
    )
