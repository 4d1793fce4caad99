"""From parameters to runs of every method under every seed, those that need another run after it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from difficulty_lib._errors import ConfigError, DifficultyError, ModelError
from difficulty_lib.data import TextData, load_data
from difficulty_lib.study._mixup import MixupCell, MixupStudy
from difficulty_lib.study._mixup_methods import FULL, MIXUP_METHODS, OPTIONS, PLAIN, method_config
from difficulty_lib.study._sized import sized
from difficulty_lib.training import Run, RunConfig, find_run, get_or_train
from difficulty_lib.training._models import model_folder

SEEDS = 2  # at the small size
SMALL = {"train_size": 200, "eval_size": 100, "batch_size": 8}
FEW_TEXTS = 100
FEW_METHODS = 5
# One genre of the embedded sentences, and another: what there is without a mirror.
EMBEDDED: dict[str, Any] = {
    "name": "movie reviews",
    "dataset": "rated-sentences",
    "only": {"corpus": "movie reviews"},
    "split": "validation",
    "outside": {
        "newspaper": {
            "split": "rated-sentences/validation",
            "only": {"corpus": "newspaper"},
            "size": 500,
        }
    },
}


def plain_configs(
    setting: Mapping[str, Any],
    parameters: Mapping[str, Any],
    *,
    data: TextData | None = None,
    language_model: str | None = None,
) -> list[RunConfig]:
    """A setting's runs without anything done, one for each seed.

    Args:
        setting: `dataset`, `split` (the in-distribution texts), `outside` (see
            `training._ood.asked_for`), `only`, and any setting of `RunConfig`.
        parameters: of the notebook: `seeds`, `size`, and settings of `RunConfig` for all.
        data: where they are at hand, for their fingerprint.
        language_model: whose perplexity the first seed's run keeps: it is the same for all.

    Raises:
        ConfigError: on an unknown name, or seeds that are no list of two or more.
    """
    small = parameters.get("size", "full") == "small"
    seeds = parameters.get("seeds")
    if not isinstance(seeds, list | tuple) or len(seeds) < 2 or len(set(seeds)) < len(seeds):
        raise ConfigError(f"seeds is {seeds!r}; expected two or more, each another one")
    own = {k: v for k, v in setting.items() if k not in ("name", "split", "outside", "only")}
    settings = sized({k: v for k, v in parameters.items() if k != "seeds"} | own)
    if small:
        settings |= {name: min(settings[name], most) for name, most in SMALL.items()}
        seeds = seeds[:SEEDS]
    outside = {
        name: {**source, **({"size": FEW_TEXTS} if small else {})}
        for name, source in (setting.get("outside") or {}).items()
    }
    split = setting.get("split", "validation")
    asked: dict[str, Any] = {"inside": split, "outside": outside}
    intervention = {"only": setting["only"]} if setting.get("only") else {}
    fingerprint = None if data is None else data.fingerprint()
    configs = []
    for seed in seeds:
        of_seed = dict(asked)
        if language_model and seed == seeds[0]:
            of_seed["language_model"] = language_model
        made = RunConfig.from_dict(
            settings
            | {
                "seed": seed,
                "evaluation_splits": [split],
                "record_training": True,
                "record_probabilities": True,
                "intervention": {**intervention, "out_of_distribution": of_seed},
            }
        )
        configs.append(made if fingerprint is None else replace(made, data_fingerprint=fingerprint))
    return configs


def seeds_configs(
    plain: RunConfig, methods: Sequence[str], options: Mapping[str, Any] | None
) -> dict[str, RunConfig]:
    """One seed's configurations by method, the plain one first."""
    return {name: method_config(plain, name, options) for name in dict.fromkeys([PLAIN, *methods])}


def mixup_configs(parameters: Mapping[str, Any]) -> list[RunConfig]:
    """The runs that the chapter's parameters ask for; of each seed the plain one comes first.

    Args:
        parameters: as `mixup_study` takes them.
    """
    configs: list[RunConfig] = []
    methods, options, settings, shared = _parted(parameters)
    for setting in settings:
        for plain in plain_configs(setting, shared):
            configs += seeds_configs(plain, methods, options).values()
    return configs


def mixup_study(parameters: Mapping[str, Any], *, progress: bool = True) -> MixupStudy:
    """The study of the chapter's parameters; runs are trained where they are not recorded.

    Args:
        parameters: `settings`, a list of mappings, each with a `name` and what `plain_configs`
            takes, or None for the embedded sentences; `methods` of `MIXUP_METHODS`, or None for all;
            `options` instead of `OPTIONS`; `seeds`, `size`, and settings of `RunConfig`.
        progress: whether to show bars.

    Raises:
        DifficultyError: one line, if a run is neither recorded nor can be trained.
    """
    methods, options, settings, shared = _parted(parameters)
    cells = []
    for setting in settings:
        data = at_hand(str(setting.get("dataset", "rated-sentences")))
        for plain in plain_configs(setting, shared, data=data):
            for method, config in seeds_configs(plain, methods, options).items():
                run = get_or_train(config, data, progress=progress)
                cells.append(MixupCell(str(setting["name"]), method, plain.seed, run))
    return MixupStudy(cells, OPTIONS | dict(options or {}))


def at_hand(dataset: str) -> TextData | None:
    """The data, or None with a warning where they cannot be had: recorded runs need none."""
    try:
        return load_data(dataset)
    except DifficultyError as error:
        warnings.warn(f"recorded runs alone are shown: {error}", stacklevel=3)
        return None


def _parted(
    parameters: Mapping[str, Any],
) -> tuple[list[str], Any, list[Mapping[str, Any]], dict[str, Any]]:
    shared = dict(parameters)
    methods, options = shared.pop("methods", None), shared.pop("options", None)
    settings = shared.pop("settings", None) or [EMBEDDED]
    methods = list(MIXUP_METHODS)[:-1] if methods is None else methods
    if not isinstance(methods, list | tuple) or not isinstance(settings, list | tuple):
        raise ConfigError(f"settings is {settings!r}, methods {methods!r}; expected lists")
    if FULL not in methods:
        raise ConfigError(f"methods are {', '.join(methods)}; expected {FULL} among them")
    for setting in settings:
        if not isinstance(setting, Mapping) or not setting.get("name"):
            raise ConfigError(f"a setting is {setting!r}; expected a mapping with a name")
    if shared.get("size", "full") == "small":
        methods = [m for m in methods if m != PLAIN][: FEW_METHODS - 1]
        methods = methods if FULL in methods else [FULL, *methods[:-1]]
        settings = settings[:1]
    return list(methods), options, list(settings), shared


def installed(name: str | None, config: RunConfig) -> str | None:
    """The language model, or None with a warning where it is not installed nor its run recorded.

    Args:
        name: of the model.
        config: the run that would keep its perplexity.
    """
    if name is None or find_run(config.resolved()) is not None:
        return name
    try:
        model_folder(name)
    except ModelError as error:
        warnings.warn(f"no perplexity is shown: {error}", stacklevel=3)
        return None
    return name


def runs_of(cells: Sequence[MixupCell]) -> list[Run]:
    """Every cell's run."""
    return [cell.run for cell in cells]
