"""What of an edition is done, what is left, and what cannot be done here."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from difficulty_lib._errors import ConfigError
from difficulty_lib.data import DATASETS
from difficulty_lib.grid._cells import Cell, edition_cells
from difficulty_lib.grid._cost import estimated_seconds, machine_name
from difficulty_lib.grid._records import Record
from difficulty_lib.grid._words import duration

HOUR = 3600.0


@dataclass(frozen=True)
class Plan:
    """The cells of an edition, by what is to be done with them.

    Attributes:
        cells: all of them, in the order of the chapters.
    """

    cells: tuple[Cell, ...]

    @property
    def done(self) -> list[Cell]:
        """What is recorded."""
        return [cell for cell in self.cells if cell.record is not None]

    @property
    def left(self) -> list[Cell]:
        """What is not recorded and can be done here."""
        return [cell for cell in self.cells if cell.record is None and not cell.reason]

    @property
    def not_here(self) -> list[Cell]:
        """What is not recorded and cannot be done here, each with its reason."""
        return [cell for cell in self.cells if cell.record is None and cell.reason]

    @property
    def seconds_left(self) -> float:
        """An estimate for all that is left, one run after another; unknown ones count as nothing."""
        return sum(cell.seconds or 0.0 for cell in self.left)

    @property
    def unknown(self) -> int:
        """Runs that are left and of which there is no estimate."""
        return sum(cell.seconds is None for cell in self.left)

    @property
    def gaps(self) -> set[str]:
        """Chapters that lack a run which cannot be done here."""
        return {chapter for cell in self.not_here for chapter in cell.chapters}


def make_plan(
    edition: Mapping[str, Any], records: Mapping[str, Record], *, machine: str | None = None
) -> Plan:
    """What an edition's file asks for, against what is recorded and what can be done here.

    A run cannot be done here if its data are neither at hand nor to be had, if it is estimated to
    take longer than the edition's `limit_hours`, or if a run that steers it cannot.

    Args:
        edition: the content of its file; `limit_hours` may be missing, for no limit.
        records: by the run's name.
        machine: a GPU's or a processor's name; that of this machine if not given.

    Raises:
        ConfigError: on a limit that is no number above 0.
    """
    limit = edition.get("limit_hours")
    number = isinstance(limit, int | float) and not isinstance(limit, bool)
    if limit is not None and not (number and limit > 0):
        raise ConfigError(f"limit_hours is {limit!r}; expected a number above 0, or nothing")
    cells: list[Cell] = []
    for cell in edition_cells(edition, records):
        if cell.record is None:
            seconds = estimated_seconds(cell.config, records.values(), machine)
            where = machine_name() if machine is None else machine
            reason = _no_data(cell.config.dataset) or _too_long(seconds, limit, where)
            cell = replace(cell, seconds=seconds, reason=reason)
        cells.append(cell)
    return Plan(tuple(_without_what_steers(cells)))


def _no_data(dataset: str) -> str:
    spec = DATASETS[dataset]
    mirror = os.environ.get("DIFFICULTY_DATA")
    folder = spec.mirror or dataset
    if (mirror and (Path(mirror) / folder).is_dir()) or spec.fixture or spec.embedded:
        return ""
    offline = os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}
    if spec.hub and not offline:
        return ""
    return f"no data: DIFFICULTY_DATA names no folder with {folder}" + (
        ", and the hub is switched off" if spec.hub else ""
    )


def _too_long(seconds: float | None, limit: float | None, machine: str) -> str:
    if seconds is None or limit is None or seconds <= limit * HOUR:
        return ""
    return f"about {duration(seconds)} on {machine}, above the limit of {duration(limit * HOUR)}"


def _without_what_steers(cells: list[Cell]) -> list[Cell]:
    """A run is no more possible than those that steer it, which may themselves be steered."""
    reasons = {cell.name: cell.reason for cell in cells if cell.record is None}
    changed = True
    while changed:
        changed = False
        for cell in cells:
            missing = next((name for name in cell.needs if reasons.get(name)), None)
            if missing and cell.record is None and not reasons[cell.name]:
                reasons[cell.name] = f"it is steered by {missing}, which cannot be done here"
                changed = True
    return [replace(cell, reason=reasons.get(cell.name, "")) for cell in cells]
