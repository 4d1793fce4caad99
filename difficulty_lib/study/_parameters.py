"""From a chapter's parameters to the runs it shows: read by the notebooks and by the workflow."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from typing import Any

from difficulty_lib._errors import ConfigError
from difficulty_lib.data import DATASETS
from difficulty_lib.training import RunConfig

# The data set of a task where none is named: the real one, and the small one that we wrote.
DATA = {
    "sentiment": {"full": "rated-sentences", "small": "rated-sentences"},
    "nli": {"full": "mnli", "small": "tiny-nli"},
    "summarization": {"full": "samsum", "small": "tiny-summaries"},
    "summarization-causal": {"full": "samsum", "small": "tiny-summaries"},
    "question-answering": {"full": "squad", "small": "tiny-questions"},
    "token-classification": {"full": "tiny-tags", "small": "tiny-tags"},
}
SIZES = ("full", "small")
AT_MOST = {"train_size": 300, "eval_size": 200, "epochs": 2, "batch_size": 4}
# Of the benchmark of planted errors, whose intervals are over seeds.
BENCHMARK = "corruptions"
BENCHMARK_TRAIN_SIZE = 400
# Beside the seeds' runs, if asked for: what is taken from the inputs, in a run of the first seed.
BESIDE: dict[str, dict[str, Any]] = {
    "hypothesis_only": {"empty_field": "premise"},
    "null_run": {"empty_inputs": True},
}


def sized(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """A chapter's parameters with `size`, and whatever is None, resolved.

    With `size="full"` values stay as they are. With "small" the first seed alone is kept, and what
    is larger, or None, becomes: 300 training samples, 200 of every other split, 2 epochs, batches
    of 4 (so few samples would see too few updates otherwise). A data set that is None is the
    task's own, at "small" the fixture, which needs neither hub nor mirror; splits that are None
    are all but `train`. Where there are `corruptions`, the first two of them and of the seeds are
    kept, and 400 training samples.

    Args:
        parameters: of a notebook.

    Returns:
        The parameters without `size`, `dataset` among them.

    Raises:
        ConfigError: on another size, or a task that has no data set of its own and none given.
    """
    settings = dict(parameters)
    size = settings.pop("size", "full")
    if size not in SIZES:
        raise ConfigError(f"size is {size!r}; expected {' or '.join(SIZES)}")
    if settings.get("dataset") is None:
        task = settings.get("task", "sentiment")
        if task not in DATA:
            raise ConfigError(f"task '{task}' without a data set; expected {', '.join(DATA)}")
        settings["dataset"] = DATA[task][size]
    if "splits" in settings and settings["splits"] is None:
        settings["splits"] = [s for s in DATASETS[settings["dataset"]].splits if s != "train"]
    if size == "small":
        benchmark = BENCHMARK in settings
        larger = {"train_size": BENCHMARK_TRAIN_SIZE} if benchmark else {}
        for name, most in (AT_MOST | larger).items():
            given = settings.get(name)
            if given is None or (isinstance(given, int) and given > most):
                settings[name] = most
        for name in ("seeds", BENCHMARK):
            if isinstance(settings.get(name), list | tuple):
                settings[name] = settings[name][: 2 if benchmark else 1]
    return settings


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
    from difficulty_lib.study._audit_runs import audit_configs

    return [config for cell in audit_configs(parameters) for config in cell.configs]


def _agreement(parameters: Mapping[str, Any]) -> list[RunConfig]:
    from difficulty_lib.study._agreement_runs import agreement_configs

    return [config for seeds in agreement_configs(parameters).values() for config in seeds]


def _curriculum(parameters: Mapping[str, Any]) -> list[RunConfig]:
    from difficulty_lib.study._curriculum_runs import curriculum_configs

    return curriculum_configs(parameters)


def _selection(parameters: Mapping[str, Any]) -> list[RunConfig]:
    from difficulty_lib.study._selection_runs import selection_configs

    return selection_configs(parameters)


def _mixup(parameters: Mapping[str, Any]) -> list[RunConfig]:
    from difficulty_lib.study._mixup_runs import mixup_configs

    return mixup_configs(parameters)


def _out_of_distribution(parameters: Mapping[str, Any]) -> list[RunConfig]:
    from difficulty_lib.study._ood_runs import ood_configs

    return ood_configs(parameters)


def _images() -> Container[str]:
    from difficulty_lib.images import IMAGES

    return IMAGES


# A parameter that only one chapter has, and how it makes its runs; those modules import this one.
_OWN: dict[str, Callable[[Mapping[str, Any]], list[RunConfig]]] = {
    BENCHMARK: _audit,
    "models": _agreement,
    "curricula": _curriculum,
    "selections": _selection,
    "settings": _mixup,
    "outside": _out_of_distribution,
}


def _asked(name: str, settings: dict[str, Any]) -> bool:
    value = settings.pop(name, False)
    if not isinstance(value, bool):
        raise ConfigError(f"{name} is {value!r}; expected true or false")
    return value
