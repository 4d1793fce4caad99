"""Calibration: how often a classifier is right where it says how sure it is."""

from __future__ import annotations

import pandas as pd

from difficulty_lib.charts._show import INK, alt

SERIES = ("#7b8794", INK["hard"], INK["easy"], INK["medium"])


def calibration_chart(table: pd.DataFrame, what: str) -> alt.LayerChart:
    """Accuracy by confidence, a line per way to train; on the diagonal it keeps its word.

    Args:
        table: `series`, `confidence`, `accuracy` and `texts`, a row per bin.
        what: of which data, for the description.
    """
    series = list(dict.fromkeys(table["series"]))
    base = alt.Chart(table[["series", "confidence", "accuracy", "texts"]].round(4)).encode(
        x=alt.X("confidence:Q", title="confidence", scale=alt.Scale(domain=[0, 1])),
        y=alt.Y("accuracy:Q", title="accuracy", scale=alt.Scale(domain=[0, 1])),
        color=alt.Color(
            "series:N",
            scale=alt.Scale(domain=series, range=list(SERIES[: len(series)])),
            legend=alt.Legend(title=None, orient="top", columns=2, labelLimit=320),
        ),
        tooltip=[
            "series",
            alt.Tooltip("confidence", format=".3f"),
            alt.Tooltip("accuracy", format=".3f"),
            "texts",
        ],
    )
    diagonal = pd.DataFrame({"x": [0.0, 1.0], "y": [0.0, 1.0]})
    layers = (
        alt.Chart(diagonal)
        .mark_line(strokeDash=[5, 3], color="#7b8794", strokeWidth=1)
        .encode(x="x:Q", y="y:Q")
    )
    layers += base.mark_line(strokeWidth=1.5)
    layers += base.mark_point(filled=True, opacity=1).encode(
        size=alt.Size("texts:Q", legend=None, scale=alt.Scale(range=[15, 150]))
    )
    gaps = table.assign(gap=(table["confidence"] - table["accuracy"]) * table["texts"])
    sums = gaps.groupby("series", sort=False)[["gap", "texts"]].sum()
    said = ", ".join(f"{name} {row.gap / row.texts:+.2f}" for name, row in sums.iterrows())
    return layers.properties(
        width=330,
        height=280,
        description=(
            f"Accuracy by confidence on {what}, points as large as they hold texts; confidence minus "
            f"accuracy on the whole: {said}."
        ),
    )
