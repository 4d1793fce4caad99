"""Charts of natural language inference: genres, annotators, hypotheses alone, V-information."""

from __future__ import annotations

import pandas as pd

from difficulty_lib.analysis import Estimate, GroupDifficulty
from difficulty_lib.charts._show import INK, WIDTH, alt

DASH = [5, 3]


def genres_chart(difficulty: GroupDifficulty, mean: float, group: str = "genre") -> alt.LayerChart:
    """Mean action score of every group with its interval, and the mean over all samples.

    Args:
        difficulty: from `group_difficulty`.
        mean: over all samples.
        group: what the groups are, for words.
    """
    table = difficulty.table
    order = table["group"].tolist()
    base = alt.Chart(table).encode(
        y=alt.Y("group:N", sort=order, title=None),
        tooltip=["group", "n", *(alt.Tooltip(c, format=".3f") for c in ("mean", "low", "high"))],
    )
    x = alt.X("low:Q", title="mean action score (nats)", scale=alt.Scale(zero=False))
    layers = base.mark_rule(color=INK["one"], strokeWidth=2).encode(x=x, x2="high")
    layers += base.mark_point(filled=True, size=60, color=INK["one"]).encode(x="mean:Q")
    layers += (
        alt.Chart(pd.DataFrame({"x": [mean]}))
        .mark_rule(color="#7b8794", strokeDash=DASH)
        .encode(x="x:Q")
    )
    said = ", ".join(f"{row.group} {row.mean:.2f}" for row in table.itertuples(index=False))
    return layers.properties(
        width=420,
        height=34 * len(order),
        description=f"Mean action score by {group}, hardest first: {said}; over all {mean:.2f} nats.",
    )


def annotators_chart(table: pd.DataFrame, ceiling: Estimate) -> alt.LayerChart:
    """Every score's correlation with the entropy of people's labels, alone and given confidence.

    Args:
        table: `title`, `against`, `value`, `low`, `high`, `n`.
        ceiling: the highest correlation that the annotators' own agreement allows.
    """
    alone = table[table["against"] == "alone"]
    order = alone["title"].tolist()
    kinds = list(dict.fromkeys(table["against"]))
    base = alt.Chart(table).encode(
        y=alt.Y("title:N", sort=order, title=None, axis=alt.Axis(labelLimit=220)),
        yOffset=alt.YOffset("against:N", sort=kinds),
        color=alt.Color(
            "against:N",
            sort=kinds,
            scale=alt.Scale(domain=kinds, range=[INK["easy"], INK["medium"]][: len(kinds)]),
            legend=alt.Legend(title=None, orient="top"),
        ),
        tooltip=[
            "title",
            "against",
            *(alt.Tooltip(c, format=".3f") for c in ("value", "low", "high")),
            "n",
        ],
    )
    x = alt.X("low:Q", title="Spearman correlation with the entropy of people's labels")
    layers = base.mark_rule(strokeWidth=2).encode(x=x, x2="high")
    layers += base.mark_point(filled=True, size=45).encode(x="value:Q")
    top = alt.Chart(pd.DataFrame({"x": [ceiling.value], "name": ["annotators' ceiling"]}))
    layers += top.mark_rule(color=INK["hard"], strokeDash=DASH).encode(x="x:Q")
    layers += top.mark_text(align="right", dx=-4, y=10, color=INK["hard"], fontSize=11).encode(
        x="x:Q", text="name:N"
    )
    best, last = alone.iloc[0], alone.iloc[-1]
    return layers.properties(
        width=360,
        height=26 * len(order),
        description=(
            f"Correlation of {len(order)} scores with the entropy of people's labels: highest "
            f"{best['title']} with {best['value']:.2f}, lowest {last['title']} with "
            f"{last['value']:.2f}; the annotators' own agreement allows {ceiling.value:.2f} at most."
        ),
    )


def hypothesis_chart(
    deciles: pd.DataFrame, accuracy: Estimate, majority: Estimate
) -> alt.LayerChart:
    """Accuracy of the hypothesis alone by decile of difficulty with the premise.

    Args:
        deciles: `decile`, `value`, `low`, `high`, `n`, the easiest first.
        accuracy: of the hypothesis alone, over all samples.
        majority: accuracy of the commonest class.
    """
    base = alt.Chart(deciles).encode(
        x=alt.X(
            "decile:O",
            title="decile of the action score with the premise, 10 the hardest",
            axis=alt.Axis(labelAngle=0),
        ),
        tooltip=["decile", *(alt.Tooltip(c, format=".3f") for c in ("value", "low", "high")), "n"],
    )
    y = alt.Y(
        "low:Q",
        title="right by the hypothesis alone",
        axis=alt.Axis(format="%"),
        scale=alt.Scale(domain=[0, 1]),
    )
    layers = base.mark_rule(color=INK["one"], strokeWidth=2).encode(y=y, y2="high")
    layers += base.mark_point(filled=True, size=55, color=INK["one"]).encode(y="value:Q")
    lines = pd.DataFrame(
        {"y": [accuracy.value, majority.value], "name": ["all samples", "commonest class"]}
    )
    level = alt.Chart(lines).encode(
        y="y:Q",
        color=alt.Color(
            "name:N",
            scale=alt.Scale(domain=lines["name"].tolist(), range=[INK["medium"], INK["hard"]]),
            legend=alt.Legend(title=None, orient="top"),
        ),
    )
    layers += level.mark_rule(strokeDash=DASH)
    first, last = deciles.iloc[0], deciles.iloc[-1]
    return layers.properties(
        width=WIDTH - 60,
        height=240,
        description=(
            "Share that the hypothesis alone gets right, by decile of difficulty with the premise: "
            f"{first['value']:.0%} of the easiest, {last['value']:.0%} of the hardest; "
            f"{accuracy.value:.0%} of all, {majority.value:.0%} by the commonest class."
        ),
    )


def information_chart(pairs: pd.DataFrame, found: str, other: str) -> alt.Chart:
    """Two models' pointwise V-information of the same samples.

    Args:
        pairs: `own` and `other`, bits, indexed by sample_id.
        found: the correlation in words, for the description.
        other: the other model's name.
    """
    data = pairs[["own", "other"]].round(3).rename_axis("id").reset_index()
    return (
        alt.Chart(data)
        .mark_circle(size=16, opacity=0.3, color=INK["one"])
        .encode(
            x=alt.X("other:Q", title=f"{other}: pointwise V-information (bits)"),
            y=alt.Y("own:Q", title="this model (bits)"),
            tooltip=["id", "own", "other"],
        )
        .properties(
            width=400,
            height=320,
            usermeta={"renderer": "canvas" if len(data) > 2000 else "svg"},
            description=(
                f"Pointwise V-information of {len(data):,} pairs, this model against {other}: {found}."
            ),
        )
    )
