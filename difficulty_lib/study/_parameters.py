"""From a chapter's parameters to the runs it shows: read by the notebooks and by the workflow."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from typing import Any

from difficulty_lib._errors import ConfigError
from difficulty_lib.study._agreement_runs import agreement_configs
from difficulty_lib.study._audit_runs import audit_configs
from difficulty_lib.study._curriculum_runs import curriculum_configs
from difficulty_lib.study._mixup_runs import mixup_configs
from difficulty_lib.study._ood_runs import ood_configs
from difficulty_lib.study._selection_runs import selection_configs
from difficulty_lib.study._sized import BENCHMARK, sized
from difficulty_lib.training import RunConfig

# Beside the seeds' runs, if asked for: what is taken from the inputs, in a run of the first seed.
BESIDE: dict[str, dict[str, Any]] = {
    "hypothesis_only": {"empty_field": "premise"},
    "null_run": {"empty_inputs": True},
}


def run_configs(parameters: Mapping[str, Any]) -> list[RunConfig]:
    """One configuration per seed, and those of the runs beside them.

    Args:
        parameters: a chapter's: `seeds` (a list), `splits` (the evaluated splits, the scored one
            first), `size` (see `sized`), and any setting of `RunConfig` by its name;
            `hypothesis_only` and `null_run`, whether a run of the first seed without the premise,
            and one without any input, follow those of the seeds, and `baseline_epochs`, for how
            long these two are trained at the most (None: as long as the others). With `corruptions`
            they are the runs of the benchmark's cells, as `audit_configs` takes them; with `models`
            those of every model and seed, as `agreement_configs` takes them; with `curricula` those
            of `curriculum_configs`, with `selections` those of `selection_configs`, with `settings`
            those of `mixup_configs`, and with `outside` those of `ood_configs` (these two may be
            None). A chapter on images has none.

    Raises:
        ConfigError: on an unknown name, or no seeds or splits.
    """
    for name, of_study in _OWN.items():
        if name in parameters:
            return of_study(parameters)
    if parameters.get("dataset") in _images():
        return []  # trained by the chapter itself, each time
    settings = sized(parameters)
    seeds = settings.pop("seeds", [1])
    splits = settings.pop("splits", ["validation", "test"])
    if not seeds or not splits:
        raise ConfigError(f"seeds is {seeds}, splits is {splits}; expected at least one of each")
    beside = [emptied for name, emptied in BESIDE.items() if _asked(name, settings)]
    most = settings.pop("baseline_epochs", None)
    if most is not None and (not isinstance(most, int) or isinstance(most, bool)):
        raise ConfigError(f"baseline_epochs is {most!r}; expected a whole number, or None")
    configs = [
        RunConfig.from_dict({**settings, "seed": seed, "evaluation_splits": splits})
        for seed in seeds
    ]
    shorter = {} if most is None else {"epochs": min(most, configs[0].epochs)}
    return configs + [
        RunConfig.from_dict(
            configs[0].to_dict() | shorter | {"record_training": False, "intervention": emptied}
        )
        for emptied in beside
    ]


def _audit(parameters: Mapping[str, Any]) -> list[RunConfig]:
    return [config for cell in audit_configs(parameters) for config in cell.configs]


def _agreement(parameters: Mapping[str, Any]) -> list[RunConfig]:
    return [config for seeds in agreement_configs(parameters).values() for config in seeds]


def _images() -> Container[str]:
    from difficulty_lib.images import IMAGES

    return IMAGES


# A parameter that only one chapter has, and how it makes its runs.
_OWN: dict[str, Callable[[Mapping[str, Any]], list[RunConfig]]] = {
    BENCHMARK: _audit,
    "models": _agreement,
    "curricula": curriculum_configs,
    "selections": selection_configs,
    "settings": mixup_configs,
    "outside": ood_configs,
}


def _asked(name: str, settings: dict[str, Any]) -> bool:
    value = settings.pop(name, False)
    if not isinstance(value, bool):
        raise ConfigError(f"{name} is {value!r}; expected true or false")
    return value
