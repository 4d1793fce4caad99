"""Wrongness against ambiguity: where labels of each kind lie, and where the rule draws its lines."""

from __future__ import annotations

import pandas as pd

from difficulty_lib.audit import SuspectRule
from difficulty_lib.charts._show import INK, alt

COLOURS = (INK["hard"], INK["easy"], "#9fb0bf", INK["medium"])


def wrong_ambiguous_chart(
    places: pd.DataFrame,
    kinds: tuple[str, ...],
    rule: SuspectRule,
    titles: tuple[str, str],
) -> alt.LayerChart:
    """Every annotated sample by its place in wrongness and in ambiguity, coloured by its kind.

    Args:
        places: by sample_id, `wrongness` and `ambiguity`, 0 to 1, and `label`, its kind.
        kinds: in the legend's order, four at most; the last are drawn first.
        rule: whose lines are drawn: the two borders of suspicion, and the border between wrong and
            ambiguous.
        titles: of the two scores.
    """
    data = places[["wrongness", "ambiguity", "label"]].round(4).rename_axis("id").reset_index()
    data["order"] = data["label"].map({kind: -place for place, kind in enumerate(kinds)})
    data = data.sort_values("order", kind="stable").drop(columns="order")
    axis = alt.Scale(domain=[0, 1])
    points = (
        alt.Chart(data)
        .mark_circle(size=34, opacity=0.75)
        .encode(
            x=alt.X("ambiguity:Q", title=f"place in {titles[1]} (1 the most)", scale=axis),
            y=alt.Y("wrongness:Q", title=f"place in {titles[0]} (1 the most)", scale=axis),
            color=alt.Color(
                "label:N",
                scale=alt.Scale(domain=list(kinds), range=list(COLOURS[: len(kinds)])),
                legend=alt.Legend(title="the label is", orient="top"),
            ),
            tooltip=["id", "label", "wrongness", "ambiguity"],
        )
    )
    edge, lead = 1 - rule.suspects, rule.lead
    start, end = max(0.0, -lead), min(1.0, 1 - lead)
    segments = pd.DataFrame(
        [
            {"x": 0.0, "y": edge, "x2": edge, "y2": edge},
            {"x": edge, "y": 0.0, "x2": edge, "y2": edge},
            {"x": max(start, edge - lead if lead > 0 else edge), "y": 0.0, "x2": end, "y2": 0.0},
        ]
    )
    segments.loc[2, ["y", "y2"]] = segments.loc[2, ["x", "x2"]].to_numpy(dtype=float) + lead
    lines = (
        alt.Chart(segments)
        .mark_rule(color="#1c2733", strokeDash=[5, 3])
        .encode(x="x:Q", y="y:Q", x2="x2:Q", y2="y2:Q")
    )
    counts = data["label"].value_counts()
    means = data.groupby("label")[["wrongness", "ambiguity"]].mean()
    said = "; ".join(
        f"{kind} ({counts[kind]}): mean place {means.loc[kind, 'wrongness']:.2f} in wrongness, "
        f"{means.loc[kind, 'ambiguity']:.2f} in ambiguity"
        for kind in kinds
        if kind in counts.index
    )
    return (points + lines).properties(
        width=400,
        height=400,
        description=(
            f"{len(data)} annotated samples by their place in {titles[0]} and {titles[1]}. {said}. "
            f"Dashed: the top {rule.suspects:.0%} of either is suspect, and a suspect above the "
            "slanted line is called wrong."
        ),
    )
