"""A map of the texts themselves: TF-IDF of words, reduced to two dimensions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from difficulty_lib._errors import DataError
from difficulty_lib._extras import require
from difficulty_lib.data import TextData

RARE = 2  # a word in fewer texts than these says nothing of which texts are alike


def text_projection(data: TextData, splits: Sequence[str] | None = None) -> pd.DataFrame:
    """Where texts that share words lie near each other.

    Word TF-IDF, its 50 first singular vectors, and of these rows the two principal components: as
    coarse as two numbers per text must be. For embeddings, give `explorer_page` a projection of them.

    Args:
        data: the texts.
        splits: which; all if not given.

    Returns:
        Columns `x` and `y`, indexed by (split, sample_id); the same on every machine up to
        rounding, the sign of each chosen so that its largest value is positive.

    Raises:
        DataError: if there are fewer than three texts, or they share no word.
    """
    text = require("sklearn.feature_extraction.text", "train")
    decomposition = require("sklearn.decomposition", "train")
    texts = pd.concat(
        {split: data.texts(split) for split in splits or data.splits}, names=["split", "sample_id"]
    )
    try:
        words = text.TfidfVectorizer(sublinear_tf=True, min_df=RARE).fit_transform(texts)
    except ValueError:
        words = None
    if words is None or min(words.shape) < 3:
        raise DataError(f"{len(texts)} texts that share too few words; a projection needs three")
    wide = min(50, min(words.shape) - 1)
    rows = decomposition.TruncatedSVD(wide, random_state=0).fit_transform(words)
    rows = rows - rows.mean(axis=0)
    _, _, axes = np.linalg.svd(rows, full_matrices=False)
    flat = rows @ axes[:2].T
    flat *= np.sign(flat[np.abs(flat).argmax(axis=0), [0, 1]])
    return pd.DataFrame(flat, index=texts.index, columns=["x", "y"])
