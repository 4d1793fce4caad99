"""What a budget is worth: flipped labels found by `difficulty rank --budget` and without it.

    python benchmarks/cheap.py --seed 303 --budget 0.2

flips 200 labels of 4,000 training tweets of the Emotion data (`DIFFICULTY_DATA` or the hub), ranks them by
both, and prints average precisions, their difference with an interval, the overlap, and the seconds.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from difficulty_lib.analysis import compare_scores, spearman
from difficulty_lib.analysis._measures import average_precision
from difficulty_lib.data import load_data, table_data
from difficulty_lib.suspicion import SUSPICION, Suspicion, rank_suspicion

ROWS, FLIPPED = 4000, 200


def flipped_table(seed: int) -> pd.DataFrame:
    """`text`, `label` and `flipped` of so many tweets, some labels replaced by another class."""
    data = load_data("emotion")
    rng = np.random.default_rng(seed)
    frame = data["train"]
    frame = frame.iloc[np.sort(rng.choice(len(frame), ROWS, replace=False))]
    flipped = np.zeros(ROWS, dtype=bool)
    flipped[rng.choice(ROWS, FLIPPED, replace=False)] = True
    label = frame["label"].to_numpy().copy()
    classes = len(data.label_names)
    label[flipped] = (label[flipped] + rng.integers(1, classes, FLIPPED)) % classes
    names = [data.label_names[i] for i in label]
    return pd.DataFrame({"text": frame["text"].to_numpy(), "label": names, "flipped": flipped})


def seconds(found: Suspicion) -> float:
    return found.run["timings"]["train_s"] + found.run["timings"]["evaluation_s"]


def worth(full: pd.Series, cheap: pd.Series, flipped: pd.Series) -> dict[str, object]:
    """Both rankings against the flipped labels; all indexed by sample_id."""
    full, cheap = full.loc[flipped.index], cheap.loc[flipped.index]
    precision = {
        name: float(average_precision(score.to_numpy(), flipped.to_numpy(dtype=float)))
        for name, score in (("full", full), ("cheap", cheap))
    }
    first = {
        name: int(flipped.loc[score.nlargest(FLIPPED).index].sum())
        for name, score in (("full", full), ("cheap", cheap))
    }
    difference = compare_scores(cheap, full, flipped, measure="average_precision", resamples=500)
    return {
        "average precision": precision,
        f"flipped among the first {FLIPPED}": first,
        "difference of average precision": str(difference),
        "rank correlation": str(spearman(cheap, full, resamples=200)),
        "share of the flipped that the full finds": first["cheap"] / first["full"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=303)
    parser.add_argument("--budget", type=float, default=0.2)
    options = parser.parse_args()
    table = flipped_table(options.seed)
    data = table_data(table, ["text"], "label", where=f"flipped-{options.seed}")
    flipped = pd.Series(table["flipped"].to_numpy(), index=data["train"].index)
    found = {}
    with tempfile.TemporaryDirectory() as scratch:
        for name, budget in (("full", 1.0), ("cheap", options.budget)):
            keep = Path(scratch) / name
            found[name] = rank_suspicion(data, budget=budget, keep=keep, progress=False)
    scores = [found[name].table[SUSPICION] for name in ("full", "cheap")]
    for what, value in worth(*scores, flipped).items():
        print(f"{what}: {value}")
    print(f"seconds, cheap over full: {seconds(found['cheap']) / seconds(found['full']):.2f}")


if __name__ == "__main__":
    main()
