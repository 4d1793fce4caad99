"""From the parameters of the chapter on images to its trainings, which take about a minute."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from difficulty_lib._errors import ConfigError
from difficulty_lib._whole import whole_number, whole_or_none
from difficulty_lib.corruptions import CORRUPTIONS
from difficulty_lib.images import IMAGES, ImageData, ImageRun, load_images, train_images
from difficulty_lib.study._images import ImageStudy, PlantedRun
from difficulty_lib.study._sized import SIZES

AT_MOST = {"train_size": 400, "test_size": 150, "epochs": 4, "batch_size": 16}
WHOLE = ("epochs", "batch_size")


def image_settings(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """A chapter's parameters with `size`, and whatever is None, resolved.

    With `size="full"` values stay as they are, and sizes that are None are the data set's own. With
    "small" two seeds are kept, and what is larger becomes: 400 images for training, 150 to be scored,
    4 epochs, batches of 16.

    Args:
        parameters: `size`, `dataset`, `seeds`, `epochs`, `batch_size`, `learning_rate`, `rate` (of
            planted labels), `train_size`, `test_size`.

    Raises:
        ConfigError: on an unknown name, or a value that cannot be.
    """
    settings = dict(parameters)
    size = settings.pop("size", "full")
    if size not in SIZES:
        raise ConfigError(f"size is {size!r}; expected {' or '.join(SIZES)}")
    known: dict[str, Any] = {
        "dataset": "digits",
        "seeds": [1, 2, 3, 4, 5],
        "epochs": 20,
        "batch_size": 32,
    }
    known |= {"learning_rate": 1e-3, "rate": 0.1, "train_size": None, "test_size": None}
    if unknown := sorted(set(settings) - set(known)):
        raise ConfigError(f"unknown parameter '{unknown[0]}'; expected some of {', '.join(known)}")
    settings = known | settings
    sizes = IMAGES[settings["dataset"]].sizes
    for split in ("train", "test"):
        if settings[f"{split}_size"] is None:
            settings[f"{split}_size"] = sizes[split]
    for name in ("train_size", "test_size", *WHOLE):
        value = (whole_number if name in WHOLE else whole_or_none)(name, settings[name], 1)
        if size == "small" and (value is None or value > AT_MOST[name]):
            settings[name] = AT_MOST[name]
    seeds = settings["seeds"]
    if not isinstance(seeds, list | tuple) or len(set(seeds)) < max(2, len(seeds)):
        raise ConfigError(f"seeds is {seeds!r}; expected a list of two or more, each another one")
    if size == "small":
        settings["seeds"] = list(seeds[:2])
    return settings


def image_study(parameters: Mapping[str, Any]) -> ImageStudy:
    """Train both models with every seed, and the classifier on planted labels, too.

    Nothing is kept between calls: the same parameters give the same numbers on the same kind of
    processor.

    Args:
        parameters: as `image_settings`.

    Raises:
        DifficultyError: one line, if the data are not there, or a setting cannot be.
    """
    settings = image_settings(parameters)
    data = load_images(settings["dataset"]).subset(
        {split: settings[f"{split}_size"] for split in ("train", "test")}
    )
    known = {name: settings[name] for name in ("epochs", "batch_size", "learning_rate")}
    latent = IMAGES[settings["dataset"]].latent
    classifiers: list[ImageRun] = []
    autoencoders: list[ImageRun] = []
    planted: list[PlantedRun] = []
    for seed in settings["seeds"]:
        classifiers.append(train_images("classifier", data, seed, **known))
        autoencoders.append(
            train_images("autoencoder", data, seed, latent=latent, pixels=not autoencoders, **known)
        )
        planted.append(plant(data, seed, settings["rate"], **known))
    about = settings | {"latent": latent, "fingerprint": data.fingerprint()}
    return ImageStudy(data, classifiers, autoencoders, planted, settings["rate"], about)


def plant(data: ImageData, seed: int, rate: float, **known: Any) -> PlantedRun:
    """Train a classifier on labels of which some were flipped by the registered corruption."""
    frame = pd.DataFrame(
        {"label": data.labels["train"]}, index=pd.Index(data.ids["train"], name="sample_id")
    )
    changed, truth = CORRUPTIONS["flip_labels"](frame, rate, seed, classes=len(data.label_names))
    given = changed["label"]
    run = train_images(
        "classifier", data, seed, labels=given.to_numpy(), evaluate=("train",), **known
    )
    return PlantedRun(run, truth["corrupted"], given)


def settings_hash(settings: Mapping[str, Any]) -> str:
    """What was trained on which images, as 12 hexadecimal digits."""
    written = json.dumps(dict(settings), sort_keys=True)
    return hashlib.sha256(written.encode()).hexdigest()[:12]
