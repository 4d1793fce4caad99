"""Everything that a page loads comes from the book itself, and only pages that need a thing load it."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def _collect(app: Any) -> None:
    """Put the chart runtime and MathJax into a static folder of their own."""
    static = Path(app.doctreedir).parent / "_offline"
    charts = static / "charts"
    charts.mkdir(parents=True, exist_ok=True)
    runtime = charts / "vega.js"
    if not runtime.exists():
        import altair
        import vl_convert

        version = ".".join(altair.VEGALITE_VERSION.split(".")[:2])
        # A module's top-level names would collide with other scripts' without a function around.
        code = vl_convert.javascript_bundle(vl_version=version)
        runtime.write_text(f"(function(){{{code}}})();", encoding="utf8")
    for name in ("charts.js", "charts.css", "reading.js"):
        shutil.copy(HERE / name, charts / name)
    package = importlib.util.find_spec("sphinx-mathjax-offline")
    if package is None or package.origin is None:
        raise RuntimeError("sphinx-mathjax-offline is missing: pip install 'difficulty-lib[book]'")
    (static / "math").mkdir(exist_ok=True)
    source = Path(package.origin).parent / "static" / "mathjax" / "tex-svg.js"
    shutil.copy(source, static / "math" / "tex-svg.js")
    app.config.mathjax_path = "math/tex-svg.js"
    # Later than Jupyter Book's own glob, which turns every script it finds into one on every page.
    app.config.html_static_path.append(str(static))


def _load_charts(app: Any, page: str, template: str, context: dict[str, Any], tree: Any) -> None:
    app.add_css_file("charts/charts.css")
    app.add_js_file("charts/reading.js")
    if "study-chart" in (context.get("body") or ""):
        app.add_js_file("charts/vega.js", loading_method="defer")
        app.add_js_file("charts/charts.js", loading_method="defer")


def _drop_thebe(app: Any, page: str, template: str, context: dict[str, Any], tree: Any) -> None:
    """The theme adds Thebe twice, whether or not it is used, and the second one throws."""

    def wanted(script: Any) -> bool:
        name = str(getattr(script, "filename", script) or "")
        body = str(getattr(script, "attributes", {}).get("body", ""))
        return "thebe" not in name and "THEBE" not in body

    context["script_files"] = [s for s in context.get("script_files", []) if wanted(s)]


def _spare_icons(app: Any, error: Exception | None) -> None:
    """The theme's script of all icons, half a megabyte: its stylesheet draws those that it uses."""
    script = Path(app.outdir) / "_static" / "scripts" / "fontawesome.js"
    if error is None and script.exists():
        script.write_text("// The icons are drawn by the theme's stylesheet.\n", encoding="utf8")
        script.with_name("fontawesome.js.map").unlink(missing_ok=True)


def setup(app: Any) -> dict[str, Any]:
    """Register the extension."""
    app.connect("builder-inited", _collect, priority=100)
    app.connect("html-page-context", _load_charts, priority=400)
    app.connect("html-page-context", _drop_thebe, priority=900)
    app.connect("build-finished", _spare_icons)
    return {
        "version": "1",
        "env_version": 2,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
