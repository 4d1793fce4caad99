"""What an audit costs: errors found by minutes of one reviewer, and minutes per error."""

from __future__ import annotations

import numpy as np
import pandas as pd

from difficulty_lib.charts._audit import _colours, _order, per_cent
from difficulty_lib.charts._show import WIDTH, alt

TICKS = [step * decade for decade in (0.01, 0.1, 1, 10, 100) for step in (1, 2, 5)]  # minutes


def review_chart(table: pd.DataFrame, setting: str) -> alt.Chart:
    """Share of the errors found by minutes of reading, a line per series.

    Args:
        table: `series`, `minutes`, `read`, `found`, `precision`, as `AuditStudy.curves`.
        setting: its name in words.
    """
    series = _order(table["series"])
    data = table[["series", "minutes", "read", "found", "precision"]].round(4)
    half = data[data["found"] >= 0.5].groupby("series", sort=False)["minutes"].min()
    said = ", ".join(f"{name} {value:.1f}" for name, value in half.items())
    return (
        alt.Chart(data)
        .mark_line(strokeWidth=2)
        .encode(
            x=alt.X("minutes:Q", title="minutes of one reviewer"),
            y=alt.Y(
                "found:Q",
                title="errors found",
                axis=alt.Axis(format="%"),
                scale=alt.Scale(domain=[0, 1]),
            ),
            color=_colours(series),
            tooltip=[
                "series",
                alt.Tooltip("minutes", format=".0f"),
                *(alt.Tooltip(c, format=".0%") for c in ("read", "found", "precision")),
            ],
        )
        .properties(
            width=WIDTH - 20,
            height=260,
            description=(
                f"Errors found by minutes of reading ({setting}); minutes until half of them are "
                f"found: {said}."
            ),
        )
    )


def precision_recall_chart(table: pd.DataFrame, setting: str, base_rate: float) -> alt.LayerChart:
    """Precision by recall while a ranking is read, a line per series.

    Args:
        table: as `review_chart`.
        setting: its name in words.
        base_rate: share of errors among all rows, where every line ends.
    """
    series = _order(table["series"])
    data = table.loc[table["read"] > 0, ["series", "read", "found", "precision"]].round(4)
    lines = (
        alt.Chart(data)
        .mark_line(strokeWidth=2)
        .encode(
            x=alt.X(
                "found:Q",
                title="recall: errors found",
                axis=alt.Axis(format="%"),
                scale=alt.Scale(domain=[0, 1]),
            ),
            y=alt.Y(
                "precision:Q",
                title="precision: errors among the rows read",
                axis=alt.Axis(format="%"),
                scale=alt.Scale(domain=[0, 1]),
            ),
            order="read:Q",
            color=_colours(series),
            tooltip=[
                "series",
                *(alt.Tooltip(c, format=".0%") for c in ("read", "found", "precision")),
            ],
        )
    )
    rate = alt.Chart(pd.DataFrame({"y": [base_rate]}))
    layers = rate.mark_rule(strokeDash=[5, 3], color="#7b8794").encode(y="y:Q") + lines
    half = {
        name: float(np.interp(0.5, part["found"], part["precision"]))
        for name, part in data.groupby("series", sort=False)
    }
    said = ", ".join(f"{name} {value:.0%}" for name, value in half.items())
    return layers.properties(
        width=WIDTH - 20,
        height=260,
        description=(
            f"Precision by recall ({setting}), base rate {base_rate:.0%}; precision when half of "
            f"the errors are found: {said}."
        ),
    )


def minutes_chart(table: pd.DataFrame) -> alt.FacetChart:
    """Minutes per error found, a panel per corruption, a row per rate and series.

    Args:
        table: `corruption`, `rate`, `series`, `value`, `low`, `high`: minutes.
    """
    data = table.assign(
        corruption=table["corruption"].str.replace("_", " "),
        share=table["rate"].map(per_cent),
    )
    series = _order(data["series"])
    # An interval from few seeds can reach over decades: what is beyond stands at the edge.
    low, high = float(data["value"].min() / 2), float(data["value"].max() * 2)
    scale = alt.Scale(type="log", domain=[low, high], clamp=True, nice=False)
    ticks = alt.Axis(format="~g", values=[tick for tick in TICKS if low <= tick <= high])
    base = alt.Chart(data).encode(
        y=alt.Y("share:N", sort=_order(data["share"]), title=None),
        yOffset=alt.YOffset("series:N", sort=series),
        color=_colours(series),
        tooltip=[
            "corruption",
            "share",
            "series",
            *(alt.Tooltip(c, format=".2f") for c in ("value", "low", "high")),
        ],
    )
    x = alt.X(
        "low:Q",
        title="minutes per error found",
        scale=scale,
        axis=ticks,
    )
    layers = base.mark_rule(strokeWidth=2).encode(x=x, x2="high")
    layers += base.mark_point(filled=True, size=42, opacity=1).encode(x="value:Q")
    panels = _order(data["corruption"])
    means = np.exp(np.log(data["value"]).groupby(data["series"], sort=False).mean())
    said = ", ".join(f"{name} {value:.2f}" for name, value in means.items())
    return layers.properties(
        width=210, height=(9 * len(series) + 8) * data["share"].nunique()
    ).facet(
        facet=alt.Facet("corruption:N", sort=panels, title=None),
        columns=min(2, len(panels)),
        description=f"Minutes of one reviewer per error found; geometric means over all settings: {said}.",
    )
