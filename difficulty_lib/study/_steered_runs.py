"""Under which conditions runs are steered, and the runs themselves, trained where not recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from difficulty_lib._errors import ConfigError
from difficulty_lib.corruptions import CORRUPTIONS
from difficulty_lib.data import DATASETS, TextData, load_data
from difficulty_lib.study._sized import sized
from difficulty_lib.training import Run, RunConfig, find_run, get_or_train

# Dozens of runs: of each setting the small size keeps the first few.
SMALL = {"epochs": 1, "eval_size": 100}
FEW = 2


@dataclass(frozen=True)
class Condition:
    """What is made harder for all methods alike.

    Attributes:
        name: in words.
        noise: share of the training rows whose labels are planted errors.
        corruption: how they are made.
        budget: share of the sample passes of a full training.
        teacher: the condition whose plain runs give the scores; the condition itself if None.
    """

    name: str
    noise: float = 0.0
    corruption: str = "flip_labels"
    budget: float = 1.0
    teacher: str | None = None

    def applied(self, base: RunConfig) -> RunConfig:
        """The configuration of a plain training under this condition.

        A budget below an epoch is one epoch of so many rows.
        """
        epochs, rows = base.epochs, base.train_size
        passes = self.budget * epochs
        if self.budget < 1 and passes >= 1:
            epochs = round(passes)
        elif self.budget < 1:
            whole = DATASETS[base.dataset].splits["train"].rows
            epochs, rows = 1, max(1, round(passes * min(rows or whole, whole)))
        planted = {"corrupted": [self.corruption, self.noise]} if self.noise else {}
        return replace(
            base, epochs=epochs, train_size=rows, intervention={**base.intervention, **planted}
        )


def conditions_of(given: Any) -> list[Condition]:
    """The conditions of a chapter's parameter, a mapping of a name to `noise`, `budget` and so on.

    Raises:
        ConfigError: on what is no such mapping, a share that cannot be, or a teacher whose planted
            errors are others: it would have seen clean labels.
    """
    if not isinstance(given, Mapping) or not given:
        raise ConfigError(f"conditions is {given!r}; expected a mapping of a name to settings")
    known = [f.name for f in fields(Condition) if f.name != "name"]
    found: dict[str, Condition] = {}
    for name, settings in given.items():
        unknown = (
            sorted(set(settings) - set(known)) if isinstance(settings, Mapping) else [settings]
        )
        if unknown:
            raise ConfigError(
                f"condition '{name}' has {', '.join(map(str, unknown))}; known: {', '.join(known)}"
            )
        found[str(name)] = _checked(Condition(str(name), **settings))
    for condition in found.values():
        teacher = found.get(condition.teacher or condition.name)
        if teacher is None:
            raise ConfigError(
                f"condition '{condition.name}': teacher is '{condition.teacher}'; expected one of "
                f"{', '.join(found)}"
            )
        if teacher is not condition and (
            teacher.teacher is not None or teacher.budget < condition.budget
        ):
            raise ConfigError(
                f"condition '{condition.name}': teacher is '{teacher.name}'; expected one of as many "
                "passes or more, without a teacher of its own"
            )
        if (teacher.noise, teacher.corruption) != (condition.noise, condition.corruption) or (
            condition.noise and teacher.budget != condition.budget
        ):
            raise ConfigError(
                f"condition '{condition.name}': its teacher '{teacher.name}' has other labels; "
                "expected one with the same planted errors"
            )
    return list(found.values())


def _checked(condition: Condition) -> Condition:
    for name, value, low in (("noise", condition.noise, -1.0), ("budget", condition.budget, 0.0)):
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not low < value <= 1 or value < 0:
            raise ConfigError(
                f"condition '{condition.name}': {name} is {value!r}; expected a share"
            )
    CORRUPTIONS[condition.corruption]  # refuses an unknown one
    return condition


def steered_settings(parameters: Mapping[str, Any], lists: Sequence[str]) -> dict[str, Any]:
    """A chapter's parameters with `size` resolved: at "small" two seeds, and two of every list.

    Args:
        parameters: of a notebook.
        lists: the parameters that are cut to their first two entries at "small".

    Raises:
        ConfigError: on another size, or `seeds` that are no list.
    """
    settings = sized({k: v for k, v in parameters.items() if k not in ("seeds", *lists)})
    small = parameters.get("size", "full") == "small"
    for name in ("seeds", *lists):
        value = parameters.get(name)
        if name == "seeds" and not isinstance(value, list | tuple):
            raise ConfigError(f"seeds is {value!r}; expected a list")
        if small and isinstance(value, list | tuple):
            value = list(value)[:FEW]
        elif small and isinstance(value, Mapping):
            value = dict(list(value.items())[:FEW])
        settings[name] = value
    if small:
        for name, most in SMALL.items():
            settings[name] = min(settings[name], most)
    return settings


def taken(settings: dict[str, Any], name: str, kind: type, default: Any = None) -> Any:
    """A setting that is taken out of the others; None and lists as they are.

    Raises:
        ConfigError: if it is of another kind.
    """
    value = settings.pop(name, default)
    if value is not None and not isinstance(value, list | tuple if kind is list else kind):
        raise ConfigError(f"{name} is {value!r}; expected {_KINDS[kind]}")
    return default if value is None else value


_KINDS = {
    list: "a list",
    bool: "true or false",
    str: "a name",
    dict: "a mapping",
    float: "a number",
}


class RunsAtHand:
    """Runs of one data set, which is read once at most, and only if one of them is not recorded."""

    def __init__(self, dataset: str, *, progress: bool = True) -> None:
        self.dataset, self.progress = dataset, progress
        self.data: TextData | None = None

    def get(self, config: RunConfig) -> Run:
        """The recorded run, or a new one.

        Raises:
            DifficultyError: one line, if it can be neither found nor trained.
        """
        if self.data is None:
            found = find_run(config.resolved())
            if found is not None:
                return found
            self.data = load_data(self.dataset)
        return get_or_train(config, self.data, progress=self.progress)
