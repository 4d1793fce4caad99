"""Accuracy as a function of every score: a small panel each."""

from __future__ import annotations

import pandas as pd

from difficulty_lib.charts._show import INK, alt

COLUMNS = 3


def accuracy_chart(table: pd.DataFrame) -> alt.FacetChart:
    """Accuracy from the easiest to the hardest part by each score.

    Args:
        table: parts from `accuracy_by_part`, with `title` and `series` beside them.
    """
    titles, series = (list(dict.fromkeys(table[name])) for name in ("title", "series"))
    kept = ["title", "series", "part", "value", "low", "high"]
    base = alt.Chart().encode(
        x=alt.X("part:O", title="part, easiest first", axis=alt.Axis(labelAngle=0)),
        color=alt.Color(
            "series:N",
            sort=series,
            scale=alt.Scale(domain=series, range=[INK["easy"], INK["hard"]]),
            legend=alt.Legend(title="right is", orient="top", labelLimit=320, symbolOpacity=1),
        ),
        tooltip=[
            "title",
            "series",
            "part",
            *(alt.Tooltip(c, format=".3f") for c in ("value", "low", "high")),
        ],
    )
    scale = alt.Scale(domain=[0, 1])
    band = base.mark_area(opacity=0.2).encode(
        y=alt.Y("low:Q", title="accuracy", scale=scale, axis=alt.Axis(format="%")), y2="high:Q"
    )
    line = base.mark_line(point=alt.OverlayMarkDef(size=18), strokeWidth=1.5).encode(y="value:Q")
    last = table[(table["part"] == table["part"].max()) & (table["series"] == series[-1])]
    least, most = last.loc[last["value"].idxmin()], last.loc[last["value"].idxmax()]
    return (
        alt.layer(band, line, data=table[kept].round(4))
        .properties(width=140, height=100)
        .facet(
            facet=alt.Facet("title:N", sort=titles, title=None, header=alt.Header(labelLimit=150)),
            columns=COLUMNS,
        )
        .properties(
            description=(
                f"Accuracy by {len(titles)} scores. In the hardest part {series[-1]} is right in "
                f"{least['value']:.0%} ({least['title']}) to {most['value']:.0%} ({most['title']})."
            )
        )
    )
