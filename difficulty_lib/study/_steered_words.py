"""How differences of accuracy are said."""

from __future__ import annotations

from collections.abc import Sequence

from difficulty_lib.analysis import Equivalence
from difficulty_lib.study._steered import SteeredCell
from difficulty_lib.study._steered_runs import Condition

VERDICTS = ("higher", "lower", "equivalent", "undecided")


def points(found: Equivalence) -> str:
    """A difference of accuracies in points, with its interval and what it says."""
    d = found.difference
    return (
        f"{100 * d.value:+.1f} points (95 % interval {100 * d.low:+.1f} to {100 * d.high:+.1f}: "
        f"{found.verdict})"
    )


def figure(found: Equivalence) -> str:
    """The same for a table."""
    d = found.difference
    return f"{100 * d.value:+.1f} [{100 * d.low:+.1f}, {100 * d.high:+.1f}] {found.verdict}"


def counts(found: Sequence[Equivalence]) -> str:
    """How many differences are higher, lower, equivalent and undecided."""
    number = {name: sum(f.verdict == name for f in found) for name in VERDICTS}
    said = ", ".join(f"{name} in {count}" for name, count in number.items() if count)
    return f"{said} of {many(len(found), 'comparison')}"


def condition_words(condition: Condition, cell: SteeredCell) -> str:
    """What a condition is, with the size of its trainings."""
    said = f"{many(cell.epochs, 'epoch')} of {cell.rows:,} rows"
    if condition.budget < 1:
        said += f", {100 * condition.budget:g} % of the passes"
    if condition.noise:
        said += (
            f", {100 * condition.noise:g} % of the labels planted errors "
            f"({condition.corruption.replace('_', ' ')}), for whatever scores, too"
        )
    if condition.teacher is not None:
        said += f", scores from *{condition.teacher}*"
    return said


def collapsed_words(collapsed: int) -> str:
    """How many models learnt nothing; nothing where all did learn."""
    if not collapsed:
        return ""
    return (
        f" In {collapsed} of the trainings the model learnt nothing; they count all the same, and "
        "their scores are used, for a method that fails there has failed."
    )


def many(count: int, one: str, several: str = "") -> str:
    """A number with its noun."""
    return f"{count:,} {one if count == 1 else several or f'{one}s'}"


def listed(words: Sequence[str]) -> str:
    """Words as a list."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
