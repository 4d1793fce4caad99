"""Cells of the benchmark with simulated dynamics, whose planted errors are learnt later or never."""

import numpy as np
import pandas as pd

from difficulty_lib.audit import (
    MEASURE_NAMES,
    audit_measures,
    contestant_table,
    mean_of_ranks,
    random_ranking,
    score_contestants,
)
from difficulty_lib.audit._oriented import marked
from difficulty_lib.dynamics import Dynamics
from difficulty_lib.study import AuditCell

SETTINGS = (("flip_labels", 0.1), ("flip_labels", 0.2), ("truncate_texts", 0.1))


def observed(rng, label, wrong, classes, epochs, late):
    """Columns of logits that learn clean rows; planted errors only in the last `late` epochs."""
    columns = {name: [] for name in ("loss", "margin", "entropy", "error_norm", "predicted")}
    rows = np.arange(len(label))
    for epoch in range(1, epochs + 1):
        logits = rng.normal(size=(len(label), classes))
        learnt = epoch > epochs - late
        logits[rows, label] += np.where(wrong, 2.0 if learnt else -1.0, 1.2 * epoch)
        p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        gold = p[rows, label]
        others = np.where(np.eye(classes)[label] > 0, -np.inf, logits).max(1)
        columns["loss"].append(-np.log(gold))
        columns["margin"].append(logits[rows, label] - others)
        columns["entropy"].append(-(p * np.log(p)).sum(1))
        columns["error_norm"].append(np.sqrt(((p - np.eye(classes)[label]) ** 2).sum(1)))
        columns["predicted"].append(logits.argmax(1))
    return {name: np.array(values) for name, values in columns.items()}


def cell(
    setting, seed, *, n=160, epochs=4, late=2, perfect=True, streams=("training", "evaluation")
):
    rng = np.random.default_rng([seed, SETTINGS.index(setting)])
    ids, label = np.arange(n) + 7, rng.integers(0, 3, n)
    wrong = rng.permutation(n) < round(setting[1] * n)
    parts = {}
    for name in streams:
        columns = observed(rng, label, wrong, 3, epochs, late)
        dynamics = Dynamics.from_arrays(
            ids, label=label, epochs=range(1, epochs + 1), stream=name, **columns
        )
        parts[name] = dynamics.stream("train", name)
    scores = [score_contestants(part) for part in parts.values()]
    more = [random_ranking(ids, seed), mean_of_ranks(scores[0].iloc[:, :3], "ensemble/in_sample")]
    index = pd.Index(ids, name="sample_id")
    if perfect:  # knows the truth but for one row
        more.append(marked(wrong + rng.random(n) / 2, index, "confident_learning/embedding"))
    return AuditCell(
        *setting, seed, contestant_table(*scores, *more), pd.Series(wrong, index), parts
    )


def table_of(cells):
    """As the benchmark's table is: a row per cell, contestant and measure."""
    rows = []
    for one in cells:
        for name in one.contestants:
            found = audit_measures(one.contestants[name], one.truth, resamples=0)
            rows += [
                {"corruption": one.corruption, "rate": one.rate, "seed": one.seed}
                | {"contestant": name, "measure": measure, "value": getattr(found, measure).value}
                | {"low": np.nan, "high": np.nan, "base_rate": found.base_rate}
                for measure in MEASURE_NAMES
            ]
    return pd.DataFrame(rows)


def cells(seeds=(1, 2, 3), settings=SETTINGS, **more):
    return [cell(setting, seed, **more) for setting in settings for seed in seeds]
