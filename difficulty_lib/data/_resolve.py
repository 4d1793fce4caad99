"""From a data set's name to its texts: a local mirror, the embedded package, or the hub."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib._extras import require
from difficulty_lib.data import _rated_sentences
from difficulty_lib.data._cache import fetch_source
from difficulty_lib.data._check import check_frame
from difficulty_lib.data._fingerprint import fingerprint
from difficulty_lib.data._spec import DATASETS, DataSpec
from difficulty_lib.data._text_data import TextData

Splits = dict[str, pd.DataFrame]
PARSERS: dict[str, Callable[[Path], tuple[Splits, tuple[str, ...]]]] = {
    "rated_sentences": _rated_sentences.parse,
}


def load_data(name: str) -> TextData:
    """The data set `name` of the registry, from the first source that has it.

    The order is: the folder named by `DIFFICULTY_DATA` (laid out `<name>/<split>.parquet`), the
    embedded package, the Hugging Face hub at the pinned revision.

    Raises:
        DataError: if no source has it, in one line that says what to set; or if a source's rows
            are not what the registry describes.
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
    if mirror and (Path(mirror) / name).is_dir():
        splits, origin = _from_mirror(spec, Path(mirror) / name), "mirror"
    elif spec.embedded is not None:
        splits, notes = PARSERS[spec.embedded.parser](fetch_source(spec.embedded))
        origin = "embedded"
    elif spec.hub is not None:
        splits, origin = _from_hub(spec), "hub"
    else:
        raise DataError(
            f"{name}: no source; set DIFFICULTY_DATA to a folder with {name}/train.parquet"
        )
    for split, frame in splits.items():
        check_frame(frame, spec.text_columns, f"{name}/{split} ({origin})")
        _check_label_column(frame, spec, f"{name}/{split} ({origin})")
    return TextData(
        name=name,
        splits=splits,
        text_columns=spec.text_columns,
        label_names=spec.label_names,
        origin=origin,
        redistributable=spec.redistributable,
        notes=spec.notes + notes,
        target=spec.target,
    )


def changed_splits(data: TextData) -> list[str]:
    """The splits whose fingerprint is not the registry's, for a warning."""
    return [
        split
        for split, expected in DATASETS[data.name].splits.items()
        if expected.fingerprint != fingerprint(data[split], data.text_columns)
    ]


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
        if "id" not in frame.columns:
            raise DataError(
                f"{path}: no column 'id'; there are {', '.join(map(str, frame.columns))}"
            )
        splits[split] = _indexed(frame.rename(columns={"id": "sample_id"}), spec, str(path))
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
                spec.hub.id, spec.hub.config, revision=spec.hub.revision, split=split
            )
        except Exception as error:
            reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
            raise DataError(help_line.format(reason=reason)) from None
        frame = loaded.to_pandas()
        frame["sample_id"] = range(len(frame))
        splits[split] = _indexed(frame, spec, f"{spec.hub.id}/{split}")
    return splits


def _indexed(frame: pd.DataFrame, spec: DataSpec, where: str) -> pd.DataFrame:
    if spec.label_column not in frame.columns:
        raise DataError(
            f"{where}: no column '{spec.label_column}'; there are {', '.join(map(str, frame.columns))}"
        )
    ids = frame["sample_id"]
    if not pd.api.types.is_integer_dtype(ids) or ids.isna().any():
        raise DataError(f"{where}: ids are {ids.dtype} or missing; expected integers in every row")
    frame = frame.rename(columns={spec.label_column: "label"})
    return frame.astype({"sample_id": "int64"}).set_index("sample_id")


def _check_label_column(frame: pd.DataFrame, spec: DataSpec, where: str) -> None:
    if frame["label"].isna().any():
        row = frame.index[frame["label"].isna()][0]
        raise DataError(f"{where}: no label in row {row}; expected an integer in every row")
    if not pd.api.types.is_integer_dtype(frame["label"]):
        raise DataError(f"{where}: labels are {frame['label'].dtype}; expected integers")
    outside = ~frame["label"].between(0, len(spec.label_names) - 1)
    if outside.any():
        row = frame[outside].iloc[0]
        raise DataError(
            f"{where}: label {row['label']} in row {row.name}; "
            f"expected 0 to {len(spec.label_names) - 1} ({', '.join(spec.label_names)})"
        )
