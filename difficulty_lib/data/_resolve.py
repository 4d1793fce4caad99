"""From a data set's name to its texts: a mirror, our fixtures, the embedded package, the hub."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib._extras import require
from difficulty_lib.data import _rated_sentences
from difficulty_lib.data._cache import fetch_source
from difficulty_lib.data._clean import clean
from difficulty_lib.data._problems import join_problems
from difficulty_lib.data._registry_files import registry_folder
from difficulty_lib.data._spec import DATASETS, DataSpec
from difficulty_lib.data._table_file import read_table_file
from difficulty_lib.data._text_data import TextData

Splits = dict[str, pd.DataFrame]
PARSERS: dict[str, Callable[[Path], tuple[Splits, tuple[str, ...]]]] = {
    "rated_sentences": _rated_sentences.parse,
}


def load_data(name: str) -> TextData:
    """The data set `name` of the registry, from the first source that has it.

    The order is: the folder named by `DIFFICULTY_DATA` (laid out `<name>/<split>.parquet`), the
    fixtures that travel with the library, the embedded package, the Hugging Face hub at the pinned
    revision. Rows that cannot be used are set aside and listed in the result's `problems`.

    Raises:
        DataError: if no source has it, in one line that says what to set; if a source's columns
            are not what the registry describes; or if no row of a split can be used.
        ConfigError: if the registry does not know the name.
    """
    if name not in DATASETS:
        raise ConfigError(
            f"unknown data set '{name}'; known: {', '.join(DATASETS)}. "
            "For a table of your own: difficulty rank FILE --text COLUMN --label COLUMN"
        )
    spec = DATASETS[name]
    notes: tuple[str, ...] = ()
    mirror = os.environ.get("DIFFICULTY_DATA")
    folder = spec.mirror or name
    if mirror and (Path(mirror) / folder).is_dir():
        splits, origin = _from_mirror(spec, Path(mirror) / folder), "mirror"
    elif spec.fixture:
        splits, origin = _from_fixture(spec, registry_folder() / "fixtures" / name), "fixture"
    elif spec.embedded is not None:
        splits, notes = PARSERS[spec.embedded.parser](fetch_source(spec.embedded))
        origin = "embedded"
    elif spec.hub is not None:
        splits, origin = _from_hub(spec), "hub"
    else:
        raise DataError(
            f"{name}: no source; set DIFFICULTY_DATA to a folder with "
            f"{folder}/{next(iter(spec.splits))}.parquet"
        )
    cleaned = {
        split: clean(
            frame,
            split=split,
            where=f"{name}/{split} ({origin})",
            target=spec.target,
            text_columns=spec.text_columns,
            label_names=spec.label_names,
        )
        for split, frame in splits.items()
    }
    return TextData(
        name=name,
        splits={split: kept for split, (kept, _) in cleaned.items()},
        text_columns=spec.text_columns,
        label_names=spec.label_names,
        origin=origin,
        redistributable=spec.redistributable,
        notes=spec.notes + notes,
        target=spec.target,
        problems=join_problems(problems for _, problems in cleaned.values()),
    )


def changed_splits(data: TextData) -> list[str]:
    """The splits whose fingerprint is not the registry's, for a warning."""
    return not_as_registered(data.name, data.fingerprints())


def not_as_registered(name: str, found: Mapping[str, str]) -> list[str]:
    """The splits of a registered data set that are not there, or have another fingerprint."""
    expected = DATASETS[name].splits
    return [split for split in expected if found.get(split) != expected[split].fingerprint]


def _from_mirror(spec: DataSpec, folder: Path) -> Splits:
    splits = {}
    for split in spec.splits:
        path = folder / f"{split}.parquet"
        if not path.exists():
            raise DataError(
                f"{path} is missing; expected one Parquet file per split of {spec.name}"
            )
        try:
            frame = pd.read_parquet(path)
        except Exception as error:
            raise DataError(f"{path} is not readable as Parquet ({error})") from None
        splits[split] = _indexed(_with_ids(frame, str(path)), spec, str(path))
    return splits


def _from_fixture(spec: DataSpec, folder: Path) -> Splits:
    splits = {}
    for split in spec.splits:
        path = folder / f"{split}.jsonl"
        splits[split] = _indexed(_with_ids(read_table_file(path), str(path)), spec, str(path))
    return splits


def _from_hub(spec: DataSpec) -> Splits:
    datasets = require("datasets", "train")
    assert spec.hub is not None
    help_line = (
        f"cannot load {spec.name} from the hub ({spec.hub.id}@{spec.hub.revision[:7]}): "
        "{reason}; connect to the hub, or set DIFFICULTY_DATA to a folder with "
        f"{spec.name}/<split>.parquet"
    )
    splits = {}
    for split in spec.splits:
        try:
            loaded = datasets.load_dataset(
                spec.hub.id,
                spec.hub.config,
                revision=spec.hub.revision,
                split=spec.hub.splits.get(split, split),
            )
        except Exception as error:
            reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
            raise DataError(help_line.format(reason=reason)) from None
        frame = loaded.to_pandas().rename(columns=spec.hub.columns)
        frame["sample_id"] = range(len(frame))
        splits[split] = _indexed(frame, spec, f"{spec.hub.id}/{split}")
    return splits


def _with_ids(frame: pd.DataFrame, where: str) -> pd.DataFrame:
    if "id" not in frame.columns:
        raise DataError(f"{where}: no column 'id'; there are {', '.join(map(str, frame.columns))}")
    return frame.rename(columns={"id": "sample_id"})


def _indexed(frame: pd.DataFrame, spec: DataSpec, where: str) -> pd.DataFrame:
    if spec.target == "answers" and {"answers_text", "answers_start_first"} <= set(frame.columns):
        lists = zip(frame.pop("answers_text"), frame.pop("answers_start_first"))
        beside = [{"text": texts, "answer_start": starts} for texts, starts in lists]
        frame[spec.label_column] = pd.Series(beside, frame.index, dtype=object)
    if spec.label_column not in frame.columns:
        raise DataError(
            f"{where}: no column '{spec.label_column}'; there are {', '.join(map(str, frame.columns))}"
        )
    ids = frame["sample_id"]
    if not pd.api.types.is_integer_dtype(ids) or ids.isna().any():
        raise DataError(f"{where}: ids are {ids.dtype} or missing; expected integers in every row")
    frame = frame.rename(columns={spec.label_column: "label"})
    return frame.astype({"sample_id": "int64"}).set_index("sample_id")
