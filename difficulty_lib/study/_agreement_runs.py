"""From the parameters of the chapter on agreement to its recorded runs: several seeds, or models."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from difficulty_lib._errors import ConfigError, DifficultyError
from difficulty_lib._whole import whole_or_none
from difficulty_lib.data import load_data
from difficulty_lib.study._agreement import AgreementStudy
from difficulty_lib.study._sized import sized
from difficulty_lib.training import RunConfig, get_or_train

OWN = ("models", "seeds", "neighbours_among")
SMALL_SEEDS = 2  # one would have nothing to agree with


def agreement_configs(parameters: Mapping[str, Any]) -> dict[str, list[RunConfig]]:
    """The runs of each model that a chapter's parameters ask for.

    Args:
        parameters: `models` and `seeds`, lists; `splits`, the evaluated splits, the scored one
            first; `size` (see `sized`; "small" keeps two seeds), `neighbours_among`, training
            samples at most among which neighbours are looked for (None: all), and any other
            setting of `RunConfig` by its name.

    Returns:
        By model, a configuration per seed.

    Raises:
        ConfigError: on an unknown name, no model or split, or fewer than two seeds.
    """
    small = parameters.get("size", "full") == "small"
    models, seeds = (_listed(name, parameters.get(name)) for name in ("models", "seeds"))
    if not models or len(set(seeds)) < 2:
        raise ConfigError(
            f"models is {models}, seeds is {seeds}; expected a model or more, and two seeds or more"
        )
    _among(parameters)
    settings = sized({k: v for k, v in parameters.items() if k not in OWN})
    splits = settings.pop("splits", ["validation"])
    if not splits:
        raise ConfigError("splits is empty; expected at least one split")
    return {
        model: [
            RunConfig.from_dict(
                {**settings, "model": model, "seed": seed, "evaluation_splits": splits}
            )
            for seed in seeds[: SMALL_SEEDS if small else None]
        ]
        for model in models
    }


def agreement_study(parameters: Mapping[str, Any]) -> AgreementStudy:
    """The study of a chapter's parameters; runs are trained where they are not recorded.

    Recorded runs can be shown without the texts: where these cannot be had, a warning says why, and
    the neighbours are left out.

    Args:
        parameters: as `agreement_configs`.

    Raises:
        DifficultyError: one line, if a run is neither recorded nor can be trained, or the
            parameters ask for what cannot be compared.
    """
    configs = agreement_configs(parameters)
    first = next(iter(configs.values()))[0]
    try:
        data = load_data(first.dataset)
    except DifficultyError as error:
        warnings.warn(f"texts are not shown: {error}", stacklevel=2)
        data = None
    runs = {model: [get_or_train(c, data) for c in seeds] for model, seeds in configs.items()}
    return AgreementStudy(runs, data, first.evaluation_splits[0], among=_among(parameters))


def _among(parameters: Mapping[str, Any]) -> int | None:
    return whole_or_none("neighbours_among", parameters.get("neighbours_among"), 2)


def _listed(name: str, value: Any) -> list[Any]:
    if not isinstance(value, list | tuple) or len(set(map(str, value))) < len(value):
        raise ConfigError(f"{name} is {value!r}; expected a list without repetition")
    return list(value)
