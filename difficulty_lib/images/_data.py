"""Labelled images of one size, by split, with an id that stays theirs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib._registry import Registry

Pixels = NDArray[np.float32]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class ImageData:
    """Grey images of one size with their classes.

    Attributes:
        name: of the data set.
        title: for the page.
        homepage: where it comes from.
        licence: of the images.
        label_names: name of every class.
        images: by split, shape (N, side, side), float32 from 0 (empty) to 1.
        labels: by split, shape (N,), int64.
        ids: by split, shape (N,), int64, unique over all splits.

    Raises:
        DataError: on shapes that disagree, values outside 0 to 1, doubled ids, or labels without a
            name.
    """

    name: str
    title: str
    homepage: str
    licence: str
    label_names: tuple[str, ...]
    images: Mapping[str, Pixels] = field(repr=False)
    labels: Mapping[str, Integers] = field(repr=False)
    ids: Mapping[str, Integers] = field(repr=False)

    def __post_init__(self) -> None:
        for split, images in self.images.items():
            where = f"{self.name}/{split}"
            count = (len(images),)
            labels, ids = self.labels[split], self.ids[split]
            if images.ndim != 3 or images.shape[1] != images.shape[2] or images.shape[1] < 6:
                raise DataError(
                    f"{where}: images of shape {images.shape}; expected (images, side, side) with "
                    "6 pixels a side or more"
                )
            if labels.shape != count or ids.shape != count:
                raise DataError(
                    f"{where}: {len(images)} images, {len(labels)} labels and {len(ids)} ids; "
                    "expected as many of each"
                )
            if len(images) and not (images.min() >= 0 and images.max() <= 1):
                raise DataError(
                    f"{where}: pixels from {images.min():g} to {images.max():g}; expected 0 to 1"
                )
            if len(labels) and not 0 <= labels.min() <= labels.max() < len(self.label_names):
                raise DataError(
                    f"{where}: labels from {labels.min()} to {labels.max()}; expected 0 to "
                    f"{len(self.label_names) - 1}"
                )
        ids = np.concatenate(list(self.ids.values()))
        if len(np.unique(ids)) < len(ids):
            raise DataError(f"{self.name}: an id is there twice; expected every id once")

    @property
    def side(self) -> int:
        """Pixels a side."""
        return int(next(iter(self.images.values())).shape[1])

    def subset(self, sizes: Mapping[str, int | None]) -> ImageData:
        """The first images of every split, as many as asked for; None for all.

        Raises:
            ConfigError: on a size below 1.
        """
        for split, size in sizes.items():
            if size is not None and size < 1:
                raise ConfigError(f"{split} is to have {size} images; expected 1 or more")
        cut = {split: slice(sizes.get(split)) for split in self.images}
        return replace(
            self,
            images={split: values[cut[split]] for split, values in self.images.items()},
            labels={split: values[cut[split]] for split, values in self.labels.items()},
            ids={split: values[cut[split]] for split, values in self.ids.items()},
        )

    def fingerprint(self) -> str:
        """A hash of ids, pixels and labels: 12 hexadecimal digits."""
        found = hashlib.sha256()
        for split in sorted(self.images):
            found.update(split.encode())
            for values in (self.ids[split], self.labels[split], self.images[split]):
                found.update(np.ascontiguousarray(values).tobytes())
        return found.hexdigest()[:12]


IMAGES: Registry[ImageSet] = Registry("image data set")


@dataclass(frozen=True)
class ImageSet:
    """A registered set of images.

    Attributes:
        name: how it is asked for.
        load: reads it.
        sizes: images of every split that a chapter takes where it asks for none; None for all.
        latent: numbers that the autoencoder's code has.
    """

    name: str
    load: Callable[[], ImageData]
    sizes: Mapping[str, int | None]
    latent: int


def load_images(name: str) -> ImageData:
    """A registered set of images: "digits" or "fashion-mnist"; nothing is downloaded.

    Raises:
        ConfigError: on an unknown name.
        DataError: if its files are not there, or are others than expected.
    """
    return IMAGES[name].load()
