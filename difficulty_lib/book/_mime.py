"""myst-nb plugin: a chart's specification becomes a figure that the book's one script draws."""

from __future__ import annotations

import html
import json
from typing import Any, ClassVar

from docutils import nodes

MIME = "application/vnd.vegalite.v6+json"


def columnar(rows: list[dict[str, Any]]) -> dict[str, Any] | list[dict[str, Any]]:
    """Rows as one list per column, about a third of the bytes; the script turns it back."""
    if not rows or any(row.keys() != rows[0].keys() for row in rows):
        return rows
    return {"$columns": {key: [row[key] for row in rows] for key in rows[0]}}


def figure(spec: dict[str, Any]) -> str:
    """The figure's HTML: a place to draw in, the specification, and the words for those without."""
    packed = dict(spec)
    if isinstance(packed.get("datasets"), dict):
        packed["datasets"] = {
            name: columnar(rows)
            if isinstance(rows, list) and rows and isinstance(rows[0], dict)
            else rows
            for name, rows in packed["datasets"].items()
        }
    words = html.escape(str(spec.get("description") or ""))
    body = json.dumps(packed, separators=(",", ":"), ensure_ascii=False).replace("</", "<\\/")
    return (
        f'<figure class="study-chart" role="group" aria-label="{words}">'
        f'<div class="study-chart-view"></div>'
        f'<script type="{MIME}">{body}</script>'
        f"<noscript><p>{words}</p></noscript></figure>"
    )


class VegaLiteMime:
    """Renders `application/vnd.vegalite.v6+json` in HTML builders."""

    mime_priority_overrides: ClassVar[list[tuple[str, str, int]]] = [
        (builder, MIME, 5) for builder in ("html", "singlehtml")
    ]

    @staticmethod
    def handle_mime(renderer: Any, data: Any, inline: bool) -> list[nodes.Element] | None:
        """The figure, or None for other types; a chart without a description is a warning."""
        if inline or data.mime_type != MIME:
            return None
        if not data.content.get("description"):
            renderer.logger.warning(
                "a chart has no description; give one with .properties(description=…)",
                subtype="chart_description",
                line=data.line,
            )
        return [nodes.raw("", figure(data.content), format="html", classes=["output", "study"])]
