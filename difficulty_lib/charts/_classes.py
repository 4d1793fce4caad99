"""Class distribution beside the action score of every class."""

from __future__ import annotations

import numpy as np
import pandas as pd

from difficulty_lib.analysis import ClassDifficulty
from difficulty_lib.charts._show import INK, alt


def classes_chart(
    difficulty: ClassDifficulty, samples: pd.DataFrame, title: str = "action score"
) -> alt.HConcatChart:
    """Training samples per class, and the distribution of the score with the mean's interval.

    Args:
        difficulty: from `class_difficulty`.
        samples: a row per sample with `target` and `action`.
        title: the score's name.
    """
    table = difficulty.table.sort_values("train", ascending=False)
    order = table["class"].tolist()
    y = alt.Y("class:N", sort=order, title=None)
    height = max(120, 34 * len(order))
    bars = (
        alt.Chart(table)
        .mark_bar(color=INK["one"])
        .encode(y=y, x=alt.X("train:Q", title="training samples"), tooltip=["class", "train"])
        .properties(width=190, height=height)
    )
    quantiles = (
        samples.groupby("target")["action"]
        .quantile(np.array([0.05, 0.25, 0.5, 0.75, 0.95]))
        .unstack()
        .set_axis(["q05", "q25", "q50", "q75", "q95"], axis=1)
        .rename_axis("class")
        .reset_index()
    )
    box = alt.Chart(quantiles).encode(y=alt.Y("class:N", sort=order, title=None, axis=None))
    x = alt.X("q05:Q", title=f"{title}: 5–25–50–75–95 %, and mean")
    tips = ["class", *(alt.Tooltip(q, format=".2f") for q in ("q05", "q25", "q50", "q75", "q95"))]
    mean = alt.Chart(table).encode(y=alt.Y("class:N", sort=order, title=None, axis=None))
    boxes = (
        box.mark_rule(color="#7b8794").encode(x=x, x2="q95")
        + box.mark_bar(size=14, color="#a9c4e4").encode(x="q25:Q", x2="q75", tooltip=tips)
        + box.mark_tick(size=14, thickness=2, color="#1c2733").encode(x="q50:Q")
        + mean.mark_rule(color=INK["hard"], strokeWidth=2).encode(x="low:Q", x2="high")
        + mean.mark_point(filled=True, color=INK["hard"], size=50).encode(
            x="mean:Q",
            tooltip=["class", *(alt.Tooltip(c, format=".2f") for c in ("mean", "low", "high"))],
        )
    ).properties(width=300, height=height)
    rare, frequent = table.iloc[-1], table.iloc[0]
    return alt.hconcat(bars, boxes, spacing=12).properties(
        description=(
            f"Training samples and {title} by class: the rarest, {rare['class']} "
            f"({rare['train']:,}), has a mean of {rare['mean']:.2f}; the most frequent, "
            f"{frequent['class']} ({frequent['train']:,}), of {frequent['mean']:.2f}."
        )
    )
