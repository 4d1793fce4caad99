"""Directives made from the registries: `scores-table`, `scores-api` and `reductions-table`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from difficulty_lib.dynamics import REDUCTIONS
from difficulty_lib.scores import SCORES, Score


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


class _FromRegistry(SphinxDirective):
    """Write the registry as MyST markdown and let the page's own parser read it."""

    def lines(self) -> list[str]:
        raise NotImplementedError

    def run(self) -> list[nodes.Node]:
        holder = nodes.container()
        self.state.nested_parse(StringList(self.lines(), "registry of scores"), 0, holder)
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


def setup(app: Any) -> dict[str, Any]:
    """Register the directives."""
    app.add_directive("scores-table", ScoresTable)
    app.add_directive("scores-api", ScoresApi)
    app.add_directive("reductions-table", ReductionsTable)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
