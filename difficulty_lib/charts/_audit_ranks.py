"""The critical-difference diagram: mean ranks, each with half the critical difference beside it."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from difficulty_lib.audit import ContestantComparison
from difficulty_lib.charts._show import INK, alt

KINDS = {"action score": INK["hard"], "other": INK["easy"]}


def critical_difference_chart(
    comparison: ContestantComparison, titles: Mapping[str, str], highlighted: frozenset[str]
) -> alt.LayerChart:
    """Mean ranks, the best on top; two whose bars do not touch differ by Nemenyi's test.

    A bar reaches half the critical difference to either side, so that this picture of many
    contestants says what Demšar's with its lines says of few. What begins right of the
    dashed line differs from the best.

    Args:
        comparison: of `compare_contestants`.
        titles: how contestants are called.
        highlighted: those drawn as the action score's.

    Source: Demšar 2006.
    """
    half = comparison.critical_difference / 2
    ranks = comparison.mean_ranks
    data = pd.DataFrame(
        {
            "contestant": [titles[name] for name in ranks.index],
            "rank": ranks.to_numpy(),
            "low": ranks.to_numpy() - half,
            "high": ranks.to_numpy() + half,
            "kind": ["action score" if name in highlighted else "other" for name in ranks.index],
        }
    )
    order = data["contestant"].tolist()
    scale = alt.Scale(domain=[1 - half, len(order) + half], nice=False, zero=False)
    x = alt.X("low:Q", title="mean rank (1 is the best)", scale=scale)
    base = alt.Chart(data).encode(
        y=alt.Y("contestant:N", sort=order, title=None, axis=alt.Axis(labelLimit=260)),
        color=alt.Color(
            "kind:N",
            scale=alt.Scale(domain=list(KINDS), range=list(KINDS.values())),
            legend=alt.Legend(title=None, orient="top"),
        ),
        tooltip=["contestant", alt.Tooltip("rank", format=".2f")],
    )
    layers = base.mark_rule(strokeWidth=2).encode(x=x, x2="high")
    layers += base.mark_point(filled=True, size=55, opacity=1).encode(x="rank:Q")
    # Bars that begin right of it are of contestants that differ from the best.
    reach = alt.Chart(pd.DataFrame({"x": [float(ranks.iloc[0]) + half]}))
    layers += reach.mark_rule(strokeDash=[5, 3], color="#7b8794").encode(x="x:Q")
    best, last = data.iloc[0], data.iloc[-1]
    alike = int((data["low"] < best["high"]).sum()) - 1
    return layers.properties(
        width=300,
        height=17 * len(order),
        description=(
            f"Mean ranks of {len(order)} contestants over {comparison.settings} trainings: best "
            f"{best['contestant']} with {best['rank']:.1f}, last {last['contestant']} with "
            f"{last['rank']:.1f}. The critical difference is {comparison.critical_difference:.1f}; "
            f"{alike} are not shown to differ from the best."
        ),
    )
