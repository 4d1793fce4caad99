"""From the parameters of the chapter on texts out of distribution to its runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from difficulty_lib._errors import ConfigError
from difficulty_lib.study._mixup import MixupCell
from difficulty_lib.study._mixup_methods import FULL, PLAIN
from difficulty_lib.study._mixup_runs import (
    EMBEDDED,
    at_hand,
    installed,
    plain_configs,
    seeds_configs,
)
from difficulty_lib.study._ood import OodStudy
from difficulty_lib.training import RunConfig, get_or_train

DEFAULT = (PLAIN, "dropped", "random_dropped", FULL)
FEW_METHODS = (PLAIN, FULL)
OWN = ("dataset", "split", "outside", "only")


def ood_configs(parameters: Mapping[str, Any]) -> list[RunConfig]:
    """The runs that the chapter's parameters ask for; of each seed the plain one comes first.

    Args:
        parameters: as `ood_study` takes them.
    """
    methods, options, setting, shared, language_model = _parted(parameters)
    plains = plain_configs(setting, shared, language_model=language_model)
    return [c for plain in plains for c in seeds_configs(plain, methods, options).values()]


def ood_study(parameters: Mapping[str, Any], *, progress: bool = True) -> OodStudy:
    """The study of the chapter's parameters; runs are trained where they are not recorded.

    Args:
        parameters: `dataset` that is trained on, or None for the embedded sentences; `split`, its
            texts that are in distribution; `outside`, a mapping of names to sources (see
            `training._ood.asked_for`); `only`; `methods` and `options`; `language_model`, or None,
            whose perplexity is kept by the first seed's plain run, where it is installed; `seeds`,
            `size`, and settings of `RunConfig`.
        progress: whether to show bars.

    Raises:
        DifficultyError: one line, if a run is neither recorded nor can be trained.
    """
    methods, options, setting, shared, language_model = _parted(parameters)
    data = at_hand(str(setting["dataset"]))
    plains = plain_configs(setting, shared, data=data, language_model=language_model)
    if installed(language_model, plains[0]) is None:
        plains = plain_configs(setting, shared, data=data)
    cells = []
    for plain in plains:
        for method, config in seeds_configs(plain, methods, options).items():
            run = get_or_train(config, data, progress=progress)
            cells.append(MixupCell(str(setting["dataset"]), method, plain.seed, run))
    return OodStudy(cells)


def _parted(
    parameters: Mapping[str, Any],
) -> tuple[list[str], Any, dict[str, Any], dict[str, Any], str | None]:
    shared = dict(parameters)
    methods, options = shared.pop("methods", None), shared.pop("options", None)
    language_model = shared.pop("language_model", None)
    setting = {name: shared.pop(name, None) for name in OWN}
    if setting["dataset"] is None:
        setting = {name: setting[name] or EMBEDDED[name] for name in OWN}
    if not isinstance(setting["outside"], Mapping) or not setting["outside"]:
        raise ConfigError(
            f"outside is {setting['outside']!r}; expected a mapping of a name to a source"
        )
    setting["split"] = setting["split"] or "validation"
    methods = list(DEFAULT) if methods is None else methods
    if not isinstance(methods, list | tuple):
        raise ConfigError(f"methods is {methods!r}; expected a list")
    if shared.get("size", "full") == "small":
        methods, language_model = [m for m in methods if m in FEW_METHODS], None
    return list(methods), options, setting, shared, language_model
