"""How charts are shown: a specification for the book, a picture for every other reader, live offline."""

from __future__ import annotations

import base64
import os
from typing import TYPE_CHECKING, Any

from difficulty_lib._extras import require
from difficulty_lib.charts._injected import executed_cells, refuse_unknown_parameters

if TYPE_CHECKING:
    import altair as alt

    __all__ = ["INK", "MIME", "WIDTH", "alt", "book_renderer", "enable_charts"]
else:
    alt = require("altair", "book")

MIME = "application/vnd.vegalite.v6+json"  # nbformat refuses Altair's own "…v6.json"
WIDTH = 560  # the book's column is 688 px wide; axes and legends need the rest
INK = {"hard": "#c2452d", "medium": "#d99a2b", "easy": "#2f6db3", "one": "#2f6db3"}


def _vega_version() -> str:
    return ".".join(alt.VEGALITE_VERSION.split(".")[:2])


def book_renderer(spec: dict[str, Any], **_: Any) -> dict[str, Any]:
    """The specification for the book, a PNG for GitHub and PDF, the description as text."""
    convert = require("vl_convert", "book")
    # thousands of points make a large picture
    many = spec.get("usermeta", {}).get("renderer") == "canvas"
    picture = convert.vegalite_to_png(spec, vl_version=_vega_version(), scale=1 if many else 1.5)
    return {
        MIME: spec,
        "image/png": base64.b64encode(picture).decode(),
        "text/plain": spec.get("description", "chart"),
    }


def enable_charts(mode: str | None = None) -> str:
    """Choose how charts are shown in this process.

    Args:
        mode: "book" for executed notebooks, "live" for a kernel that a reader sits at; by default
            what `DIFFICULTY_CHARTS` says, else "live".

    Raises:
        ConfigError: in a notebook to which papermill gave a parameter that it does not have. It is
            what a notebook calls first, before anything is trained.
    """
    refuse_unknown_parameters(executed_cells())
    mode = mode or os.environ.get("DIFFICULTY_CHARTS", "live")
    alt.data_transformers.disable_max_rows()
    if mode == "book":
        alt.renderers.register("book", book_renderer)
        alt.renderers.enable("book")
    else:
        alt.JupyterChart.enable_offline()
        alt.renderers.enable("jupyter", offline=True)
    return mode
