"""What `difficulty run` says of samples that did not fit."""

from __future__ import annotations

from typing import Any

SHOWN_IDS = 5


def problem_lines(problems: list[dict[str, Any]]) -> list[str]:
    """The samples that did not fit, a line per split and problem: how many, and the first ids."""
    lines = []
    for found in problems:
        ids = found["ids"]
        first = ", ".join(map(str, ids[:SHOWN_IDS])) + (", …" if len(ids) > SHOWN_IDS else "")
        fate = "kept" if found["used"] else "set aside"
        lines.append(f"{found['split']}: {len(ids):,} {fate}, {found['problem']}: {first}")
    return lines
