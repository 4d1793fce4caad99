"""Directives made from the registries: tables of scores, reductions, tasks, features, corruptions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from difficulty_lib.corruptions import CORRUPTIONS
from difficulty_lib.data import DATASETS
from difficulty_lib.dynamics import REDUCTIONS
from difficulty_lib.features import FEATURES
from difficulty_lib.scores import SCORES, Score
from difficulty_lib.tasks import TASKS


def table_lines(scores: Iterable[Score]) -> list[str]:
    """One definition per score in MyST markdown: formula, direction, needs, stream, source."""
    lines: list[str] = []
    for score in scores:
        direction = "high" if score.higher_is_harder else "low"
        needs = ", ".join(f"`{need}`" for need in score.needs)
        several = " of several runs" if score.several_runs else ""
        held_out = " · held-out samples only" if score.held_out else ""
        only = " alone" if score.only_stream else ""
        lines += [
            f"**{score.title}** (`{score.name}`)",
            f": ${score.formula}$",
            "",
            f"  {direction} is {score.means} · needs {needs}{several} · defined on the "
            f"{score.default_stream} stream{only}{held_out} · {{cite:p}}`{score.citation}`",
            "",
        ]
    return lines


def api_lines(scores: Iterable[Score]) -> list[str]:
    """One `autofunction` per score in MyST markdown."""
    functions = [f"{score.function.__module__}.{score.name}" for score in scores]
    return ["```{eval-rst}", *(f".. autofunction:: {name}" for name in functions), "```"]


def reduction_lines() -> list[str]:
    """One definition per reduction in MyST markdown."""
    lines: list[str] = []
    for found in REDUCTIONS.values():
        lines += [f"`{found.name}`", f": ${found.formula}$: {found.means}", ""]
    return lines


def _first_line(function: Any) -> str:
    return str(function.__doc__).strip().splitlines()[0]


def task_lines() -> list[str]:
    """One definition per task in MyST markdown: models, data, what is read."""
    lines: list[str] = []
    for task in TASKS.values():
        data = ", ".join(f"`{n}`" for n, spec in DATASETS.items() if spec.task == task.name)
        sentence = _first_line(task.encode)
        lines += [
            f"**{task.title}** (`{task.name}`)",
            f": {sentence} Models: any `{task.auto_model}`."
            + (f" Data sets: {data}." if data else ""),
            "",
        ]
    return lines


def feature_lines() -> list[str]:
    """One definition per feature in MyST markdown: what it is, and what it is thought to do."""
    lines: list[str] = []
    for entry in FEATURES.values():
        thought = f", thought to make a sample {entry.direction}" if entry.direction else ""
        stands = "" if entry.aspect == "other" else f" Stands for {entry.aspect}{thought}."
        cited = f" {{cite:p}}`{entry.citation}`" if entry.citation else ""
        lines += [
            f"**{entry.title}** (`{entry.name}`)",
            f": {_first_line(entry.function)}{stands}{cited}",
            "",
        ]
    return lines


def corruption_lines() -> list[str]:
    """One definition per corruption in MyST markdown."""
    lines: list[str] = []
    for entry in CORRUPTIONS.values():
        target = {"class": "classes", "text": "texts", "answers": "answers"}[entry.target]
        lines += [f"`{entry.name}`", f": of {target}: {entry.means}.", ""]
    return lines


class _FromRegistry(SphinxDirective):
    """Write the registry as MyST markdown and let the page's own parser read it."""

    def lines(self) -> list[str]:
        raise NotImplementedError

    def run(self) -> list[nodes.Node]:
        holder = nodes.container()
        self.state.nested_parse(StringList(self.lines(), "registry"), 0, holder)
        return list(holder.children)


class ScoresTable(_FromRegistry):
    """The table of all scores."""

    def lines(self) -> list[str]:
        """One definition per score."""
        return table_lines(SCORES.values())


class ScoresApi(_FromRegistry):
    """The reference of all scores' functions."""

    def lines(self) -> list[str]:
        """One entry per score."""
        return api_lines(SCORES.values())


class ReductionsTable(_FromRegistry):
    """The table of all reductions."""

    def lines(self) -> list[str]:
        """One definition per reduction."""
        return reduction_lines()


class TasksTable(_FromRegistry):
    """The table of all tasks."""

    def lines(self) -> list[str]:
        """One definition per task."""
        return task_lines()


class FeaturesTable(_FromRegistry):
    """The table of all features."""

    def lines(self) -> list[str]:
        """One definition per feature."""
        return feature_lines()


class CorruptionsTable(_FromRegistry):
    """The table of all corruptions."""

    def lines(self) -> list[str]:
        """One definition per corruption."""
        return corruption_lines()


def setup(app: Any) -> dict[str, Any]:
    """Register the directives."""
    app.add_directive("scores-table", ScoresTable)
    app.add_directive("scores-api", ScoresApi)
    app.add_directive("reductions-table", ReductionsTable)
    app.add_directive("tasks-table", TasksTable)
    app.add_directive("features-table", FeaturesTable)
    app.add_directive("corruptions-table", CorruptionsTable)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
