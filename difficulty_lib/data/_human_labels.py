"""What many people answered to pairs of natural language inference, from the local mirror."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from difficulty_lib._errors import ConfigError, DataError

LABELS = ("entailment", "neutral", "contradiction")
COUNTS = [f"count_{name}" for name in LABELS]


def human_labels(name: str) -> pd.DataFrame:
    """Human label distributions.

    ChaosNLI asked 100 people for each pair; its parts are `chaosnli_mnli_m` (1,599 pairs of
    MultiNLI's matched development set) and `chaosnli_snli` (1,514 of SNLI). `varierr_nli` has up
    to four people on each of 488 of ChaosNLI's MultiNLI pairs; who gave two labels counts for both.

    Returns:
        Indexed by sample_id: `premise`, `hypothesis`, `label` (0 entailment, 1 neutral,
        2 contradiction; the source's gold label, for `varierr_nli` the most frequent answer, and
        −1 where two are), `count_entailment`, `count_neutral`, `count_contradiction`, and `entropy`
        of these counts in nats (higher where people disagree; at most ln 3).

    Raises:
        ConfigError: on an unknown name.
        DataError: in one line, where the mirror has it not or not with these columns.

    Source: Nie et al. 2020 (CC BY-NC 4.0); Weber-Genzel et al. 2024 (CC BY-SA 4.0).
    """
    if name not in _SOURCES:
        raise ConfigError(f"unknown human labels '{name}'; known: {', '.join(_SOURCES)}")
    splits, read = _SOURCES[name]
    mirror = os.environ.get("DIFFICULTY_DATA")
    if not mirror or not (Path(mirror) / name).is_dir():
        raise DataError(
            f"{name}: no source; set DIFFICULTY_DATA to a folder with {name}/{splits[0]}.parquet"
        )
    parts = [_parquet(Path(mirror) / name / f"{split}.parquet", read) for split in splits]
    table = pd.concat(parts, ignore_index=len(parts) > 1)
    table.index.name = "sample_id"
    votes = table[COUNTS].to_numpy(dtype=np.float64)
    share = votes / votes.sum(axis=1, keepdims=True)
    logs = np.log(share, out=np.zeros_like(share), where=share > 0)
    return table.assign(entropy=-(share * logs).sum(axis=1))


def _parquet(path: Path, read: Callable[[pd.DataFrame], pd.DataFrame]) -> pd.DataFrame:
    try:
        frame = pd.read_parquet(path)
        texts = frame.set_index(frame["id"].astype("int64"))[["premise", "hypothesis"]]
        table = pd.concat([texts, read(frame).set_index(texts.index)], axis=1)
    except FileNotFoundError:
        raise DataError(f"{path} is missing; expected the mirror's file of human labels") from None
    except KeyError as error:
        raise DataError(f"{path}: no column {error}; expected human labels of pairs") from None
    except Exception as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{path} is not readable as human labels ({reason})") from None
    silent = table.index[table[COUNTS].sum(axis=1) == 0]
    if len(silent):
        raise DataError(f"{path}: nobody answered in row {silent[0]}; expected a count above 0")
    return table


def _chaos(frame: pd.DataFrame) -> pd.DataFrame:
    counts = {f"count_{name}": frame[f"count_{name[0]}"].astype("int64") for name in LABELS}
    return pd.DataFrame({"label": frame["label"].astype("int64"), **counts})


def _varierr(frame: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for answers in frame["annotations_json"].map(json.loads):
        given = [label for answer in answers.values() for label in answer.split(",")]
        counts = [given.count(name) for name in LABELS]
        if len(given) != sum(counts):
            raise ValueError(f"labels {', '.join(sorted(set(given)))}")
        alone = counts.count(max(counts)) == 1
        rows.append([counts.index(max(counts)) if alone else -1, *counts])
    return pd.DataFrame(rows, columns=["label", *COUNTS], dtype="int64")


_SOURCES: dict[str, tuple[tuple[str, ...], Callable[[pd.DataFrame], pd.DataFrame]]] = {
    "chaosnli_mnli_m": (("all",), _chaos),
    "chaosnli_snli": (("all",), _chaos),
    "varierr_nli": (("train", "validation", "test"), _varierr),
}
