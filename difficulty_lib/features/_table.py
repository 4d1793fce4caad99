"""All features of a split's samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from numpy.typing import ArrayLike

from difficulty_lib._errors import DataError
from difficulty_lib.data import TextData
from difficulty_lib.features._feature import FEATURES, Feature
from difficulty_lib.features._material import Material


def feature_table(
    data: TextData,
    split: str,
    ids: ArrayLike | None = None,
    names: Sequence[str] | None = None,
    *,
    train_split: str = "train",
    embedding: tuple[Any, Any] | None = None,
) -> pd.DataFrame:
    """The features of texts that apply to a data set's samples.

    Args:
        data: the texts, with the training split as the model saw it: of a model that was trained
            on a part, `data.subset(…)`.
        split: the split whose samples are described.
        ids: which samples, in the order of the result; all if None.
        names: which features; all that apply to the data's target if None.
        train_split: the split that word and class frequencies and neighbours are taken from.
        embedding: arrays of shapes (N, D), of the samples in the order of `ids`, and (M, D), of
            the whole training split, in which neighbours are looked for; TF-IDF of the words if
            None, which needs scikit-learn.

    Returns:
        A column per feature, indexed by sample_id. Where there are several fields, a feature of one
        text has a column per field, "length:premise"; a reference summary is the field
        "summary".

    Raises:
        ConfigError: on an unknown feature.
        DataError: on an unknown split or id, on a feature that does not apply, on a text
            without words, or embeddings that do not fit.
    """
    frame = data[split]
    wanted = frame.index if ids is None else pd.Index(ids)
    missing = wanted.difference(frame.index)
    if len(missing) or wanted.has_duplicates:
        strange = missing if len(missing) else wanted[wanted.duplicated()].unique()
        raise DataError(
            f"{data.name}/{split}: {len(strange)} ids are "
            f"{'not there' if len(missing) else 'asked for more than once'}, first: "
            f"{', '.join(map(str, strange[:5]))}; expected ids of the split, each once"
        )
    material = Material(data, split, frame.loc[wanted], train_split, embedding)
    columns: dict[str, Any] = {}
    for entry in _chosen(names, material, data):
        columns |= _columns(entry, material)
    return pd.DataFrame(columns, index=wanted.rename("sample_id"))


def _chosen(names: Sequence[str] | None, material: Material, data: TextData) -> list[Feature]:
    if names is None:
        return [entry for entry in FEATURES.values() if material.offers(entry)]
    entries = [FEATURES[name] for name in names]
    for entry in entries:
        if not material.offers(entry):
            possible = [e.name for e in FEATURES.values() if material.offers(e)]
            raise DataError(
                f"feature '{entry.name}' needs {' and '.join(entry.needs)}, which {data.name} "
                f"(target '{material.target}') does not have; expected {', '.join(possible)}"
            )
    return entries


def _columns(entry: Feature, material: Material) -> dict[str, Any]:
    if not entry.per_field:
        return {entry.name: entry.function(*(getattr(material, need) for need in entry.needs))}
    columns = {}
    for number, field in enumerate(material.fields):
        given = (
            getattr(material, need)(number)
            if need in ("words", "texts")
            else getattr(material, need)
            for need in entry.needs
        )
        name = entry.name if len(material.fields) == 1 else f"{entry.name}:{field}"
        columns[name] = entry.function(*given)
    return columns
