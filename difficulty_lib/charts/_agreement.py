"""Agreement as a function of how hard, beside what restriction of range alone would give."""

from __future__ import annotations

import pandas as pd

from difficulty_lib.charts._show import INK, alt

OBSERVED, NULL = "observed", "the same agreement everywhere"
GREY = "#7b8794"


def against_null_chart(
    table: pd.DataFrame, labels: list[str], across: str, what: str, *, width: int = 480
) -> alt.LayerChart | alt.VConcatChart:
    """What was observed, with intervals, over the simulated null with its band.

    Args:
        table: of `agreement_in_parts` or `overlap_at`, with a `group`; a panel for each group.
        labels: names of the rows within a group, in order: the horizontal axis.
        across: the horizontal axis's title.
        what: what is measured: the vertical axis's title.
        width: of a panel, in pixels.
    """
    panels = []
    low = min(0.0, float(table[["low", "null_low", "value"]].min().min()))
    for group, rows in table.groupby("group", sort=False):
        panel = _panel(rows.assign(label=labels), labels, across, what, low)
        panels.append(panel.properties(width=width, height=230, title=str(group)))
    said = "; ".join(
        f"{group}: {labels[0]} {rows['value'].iloc[0]:.2f} (null {rows['null'].iloc[0]:.2f}), "
        f"{labels[-1]} {rows['value'].iloc[-1]:.2f} (null {rows['null'].iloc[-1]:.2f})"
        for group, rows in table.groupby("group", sort=False)
    )
    chart = panels[0] if len(panels) == 1 else alt.vconcat(*panels)
    return chart.properties(description=f"{what} by {across}. {said}.")


def _panel(
    rows: pd.DataFrame, labels: list[str], across: str, what: str, lowest: float
) -> alt.LayerChart:
    kept = ["label", "value", "low", "high", "null", "null_low", "null_high"]
    base = alt.Chart(rows[kept].round(4)).encode(
        x=alt.X("label:O", sort=labels, title=across, axis=alt.Axis(labelAngle=0)),
        tooltip=["label", *(alt.Tooltip(c, format=".3f") for c in kept[1:])],
    )
    colour = alt.Scale(domain=[OBSERVED, NULL], range=[INK["hard"], GREY])
    legend = alt.Legend(title=None, orient="top", labelLimit=320, symbolOpacity=1)
    scale = alt.Scale(domain=[lowest, 1.0], nice=True)

    def series(name: str) -> alt.Color:
        return alt.Color("series:N", scale=colour, legend=legend, sort=[OBSERVED, NULL])

    null, seen = (base.transform_calculate(series=f"'{name}'") for name in (NULL, OBSERVED))
    layers = null.mark_area(opacity=0.25).encode(
        y=alt.Y("null_low:Q", title=what, scale=scale), y2="null_high", color=series(NULL)
    )
    layers += null.mark_line(strokeDash=[5, 3]).encode(y="null:Q", color=series(NULL))
    layers += seen.mark_rule(strokeWidth=2).encode(y="low:Q", y2="high", color=series(OBSERVED))
    layers += seen.mark_point(filled=True, size=60, opacity=1).encode(
        y="value:Q", color=series(OBSERVED)
    )
    return layers
