"""Recorded runs on reviews and what a crowd says of them, with numbers made for the purpose."""

import json

import numpy as np
import pandas as pd
from study.conftest import observed

from difficulty_lib.dynamics import Dynamics
from difficulty_lib.training import Run, RunConfig

COUNT = 400
LABEL = np.random.default_rng(5).integers(0, 2, COUNT)
IDS = np.arange(COUNT)
WRONG = np.random.default_rng(6).random(COUNT) < 0.2  # what a crowd would not give
METHODS = ("FML_3_flagged", "FME_flagged", "BL_CL_flagged")


def review_columns(seed, epochs=2):
    """Simulated observations of the true label, read against the given one."""
    rng = np.random.default_rng(seed)
    true = np.where(WRONG, 1 - LABEL, LABEL)
    columns = observed(rng, true, 2, epochs)
    gold = np.exp(-columns["loss"])
    gold = np.where(WRONG, 1 - gold, gold)
    columns["loss"] = -np.log(np.clip(gold, 1e-9, 1))
    columns["margin"] = np.where(WRONG, -1, 1) * columns["margin"]
    columns["error_norm"] = np.sqrt(2) * (1 - gold)
    return columns


def recorded_reviews(folder, seed, *, max_length=256, epochs=2, origin="mirror"):
    """A recorded run's folder, as training would have left it."""
    columns = review_columns(seed + max_length, epochs)
    dynamics = Dynamics.from_arrays(
        IDS, label=LABEL, epochs=range(epochs + 1), split="test", **columns
    )
    config = RunConfig(
        dataset="imdb",
        seed=seed,
        epochs=epochs,
        max_length=max_length,
        evaluation_splits=("test",),
    ).resolved()
    where = folder / config.folder_name
    dynamics.save(where)
    counts = np.bincount(LABEL).tolist()
    record = {
        "hash": config.hash,
        "config": config.to_dict(),
        "environment": {"date": "2026-01-01 00:00 UTC", "hardware": "a machine"},
        "data": {
            "origin": origin,
            "label_names": ["negative", "positive"],
            "label_counts": {"train": counts, "test": counts},
            "truncated": {},
            "max_length": max_length,
            "notes": [],
        },
    }
    (where / "run.json").write_text(json.dumps(record), encoding="utf8")
    return Run.load(where)


def write_judgements(mirror, ids=IDS[::3], label=LABEL):
    """A crowd that mostly knows: two thirds of the errors are correctable, the others neutral."""
    rng = np.random.default_rng(8)
    rows = []
    for i in ids:
        said = label[i]
        if WRONG[i]:
            said = 1 - label[i] if rng.random() < 2 / 3 else 2
        votes = rng.multinomial(2, [0.3, 0.3, 0.3, 0.1])
        votes[said] += 3
        flags = {name: bool(rng.random() < 0.5) for name in METHODS}
        columns = dict(zip(("negative", "positive", "neutral", "neither"), votes.astype(float)))
        rows.append(
            {"id": int(i), "label": int(label[i])}
            | {f"votes_{name}": count for name, count in columns.items()}
            | flags
        )
    folder = mirror / "imdb"
    folder.mkdir(parents=True, exist_ok=True)
    frame = pd.DataFrame(rows)
    frame.to_parquet(folder / "test_judgements.parquet", index=False)
    return frame
