"""Recorded runs on pairs and what people say of them, with numbers made for the purpose."""

import json

import numpy as np
import pandas as pd
from study.conftest import observed

from difficulty_lib.data import TextData
from difficulty_lib.dynamics import Dynamics
from difficulty_lib.training import Run, RunConfig

SPLIT = "dev_matched"
NAMES = ["entailment", "neutral", "contradiction"]
GENRES = ["travel", "slate", "fiction", "government", "telephone"]
TRAIN = [500, 300, 200]
LABEL = np.random.default_rng(0).integers(0, 3, 300)


def recorded_pairs(folder, seed, intervention=None, epochs=4, ids=None):
    """A recorded run's folder with simulated dynamics, as training would have left it."""
    ids = np.arange(300) if ids is None else ids
    label = LABEL[ids]
    # What an emptied input leaves is learnt by another seed's luck, and for a shorter time.
    rng = np.random.default_rng(seed if intervention is None else 50 + len(str(intervention)))
    columns = observed(rng, label, 3, epochs if intervention is None else 2)
    dynamics = Dynamics.from_arrays(
        ids, label=label, epochs=range(len(columns["loss"])), split=SPLIT, **columns
    )
    config = RunConfig(
        dataset="mnli",
        task="nli",
        seed=seed,
        epochs=len(columns["loss"]) - 1,
        evaluation_splits=(SPLIT,),
        intervention=intervention or {},
    ).resolved()
    where = folder / config.folder_name
    dynamics.save(where)
    record = {
        "hash": config.hash,
        "config": config.to_dict(),
        "environment": {"date": "2026-01-01 00:00 UTC", "hardware": "a machine"},
        "data": {
            "label_names": NAMES,
            "label_counts": {"train": TRAIN, SPLIT: np.bincount(label).tolist()},
            "truncated": {},
            "max_length": 128,
            "notes": [],
        },
    }
    (where / "run.json").write_text(json.dumps(record), encoding="utf8")
    return Run.load(where)


def pairs(**columns):
    """The pairs' texts, with further columns."""
    frame = pd.DataFrame(
        {
            "premise": [f"premise number {i // 3}" for i in range(300)],
            "hypothesis": [f"hypothesis  number {i}" for i in range(300)],
            "label": LABEL,
            **columns,
        },
        index=pd.Index(range(300), name="sample_id"),
    )
    return TextData(
        name="mnli",
        splits={"train": frame, SPLIT: frame},
        text_columns=("premise", "hypothesis"),
        label_names=tuple(NAMES),
        origin="mirror",
    )


def whole_pairs(run):
    """With genres, one of them harder, and another model's information, some of it missing."""
    loss = run.dynamics.stream(SPLIT).matrix("loss")
    rng = np.random.default_rng(7)
    genre = np.array(GENRES, dtype=object)[rng.integers(0, 5, 300)]
    genre[np.argsort(-loss.sum(axis=0))[:30]] = "fiction"
    genre[:9] = None
    bert = 1.5 - loss[-1] + rng.normal(0, 0.3, 300)
    bert[-6:] = np.nan
    return pairs(genre=genre, pvi_bert=bert.astype("float32"))


def write_annotators(mirror, run, shown=120):
    """A file of ChaosNLI: people choose the gold class less often where the first epoch's loss is high."""
    loss = run.dynamics.stream(SPLIT).matrix("loss")[0]
    rng = np.random.default_rng(3)
    ids = rng.permutation(300)[:shown]
    rows = []
    for number, i in enumerate(ids):
        shares = np.full(3, 0.05 + 0.25 * min(1.0, loss[i] / 3))
        shares[LABEL[i]] = 1 - 2 * shares[0]
        votes = rng.multinomial(100, shares)
        rows.append(
            {
                "id": number,
                "premise": f" premise  number {i // 3}",
                "hypothesis": f"hypothesis number {i}",
                "label": LABEL[i],
                "label_name": NAMES[LABEL[i]],
                **dict(zip(("count_e", "count_n", "count_c"), votes.tolist())),
            }
        )
    folder = mirror / "chaosnli_mnli_m"
    folder.mkdir(parents=True)
    pd.DataFrame(rows).to_parquet(folder / "all.parquet", index=False)
    return ids, pd.DataFrame(rows, index=ids).sort_index()
