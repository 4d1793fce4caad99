"""Dynamics of made-up samples, and their texts."""

import base64
import json

import numpy as np
import pandas as pd

from difficulty_lib import Dynamics
from difficulty_lib.data import TextData

NAMES = ("bad", "good", "so-so")
WORDS = ("film", "slow", "music", "long", "night", "found", "town", "again", "the", "was")
KINDS = {"u1": "<u1", "u2": "<u2", "i2": "<i2", "i4": "<i4", "i8": "<i8", "f4": "<f4"}


def make_dynamics(count=60, seed=0, split="train", first=100, epochs=4):
    """Losses that fall; every seventh label is contradicted."""
    rng = np.random.default_rng(seed)
    sure = rng.beta(2, 1, count) * np.linspace(0.4, 0.98, epochs)[:, None]
    label = np.arange(count) % len(NAMES)
    said = np.tile((label + (np.arange(count) % 7 == 0)) % len(NAMES), (epochs, 1))
    loss = -np.log(np.clip(sure + rng.normal(0, 0.01, sure.shape), 1e-3, 0.999))
    return Dynamics.from_arrays(
        np.arange(first, first + count),
        label=label,
        split=split,
        loss=loss,
        predicted=said,
        margin=rng.normal(1, 1, sure.shape),
    )


def make_data(count=60, texts=None, names=NAMES, split="train", first=100, **changes):
    rng = np.random.default_rng(5)
    if texts is None:
        texts = {"review": [" ".join(rng.choice(WORDS, 9)) + f" n{i}" for i in range(count)]}
    frame = pd.DataFrame(
        texts, index=pd.RangeIndex(first, first + count, name="sample_id"), dtype=object
    )
    frame["label"] = np.arange(count) % len(names)
    fixed = {
        "name": "reviews",
        "splits": {split: frame},
        "text_columns": tuple(texts),
        "label_names": tuple(names),
        "origin": "file",
    }
    return TextData(**{**fixed, **changes})


def read_script(path):
    """What a script beside the page holds."""
    code = path.read_text("utf8")
    return json.loads(code[code.index("= ") + 2 :].removesuffix(";\n"))


def column(packed):
    kind = np.dtype(KINDS[packed["kind"]])
    planes = np.frombuffer(base64.b64decode(packed["data"]), np.uint8).reshape(kind.itemsize, -1)
    return np.ascontiguousarray(planes.T).view(kind)[:, 0]
