"""The rows most like a row, with the labels that they have."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from difficulty_lib._errors import DataError
from difficulty_lib._extras import require
from difficulty_lib.features._words import words_of
from difficulty_lib.features.neighbours import _unit as unit_rows
from difficulty_lib.review import RankedRows


class Neighbours:
    """Nearest rows by cosine.

    Args:
        embedding: shape (N, D), in the order of the ranks, an array or a sparse matrix; None for
            TF-IDF of the rows' words.
        rows: the ranked rows.

    Raises:
        DataError: if it is not N rows of finite numbers.
    """

    def __init__(self, embedding: Any | None, rows: RankedRows) -> None:
        matrix = tfidf(rows) if embedding is None else embedding
        matrix = matrix if hasattr(matrix, "tocsr") else np.asarray(matrix)
        if matrix.ndim != 2 or matrix.shape[0] != len(rows):
            raise DataError(
                f"embedding of shape {matrix.shape} for {len(rows)} rows; expected a row for each"
            )
        values = matrix.data if hasattr(matrix, "tocsr") else matrix
        if not np.isfinite(values).all():
            raise DataError("the embedding holds a value that is not finite")
        self._unit = unit_rows(matrix)

    def of(self, place: int, k: int) -> list[tuple[int, float]]:
        """Places and similarities of the k rows nearest to the one at `place`, nearest first.

        Rows that are like it in nothing (a cosine of 0 or less) are no neighbours.
        """
        near: NDArray[np.float32] = self._unit @ (
            self._unit[place].T.toarray().ravel()
            if hasattr(self._unit, "tocsr")
            else self._unit[place]
        )
        near[place] = -np.inf
        # equally near ones in the order of the ranks
        order = np.argsort(-near, kind="stable")[:k]
        return [(int(i), float(near[i])) for i in order if near[i] > 0]


def tfidf(rows: RankedRows) -> Any:
    """TF-IDF of the words of every row's texts, a sparse matrix of shape (N, words)."""
    text = require("sklearn.feature_extraction.text", "train")
    columns = [[str(v) for v in rows.table[column].tolist()] for column in rows.text]
    vectorizer = text.TfidfVectorizer(analyzer=_words, dtype=np.float32)
    try:
        return vectorizer.fit_transform([" ".join(parts) for parts in zip(*columns)])
    except ValueError:  # not a word in any text
        return np.zeros((len(rows), 1), dtype=np.float32)


def _words(text: str) -> list[str]:
    return words_of(text)
