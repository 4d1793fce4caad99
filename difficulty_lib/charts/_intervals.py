"""Estimates with their intervals as points on lines: one row per thing, one colour per series."""

from __future__ import annotations

import pandas as pd

from difficulty_lib.charts._show import INK, alt

COLOURS = (INK["easy"], INK["hard"], INK["medium"], "#4f8a5b", "#7b8794")


def intervals_chart(
    table: pd.DataFrame, what: str, *, zero: float | None = 0.0, width: int = 330
) -> alt.LayerChart:
    """Points with intervals, rows in the table's order.

    Args:
        table: a row per estimate with `label`, `series` and an `Estimate` in `estimate`.
        what: what is measured, with its unit: the axis's title.
        zero: where a dashed line stands; None for none.
        width: of the plot, in pixels.
    """
    data = pd.DataFrame(
        {
            "label": table["label"].astype(str),
            "series": table["series"].astype(str),
            "value": [e.value for e in table["estimate"]],
            "low": [e.low for e in table["estimate"]],
            "high": [e.high for e in table["estimate"]],
        }
    )
    order, series = list(dict.fromkeys(data["label"])), list(dict.fromkeys(data["series"]))
    base = alt.Chart(data).encode(
        y=alt.Y("label:N", sort=order, title=None, axis=alt.Axis(labelLimit=340)),
        yOffset=alt.YOffset("series:N", sort=series),
        color=alt.Color(
            "series:N",
            scale=alt.Scale(domain=series, range=list(COLOURS[: len(series)])),
            legend=alt.Legend(title=None, orient="top", columns=2, labelLimit=320)
            if len(series) > 1
            else None,
        ),
        tooltip=[
            "label",
            "series",
            *(alt.Tooltip(c, format=".3f") for c in ("value", "low", "high")),
        ],
    )
    layers = base.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q", title=what), x2="high")
    layers += base.mark_point(filled=True, size=60, opacity=1).encode(x="value:Q")
    if zero is not None:
        line = alt.Chart(pd.DataFrame({"x": [zero]}))
        layers = line.mark_rule(strokeDash=[5, 3], color="#7b8794").encode(x="x:Q") + layers
    # All names of a long list would make a description that nobody listens to.
    named = ", ".join(order) if len(order) <= 10 else f"{len(order)} rows"
    best, least = data.loc[data["value"].idxmax()], data.loc[data["value"].idxmin()]
    return layers.properties(
        width=width,
        height=max(60, (12 * len(series) + 10) * len(order)),
        description=(
            f"{what} of {named}: highest {best['value']:.2f} "
            f"({best['label']}, {best['series']}), lowest {least['value']:.2f} "
            f"({least['label']}, {least['series']})."
        ),
    )
