"""Texts taken for strange, by how hard they are."""

from __future__ import annotations

import pandas as pd

from difficulty_lib.charts._show import INK, alt

SERIES = (INK["hard"], INK["easy"], INK["medium"], "#4f8a5b", "#8c4a8c")


def mistaken_chart(table: pd.DataFrame, level: float = 0.95) -> alt.LayerChart:
    """Share of in-distribution texts taken for strange by tenth of difficulty, a line per score.

    Args:
        table: `title` of the score, `tenth` (1 is the easiest), `value`.
        level: share that is let in on the whole: the dashed line is what chance would give.
    """
    series = list(dict.fromkeys(table["title"]))
    base = alt.Chart(table[["title", "tenth", "value"]].round(4)).encode(
        x=alt.X(
            "tenth:O", title="tenth of difficulty, the hardest last", axis=alt.Axis(labelAngle=0)
        ),
        y=alt.Y("value:Q", title="share taken for strange", axis=alt.Axis(format="%")),
        color=alt.Color(
            "title:N",
            scale=alt.Scale(domain=series, range=list(SERIES[: len(series)])),
            legend=alt.Legend(title=None, orient="top", columns=2, labelLimit=320),
        ),
        tooltip=["title", "tenth", alt.Tooltip("value", format=".1%")],
    )
    layers = (
        alt.Chart(pd.DataFrame({"y": [1 - level]}))
        .mark_rule(strokeDash=[5, 3], color="#7b8794")
        .encode(y="y:Q")
    )
    layers += base.mark_line(strokeWidth=2)
    layers += base.mark_point(filled=True, size=35, opacity=1)
    ends = table.pivot(index="title", columns="tenth", values="value").loc[series]
    said = ", ".join(
        f"{name} {100 * row.iloc[0]:.0f} % of the easiest tenth and {100 * row.iloc[-1]:.0f} % of "
        "the hardest"
        for name, row in ends.iterrows()
    )
    return layers.properties(
        width=480, height=240, description=f"In-distribution texts taken for strange: {said}."
    )
