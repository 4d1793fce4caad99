"""Measured costs against their bars."""

from __future__ import annotations

import pandas as pd

from difficulty_lib.charts._show import INK, alt


def bars_chart(table: pd.DataFrame) -> alt.LayerChart:
    """Every figure as a multiple of its bar, on a logarithmic axis: left of the line is kept.

    Args:
        table: from `study.against_bars`.
    """
    order = table.sort_values("value")["name"].tolist()
    shown = table.assign(kept=table["met"].map({True: "kept", False: "missed"}))
    base = alt.Chart(shown).encode(
        y=alt.Y("name:N", sort=order, title=None, axis=alt.Axis(labelLimit=300)),
        color=alt.Color(
            "kept:N",
            scale=alt.Scale(domain=["kept", "missed"], range=[INK["easy"], INK["hard"]]),
            legend=alt.Legend(title=None, orient="top"),
        ),
        tooltip=["name", "said"],
    )
    # What is far below its bar stands at the edge, so that the rest can be told apart.
    scale = alt.Scale(
        type="log", domain=[0.03, max(3.0, table["high"].max())], clamp=True, nice=False
    )
    x = alt.X("low:Q", title="multiple of the bar", scale=scale)
    layers = base.mark_rule(strokeWidth=2).encode(x=x, x2="high")
    layers += base.mark_point(filled=True, size=60).encode(x="value:Q")
    layers += (
        alt.Chart(pd.DataFrame({"x": [1.0]}))
        .mark_rule(strokeDash=[5, 3], color="#1c2733")
        .encode(x="x:Q")
    )
    missed = table.loc[~table["met"], "name"].tolist()
    said = f"missed by {', '.join(missed)}" if missed else "all kept"
    return layers.properties(
        width=250,
        height=26 * len(order),
        description=f"{len(order)} measured costs as multiples of their bars: {said}.",
    )


def early_chart(table: pd.DataFrame) -> alt.HConcatChart:
    """How well scores of the first epochs rank as those of all epochs do, and among the hardest.

    Args:
        table: `epoch`, `title`, `value`, `low`, `high` (rank correlation), `overlap`,
            `overlap_low`, `overlap_high` (share of the hardest that both name).
    """
    order = list(dict.fromkeys(table["title"]))
    panels = []
    for value, low, high, title in (
        ("value", "low", "high", "Spearman with the score of all epochs"),
        ("overlap", "overlap_low", "overlap_high", "overlap of the hardest 5 %"),
    ):
        base = alt.Chart(table).encode(
            x=alt.X("epoch:O", title="epochs trained", axis=alt.Axis(labelAngle=0)),
            color=alt.Color(
                "title:N", sort=order, legend=alt.Legend(title=None, orient="top", columns=4)
            ),
            tooltip=["title", "epoch", *(alt.Tooltip(c, format=".3f") for c in (value, low, high))],
        )
        y = alt.Y(f"{low}:Q", title=title, scale=alt.Scale(zero=False))
        lines = base.mark_area(opacity=0.15).encode(y=y, y2=high)
        lines += base.mark_line(point=True).encode(y=f"{value}:Q")
        panels.append(lines.properties(width=250, height=240))
    first = table[table["epoch"] == table["epoch"].min()]
    said = ", ".join(f"{r.title} {r.value:.2f} and {r.overlap:.0%}" for r in first.itertuples())
    return alt.hconcat(*panels).properties(
        description=(
            "Rank correlation of early scores with full ones, and overlap of the hardest 5 %; "
            f"after the first epoch: {said}."
        )
    )
