"""What a feature of a text is: a pure function with what it needs and what it is thought to do."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from difficulty_lib._registry import Registry

Array = NDArray[np.float64]
Aspect = Literal["structure", "rarity", "ambiguity", "copying", "other"]
Direction = Literal["harder", "easier"]


@dataclass(frozen=True)
class Feature:
    """A registered feature of texts.

    Attributes:
        name: how it is asked for.
        function: pure; its positional parameters are what `Material` offers under their names, and
            its result has shape (N,).
        title: for headings and axes; where a data set has several fields, the field's name is
            put before it.
        aspect: which part of a hypothesis on difficulty it stands for: complex "structure",
            "rarity" of words, "ambiguity", "copying" of one field in another, or "other".
        direction: what that hypothesis says of high values, or None where it says nothing.
        citation: key into the book's bibliography, or None where there is no source to name.
    """

    name: str
    function: Callable[..., Array]
    title: str
    aspect: Aspect
    direction: Direction | None = None
    citation: str | None = None

    @property
    def needs(self) -> tuple[str, ...]:
        """What it is computed from; a data set that lacks one of these does not have the feature.

        `words` and `texts` are there for each field, so that the feature is computed once a
        field; `counts`: words of the training texts; `source` and `other`: the two fields of a
        pair; `source` and `summary`: a text and its summary; `answers` and `contexts`: gold
        answers, and what they are places in; `label`, `train_label`, `embedding`,
        `train_embedding` and `own_row`: one class per sample, and a space in which samples have
        neighbours.
        """
        return tuple(
            p.name
            for p in inspect.signature(self.function).parameters.values()
            if p.default is inspect.Parameter.empty
        )

    @property
    def per_class(self) -> bool:
        """Whether all samples of a class have the same value."""
        return set(self.needs) <= {"label", "train_label"}

    @property
    def per_field(self) -> bool:
        """Whether it is a feature of one text, computed for each field."""
        return bool({"words", "texts"} & set(self.needs))


FEATURES: Registry[Feature] = Registry("feature")


def feature(
    *,
    title: str,
    aspect: Aspect,
    direction: Direction | None = None,
    citation: str | None = None,
) -> Callable[[Callable[..., Array]], Callable[..., Array]]:
    """Register the decorated function as the feature of its name; the function stays as it is."""

    def register(function: Callable[..., Array]) -> Callable[..., Array]:
        FEATURES.add(
            Feature(
                name=function.__name__,
                function=function,
                title=title,
                aspect=aspect,
                direction=direction,
                citation=citation,
            )
        )
        return function

    return register


def feature_of(column: str) -> tuple[Feature, str | None] | None:
    """The feature behind a column of `feature_table`, and its field where there are several.

    Args:
        column: "length", or "length:premise".

    Returns:
        None where no registered feature has that name.
    """
    name, _, field = column.partition(":")
    entry: Any = FEATURES.get(name)
    return None if entry is None else (entry, field or None)


def column_title(column: str) -> str:
    """A column's name for readers, such as "premise: length in words"; a foreign one keeps its own."""
    found = feature_of(column)
    if found is None:
        return column
    entry, field = found
    return entry.title if field is None else f"{field}: {entry.title}"
