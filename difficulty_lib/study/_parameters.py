"""From a chapter's parameters to the runs it shows: read by the notebooks and by the workflow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from difficulty_lib._errors import ConfigError
from difficulty_lib.training import RunConfig


def run_configs(parameters: Mapping[str, Any]) -> list[RunConfig]:
    """One configuration per seed.

    Args:
        parameters: a chapter's: `seeds` (a list), `splits` (the evaluated splits, the scored one
            first), and any setting of `RunConfig` by its name.

    Raises:
        ConfigError: on an unknown name, or no seeds or splits.
    """
    settings = dict(parameters)
    seeds = settings.pop("seeds", [1])
    splits = settings.pop("splits", ["validation", "test"])
    if not seeds or not splits:
        raise ConfigError(f"seeds is {seeds}, splits is {splits}; expected at least one of each")
    return [
        RunConfig.from_dict({**settings, "seed": seed, "evaluation_splits": splits})
        for seed in seeds
    ]
