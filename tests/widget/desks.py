"""Desks and runs of a few rows, made of numbers."""

import numpy as np
from review.rows import LABELS, ranked_table

from difficulty_lib.dynamics import Dynamics, StreamDynamics, TokenDynamics
from difficulty_lib.review import Decisions
from difficulty_lib.widget._desk import Desk
from difficulty_lib.widget._rows import rows_of

EPOCHS = 3


def table_of(count=12, texts=None, first=100):
    """A ranked table with the samples' ids as its index, in another order than the ranks."""
    table = ranked_table(count, texts)
    table.index = [first + 7 * n for n in range(len(table))]
    table.index.name = "sample_id"
    return table.sample(frac=1, random_state=2)


def classes(ids, seed=0):
    """Dynamics of a classifier on these samples: two streams, and a second split."""
    rng = np.random.default_rng(seed)
    ids = np.asarray(ids)
    label = rng.integers(0, len(LABELS), len(ids))
    parts = {}
    for split, stream in (("train", "evaluation"), ("train", "training"), ("other", "evaluation")):
        one = Dynamics.from_arrays(
            ids,
            label=label,
            split=split,
            stream=stream,
            loss=rng.exponential(1.0, (EPOCHS, len(ids))),
            predicted=rng.integers(0, len(LABELS), (EPOCHS, len(ids))),
        )
        parts |= {key: one.stream(*key) for key in one.keys}
    return Dynamics(parts)


def tags(texts, seed=0):
    """A stream of one gold tag and one loss per word between spaces, by sample_id."""
    rng = np.random.default_rng(seed)
    lengths = [len([word for word in text.split(" ") if word]) for text in texts]
    columns = {
        name: [[rng.exponential(1.0, n).tolist() for n in lengths] for _ in range(EPOCHS)]
        for name in ("loss", "entropy", "top1", "top2", "gold_logit")
    }
    columns["predicted"] = [[[0] * n for n in lengths] for _ in range(EPOCHS)]
    tokens = TokenDynamics.from_rows([[1] * n for n in lengths], **columns)
    ids = texts.index.to_numpy(dtype=np.int64)
    return StreamDynamics(ids=ids, epochs=np.arange(EPOCHS) + 1, columns={}, tokens=tokens)


def desk_of(path, table=None, *, who="Ada", every=5, labels=None, **settings):
    rows, _ = rows_of(table_of() if table is None else table, ["text"], "label", None)
    kept = Decisions(path, rows, who=who, every=every)
    return Desk(rows, kept, labels or rows.labels, **settings)


def strings(value):
    """Every text in what JSON holds."""
    if isinstance(value, dict):
        return [text for part in value.values() for text in strings(part)]
    if isinstance(value, list):
        return [text for part in value for text in strings(part)]
    return [value] if isinstance(value, str) else []
