"""From a chapter's parameters to its recorded runs and, where they are at hand, its data."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from difficulty_lib._errors import DifficultyError
from difficulty_lib.data import TextData, load_data
from difficulty_lib.study._parameters import run_configs
from difficulty_lib.training import Run, get_or_train


def recorded_runs(parameters: Mapping[str, Any]) -> tuple[list[Run], TextData | None]:
    """The runs of a chapter, trained if they are not recorded, and the data.

    Recorded runs can be shown without the texts: where these cannot be had, a warning says why, and
    the data are None.

    Args:
        parameters: of a notebook, as `run_configs` takes them.

    Raises:
        DifficultyError: one line, if a run is neither recorded nor can be trained.
    """
    configs = run_configs(parameters)
    try:
        data = load_data(configs[0].dataset)
    except DifficultyError as error:
        warnings.warn(f"texts are not shown: {error}", stacklevel=2)
        data = None
    return [get_or_train(config, data) for config in configs], data
