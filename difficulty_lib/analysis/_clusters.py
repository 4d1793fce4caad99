"""k-means of loss curves: the centres, the curves nearest to each, and how clear the clusters are."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from difficulty_lib._errors import DataError
from difficulty_lib._extras import require
from difficulty_lib.dynamics import StreamDynamics


@dataclass(frozen=True)
class CurveClusters:
    """Clusters of loss curves, the hardest (highest mean loss) first.

    Attributes:
        centres: shape (k, E), nats.
        members: cluster of every sample, shape (N,), in the order of the dynamics' ids.
        sizes: samples per cluster, shape (k,).
        nearest: ids of the curves nearest to each centre, shape (k, nearest), nearest first.
        silhouette: mean silhouette by number of clusters, so that a reader sees whether k is good.
        names: name of each cluster.
    """

    centres: NDArray[np.float64]
    members: NDArray[np.int64] = field(repr=False)
    sizes: NDArray[np.int64]
    nearest: NDArray[np.int64]
    silhouette: dict[int, float]
    names: tuple[str, ...]


def cluster_curves(
    dynamics: StreamDynamics,
    k: int = 3,
    *,
    nearest: int = 3,
    seed: int = 0,
    try_k: tuple[int, ...] = (2, 3, 4, 5, 6),
) -> CurveClusters:
    """k-means (Euclidean, ten starts) of the loss curves over the epochs.

    Args:
        dynamics: of one split and stream.
        k: number of clusters.
        nearest: how many of the nearest curves to name per centre.
        seed: of the starts, and of the sample on which silhouettes are computed.
        try_k: numbers of clusters whose silhouette is reported.

    Raises:
        DataError: if there are fewer distinct curves than clusters.
    """
    cluster = require("sklearn.cluster", "train")
    metrics = require("sklearn.metrics", "train")
    curves = dynamics.matrix("loss").T
    distinct = len(np.unique(curves, axis=0))
    if distinct < max(k, 2):
        raise DataError(f"{distinct} distinct loss curves; expected at least {max(k, 2)} for k={k}")

    def fit(number: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        means = cluster.KMeans(n_clusters=number, n_init=10, random_state=seed).fit(curves)
        return means.cluster_centers_, means.labels_

    silhouette = {}
    for number in try_k:
        if number < distinct:
            labels = fit(number)[1]
            silhouette[number] = float(
                metrics.silhouette_score(
                    curves, labels, sample_size=min(2000, len(curves)), random_state=seed
                )
            )
    centres, members = fit(k)
    order = np.argsort(-centres.mean(axis=1), kind="stable")
    place = np.empty(k, dtype=np.int64)
    place[order] = np.arange(k)
    centres, members = centres[order], place[members]
    closest = [
        dynamics.ids[np.argsort(((curves - centre) ** 2).sum(axis=1), kind="stable")[:nearest]]
        for centre in centres
    ]
    named = ("hard", "medium", "easy") if k == 3 else tuple(f"cluster {i + 1}" for i in range(k))
    return CurveClusters(
        centres=centres,
        members=members,
        sizes=np.bincount(members, minlength=k),
        nearest=np.stack(closest),
        silhouette=silhouette,
        names=named,
    )


def curve_table(
    dynamics: StreamDynamics,
    ids: NDArray[np.int64],
    label_names: list[str],
    texts: pd.Series | None,
) -> pd.DataFrame:
    """Loss per epoch of some samples, beside their text; of classes, prediction and target, too."""
    part = {int(i): place for place, i in enumerate(dynamics.ids)}
    loss = dynamics.matrix("loss")
    predicted = (
        dynamics.matrix("predicted").astype(int) if dynamics.available("predicted") else None
    )
    rows = []
    for sample_id in ids:
        place = part[int(sample_id)]
        row: dict[str, object] = {"id": int(sample_id)}
        row["text"] = "" if texts is None else texts.get(sample_id, "")
        if dynamics.label is not None:
            row["target"] = label_names[int(dynamics.label[place])]
        for number, epoch in enumerate(dynamics.trained_epochs):
            said = f"{loss[number, place]:.2f}"
            if predicted is not None:
                said += f"\n{label_names[predicted[number, place]]}"
            row[f"epoch {epoch}"] = said
        rows.append(row)
    return pd.DataFrame(rows)
