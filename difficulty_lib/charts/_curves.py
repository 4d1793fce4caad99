"""Clusters of loss curves, each centre with the curves nearest to it."""

from __future__ import annotations

import pandas as pd

from difficulty_lib.analysis import CurveClusters
from difficulty_lib.charts._show import INK, WIDTH, alt
from difficulty_lib.dynamics import StreamDynamics


def clusters_chart(clusters: CurveClusters, dynamics: StreamDynamics) -> alt.LayerChart:
    """Centres as thick lines, the nearest curves as thin ones."""
    place = {int(i): n for n, i in enumerate(dynamics.ids)}
    loss = dynamics.matrix("loss")
    legend = [
        f"{name} ({size:,} samples)" for name, size in zip(clusters.names, clusters.sizes.tolist())
    ]
    rows = []
    for number, name in enumerate(legend):
        curves = {f"centre {number}": clusters.centres[number]}
        curves |= {f"sample {i}": loss[:, place[int(i)]] for i in clusters.nearest[number]}
        for curve, values in curves.items():
            rows += [
                {"cluster": name, "curve": curve, "centre": curve.startswith("centre")}
                | {"epoch": int(epoch), "loss": float(value)}
                for epoch, value in zip(dynamics.trained_epochs, values)
            ]
    colours = list(INK.values())[: len(legend)] if len(legend) == 3 else None
    scale = alt.Scale(domain=legend, range=colours) if colours else alt.Scale(domain=legend)
    base = alt.Chart(pd.DataFrame(rows)).encode(
        x=alt.X("epoch:O", title="epoch", axis=alt.Axis(labelAngle=0)),
        y=alt.Y("loss:Q", title="cross-entropy loss (nats)"),
        color=alt.Color("cluster:N", scale=scale, title=None, legend=alt.Legend(orient="top")),
        detail="curve:N",
        tooltip=["curve", "cluster", "epoch", alt.Tooltip("loss", format=".3f")],
    )
    thin = base.transform_filter("!datum.centre").mark_line(
        strokeWidth=1, opacity=0.7, strokeDash=[4, 2]
    )
    thick = base.transform_filter("datum.centre").mark_line(strokeWidth=3, point=True)
    ends = ", ".join(
        f"{name} from {centre[0]:.2f} to {centre[-1]:.2f}"
        for name, centre in zip(clusters.names, clusters.centres)
    )
    return (thin + thick).properties(
        width=WIDTH,
        height=280,
        description=f"Centres of {len(legend)} clusters of loss curves over the epochs: {ends} nats.",
    )
