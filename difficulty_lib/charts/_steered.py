"""Differences of accuracy with the margin that matters, accuracy by updates, and by share kept."""

from __future__ import annotations

import pandas as pd

from difficulty_lib.charts._show import INK, alt

COLOURS = (INK["hard"], INK["easy"], INK["medium"], "#4f8a5b", "#8c4a8c", "#3aa3a0", "#7b8794")
GREY = "#7b8794"
ENDS = ("value", "low", "high")
COLUMNS = 2


def differences_chart(table: pd.DataFrame, margin: float, height: int = 13) -> alt.FacetChart:
    """Differences of accuracy with intervals, a panel per condition, over the zone of no matter.

    Args:
        table: `condition`, `label`, `series`, `value`, `low`, `high`, in points of accuracy.
        margin: half the zone's width, in points.
        height: of a series in its row, in pixels.
    """
    data = table[["condition", "label", "series", *ENDS]].round(3)
    labels, series, panels = (_order(data[name]) for name in ("label", "series", "condition"))
    base = alt.Chart(data).encode(
        y=alt.Y("label:N", sort=labels, title=None, axis=alt.Axis(labelLimit=290)),
        yOffset=alt.YOffset("series:N", sort=series),
        color=_colours(series),
        tooltip=["condition", "label", "series", *(alt.Tooltip(c, format="+.2f") for c in ENDS)],
    )
    x = alt.X("low:Q", title="difference of accuracy, in points")
    # One of each per panel: as many as there are rows would be darker the more there are.
    once = alt.Chart(data).transform_aggregate(rows="count()", groupby=["condition"])
    zone = once.transform_calculate(from_=str(-margin), to=str(margin))
    layers = zone.mark_rect(color=GREY, opacity=0.25).encode(x=alt.X("from_:Q"), x2="to:Q")
    line = once.transform_calculate(zero="0").mark_rule(strokeDash=[5, 3], color=GREY)
    layers += line.encode(x="zero:Q")
    layers += base.mark_rule(strokeWidth=2).encode(x=x, x2="high")
    layers += base.mark_point(filled=True, size=42, opacity=1).encode(x="value:Q")
    best, least = data.loc[data["value"].idxmax()], data.loc[data["value"].idxmin()]
    step = alt.Step(height, **{"for": "offset"})
    panelled = layers.properties(width=280, height=step).facet(
        facet=alt.Facet("condition:N", sort=panels, title=None),
        columns=1,
        description=(
            f"Differences of accuracy of {len(labels)} methods under {len(panels)} conditions, with "
            f"95 % intervals over seeds and a zone of ± {margin:g} points: highest "
            f"{best['value']:+.2f} ({best['label']}, {best['series']}, {best['condition']}), lowest "
            f"{least['value']:+.2f} ({least['label']}, {least['series']}, {least['condition']})."
        ),
    )
    return panelled.resolve_scale(y="independent")


def steps_chart(table: pd.DataFrame) -> alt.FacetChart:
    """Accuracy by updates, a panel per condition.

    Args:
        table: `condition`, `method`, `updates`, `value`, `low`, `high`, as `CurriculumStudy.steps`.
    """
    last = table.loc[table.groupby(["condition", "method"], sort=False)["updates"].idxmax()]
    # The ends alone: all methods of all conditions would make a name that nobody listens to.
    ends = {
        condition: [part.loc[part["value"].idxmin()], part.loc[part["value"].idxmax()]]
        for condition, part in last.groupby("condition", sort=False)
    }
    said = "; ".join(
        f"{condition}: from {low['value']:.3f} ({low['method']}) to {high['value']:.3f} "
        f"({high['method']})"
        for condition, (low, high) in ends.items()
    )
    return _lines(
        table,
        "method",
        "updates:Q",
        "updates",
        f"Accuracy by updates, with intervals over seeds; at the end, {said}.",
    )


def kept_chart(table: pd.DataFrame, title: str = "accuracy") -> alt.FacetChart:
    """Accuracy by the share of the training samples that is kept, a panel per condition and split.

    Args:
        table: `condition` (and where it is measured), `series`, `kept` (0 to 1), `value`, `low`,
            `high`.
        title: of the vertical axis.
    """
    means = table.groupby("series", sort=False)["value"].mean()
    said = ", ".join(f"{name} {value:.3f}" for name, value in means.items())
    return _lines(
        table,
        "series",
        alt.X("kept:Q", title="share of the samples kept", axis=alt.Axis(format="%")),
        "kept",
        f"Accuracy by the share of the training samples kept, with intervals over seeds; "
        f"on average over what is shown, {said}.",
        title,
    )


def _lines(
    table: pd.DataFrame, field: str, x: object, column: str, said: str, title: str = "accuracy"
) -> alt.FacetChart:
    data = table[["condition", field, column, *ENDS]].round(4)
    data[["low", "high"]] = data[["low", "high"]].clip(0, 1)  # of few seeds it reaches beyond
    series, panels = _order(data[field]), _order(data["condition"])
    base = alt.Chart(data).encode(
        x=x,
        color=_colours(series, f"{field}:N"),
        tooltip=["condition", field, column, *(alt.Tooltip(c, format=".3f") for c in ENDS)],
    )
    y = alt.Y("value:Q", title=title, scale=alt.Scale(zero=False))
    layers = base.mark_line(strokeWidth=2).encode(y=y)
    layers += base.mark_point(filled=True, size=26, opacity=1).encode(y=y)
    layers += base.mark_rule(strokeWidth=1, opacity=0.35).encode(y="low:Q", y2="high")
    columns = min(COLUMNS, len(panels))
    return (
        layers.properties(width=480 // columns, height=220)
        .facet(
            facet=alt.Facet("condition:N", sort=panels, title=None),
            columns=columns,
            description=said,
        )
        .resolve_scale(x="independent", y="independent")
    )


def _colours(series: list[str], field: str = "series:N") -> alt.Color:
    dashed = [*COLOURS, *COLOURS, *COLOURS][: len(series)]
    return alt.Color(
        field,
        scale=alt.Scale(domain=series, range=dashed),
        legend=alt.Legend(title=None, orient="top", columns=1, labelLimit=420),
    )


def _order(column: pd.Series) -> list[str]:
    return list(dict.fromkeys(column))
