"""Scores beside each other: with human disagreement, and with one another."""

from __future__ import annotations

import numpy as np
import pandas as pd

from difficulty_lib.analysis import Estimate
from difficulty_lib.charts._show import INK, alt
from difficulty_lib.scores import SCORES


def disagreement_chart(table: pd.DataFrame, ceiling: Estimate | None = None) -> alt.LayerChart:
    """Every score's correlation with human disagreement, with its interval.

    Args:
        table: from `disagreement_table`.
        ceiling: the highest correlation that the raters' own agreement allows.
    """
    order = table["title"].tolist()
    base = alt.Chart(table).encode(
        y=alt.Y("title:N", sort=order, title=None, axis=alt.Axis(labelLimit=220)),
        tooltip=["title", *(alt.Tooltip(c, format=".3f") for c in ("value", "low", "high")), "n"],
    )
    x = alt.X("low:Q", title="Spearman correlation with human disagreement")
    layers = base.mark_rule(color=INK["one"], strokeWidth=2).encode(x=x, x2="high")
    layers += base.mark_point(filled=True, size=60, color=INK["one"]).encode(x="value:Q")
    best, last = table.iloc[0], table.iloc[-1]
    words = ""
    if ceiling is not None:
        top = pd.DataFrame({"x": [ceiling.value], "name": ["raters' ceiling"]})
        line = alt.Chart(top)
        layers += line.mark_rule(color=INK["hard"], strokeDash=[5, 3]).encode(x="x:Q")
        layers += line.mark_text(align="right", dx=-4, y=10, color=INK["hard"], fontSize=11).encode(
            x="x:Q", text="name:N"
        )
        words = f" The raters' own agreement allows {ceiling.value:.2f} at most."
    return layers.properties(
        width=380,
        height=22 * len(order),
        description=(
            f"Correlation of {len(order)} scores with human disagreement: highest "
            f"{best['title']} with {best['value']:.2f}, lowest {last['title']} with "
            f"{last['value']:.2f}.{words}"
        ),
    )


def correlations_chart(table: pd.DataFrame) -> alt.LayerChart:
    """The heat map of `score_correlations`, in its order."""
    titles = [SCORES[str(name)].title for name in table.index]
    rho = table.to_numpy(dtype=float).round(3)
    rows = [
        {"row": a, "column": b, "rho": float(rho[i, j])}
        for i, a in enumerate(titles)
        for j, b in enumerate(titles)
    ]
    size = min(30, 420 // max(1, len(titles)))
    base = alt.Chart(pd.DataFrame(rows)).encode(
        x=alt.X("column:N", sort=titles, title=None, axis=alt.Axis(labelAngle=-45, labelLimit=190)),
        y=alt.Y("row:N", sort=titles, title=None, axis=alt.Axis(labelLimit=190)),
    )
    squares = base.mark_rect().encode(
        color=alt.Color(
            "rho:Q",
            scale=alt.Scale(scheme="redblue", domain=[-1, 1]),
            legend=alt.Legend(title="Spearman", orient="top", gradientLength=160),
        ),
        tooltip=["row", "column", alt.Tooltip("rho", format=".2f")],
    )
    numbers = base.mark_text(fontSize=9).encode(
        text=alt.Text("rho:Q", format=".2f"),
        color=alt.condition("abs(datum.rho) > 0.6", alt.value("white"), alt.value("#1c2733")),
    )
    off = rho[~np.eye(len(titles), dtype=bool)]
    return (squares + numbers).properties(
        width=size * len(titles),
        height=size * len(titles),
        description=(
            f"Rank correlations between {len(titles)} scores, ordered by clustering, each turned "
            f"so that high is hard: from {off.min():.2f} to {off.max():.2f}."
        ),
    )
