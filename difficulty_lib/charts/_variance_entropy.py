"""Action variance against entropy, a point per sample."""

from __future__ import annotations

import pandas as pd

from difficulty_lib.charts._show import INK, WIDTH, alt

MOST = 2000  # points; more would make a large page and say no more
KINDS = ("right", "wrong")


def variance_entropy_chart(samples: pd.DataFrame, found: str) -> alt.Chart:
    """A scatter of the samples, every so many of them where there are more than 2,000.

    Args:
        samples: `id`, `entropy`, `variance` and `right`, a row per sample.
        found: the correlation in words, for the description.
    """
    step = -(-len(samples) // MOST)
    data = samples.iloc[::step].copy()
    data["kind"] = [KINDS[0] if right else KINDS[1] for right in data.pop("right")]
    shown = "" if step == 1 else f", of which {len(data):,} are drawn"
    return (
        alt.Chart(data.round(4))
        .mark_circle(size=26, opacity=0.6)
        .encode(
            x=alt.X("entropy:Q", title="predictive entropy after the last epoch (nats)"),
            y=alt.Y(
                "variance:Q",
                title="action variance (nats²)",
                scale=alt.Scale(type="symlog", constant=0.1),
            ),
            color=alt.Color(
                "kind:N",
                scale=alt.Scale(domain=list(KINDS), range=[INK["easy"], INK["hard"]]),
                legend=alt.Legend(title="last prediction", orient="top"),
            ),
            tooltip=["id", "kind", "entropy", "variance"],
        )
        .properties(
            width=WIDTH,
            height=300,
            usermeta={"renderer": "canvas" if len(data) > 1500 else "svg"},
            description=(
                f"Action variance against predictive entropy of {len(samples):,} samples{shown}: "
                f"{found}."
            ),
        )
    )
