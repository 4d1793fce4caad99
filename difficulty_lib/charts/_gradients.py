"""Charts of the gradient scores: error by decile, and the variants of the variance of gradients."""

from __future__ import annotations

import pandas as pd

from difficulty_lib.charts._show import alt


def deciles_chart(table: pd.DataFrame, error: str) -> alt.LayerChart:
    """Error rate by decile of each score, with intervals.

    Args:
        table: parts from `error_by_decile`, with the score's `title` beside them.
        error: what is counted as an error, for the axis.
    """
    order = list(dict.fromkeys(table["title"]))
    base = alt.Chart(table).encode(
        x=alt.X(
            "decile:O", title="decile of the score, 10 the hardest", axis=alt.Axis(labelAngle=0)
        ),
        color=alt.Color(
            "title:N",
            sort=order,
            legend=alt.Legend(title=None, orient="top", columns=2, labelLimit=320),
        ),
        tooltip=[
            "title",
            "decile",
            *(alt.Tooltip(c, format=".3f") for c in ("value", "low", "high")),
        ],
    )
    low = alt.Y("low:Q", title=error, axis=alt.Axis(format="%"))
    shift = alt.XOffset("title:N", sort=order)
    lines = base.mark_rule(strokeWidth=2).encode(y=low, y2="high", xOffset=shift)
    points = base.mark_point(filled=True, size=45).encode(y="value:Q", xOffset=shift)
    top = table[table["decile"] == table["decile"].max()]
    said = ", ".join(f"{row.title} {row.value:.0%}" for row in top.itertuples())
    return (lines + points).properties(
        width=520,
        height=260,
        description=f"Error rate by decile of {len(order)} scores; in the hardest decile: {said}.",
    )


def variants_chart(table: pd.DataFrame) -> alt.LayerChart:
    """Rank correlation of every variant of the variance of gradients with something else.

    Args:
        table: `variant`, `against`, `value`, `low`, `high`.
    """
    order = list(dict.fromkeys(table["variant"]))
    base = alt.Chart(table).encode(
        y=alt.Y("variant:N", sort=order, title=None, axis=alt.Axis(labelLimit=260)),
        yOffset=alt.YOffset("against:N"),
        color=alt.Color("against:N", legend=alt.Legend(title="Spearman with", orient="top")),
        tooltip=[
            "variant",
            "against",
            *(alt.Tooltip(c, format=".3f") for c in ("value", "low", "high")),
        ],
    )
    x = alt.X("low:Q", title="Spearman correlation")
    layers = base.mark_rule(strokeWidth=2).encode(x=x, x2="high")
    layers += base.mark_point(filled=True, size=40).encode(x="value:Q")
    best = table.loc[table["value"].idxmax()]
    return layers.properties(
        width=330,
        height=24 * len(order),
        description=(
            f"Rank correlations of {len(order)} variants of the variance of gradients; the highest "
            f"is {best['variant']} with {best['against']}, {best['value']:.2f}."
        ),
    )
