"""A run on a part of the data that a column names, and evaluated on texts from elsewhere, too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib._whole import whole_or_none
from difficulty_lib.data import TextData, fingerprint, load_data

if TYPE_CHECKING:
    from difficulty_lib.training._config import RunConfig

ONLY = "only"
ALSO = "also_evaluated"
SIZE = "size"


def restricted(data: TextData, config: RunConfig) -> TextData:
    """The data of which every split holds the rows alone that the run's intervention names.

    `{"only": {column: value}}` keeps the rows whose column has the value, or one of several: the
    sentences of one corpus, say. Sizes are of what is kept.

    Raises:
        ConfigError: on another form, or a column that the data do not have.
        DataError: if a split has no such row.
    """
    if ONLY not in config.intervention:
        return data
    wanted = config.intervention[ONLY]
    parts = {
        split: _rows(frame, wanted, f"{data.name}/{split}", f"intervention {ONLY}")
        for split, frame in data.splits.items()
    }
    return replace(data, splits=parts)


def also_evaluated(data: TextData, config: RunConfig) -> TextData:
    """The data with a split more for each that the run's intervention names, to be evaluated on.

    `{"also_evaluated": {"reviews": "imdb/test"}}` adds the split `reviews`, of as many rows as the
    run's `eval_size` says, `{"reviews": {"split": "imdb/test", "size": 300}}` of 300, and
    `{"reviews": {"split": "imdb/test", "only": {column: value}}}` those rows of it alone. Classes
    are matched by their names; rows of a class that the data do not have
    are left out, and the data's notes say how many.

    Args:
        data: as they are trained on.
        config: of the run; the new splits are among its evaluation splits.

    Raises:
        ConfigError: on another form, a name that is a split already, one that is not evaluated, or a
            data set of other columns or no classes.
        DataError: if no row is left, or the data set cannot be read.
    """
    if ALSO not in config.intervention:
        return data
    given = config.intervention[ALSO]
    if not isinstance(given, Mapping) or not given:
        raise ConfigError(
            f"intervention {ALSO} is {given!r}; expected a mapping of a name to 'dataset/split'"
        )
    more, notes = {}, []
    for name, source in given.items():
        if name in data.splits:
            raise ConfigError(
                f"intervention {ALSO}: {data.name} has a split '{name}'; expected another name"
            )
        if name not in config.evaluation_splits:
            raise ConfigError(
                f"intervention {ALSO}: '{name}' is not evaluated; expected it among "
                f"evaluation_splits, {', '.join(config.evaluation_splits) or 'which are none'}"
            )
        more[name], note = _foreign(name, source, data, config.eval_size)
        notes.append(note)
    return replace(data, splits=data.splits | more, notes=(*data.notes, *notes))


def _foreign(name: str, source: Any, data: TextData, size: int | None) -> tuple[pd.DataFrame, str]:
    dataset, split, wanted, own = _parsed(name, source)
    other = load_data(dataset)
    where = f"{dataset}/{split}"
    if other.target != "class" or data.target != "class":
        raise ConfigError(
            f"intervention {ALSO}: {data.name} has {data.target} and {dataset} {other.target}; "
            "expected classes"
        )
    if other.text_columns != data.text_columns:
        raise ConfigError(
            f"intervention {ALSO}: {dataset} has {', '.join(other.text_columns)}; expected "
            f"{', '.join(data.text_columns)}, as {data.name}"
        )
    frame = other[split]
    if wanted is not None:
        frame = _rows(frame, wanted, where, f"intervention {ALSO}")
    places = {label: place for place, label in enumerate(data.label_names)}
    names = frame["label"].map(dict(enumerate(other.label_names)))
    known = names.isin(places)
    if not known.any():
        raise DataError(
            f"{where}: its classes are {', '.join(other.label_names)}; expected some of "
            f"{', '.join(data.label_names)}"
        )
    kept = frame[known].assign(label=names[known].map(places).astype("int64"))
    (part,) = replace(other, splits={name: kept}).subset({name: own or size}).splits.values()
    note = (
        f"{name} is {len(part):,} rows of {where} "
        f"(fingerprint {fingerprint(part, data.text_columns)})"
    )
    if left := int((~known).sum()):
        note += f"; {left:,} of a class that {data.name} does not have are left out"
    return part, f"{note}."


def _parsed(name: str, source: Any) -> tuple[str, str, Any, int | None]:
    given = source if isinstance(source, Mapping) else {"split": source}
    place = given.get("split")
    dataset, stroke, split = place.rpartition("/") if isinstance(place, str) else ("", "", "")
    if not dataset or not stroke or not split or set(given) - {"split", ONLY, SIZE}:
        raise ConfigError(
            f"intervention {ALSO}: {name} is {source!r}; expected 'dataset/split', or a mapping with "
            f"split, {ONLY} and {SIZE}"
        )
    size = whole_or_none(f"intervention {ALSO}: {name}: {SIZE}", given.get(SIZE), 1)
    return dataset, split, given.get(ONLY), size


def _rows(frame: pd.DataFrame, wanted: Any, where: str, what: str) -> pd.DataFrame:
    if not isinstance(wanted, Mapping) or not wanted:
        raise ConfigError(
            f"{what}: {ONLY} is {wanted!r}; expected a mapping of a column to a value"
        )
    kept = frame
    for column, value in wanted.items():
        if column not in frame:
            raise ConfigError(
                f"{what}: {where} has no column '{column}'; there are "
                f"{', '.join(map(str, frame.columns))}"
            )
        kept = kept[kept[column].isin(value if isinstance(value, list | tuple) else [value])]
    if kept.empty:
        raise DataError(f"{where}: no row has {dict(wanted)!r}; expected one or more")
    return kept
