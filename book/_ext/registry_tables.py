"""Directive `scores-table`: the table of all scores, made from the registry."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from difficulty_lib.scores import SCORES


class ScoresTable(SphinxDirective):
    """One definition per score: formula, direction, needs, stream, source."""

    def run(self) -> list[nodes.Node]:
        """Write the registry as MyST markdown and let the page's own parser read it."""
        lines: list[str] = []
        for score in SCORES.values():
            direction = "high" if score.higher_is_harder else "low"
            needs = ", ".join(f"`{need}`" for need in score.needs)
            lines += [
                f"**{score.title}** (`{score.name}`)",
                f": ${score.formula}$",
                "",
                f"  {direction} is {score.means} · needs {needs} · defined on the "
                f"{score.default_stream} stream · {{cite:p}}`{score.citation}`",
                "",
            ]
        holder = nodes.container()
        self.state.nested_parse(StringList(lines, "registry of scores"), 0, holder)
        return list(holder.children)


def setup(app: Any) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("scores-table", ScoresTable)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
