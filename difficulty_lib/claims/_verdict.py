"""What the figures say to a claim."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, Literal

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib.claims._claim import Claim, Measure, Side

Answer = Literal["yes", "no", "open"]
Verdict = Literal["confirmed", "refuted", "undecided"]


@dataclass(frozen=True)
class Reading:
    """A figure as measured, and what it says.

    Attributes:
        measure: what was to be measured.
        value: the estimate.
        low: lower end of its 95 % interval.
        high: upper end.
        bar: what it is held against.
        answer: "yes", "no", or "open" where the interval has the bar in it.
    """

    measure: Measure
    value: float
    low: float
    high: float
    bar: float
    answer: Answer


@dataclass(frozen=True)
class Finding:
    """A claim with its verdict.

    Attributes:
        claim: what was claimed.
        readings: the figures that are recorded, in the claim's order.
        verdict: "confirmed", "refuted" or "undecided".
        reason: why it is undecided; empty otherwise.
    """

    claim: Claim
    readings: tuple[Reading, ...]
    verdict: Verdict
    reason: str


def judged(low: float, high: float, side: Side, bar: float) -> Answer:
    """Whether an interval lies wholly on a side of a bar.

    Args:
        low: lower end of the interval.
        high: upper end, in the same unit.
        side: "above" or "below".
        bar: the threshold; an end on it decides nothing.

    Returns:
        "yes", "no" where it lies wholly on the other side, else "open".

    Raises:
        DataError: if the ends are no numbers, or the lower is above the upper.
    """
    if not (isfinite(low) and isfinite(high) and low <= high):
        raise DataError(f"an interval is {low} to {high}; expected two numbers, the lower first")
    above, below = low > bar, high < bar
    if above or below:
        return "yes" if above == (side == "above") else "no"
    return "open"


def found(claim: Claim, chapters: Mapping[str, Mapping[str, Any]]) -> Finding:
    """A claim's verdict.

    Args:
        claim: the claim.
        chapters: by chapter that is executed, what it stores (`glued`).

    Raises:
        ConfigError: if a chapter lacks a figure and the claim does not say what would make it.
        DataError: if an interval is none.
    """
    readings = tuple(r for r in (_reading(claim, m, chapters) for m in claim.measures) if r)
    answers = {r.answer for r in readings}
    if len(readings) < len(claim.measures):
        missing = [m.of for m in claim.measures if m not in [r.measure for r in readings]]
        if claim.command is None:
            return Finding(claim, readings, "undecided", f"not executed here: {', '.join(missing)}")
        return Finding(claim, readings, "undecided", "not measured yet")
    if answers == {"yes"}:
        return Finding(claim, readings, "confirmed", "")
    if answers == {"no"}:
        return Finding(claim, readings, "refuted", "")
    return Finding(claim, readings, "undecided", _why(readings))


def _reading(
    claim: Claim, measure: Measure, chapters: Mapping[str, Mapping[str, Any]]
) -> Reading | None:
    stored = chapters.get(measure.chapter)
    if stored is None:
        return None
    names = [measure.figure, f"{measure.figure}_low", f"{measure.figure}_high"]
    names += [measure.bar] if measure.bar else []
    missing = [name for name in names if name not in stored]
    if missing and claim.command is not None:
        return None
    if missing:
        raise ConfigError(
            f"claim '{claim.name}': chapter {measure.chapter} stores no {', '.join(missing)}; "
            f"expected the name of a figure with an interval"
        )
    value, low, high = (float(stored[name]) for name in names[:3])
    bar = float(stored[measure.bar]) if measure.bar else claim.bar
    return Reading(measure, value, low, high, bar, judged(low, high, claim.side, bar))


def _why(readings: tuple[Reading, ...]) -> str:
    by = {a: [r.measure.of for r in readings if r.answer == a] for a in ("yes", "no", "open")}
    if not by["yes"] and not by["no"]:
        return "the bar lies within the interval"
    parts = [("yes for", by["yes"]), ("no for", by["no"]), ("open for", by["open"])]
    return "; ".join(f"{said} {' and '.join(names)}" for said, names in parts if names)
