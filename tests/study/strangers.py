"""Recorded runs that keep probabilities and texts from elsewhere, with numbers made for the purpose."""

import json

import numpy as np
import pandas as pd

from difficulty_lib.dynamics import Dynamics
from difficulty_lib.training import Run, RunConfig

NAMES = ["negative", "neutral", "positive"]
TRAIN, INSIDE, OUTSIDE = 240, 150, 80
OUTSIDES = ("newspaper", "tweets")


def softmax(z):
    p = np.exp(z - z.max(1, keepdims=True))
    return p / p.sum(1, keepdims=True)


def learning(rng, label, pull, sure=1.0, epochs=4):
    """Columns of logits that go to the label by `pull` more in every epoch, and the last logits."""
    columns = {name: [] for name in ("loss", "margin", "entropy", "error_norm", "predicted")}
    rows = np.arange(len(label))
    for epoch in range(1, epochs + 1):
        z = rng.normal(size=(len(label), 3))
        z[rows, label] += pull * epoch
        z *= sure
        p = softmax(z)
        others = np.where(np.eye(3)[label] > 0, -np.inf, z).max(1)
        columns["loss"].append(-np.log(p[rows, label]))
        columns["margin"].append(z[rows, label] - others)
        columns["entropy"].append(-(p * np.log(p)).sum(1))
        columns["error_norm"].append(np.sqrt(((p - np.eye(3)[label]) ** 2).sum(1)))
        columns["predicted"].append(z.argmax(1))
    return {name: np.array(values) for name, values in columns.items()}, z


def recorded(folder, method, seed, *, skill=1.0, sure=1.0, outsides=OUTSIDES, perplexity=False):
    """A run whose logits point to the label by `skill`, all of them times `sure`."""
    rng = np.random.default_rng([seed, *map(ord, method)])
    once = np.random.default_rng(0)
    shares = [0.6, 0.3, 0.1]  # the last class is rare
    gold = {
        "train": once.choice(3, TRAIN, p=shares),
        "validation": once.choice(3, INSIDE, p=shares),
    }
    hard = once.random(INSIDE) * 2  # of the texts themselves: the same in every run
    words = once.integers(4, 30, INSIDE)
    pull = 2.5 - 2 * once.random(TRAIN) - 1.5 * (gold["train"] == 2)  # what is rare is hard
    columns, _ = learning(rng, gold["train"], pull)
    dynamics = {
        ("train", "training"): Dynamics.from_arrays(
            np.arange(TRAIN) + 5,
            label=gold["train"],
            epochs=range(1, 5),
            stream="training",
            **columns,
        ).stream("train", "training")
    }
    label = gold["validation"]
    columns, z = learning(rng, label, skill * (1.5 - hard), sure)
    p = softmax(z)
    ids = np.arange(INSIDE) + 1000
    dynamics["validation", "evaluation"] = Dynamics.from_arrays(
        ids,
        label=label,
        epochs=range(4),
        split="validation",
        **columns,
    ).stream("validation", "evaluation")
    parts = [strange("inside", ids, label, z, words, hard, rng)]
    for place, name in enumerate(outsides):
        far = np.random.default_rng(place + 1)
        foreign = far.choice([-1, 0, 2], OUTSIDE)
        long = far.integers(20, 60, OUTSIDE) if name == "tweets" else far.integers(4, 30, OUTSIDE)
        other = sure * rng.normal(size=(OUTSIDE, 3))
        parts.append(strange(name, np.arange(OUTSIDE), foreign, other, long, 2.5, rng))
    table = pd.concat(parts, ignore_index=True)
    if perplexity:
        table["perplexity"] = np.exp(table["words"] * 0 + rng.random(len(table)) + 3)
    intervention = {
        "out_of_distribution": {
            "inside": "validation",
            "outside": {name: {"split": "rated-sentences/validation"} for name in outsides},
        }
    }
    if method != "plain":
        intervention["mixup"] = {"run": "another", "alpha": 0.4, "by": method}
    config = RunConfig(
        dataset="rated-sentences",
        seed=seed,
        epochs=4,
        evaluation_splits=("validation",),
        record_probabilities=True,
        record_training=method == "plain",
        intervention=intervention,
    ).resolved()
    where = folder / config.folder_name
    Dynamics(dynamics).save(where)
    (where / "outputs").mkdir()
    index = pd.Index(ids, name="sample_id")
    probabilities = pd.DataFrame(p.astype("float32"), index=index, columns=["p_0", "p_1", "p_2"])
    probabilities.to_parquet(where / "outputs/validation.parquet")
    table.to_parquet(where / "out_of_distribution.parquet", index=False)
    record = {
        "hash": config.hash,
        "config": config.to_dict(),
        "environment": {"date": "2026-01-01 00:00 UTC", "hardware": "a machine"},
        "data": {
            "label_names": NAMES,
            "label_counts": {s: np.bincount(gold[s], minlength=3).tolist() for s in gold},
            "rows": {split: len(labels) for split, labels in gold.items()},
            "truncated": {},
            "notes": [],
        },
    }
    (where / "run.json").write_text(json.dumps(record), encoding="utf8")
    return Run.load(where)


def strange(source, ids, label, z, words, far, rng):
    """Rows of texts of one source, `far` from the training texts."""
    p = softmax(z)
    table = pd.DataFrame({"source": source, "sample_id": ids, "label": label})
    table["predicted"] = z.argmax(1)
    table["words"] = table["tokens"] = words
    table["maximum_softmax_probability"] = p.max(1)
    table["entropy"] = -(p * np.log(p)).sum(1)
    table["energy"] = -np.log(np.exp(z).sum(1))
    table["mahalanobis"] = far + rng.random(len(ids))
    table["nearest_neighbours"] = far + 2 * rng.random(len(ids))
    table["length"] = words.astype(float)
    table["length_distance"] = np.abs(np.log1p(words) - np.log1p(15))
    return table
