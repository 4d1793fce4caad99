"""Action score against entropy, brushable: the brush lists the samples in it."""

from __future__ import annotations

import pandas as pd

from difficulty_lib.charts._show import INK, WIDTH, alt

LISTED = 12


def action_entropy_chart(
    samples: pd.DataFrame,
    found: str,
    listed: int = LISTED,
    *,
    kinds: tuple[str, str] = ("right", "wrong"),
    title: str = "last prediction",
) -> alt.VConcatChart:
    """A scatter with a brush, and the hardest of the brushed samples in words below it.

    Args:
        samples: a row per sample with `id`, `action`, `entropy`, `text`, and `target` and
            `predicted`; or, instead of these two, `kind`, one of `kinds`, and `guess`, a few words.
        found: the correlation in words, for the description.
        listed: rows of the list.
        kinds: what the two colours are, the better first.
        title: of their legend.
    """
    low, high = samples["action"].min(), samples["action"].max()
    if "kind" not in samples:
        right = samples["target"] == samples["predicted"]
        samples = samples.assign(
            kind=right.map({True: kinds[0], False: kinds[1]}),
            guess=samples["target"] + " → " + samples["predicted"],
        )
    data = samples.assign(
        normalised=(samples["action"] - low) / (high - low if high > low else 1.0),
        words=[_cut(f"{i}: {t}" if t else str(i)) for i, t in zip(samples["id"], samples["text"])],
    ).round({"action": 4, "entropy": 4, "normalised": 4})
    data = data[["id", "action", "entropy", "normalised", "kind", "guess", "words"]].sort_values(
        "action", ascending=False
    )
    brush = alt.selection_interval(name="brush")
    points = (
        alt.Chart(data)
        .mark_circle(size=28)
        .encode(
            x=alt.X("entropy:Q", title="predictive entropy after the last epoch (nats)"),
            y=alt.Y("normalised:Q", title="action score, normalised"),
            color=alt.condition(
                brush,
                alt.Color(
                    "kind:N",
                    scale=alt.Scale(domain=list(kinds), range=[INK["easy"], INK["hard"]]),
                    legend=alt.Legend(title=title, orient="top"),
                ),
                alt.value("#b9c2cb"),
            ),
            opacity=alt.condition(brush, alt.value(0.75), alt.value(0.25)),
            tooltip=["id", "guess", "action", "entropy", "words"],
        )
        .add_params(brush)
        .properties(width=WIDTH, height=320)
    )
    count = (
        alt.Chart(data)
        .transform_filter(brush)
        .transform_aggregate(selected="count()")
        .transform_calculate(
            line="format(datum.selected, ',') + ' samples in the brush; the hardest of them:'"
            if "target" not in samples
            else "format(datum.selected, ',') + ' samples in the brush; the hardest of them, "
            "target → predicted:'"
        )
        .mark_text(align="left", fontWeight="bold", fontSize=12)
        .encode(x=alt.value(0), text="line:N")
        .properties(width=WIDTH, height=16, view=alt.ViewBackground(stroke=None))
    )
    ranked = (
        alt.Chart(data)
        .transform_filter(brush)
        .transform_window(place="row_number()", sort=[alt.SortField("action", "descending")])
        .transform_filter(f"datum.place <= {listed}")
        .encode(y=alt.Y("place:O", axis=None, scale=alt.Scale(domain=list(range(1, listed + 1)))))
    )

    def column(field: str, x: int, end: int) -> alt.Chart:
        encoded = alt.Text(field, format=".2f") if field == "action:Q" else alt.Text(field)
        text = ranked.mark_text(align="left", fontSize=11, limit=end - x - 6)
        return text.encode(x=alt.value(x), text=encoded)

    # Names of classes are short; what a model has written may not be.
    words = 172 if data["guess"].str.len().quantile(0.9) < 22 else 270
    listing = (
        column("action:Q", 0, 44) + column("guess:N", 44, words) + column("words:N", words, WIDTH)
    ).properties(width=WIDTH, height=17 * listed, view=alt.ViewBackground(stroke=None))
    return alt.vconcat(points, count, listing, spacing=8).properties(
        usermeta={"renderer": "canvas" if len(data) > 2000 else "svg"},
        description=(
            f"Action score against predictive entropy of {len(data):,} samples: {found}. "
            "Drag over the points to list the samples there."
        ),
    )


def _cut(text: str, length: int = 68) -> str:
    text = " ".join(text.split())
    return text if len(text) <= length else text[: length - 1] + "…"
