import json

import numpy as np
import pandas as pd
import pytest
from study.executing import ROOT

from difficulty_lib.data import TextData
from difficulty_lib.dynamics import Dynamics
from difficulty_lib.study import ClassificationStudy
from difficulty_lib.training import Run, RunConfig

LABELS = {"emotion": 6, "rated-sentences": 3}
NAMES = {
    "emotion": ["sadness", "joy", "love", "anger", "fear", "surprise"],
    "rated-sentences": ["negative", "neutral", "positive"],
}


def observed(rng, label, classes, epochs):
    """Stored columns of simulated logits that learn most samples and never a tenth of them."""
    hard = rng.random(len(label)) < 0.1
    columns = {name: [] for name in ("loss", "margin", "entropy", "error_norm", "predicted")}
    for epoch in range(epochs + 1):
        logits = rng.normal(size=(len(label), classes))
        pull = np.where(hard, -1.0, 1.0) * epoch
        logits[np.arange(len(label)), label] += pull
        p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        gold = p[np.arange(len(label)), label]
        others = np.where(np.eye(classes)[label] > 0, -np.inf, logits).max(1)
        columns["loss"].append(-np.log(gold))
        columns["margin"].append(logits[np.arange(len(label)), label] - others)
        columns["entropy"].append(-(p * np.log(p)).sum(1))
        columns["error_norm"].append(np.sqrt(((p - np.eye(classes)[label]) ** 2).sum(1)))
        columns["predicted"].append(logits.argmax(1))
    return {name: np.array(values) for name, values in columns.items()}


def recorded(folder, dataset, seed, n=300, epochs=4):
    """A recorded run's folder with simulated dynamics, as training would have left it."""
    rng = np.random.default_rng(seed)
    label = np.random.default_rng(0).integers(0, LABELS[dataset], n)
    columns = observed(rng, label, LABELS[dataset], epochs)
    dynamics = Dynamics.from_arrays(
        np.arange(n), label=label, epochs=range(epochs + 1), split="validation", **columns
    )
    config = RunConfig(
        dataset=dataset, seed=seed, epochs=epochs, evaluation_splits=("validation",)
    ).resolved()
    where = folder / config.folder_name
    dynamics.save(where)
    counts = np.bincount(label, minlength=LABELS[dataset]).tolist()
    record = {
        "hash": config.hash,
        "config": config.to_dict(),
        "environment": {"date": "2026-01-01 00:00 UTC", "hardware": "a machine"},
        "data": {
            "label_names": NAMES[dataset],
            "label_counts": {"train": [c * 10 for c in counts], "validation": counts},
            "truncated": {"validation": 2},
            "max_length": 128,
            "notes": ["A note."],
        },
    }
    (where / "run.json").write_text(json.dumps(record), encoding="utf8")
    return Run.load(where)


def texts(dataset, run):
    stream = run.dynamics.stream("validation")
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {"text": [f"sentence number {i}" for i in stream.ids], "label": stream.label},
        index=pd.Index(stream.ids, name="sample_id"),
    )
    if dataset == "rated-sentences":
        loss = stream.matrix("loss").mean(0)
        share = np.clip(0.1 + 0.2 * loss / loss.max() + rng.normal(0, 0.05, len(loss)), 0, 0.6)
        frame["ratings"] = [
            (np.where(np.arange(20) < round(20 * s), (g + 1) % 3, g) - 1).tolist()
            for s, g in zip(share, frame["label"])
        ]
        frame["disagreement"] = [
            np.mean(np.array(r) + 1 != g) for r, g in zip(frame["ratings"], frame["label"])
        ]
    return TextData(
        name=dataset,
        splits={"validation": frame},
        text_columns=("text",),
        label_names=tuple(NAMES[dataset]),
        origin="mirror",
        redistributable=dataset == "rated-sentences",
    )


@pytest.fixture(params=["rated-sentences", "emotion"])
def study(request, tmp_path):
    runs = [recorded(tmp_path, request.param, seed) for seed in (1, 2)]
    return ClassificationStudy(runs, texts(request.param, runs[0]), "validation")


@pytest.fixture
def at_root(monkeypatch):
    """The workflow's folder and environment; it sets the variables itself."""
    monkeypatch.chdir(ROOT)
    for name, value in (
        ("DIFFICULTY_RUNS", ""),
        ("DIFFICULTY_EDITION", ""),
        ("DIFFICULTY_CHARTS", "book"),
        ("OMP_NUM_THREADS", "1"),
        ("CUDA_VISIBLE_DEVICES", ""),
    ):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("DIFFICULTY_DATA", raising=False)
