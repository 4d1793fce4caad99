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
    x = alt.X("low:Q", title="multiple of the bar", scale=alt.Scale(type="log"))
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


def early_chart(table: pd.DataFrame) -> alt.LayerChart:
    """How well scores of the first epochs rank as those of all epochs do.

    Args:
        table: `epoch`, `title`, `value`, `low`, `high`.
    """
    order = list(dict.fromkeys(table["title"]))
    base = alt.Chart(table).encode(
        x=alt.X("epoch:O", title="epochs trained", axis=alt.Axis(labelAngle=0)),
        color=alt.Color("title:N", sort=order, legend=alt.Legend(title=None, orient="top")),
        tooltip=[
            "title",
            "epoch",
            *(alt.Tooltip(c, format=".3f") for c in ("value", "low", "high")),
        ],
    )
    y = alt.Y("low:Q", title="Spearman with the score of all epochs", scale=alt.Scale(zero=False))
    area = base.mark_area(opacity=0.2).encode(y=y, y2="high")
    lines = base.mark_line(point=True).encode(y="value:Q")
    first = table[table["epoch"] == table["epoch"].min()]
    said = ", ".join(f"{row.title} {row.value:.2f}" for row in first.itertuples())
    return (area + lines).properties(
        width=480,
        height=260,
        description=f"Rank correlation of early scores with full ones; after the first epoch: {said}.",
    )
