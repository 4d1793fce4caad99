"""Training dynamics as data-map programs write them: logits, one JSON object a line."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from difficulty_lib._errors import DynamicsError
from difficulty_lib.dynamics import Dynamics
from difficulty_lib.readers._named import NamedDynamics, numbered

FOLDER = "training_dynamics"
_FILE = re.compile(r"dynamics_epoch_(\d+)\.jsonl")


def is_cartography(folder: str | Path) -> bool:
    """Whether `read_cartography` would find files there."""
    return bool(_files(Path(folder)))


def read_cartography(folder: str | Path, split: str = "train") -> NamedDynamics:
    """Read `dynamics_epoch_<n>.jsonl`, with lines `{"guid": …, "logits_epoch_<n>": […], "gold": k}`.

    Args:
        folder: the folder of these files, or the model's folder that holds `training_dynamics/`.
        split: name of the split.

    Returns:
        The training stream (the logits are those of the forward passes that trained), with `names`
        to find the guids by. Their epoch 0, the first one trained, is epoch 1 here.

    Raises:
        DynamicsError: if there are no such files, an epoch is missing, or a line is damaged, its
            logits are of another number or not finite, its guid is there twice or its gold label
            changes, naming file and line; or if a guid is missing from an epoch.

    Source: Swayamdipta et al. 2020, as its published code writes its training dynamics.
    """
    files = _files(Path(folder))
    if not files:
        raise DynamicsError(
            f"{folder}: no dynamics_epoch_<n>.jsonl; expected them there or in {FOLDER}/"
        )
    for number, (epoch, path) in enumerate(files):
        if epoch != number:
            raise DynamicsError(f"{path.parent}: dynamics_epoch_{number}.jsonl is missing")
    gold: dict[int | str, int] = {}
    epochs = [_read(path, epoch, gold) for epoch, path in files]
    names = numbered(epochs[0][0])
    order = {name: place for place, name in enumerate(names)}
    logits = []
    for (_, path), (guids, values) in zip(files, epochs):
        for missing in order.keys() - guids.keys():
            raise DynamicsError(f"{path}: guid {missing!r} is missing, which epoch 0 has")
        if len(values) and values.shape[1] != epochs[0][1].shape[1]:
            raise DynamicsError(
                f"{path}: {values.shape[1]} logits, in epoch 0 {epochs[0][1].shape[1]}"
            )
        place = np.fromiter((order[guid] for guid in guids), dtype=np.int64, count=len(guids))
        logits.append(values[np.argsort(place)])
    label = np.array([gold[name] for name in names], dtype=np.int64)
    made = Dynamics.from_logits(
        names.index.to_numpy(dtype=np.int64), logits, label, split=split, stream="training"
    )
    return NamedDynamics.of(made, names)


def _files(folder: Path) -> list[tuple[int, Path]]:
    inside = folder / FOLDER
    place = inside if inside.is_dir() else folder
    if not place.is_dir():
        return []
    found = ((_FILE.fullmatch(path.name), path) for path in place.iterdir())
    return sorted((int(match[1]), path) for match, path in found if match)


def _read(
    path: Path, epoch: int, gold: dict[int | str, int]
) -> tuple[dict[int | str, int], NDArray[np.float64]]:
    """One epoch: guid → line, and the logits in the order of the lines; fills or checks `gold`."""
    lines: dict[int | str, int] = {}
    logits: list[NDArray[np.float64]] = []
    first_epoch = not gold
    with path.open(encoding="utf8") as file:
        try:
            for number, text in enumerate(file, start=1):
                if not text.strip():
                    continue
                where = f"{path}, line {number}"
                guid, values, label = _record(text, f"logits_epoch_{epoch}", where)
                if guid in lines:
                    raise DynamicsError(
                        f"{where}: guid {guid!r} is there already in line {lines[guid]}"
                    )
                if logits and len(values) != len(logits[0]):
                    raise DynamicsError(
                        f"{where}: {len(values)} logits; expected {len(logits[0])} as above"
                    )
                if not first_epoch and guid not in gold:
                    raise DynamicsError(f"{where}: guid {guid!r} is not in epoch 0")
                if gold.setdefault(guid, label) != label:
                    raise DynamicsError(
                        f"{where}: gold is {label}; it was {gold[guid]} in an earlier epoch"
                    )
                lines[guid] = number
                logits.append(values)
        except UnicodeDecodeError as error:
            raise DynamicsError(f"{path}: not UTF-8 at byte {error.start}") from None
    if not lines:
        raise DynamicsError(f"{path}: the file is empty; expected a JSON object a line")
    return lines, np.stack(logits)


def _record(text: str, key: str, where: str) -> tuple[int | str, NDArray[np.float64], int]:
    try:
        record: Any = json.loads(text)
    except ValueError:
        raise DynamicsError(f"{where}: not JSON; expected one whole object") from None
    for name in ("guid", key, "gold"):
        if not isinstance(record, dict) or name not in record:
            raise DynamicsError(f'{where}: no "{name}"; expected "guid", "{key}" and "gold"')
    guid, gold = record["guid"], record["gold"]
    if type(guid) not in (int, str):
        raise DynamicsError(f"{where}: guid is {guid!r}; expected a number or a text")
    try:
        values = np.array(record[key], dtype=np.float64)
    except (TypeError, ValueError):
        values = np.empty(0)
    if values.ndim != 1 or len(values) < 2 or not np.isfinite(values).all():
        raise DynamicsError(f"{where}: {key} must be a list of two or more finite numbers")
    if type(gold) is not int or not 0 <= gold < len(values):
        raise DynamicsError(f"{where}: gold is {gold!r}; expected 0 to {len(values) - 1}")
    return guid, values, gold
