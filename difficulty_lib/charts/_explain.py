"""What makes a sample hard: the coefficients of its features."""

from __future__ import annotations

import numpy as np
import pandas as pd

from difficulty_lib.analysis import Explanation
from difficulty_lib.charts._show import INK, alt
from difficulty_lib.features import column_title, feature_of

COLOURS = {
    "structure": INK["easy"],
    "rarity": INK["medium"],
    "ambiguity": INK["hard"],
    "copying": "#4f8a5b",
    "other": "#7b8794",
}


def explain_chart(result: Explanation) -> alt.LayerChart:
    """Every feature's standardised coefficient with its interval, from easier to harder.

    A hollow point is the rank correlation of the feature alone; where it lies elsewhere than the
    coefficient, other features have a part in it.

    Args:
        result: from `explain_difficulty`.
    """
    found = [feature_of(name) for name in result.table["feature"]]
    table = result.table.assign(
        title=[column_title(name) for name in result.table["feature"]],
        aspect=["other" if entry is None else entry[0].aspect for entry in found],
        excludes=np.sign(result.table["low"]) * np.sign(result.table["high"]) > 0,
    ).sort_values("coefficient", ascending=False, kind="stable")
    order = table["title"].tolist()
    shown = [name for name in COLOURS if name in set(table["aspect"])]
    numbers = ("coefficient", "low", "high", "spearman", "spearman_low", "spearman_high", "vif")
    base = alt.Chart(table).encode(
        y=alt.Y("title:N", sort=order, title=None, axis=alt.Axis(labelLimit=260)),
        tooltip=["title", *(alt.Tooltip(c, format=".3f") for c in numbers)],
    )
    colour = alt.Color(
        "aspect:N",
        scale=alt.Scale(domain=shown, range=[COLOURS[name] for name in shown]),
        legend=alt.Legend(title=None, orient="top"),
    )
    x = alt.X(
        "low:Q", title="← easier · standardised coefficient (hollow: Spearman alone) · harder →"
    )
    layers = (
        alt.Chart(pd.DataFrame({"x": [0.0]}))
        .mark_rule(strokeDash=[5, 3], color="#1c2733")
        .encode(x=alt.X("x:Q"))
    )
    layers += base.mark_rule(strokeWidth=2).encode(x=x, x2="high", color=colour)
    layers += base.mark_point(filled=True, size=60, opacity=1).encode(
        x="coefficient:Q", color=colour
    )
    layers += base.mark_point(filled=False, size=40, opacity=0.7).encode(
        x="spearman:Q", color=colour
    )
    largest = result.table.iloc[0]
    return layers.properties(
        width=330,
        height=24 * len(order),
        description=(
            f"Standardised coefficients of {len(order)} features for {result.score} of "
            f"{result.r2.n:,} samples: the largest is of {column_title(largest['feature'])} with "
            f"{largest['coefficient']:.2f}; {int(table['excludes'].sum())} of the intervals exclude "
            f"0. Out-of-fold R² is {result.r2.value:.2f}."
        ),
    )
