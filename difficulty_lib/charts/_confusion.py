"""The normalised confusion matrix."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from difficulty_lib.charts._show import alt


def confusion_table(label: ArrayLike, predicted: ArrayLike, names: list[str]) -> pd.DataFrame:
    """Share of every gold class that was predicted as each class.

    Args:
        label: gold classes, shape (N,).
        predicted: predicted classes, shape (N,).
        names: the classes' names.

    Returns:
        A row per (target, predicted): `share` of the target's samples, and their number `n`.
    """
    gold, guess = np.asarray(label, dtype=int), np.asarray(predicted, dtype=int)
    counts = np.zeros((len(names), len(names)), dtype=int)
    np.add.at(counts, (gold, guess), 1)
    totals = np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return pd.DataFrame(
        [
            {"target": a, "predicted": b, "share": counts[i, j] / totals[i, 0], "n": counts[i, j]}
            for i, a in enumerate(names)
            for j, b in enumerate(names)
        ]
    )


def confusion_chart(table: pd.DataFrame, title: str) -> alt.LayerChart:
    """A heat map of `confusion_table`."""
    names = list(dict.fromkeys(table["target"]))
    side = min(360, 64 * len(names))
    diagonal = table[table["target"] == table["predicted"]]
    best = diagonal.loc[diagonal["share"].idxmax()]
    worst = diagonal.loc[diagonal["share"].idxmin()]
    base = alt.Chart(table).encode(
        x=alt.X("predicted:N", sort=names, title="predicted", axis=alt.Axis(labelAngle=0)),
        y=alt.Y("target:N", sort=names, title="target"),
    )
    squares = base.mark_rect().encode(
        color=alt.Color("share:Q", scale=alt.Scale(scheme="blues", domain=[0, 1]), legend=None),
        tooltip=["target", "predicted", "n", alt.Tooltip("share", format=".1%")],
    )
    numbers = base.mark_text(fontSize=12).encode(
        text=alt.Text("share:Q", format=".2f"),
        color=alt.condition("datum.share > 0.55", alt.value("white"), alt.value("#1c2733")),
    )
    return (squares + numbers).properties(
        width=side,
        height=side,
        title=title,
        description=(
            f"Confusion matrix of {len(names)} classes, normalised by target: best is "
            f"{best['target']} with {best['share']:.2f} right, worst is {worst['target']} with "
            f"{worst['share']:.2f}."
        ),
    )
