"""Which classes an order of the samples teaches, and which it does not get to."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from difficulty_lib.audit import over_seeds
from difficulty_lib.dynamics import CollapsedRunWarning
from difficulty_lib.study._steered import PLAIN, PairedRuns
from difficulty_lib.training import Run


def recalls(study: PairedRuns, methods: Sequence[str], split: str) -> pd.DataFrame:
    """How much of each class is recognized after the last epoch, and how much less than plainly.

    Args:
        study: with a plain training in every condition.
        methods: beside plain training; a condition may lack some.
        split: that is evaluated.

    Returns:
        A row per condition, method and class: `condition`, `method`, `label` (its name), `samples`
        of it, `recall` (0 to 1, the mean over the seeds) and `lost`, that of plain training minus
        the method's, paired by seed, both with Student's t interval. Classes without a sample are
        left out; empty where a cell has no run.
    """
    columns = ["condition", "method", "label", "samples", "recall", "lost"]
    if any(cell.run is None for cell in study.cells):
        return pd.DataFrame(columns=columns)
    rows: list[dict[str, Any]] = []
    for condition in study.conditions:
        there = study.methods(condition)
        by_method = {
            method: [
                _by_class(study.cell(condition, method, seed).run, split) for seed in study.seeds
            ]
            for method in dict.fromkeys([PLAIN, *methods])
            if method in there
        }
        plain = by_method[PLAIN]
        for method, tables in by_method.items():
            for label in plain[0].index:
                found = [float(table["recall"].loc[label]) for table in tables]
                before = [float(table["recall"].loc[label]) for table in plain]
                rows.append(
                    {"condition": condition, "method": method, "label": label}
                    | {"samples": int(plain[0]["samples"].loc[label])}
                    | {"recall": over_seeds(found)}
                    | {"lost": over_seeds([b - f for b, f in zip(before, found)])}
                )
    return pd.DataFrame(rows, columns=columns)


def _by_class(run: Run | None, split: str) -> pd.DataFrame:
    assert run is not None  # looked at above
    with warnings.catch_warnings():
        # What learnt nothing counts, and the page says how many runs that are.
        warnings.simplefilter("ignore", CollapsedRunWarning)
        stream = run.load_dynamics(split, "evaluation", ["correct"]).stream(split, "evaluation")
    assert stream.label is not None  # a run of classes: it has an accuracy
    right = stream.matrix("correct")[-1]
    counts = np.bincount(stream.label, minlength=len(run.label_names))
    sums = np.bincount(stream.label, weights=right, minlength=len(run.label_names))
    there = counts > 0
    return pd.DataFrame(
        {"samples": counts[there], "recall": sums[there] / counts[there]},
        index=np.array(run.label_names)[there],
    )
