"""What features are computed from: the scored samples' texts, and the training texts beside them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from difficulty_lib._errors import DataError
from difficulty_lib._extras import require
from difficulty_lib.data import TextData
from difficulty_lib.features._feature import Feature
from difficulty_lib.features._words import words_of

Words = list[list[str]]


class Material:
    """Texts as words, once for all features; what a feature needs is an attribute of that name.

    Args:
        data: the texts. Where a label is a text (a summary), it is a field like the others.
        split: the scored split.
        rows: its scored rows, in order.
        train_split: what words, classes and neighbours are counted in.
        embedding: arrays of shapes (N, D), of the scored rows, and (M, D), of all training rows,
            in which neighbours are looked for; TF-IDF of all words if None.
    """

    def __init__(
        self,
        data: TextData,
        split: str,
        rows: pd.DataFrame,
        train_split: str,
        embedding: tuple[Any, Any] | None = None,
    ) -> None:
        self.target = data.target
        self.rows, self.training = rows, data[train_split]
        summaries = ["label"] if self.target == "text" else []
        self._columns = [*data.text_columns, *summaries]
        self.fields = [*data.text_columns, *("summary" for _ in summaries)]
        self._where = f"{data.name}/{split}"
        self._same_split = split == train_split
        self._embedding = embedding
        self._cut: Callable[[str], list[str]] = (
            (lambda text: text.lower().split(" ")) if self.target == "tags" else words_of
        )

    def offers(self, entry: Feature) -> bool:
        """Whether there is what a feature needs."""
        return set(entry.needs) <= self._offered

    @property
    def _offered(self) -> set[str]:
        there = {"words", "texts", "counts"}
        if self.target == "text":
            there |= {"source", "summary"}
        elif len(self.fields) == 2:
            there |= {"source", "other"}
        if self.target == "answers":
            there |= {"answers", "contexts"}
        if self.target == "class":
            there |= {"label", "train_label", "embedding", "train_embedding", "own_row"}
        return there

    def texts(self, field: int) -> list[str]:
        """The texts of a field."""
        return self.rows[self._columns[field]].tolist()

    @cached_property
    def _field_words(self) -> list[Words]:
        return [self._checked(column) for column in self._columns]

    def _checked(self, column: str) -> Words:
        words = _cut_all(self.rows[column], self._cut)
        blank = [i for i, text in zip(self.rows.index, words) if not "".join(text)]
        if blank:
            raise DataError(
                f"{self._where}: no words in '{column}' of {len(blank)} samples, first: "
                f"{', '.join(map(str, blank[:5]))}; expected texts with words"
            )
        return words

    def words(self, field: int) -> Words:
        """The words of a field's texts."""
        return self._field_words[field]

    @cached_property
    def _training_words(self) -> list[Words]:
        return [_cut_all(self.training[column], self._cut) for column in self._columns]

    @cached_property
    def counts(self) -> Counter[str]:
        """How often each word occurs in the training texts, all fields together."""
        return Counter(chain.from_iterable(chain.from_iterable(self._training_words)))

    @property
    def source(self) -> Words:
        """The text that the other field is held against: premise, dialogue or context."""
        return self.words(self._source)

    @property
    def _source(self) -> int:
        # A question comes before its context; it is the question that can repeat the context.
        return 1 if self.target == "answers" else 0

    @property
    def other(self) -> Words:
        """The other field of a pair: hypothesis or question."""
        return self.words(1 - self._source)

    @property
    def summary(self) -> Words:
        """The reference summaries."""
        return self.words(len(self.fields) - 1)

    @property
    def answers(self) -> list[tuple[tuple[str, int], ...]]:
        """Gold answers of every question: (text, start) in the context."""
        return self.rows["label"].tolist()

    @property
    def contexts(self) -> list[str]:
        """What the answers are places in."""
        return self.texts(self._source)

    @property
    def label(self) -> NDArray[np.int64]:
        """Gold classes of the scored rows."""
        return self.rows["label"].to_numpy(dtype=np.int64)

    @property
    def train_label(self) -> NDArray[np.int64]:
        """Gold classes of the training rows."""
        return self.training["label"].to_numpy(dtype=np.int64)

    @property
    def own_row(self) -> NDArray[np.int64]:
        """Which training row is the scored sample itself, −1 for none."""
        if not self._same_split:
            return np.full(len(self.rows), -1)
        return np.asarray(self.training.index.get_indexer(self.rows.index), dtype=np.int64)

    @cached_property
    def _spaces(self) -> tuple[Any, Any]:
        if self._embedding is not None:
            return np.asarray(self._embedding[0]), np.asarray(self._embedding[1])
        text = require("sklearn.feature_extraction.text", "train")
        tfidf = text.TfidfVectorizer(analyzer=_joined, dtype=np.float32)
        train = tfidf.fit_transform(list(zip(*self._training_words)))
        return tfidf.transform(list(zip(*self._field_words))), train

    @property
    def embedding(self) -> Any:
        """The scored rows in the space of neighbours."""
        return self._spaces[0]

    @property
    def train_embedding(self) -> Any:
        """The training rows there."""
        return self._spaces[1]


def _joined(fields: Sequence[Sequence[str]]) -> list[str]:
    return [word for field in fields for word in field]


def _cut_all(texts: pd.Series, cut: Callable[[str], list[str]]) -> Words:
    """Words of every text; one that occurs often, as contexts of questions do, is cut once."""
    known = {text: cut(text) for text in texts.unique()}
    return [known[text] for text in texts]
