"""Planted errors found: average precision by corruption, rate and contestant, and by epoch."""

from __future__ import annotations

from itertools import cycle

import pandas as pd

from difficulty_lib.charts._show import INK, alt

# The first are the action scores, in the warm colours of what is hard.
SERIES = (INK["hard"], INK["medium"], "#8c4a8c", INK["easy"], "#4f8a5b", "#3aa3a0", "#5a3a1e")
GREY = "#7b8794"  # of the random order, too
RANDOM = "random order"
COLUMNS = 2
WIDEST, LEGIBLE = 330, 20  # pixels of the heat map, and of a square that a number fits into
UNIT = alt.Scale(domain=[0, 1], clamp=True)


def audit_precision_chart(table: pd.DataFrame) -> alt.FacetChart:
    """Average precision of the errors by rate, one panel per corruption, with intervals.

    Args:
        table: `corruption`, `rate`, `series`, `value`, `low`, `high`, `base_rate`, a row per
            setting and contestant, as `AuditStudy.precisions`.
    """
    data = table.assign(
        corruption=table["corruption"].str.replace("_", " "), share=table["rate"].map(per_cent)
    )
    series, rates = _order(data["series"]), _rates(data)
    x = alt.X(
        "share:N", sort=rates, title="rows that were to be corrupted", axis=alt.Axis(labelAngle=0)
    )
    base = alt.Chart(data).encode(
        x=x,
        xOffset=alt.XOffset("series:N", sort=series),
        color=_colours(series),
        tooltip=[
            "corruption",
            "share",
            "series",
            *(alt.Tooltip(c, format=".3f") for c in ("value", "low", "high", "base_rate")),
        ],
    )
    y = alt.Y("low:Q", title="average precision", scale=UNIT)
    layers = base.mark_rule(strokeWidth=2, clip=True).encode(y=y, y2="high")
    layers += base.mark_point(filled=True, size=42, opacity=1).encode(y="value:Q")
    layers += (
        alt.Chart(data)
        .mark_tick(color=GREY, thickness=1.5, size=max(60.0, 210 / len(rates)), opacity=0.7)
        .encode(x=x, y="base_rate:Q")
    )
    panels = _order(data["corruption"])
    means = data.groupby("series", sort=False)["value"].mean()
    said = ", ".join(f"{name} {value:.2f}" for name, value in means.items())
    return layers.properties(width=235, height=190).facet(
        facet=alt.Facet("corruption:N", sort=panels, title=None),
        columns=min(COLUMNS, len(panels)),
        description=(
            f"Average precision of the planted errors, {len(panels)} kinds at {len(rates)} rates, with "
            f"intervals over seeds; on average over all: {said}. Grey lines are base rates."
        ),
    )


def audit_heatmap_chart(table: pd.DataFrame) -> alt.LayerChart:
    """Mean average precision of every contestant in every setting, the best mean rank on top.

    Args:
        table: `setting`, `title`, `value`, `low`, `high`, as `AuditStudy.everyone`.
    """
    rows, settings = _order(table["title"]), _order(table["setting"])
    base = alt.Chart(table[["setting", "title", "value", "low", "high"]].round(4)).encode(
        x=alt.X(
            "setting:N",
            sort=settings,
            title=None,
            axis=alt.Axis(labelAngle=-45, labelLimit=190, orient="top"),
        ),
        y=alt.Y("title:N", sort=rows, title=None, axis=alt.Axis(labelLimit=250)),
        tooltip=[
            "title",
            "setting",
            *(alt.Tooltip(c, format=".3f") for c in ("value", "low", "high")),
        ],
    )
    squares = base.mark_rect().encode(
        color=alt.Color(
            "value:Q",
            scale=alt.Scale(scheme="blues", domain=[0, 1]),
            legend=alt.Legend(title="average precision", orient="bottom", gradientLength=160),
        )
    )
    side = min(44, WIDEST // len(settings))
    numbers = base.mark_text(fontSize=8.5, opacity=1 if side >= LEGIBLE else 0).encode(
        text=alt.Text("value:Q", format=".2f"),
        color=alt.condition("datum.value > 0.55", alt.value("white"), alt.value("#1c2733")),
    )
    best, least = table.loc[table["value"].idxmax()], table.loc[table["value"].idxmin()]
    return (squares + numbers).properties(
        width=max(60, side * len(settings)),
        height=17 * len(rows),
        description=(
            f"Average precision of {len(rows)} contestants in {len(settings)} settings, the best mean "
            f"rank on top: highest {best['title']} with {best['value']:.2f} ({best['setting']}), "
            f"lowest {least['title']} with {least['value']:.2f} ({least['setting']})."
        ),
    )


def audit_epochs_chart(table: pd.DataFrame) -> alt.FacetChart:
    """Average precision of scores from the first epochs on, one panel per setting.

    Args:
        table: `setting`, `title` of the score, `observed` (how), `epoch`, `value`, `low`, `high`,
            as `AuditStudy.over_time`.
    """
    data = table[["setting", "title", "observed", "epoch", "value", "low", "high"]].copy()
    # An interval from few seeds can be wider than what it is of.
    data[["low", "high"]] = data[["low", "high"]].clip(0, 1)
    titles, observed = _order(data["title"]), _order(data["observed"])
    settings = _order(data["setting"])
    base = alt.Chart(data).encode(
        x=alt.X("epoch:O", title="epochs", axis=alt.Axis(labelAngle=0)),
        color=_colours(observed, "observed:N"),
        tooltip=[
            "setting",
            "title",
            "observed",
            "epoch",
            *(alt.Tooltip(c, format=".3f") for c in ("value", "low", "high")),
        ],
    )
    y = alt.Y("value:Q", title="average precision", scale=UNIT)
    dashes = alt.StrokeDash(
        "title:N",
        scale=alt.Scale(domain=titles, range=[[1, 0], [5, 3]][: len(titles)]),
        legend=alt.Legend(title=None, orient="top", symbolStrokeColor=GREY),
    )
    layers = base.mark_line(strokeWidth=2).encode(y=y, strokeDash=dashes)
    layers += base.mark_point(filled=True, size=22, opacity=1).encode(y=y)
    layers += base.mark_rule(strokeWidth=1, opacity=0.3).encode(y="low:Q", y2="high")
    means = data.groupby(["title", "observed", "epoch"], sort=False)["value"].mean().unstack()
    said = "; ".join(
        f"{title}, {how}, from {row.iloc[0]:.2f} to {row.iloc[-1]:.2f}"
        for (title, how), row in means.iterrows()
    )
    columns = min(3, len(settings))
    return layers.properties(width=480 // columns, height=130 if columns == 3 else 190).facet(
        facet=alt.Facet("setting:N", sort=settings, title=None),
        columns=columns,
        description=(
            f"Average precision from the first epochs alone in {len(settings)} settings; on average, "
            f"after the first and after the last: {said}."
        ),
    )


def per_cent(rate: float) -> str:
    """A share as "10 %"."""
    return f"{100 * rate:g} %"


def _colours(series: list[str], field: str = "series:N") -> alt.Color:
    others = cycle(SERIES)
    colours = [GREY if name == RANDOM else next(others) for name in series]
    return alt.Color(
        field,
        scale=alt.Scale(domain=series, range=colours),
        legend=alt.Legend(title=None, orient="top", columns=2, labelLimit=320),
    )


def _order(column: pd.Series) -> list[str]:
    return list(dict.fromkeys(column))


def _rates(data: pd.DataFrame) -> list[str]:
    return [per_cent(rate) for rate in sorted(set(data["rate"]))]
