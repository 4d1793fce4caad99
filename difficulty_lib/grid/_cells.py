"""An edition's cells: which runs its chapters show, and which of them are recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from difficulty_lib.grid._records import Record
from difficulty_lib.training import RunConfig


@dataclass(frozen=True)
class Cell:
    """A run of an edition.

    Attributes:
        config: what is run.
        name: the run's, and its folder's.
        chapters: that show it.
        record: of the run, or None if it was not done.
        seconds: an estimate for a run that was not done, None if there is nothing to go by.
        reason: why it cannot be done here, empty if it can.
        needs: names of the runs that steer it.
    """

    config: RunConfig
    name: str
    chapters: tuple[str, ...]
    record: Record | None = None
    seconds: float | None = None
    reason: str = ""
    needs: tuple[str, ...] = ()


def edition_cells(edition: Mapping[str, Any], records: Mapping[str, Record]) -> list[Cell]:
    """One cell per run, in the order of the chapters; a run of several chapters is one cell.

    Args:
        edition: the content of an edition's file: `chapters`, each with its `parameters`.
        records: by the run's name.

    Raises:
        ConfigError: on parameters that make no run.
    """
    from difficulty_lib.study import needed_runs, run_configs

    configs: dict[str, RunConfig] = {}
    chapters: dict[str, list[str]] = {}
    for chapter, entry in edition["chapters"].items():
        for config in run_configs(entry["parameters"]):
            name = config.folder_name
            configs.setdefault(name, config)
            if chapter not in chapters.setdefault(name, []):
                chapters[name].append(chapter)
    return [
        Cell(
            config, name, tuple(chapters[name]), records.get(name), needs=tuple(needed_runs(config))
        )
        for name, config in configs.items()
    ]
