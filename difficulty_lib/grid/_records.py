"""The records of runs, read without their dynamics."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from difficulty_lib.training import Run, RunConfig


@dataclass(frozen=True)
class Record:
    """A recorded run, as far as the grid is concerned.

    Attributes:
        folder: where it lies; its name is the run's.
        config: what was run.
        content: of its `run.json`.
    """

    folder: Path
    config: RunConfig
    content: dict[str, Any]

    @property
    def name(self) -> str:
        """The run's, which names data, model, seed and hash."""
        return self.folder.name

    @property
    def date(self) -> str:
        """When it was finished, as recorded."""
        return str(self.content.get("environment", {}).get("date", "unknown"))

    @property
    def hardware(self) -> str:
        """What it ran on, as recorded."""
        return str(self.content.get("environment", {}).get("hardware", "unknown"))

    @cached_property
    def seconds(self) -> float | None:
        """What it took, or None if that was not recorded.

        The sum of the parts where it is more than the total: of a run that was stopped and went
        on the parts are of all of it.
        """
        timings = {
            name: float(value)
            for name, value in self.content.get("timings", {}).items()
            if name.endswith("_s")
        }
        parts = sum(value for name, value in timings.items() if name != "total_s")
        return max(timings.get("total_s", 0.0), parts) or None


def read_records(folders: Iterable[str | Path]) -> dict[str, Record]:
    """Every complete run in these folders, by its name; of two of a name the first.

    Raises:
        DynamicsError: if a record is damaged.
    """
    found: dict[str, Record] = {}
    for folder in folders:
        for path in sorted(Path(folder).glob("*/run.json")):
            if path.parent.suffix == ".partial":  # stopped as it was being written
                continue
            run = Run.load(path.parent)
            found.setdefault(path.parent.name, Record(run.folder, run.config, run.record))
    return found
