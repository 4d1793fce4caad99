"""Pages of ranked rows without a training."""

from pathlib import Path

import numpy as np
import pandas as pd

from difficulty_lib.report._html import _page
from difficulty_lib.report._rows import PageRows

WORDS = ("film", "slow", "music", "long", "night", "found", "town", "again", "the", "was")
NAMES = ("bad", "good", "so-so")


def make_rows(count=60, texts=None, labels=NAMES, label_column="stars", seed=0, **changes):
    """Rows in the order of their action score; every seventh label is contradicted."""
    rng = np.random.default_rng(seed)
    loss = np.sort(rng.gamma(1.5, 0.8, (4, count)))[:, ::-1]
    if texts is None:
        texts = {"review": [" ".join(rng.choice(WORDS, 12)) + f" n{i}" for i in range(count)]}
    given = [labels[i % len(labels)] for i in range(count)]
    said = [labels[(i + (i % 7 == 0)) % len(labels)] for i in range(count)]
    scores = pd.DataFrame({"action_score": loss.sum(axis=0), "confidence": np.exp(-loss).mean(0)})
    fixed = {
        "number": rng.permutation(count) + 1,
        "texts": texts,
        "label": given,
        "label_column": label_column,
        "predicted": said,
        "scores": scores,
        "by": "action_score",
        "loss": loss,
        "epochs": (1, 2, 3, 4),
    }
    return PageRows(**{**fixed, **changes})


def page_of(rows: PageRows, title="reviews.csv", most=None):
    return _page(rows, title, most, {})


def write_page(folder: Path, rows: PageRows, title="reviews.csv"):
    path = folder / "page.html"
    path.write_text(page_of(rows, title), encoding="utf8")
    return path
