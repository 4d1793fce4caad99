"""Two models' action scores of the same images."""

from __future__ import annotations

import pandas as pd

from difficulty_lib.charts._show import INK, WIDTH, alt


def image_scores_chart(table: pd.DataFrame, found: str) -> alt.Chart:
    """An image per point: the classifier's score beside the autoencoder's, misread ones apart.

    Args:
        table: a row per image with `id`, `class`, `read`, `classifier`, `autoencoder` and `kind`,
            "read right" or "misread".
        found: the correlation in words, for the description.
    """
    kinds = ["read right", "misread"]
    data = table.round({"classifier": 4, "autoencoder": 4})
    data["classifier"] = data["classifier"].clip(lower=1e-4)  # an axis of logarithms has no 0
    many = {"renderer": "canvas"} if len(data) > 3000 else {}
    wrong = int((data["kind"] == kinds[1]).sum())
    return (
        alt.Chart(data)
        .mark_point(filled=True, size=36, opacity=0.75)
        .encode(
            x=alt.X(
                "classifier:Q",
                scale=alt.Scale(type="log", nice=False, padding=8),
                title="classifier's action score (nats, logarithmic)",
            ),
            y=alt.Y(
                "autoencoder:Q",
                scale=alt.Scale(zero=False),
                title="autoencoder's action score (nats per pixel)",
            ),
            color=alt.Color(
                "kind:N",
                scale=alt.Scale(domain=kinds, range=[INK["easy"], INK["hard"]]),
                legend=alt.Legend(title=None, orient="top"),
            ),
            shape=alt.Shape(
                "kind:N", scale=alt.Scale(domain=kinds, range=["circle", "triangle-up"])
            ),
            tooltip=[
                "id",
                "class",
                "read",
                alt.Tooltip("classifier", format=".2f"),
                alt.Tooltip("autoencoder", format=".2f"),
            ],
        )
        .properties(
            width=WIDTH,
            height=300,
            usermeta=many,
            description=(
                f"{len(data):,} images, the classifier's action score from "
                f"{data['classifier'].min():.2f} to {data['classifier'].max():.2f} beside the "
                f"autoencoder's from {data['autoencoder'].min():.2f} to "
                f"{data['autoencoder'].max():.2f}; {found}. {wrong} images are misread."
            ),
        )
    )
