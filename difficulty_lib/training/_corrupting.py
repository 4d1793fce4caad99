"""Errors planted in what a run is trained on, and the truth about them, which goes with the run."""

from __future__ import annotations

import inspect
import os
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib.corruptions import ADDED, CORRUPTIONS, TRUTH, Corruption
from difficulty_lib.data import TextData, fingerprint, load_data

if TYPE_CHECKING:
    from difficulty_lib.training._config import RunConfig

NAME = "corrupted"
FOREIGN = "rated-sentences"  # it comes from the package index, without hub or mirror
FIXTURES = ("tiny-nli", "tiny-summaries", "tiny-questions", "tiny-tags")
_OWN = frozenset(("target", "probabilities", "runner_up", "margins"))  # not to be set
_PROBABILITIES: dict[tuple[str, ...], pd.DataFrame] = {}
_KEPT = 16


def corrupt(data: TextData, config: RunConfig) -> tuple[TextData, pd.DataFrame]:
    """The data with errors in the training split, and what is known of them.

    The intervention is `{"corrupted": [name, rate]}` or `[name, rate, settings]`, a name of
    `CORRUPTIONS`; its seed is the run's, so that every seed has errors of its own. The rate is of
    the training samples that `data` has: of a part of them, if they are a part. Of several text
    columns the last is edited, and `insert_foreign` keeps the others of the sample beside which it
    puts a text; settings may name another (`text`, `keep`).

    What a corruption needs to know is found here. `flip_by_class` gets the mean probabilities of
    every class's samples, `flip_by_instance` runner-up and margin, of a logistic regression on
    sentence embeddings of the uncorrupted data, out of fold; the folds are of the run's seed, and
    `embedding` names the model, or "tfidf". By default it is MiniLM where it is installed and
    TF-IDF otherwise, and the data's notes say which. Margins are rounded to three digits, lest
    they depend on the machine. `insert_foreign` gets the texts of the data sets that `foreign`
    names, one or a list: rated-sentences, and for these themselves the fixtures.

    Args:
        data: as it would be trained on without.
        config: of the run.

    Returns:
        The data, whose other splits are as they were; and the truth on the ids of the corrupted
        training split, without a text: `corrupted` (bool), `start`, `end`, and where rows are
        added `added` (bool) and `source`, as in `corruptions`; of classes `given_label`, which is
        trained on, and `original_label`, −1 for a text from elsewhere.

    Raises:
        ConfigError: on a value that is none of these, another target's corruption, or a setting
            that it does not have.
        DataError: if nothing can be corrupted, or foreign data cannot be read.
    """
    entry, rate, given = _parsed(config.intervention[NAME], data)
    clean = data["train"]
    settings, note = _settings(entry, data, given, config.seed)
    frame, truth = entry(clean, rate, config.seed, **settings)
    told = f"{truth['corrupted'].sum()} of {len(frame)} training samples are errors by {entry.name}"
    whole = replace(
        data, splits=data.splits | {"train": frame}, notes=(*data.notes, f"{told}{note}.")
    )
    return whole, _numbers(truth, clean, frame, data.target)


def _parsed(value: Any, data: TextData) -> tuple[Corruption, float, dict[str, Any]]:
    parts = list(value) if isinstance(value, list | tuple) else []
    name, rate, given = (*parts, {})[:3] if len(parts) in (2, 3) else (None, None, None)
    if (
        not isinstance(name, str)
        or isinstance(rate, bool)
        or not isinstance(rate, int | float)
        or not isinstance(given, Mapping)
    ):
        raise ConfigError(
            f"intervention corrupted is {value!r}; expected [corruption, rate] or "
            "[corruption, rate, settings]"
        )
    entry = CORRUPTIONS[name]
    if entry.target != data.target:
        known = ", ".join(e.name for e in CORRUPTIONS.values() if e.target == data.target)
        raise ConfigError(
            f"intervention corrupted: '{name}' is of a {entry.target}, {data.name} has "
            f"{data.target}; expected {known or 'another data set'}"
        )
    return entry, float(rate), dict(given)


def _settings(
    entry: Corruption, data: TextData, given: dict[str, Any], seed: int
) -> tuple[dict[str, Any], str]:
    """What the corruption is called with, and a note on what was found for it."""
    parameters = list(inspect.signature(entry.function).parameters)[3:]
    found_here = {"embedding"} if {"confusion", "probabilities"} & set(entry.needs) else set()
    allowed = [name for name in (*parameters, *sorted(found_here)) if name not in _OWN]
    unknown = sorted(set(map(str, given)) - set(allowed))
    if unknown:
        raise ConfigError(
            f"intervention corrupted: '{entry.name}' has no setting {', '.join(unknown)}; "
            f"expected {', '.join(allowed) or 'none'}"
        )
    fields = data.text_columns
    defaults: dict[str, Any] = {"text": fields[0] if data.target == "text" else fields[-1]}
    if data.target == "class":
        defaults["classes"] = len(data.label_names)
    settings = {name: value for name, value in defaults.items() if name in parameters} | given
    if "keep" in parameters and "keep" not in given:
        settings["keep"] = [field for field in fields if field != settings["text"]]
    if "foreign" in entry.needs:
        names = _foreign_names(given.get("foreign"), data.name)
        settings["foreign"] = _foreign_texts(names, data)
        return settings, f", texts of {', '.join(names)}"
    if not found_here or "confusion" in given:
        return settings, ""
    by = _embedding_name(settings.pop("embedding", None))
    probabilities = _out_of_fold(data, by, seed)
    if "confusion" in entry.needs:
        labels = data["train"]["label"].to_numpy()
        classes = np.eye(len(data.label_names))[labels]
        settings["confusion"] = classes.T @ probabilities.to_numpy()
    else:
        settings |= _runners_up(probabilities, data["train"]["label"])
    return settings, f", as a logistic regression on embeddings ({by}) takes them for each other"


def _runners_up(probabilities: pd.DataFrame, labels: pd.Series) -> dict[str, pd.Series]:
    table = probabilities.to_numpy()
    top = np.sort(table, axis=1)[:, -2:]
    others = np.where(np.arange(table.shape[1]) == labels.to_numpy()[:, None], -1.0, table)
    margins = pd.Series((top[:, 1] - top[:, 0]).round(3), index=probabilities.index)
    return {"runner_up": pd.Series(others.argmax(axis=1), probabilities.index), "margins": margins}


def _embedding_name(given: Any) -> str:
    from difficulty_lib.audit._sentence_embeddings import embedding_at_hand

    if given is not None and not isinstance(given, str):
        raise ConfigError(
            f"intervention corrupted: embedding is {given!r}; expected a model's name or 'tfidf'"
        )
    return embedding_at_hand() if given is None else given


def _out_of_fold(data: TextData, by: str, seed: int) -> pd.DataFrame:
    """Probabilities of all classes, shape (N, K), kept for the other folds' runs of this process."""
    # Imported here: the audit imports runs.
    from difficulty_lib.audit._embedding_probabilities import embedding_probabilities
    from difficulty_lib.audit._sentence_embeddings import split_embeddings

    labels = data["train"]["label"]
    classes = len(data.label_names)
    key = (fingerprint(data["train"], data.text_columns), str(classes), by, str(seed))
    if key not in _PROBABILITIES:
        found = embedding_probabilities(labels, split_embeddings(data, model=by), seed=seed)
        if len(_PROBABILITIES) >= _KEPT:
            _PROBABILITIES.pop(next(iter(_PROBABILITIES)))
        _PROBABILITIES[key] = found.reindex(columns=range(classes), fill_value=0.0)
    return _PROBABILITIES[key].loc[labels.index]


def _foreign_names(given: Any, own: str) -> list[str]:
    if given is None:
        return [FOREIGN] if own != FOREIGN else list(FIXTURES)
    names = [given] if isinstance(given, str) else given
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise ConfigError(
            f"intervention corrupted: foreign is {given!r}; expected a data set's name or several"
        )
    if own in names or not names:
        raise ConfigError(
            f"intervention corrupted: foreign is {given!r}; expected data sets other than {own}"
        )
    return list(names)


def _foreign_texts(names: list[str], data: TextData) -> pd.Series:
    """Every text of every field, once, numbered in the order of the data sets."""
    known = {text for field in data.text_columns for text in data["train"][field]}
    mirror = os.environ.get("DIFFICULTY_DATA", "")
    texts = dict.fromkeys(text for name in names for text in _texts_of(name, mirror))
    usable = [text for text in texts if text.strip() and text not in known]
    if not usable:
        raise DataError(f"{', '.join(names)}: no text that {data.name} does not have; expected one")
    return pd.Series(usable)


@lru_cache(maxsize=4)
def _texts_of(name: str, mirror: str) -> tuple[str, ...]:
    """A data set's texts, kept for the other runs of this process; `mirror` tells caches apart."""
    other = load_data(name)
    frames = other.splits.values()
    return tuple(
        text
        for frame in frames
        for field in other.text_columns
        for text in frame[field].astype(str)
    )


def _numbers(
    truth: pd.DataFrame, clean: pd.DataFrame, frame: pd.DataFrame, target: str
) -> pd.DataFrame:
    """The truth's columns that are numbers, and of classes the labels before and after."""
    kept = [name for name in (*TRUTH[:3], *ADDED) if name in truth]
    found = truth[kept].astype(
        {name: "int64" for name in kept if name not in ("corrupted", "added")}
    )
    if target == "class":
        found["given_label"] = frame["label"].astype("int64")
        before = clean["label"].reindex(found.index)
        if "added" in found:  # the class of what it is a copy of
            copied = pd.to_numeric(truth["original"].where(truth["added"]), errors="coerce")
            before = before.fillna(copied).fillna(-1)
        found["original_label"] = before.astype("int64")
    return found.rename_axis(index="sample_id")
