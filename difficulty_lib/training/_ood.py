"""How strange a run's model finds other texts: `{"out_of_distribution": {…}}`, kept as numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib._extras import require
from difficulty_lib._whole import whole_or_none
from difficulty_lib.data import DATASETS, DataSpec, TextData, load_data
from difficulty_lib.ood import OOD_SCORES, check_other_texts
from difficulty_lib.tasks import TASKS, TaskSettings
from difficulty_lib.training._elsewhere import _rows

if TYPE_CHECKING:
    from difficulty_lib.training._config import RunConfig

NAME = "out_of_distribution"
FILE = "out_of_distribution.parquet"
INSIDE = "inside"
KEYS = ("inside", "outside", "language_model")
OUTSIDE = ("split", "only", "size", "sentences")
# A covariance of as many dimensions as there are training samples has no inverse; and small
# trainings have few neighbours.
SETTINGS: dict[str, dict[str, Any]] = {
    "mahalanobis": {"shrinkage": 0.1},
    "nearest_neighbours": {"k": 10},
}
_BREAK = re.compile(r"(?:<br\s*/?>\s*)+", re.IGNORECASE)
_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+")


def first_sentences(text: str, count: int) -> str:
    """The first sentences of a text, line breaks of HTML taken as spaces.

    A sentence ends at a full stop, an exclamation or a question mark with space behind, which is
    coarse: "Mr. Bean" is two.

    Args:
        text: any.
        count: how many, 1 or more.
    """
    plain = _BREAK.sub(" ", text).strip()
    place = 0
    for number, end in enumerate(_END.finditer(plain), start=1):
        place = end.start() + len(end.group().rstrip())
        if number == count:
            return plain[:place]
    return plain


def asked_for(config: RunConfig) -> dict[str, Any] | None:
    """The intervention, checked, or None where nothing is asked for.

    `{"out_of_distribution": {"inside": split, "outside": {name: {"split": "imdb/test"}}}}`:
    the in-distribution texts are those of an evaluated split; each outside has a name of its own
    and may have `only` (rows by column), `size` (so many texts, by their ids) and `sentences` (the
    first of every text). `language_model` names a causal model whose perplexity is kept too.

    Raises:
        ConfigError: on another form, a split that is not evaluated, an unknown data set, or a task
            without classes.
    """
    given = config.intervention.get(NAME)
    if given is None:
        return None
    if TASKS[config.task].target != "class":
        raise ConfigError(f"intervention {NAME}: task '{config.task}' has no classes of samples")
    if not isinstance(given, Mapping) or not isinstance(given.get("outside"), Mapping):
        raise ConfigError(
            f"intervention {NAME} is {given!r}; expected a mapping with inside, outside"
        )
    _refuse_unknown(given, KEYS, "")
    if given.get("inside") not in config.evaluation_splits:
        raise ConfigError(
            f"intervention {NAME}: inside is {given.get('inside')!r}; expected an evaluated split, "
            f"{', '.join(config.evaluation_splits)}"
        )
    for name, source in given["outside"].items():
        if not isinstance(source, Mapping) or name == INSIDE:
            raise ConfigError(
                f"intervention {NAME}: outside {name!r} is {source!r}; expected a mapping of "
                f"{', '.join(OUTSIDE)}, and another name than '{INSIDE}'"
            )
        _refuse_unknown(source, OUTSIDE, f" {name}")
        spec, split = _place(source.get("split"), name)
        if spec.target != "class" or split not in spec.splits:
            raise ConfigError(
                f"intervention {NAME} {name}: {spec.name} has the splits {', '.join(spec.splits)} of "
                f"{spec.target}; expected 'dataset/split' with classes"
            )
        for key in ("size", "sentences"):
            whole_or_none(f"intervention {NAME} {name}: {key}", source.get(key), 1)
    return dict(given)


def outside_texts(source: Mapping[str, Any], label_names: tuple[str, ...]) -> pd.DataFrame:
    """The texts of an outside, by sample_id: `text`, and `label`, −1 for a class of other names.

    Args:
        source: as `asked_for` checks it.
        label_names: of the run's classes.
    """
    spec, split = _place(source["split"], "")
    data = load_data(spec.name)
    frame = data[split]
    if source.get("only") is not None:
        frame = _rows(frame, source["only"], source["split"], f"intervention {NAME}")
    chosen = replace(data, splits={split: frame}).subset({split: source.get("size")})
    texts = chosen.texts(split)
    if source.get("sentences"):
        texts = texts.map(lambda text: first_sentences(text, int(source["sentences"])))
    known = {name: number for number, name in enumerate(label_names)}
    place = [known.get(name, -1) for name in data.label_names]
    return pd.DataFrame({"text": texts, "label": np.array(place)[chosen[split]["label"]]})


def write_ood(
    config: RunConfig, model: Any, settings: TaskSettings, data: TextData, folder: Path
) -> list[str]:
    """Keep every score of the in- and the out-of-distribution texts, where a run asks for them.

    Returns:
        Notes for the run's record: which texts, with their data's origin; empty if not asked for.

    Raises:
        DifficultyError: one line, if texts are both, or data or language model are not to be had.
    """
    asked = asked_for(config)
    if asked is None:
        return []
    from difficulty_lib.ood import ood_features  # needs torch

    def features(texts: pd.Series) -> Any:
        return ood_features(
            model, texts.tolist(), settings.tokenizer, max_length=settings.max_length
        )

    inside = data[asked["inside"]]
    sources = {
        INSIDE: pd.DataFrame({"text": data.texts(asked["inside"]), "label": inside["label"]})
    }
    sources |= {n: outside_texts(s, data.label_names) for n, s in asked["outside"].items()}
    for name in list(sources)[1:]:
        try:
            check_other_texts(sources[INSIDE]["text"], sources[name]["text"])
        except DataError as error:
            raise DataError(f"{name}: {error}") from None
    train = features(data.texts("train"))
    labels = data["train"]["label"].to_numpy()
    parts = []
    for name, rows in sources.items():
        found = features(rows["text"])
        arrays = found.arrays(train, labels)
        if asked.get("language_model"):
            arrays["token_loss"] = _losses(str(asked["language_model"]), rows["text"].tolist())
        table = pd.DataFrame(
            {"source": name, "sample_id": rows.index, "label": rows["label"].to_numpy()}
        )
        table["predicted"] = found.logits.argmax(axis=1)
        table["words"], table["tokens"] = found.words, found.tokens
        for score, entry in OOD_SCORES.items():
            if entry.available(arrays):
                of_score = _fitting(score, len(train.features))
                table[score] = entry(arrays, **of_score).astype(np.float32)
        parts.append(table)
    whole = pd.concat(parts, ignore_index=True)
    whole["source"] = whole["source"].astype("category")
    whole.to_parquet(folder / FILE, compression="zstd", index=False)
    return [f"{name}: {len(rows):,} texts" for name, rows in sources.items()]


def read_ood(folder: Path) -> pd.DataFrame | None:
    """What `write_ood` kept, or None: see `Run.out_of_distribution`."""
    path = folder / FILE
    if not path.exists():
        return None
    table = pd.read_parquet(path)
    table["source"] = table["source"].astype(str)
    return table.set_index(["source", "sample_id"])


def _place(given: Any, name: str) -> tuple[DataSpec, str]:
    dataset, stroke, split = given.partition("/") if isinstance(given, str) else ("", "", "")
    if not stroke:
        raise ConfigError(
            f"intervention {NAME} {name}: split is {given!r}; expected 'dataset/split'"
        )
    return DATASETS[dataset], split


def _fitting(score: str, trained: int) -> dict[str, Any]:
    settings = dict(SETTINGS.get(score, {}))
    if "k" in settings:
        settings["k"] = min(settings["k"], trained)
    return settings


def _losses(name: str, texts: list[str]) -> Any:
    from difficulty_lib.ood import text_losses
    from difficulty_lib.training._models import load_model

    torch = require("torch", "train")
    tokenizer, model = load_model(name, "summarization-causal", (), "")
    model.to("cuda" if torch.cuda.is_available() else "cpu")
    return text_losses(model, texts, tokenizer)


def _refuse_unknown(given: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    unknown = sorted(set(map(str, given)) - set(known))
    if unknown:
        raise ConfigError(
            f"intervention {NAME}{where} has no {', '.join(unknown)}; known: {', '.join(known)}"
        )
