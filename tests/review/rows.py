"""Ranked tables of a few rows, as `difficulty rank` writes them."""

import pandas as pd

from difficulty_lib.review import ranked_rows

LABELS = ("bad", "good", "so-so")


def ranked_table(rows=12, texts=None):
    texts = texts or [f"text number {number}" for number in range(rows)]
    return pd.DataFrame(
        {
            "text": texts,
            "label": [LABELS[number % 3] for number in range(len(texts))],
            "predicted": [LABELS[(number + 1) % 3] for number in range(len(texts))],
            "action_score": [float(len(texts) - number) for number in range(len(texts))],
            "suspicion_rank": range(1, len(texts) + 1),
        }
    )


def some_rows(rows=12, texts=None):
    return ranked_rows(ranked_table(rows, texts), ["text"], "label")
