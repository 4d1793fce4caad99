"""A claim, and the figures that it stands or falls with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from difficulty_lib._errors import ConfigError

Side = Literal["above", "below"]


@dataclass(frozen=True)
class Measure:
    """A figure of one executed chapter, with its interval.

    Attributes:
        of: the data, and what else tells it from the claim's other figures.
        chapter: the executed notebook's name without its ending.
        figure: name under which the chapter stores the figure; its interval's ends are
            `<figure>_low` and `<figure>_high`.
        section: heading of the chapter's section with the chart.
        form: how the figure is written, a format of Python's.
        bar: the claim's threshold, where this figure's own chapter stores it under a name.
    """

    of: str
    chapter: str
    figure: str
    section: str
    form: str = ".2f"
    bar: str | None = None


@dataclass(frozen=True)
class Claim:
    """Something that was said of the action score, and how it is decided.

    Every figure is held against the same bar. The claim is confirmed where the whole interval of
    each lies on its side of the bar, refuted where each lies wholly on the other.

    Attributes:
        name: the key in the registry.
        says: the claim, in a sentence of plain words.
        source: who made it: a key of `SOURCES`.
        place: where in it.
        what: what the figures are.
        side: on which side of the bar the figures lie if the claim holds.
        bar: the threshold, in the figures' unit.
        why_bar: what the threshold means, in words; where the chapter stores it, what it is.
        measures: the figures, one or more.
        command: what makes the figures, where the runs behind them are not recorded; without one,
            a chapter that lacks a figure is an error.
        note: what a reader of the figures has to know.

    Raises:
        ConfigError: if there is no figure.
    """

    name: str
    says: str
    source: str
    place: str
    what: str
    side: Side
    bar: float
    why_bar: str
    measures: tuple[Measure, ...]
    command: str | None = None
    note: str = ""

    def __post_init__(self) -> None:
        if not self.measures:
            raise ConfigError(f"claim '{self.name}' has no figure; expected one or more")

    @property
    def rule(self) -> str:
        """How it is decided, in words."""
        if any(measure.bar for measure in self.measures):
            return f"{self.side} {self.why_bar}"
        return f"{self.side} {written(self.bar, self.measures[0].form)} ({self.why_bar})"


def written(number: float, form: str) -> str:
    """A number as pages write it: a true minus sign, a space before the percent sign, a plain 0."""
    if number == 0:
        return "0"
    return format(number, form).replace("-", "−").replace("%", " %")
