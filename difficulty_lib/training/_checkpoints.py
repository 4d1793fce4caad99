"""Which of the Trainer's checkpoints are whole: a process can be killed while it writes one."""

from __future__ import annotations

import json
import re
from pathlib import Path

from difficulty_lib.training._pending import pending_path

STATE = "trainer_state.json"
_NAME = re.compile(r"checkpoint-(\d+)$")


def checkpoints(folder: Path) -> list[Path]:
    """The checkpoints of a Trainer's output folder, the last first, whole or not."""
    found = {int(m[1]): p for p in folder.glob("checkpoint-*") if (m := _NAME.match(p.name))}
    return [found[step] for step in sorted(found, reverse=True)]


def is_whole(checkpoint: Path, marks: list[Path]) -> bool:
    """Whether everything was written: the Trainer's state, and after it the recorders' `marks`."""
    try:
        json.loads((checkpoint / STATE).read_text("utf8"))
    except (OSError, ValueError):
        return False
    return all(mark.exists() for mark in marks)


def usable_checkpoint(folder: Path, split: str, world: int) -> Path | None:
    """The last checkpoint that all ranks finished writing, the records of `split` included.

    None if there is none.
    """
    for checkpoint in checkpoints(folder):
        if is_whole(checkpoint, [pending_path(checkpoint, split, rank) for rank in range(world)]):
            return checkpoint
    return None
