"""Fashion-MNIST from the files of Debian's package `dataset-fashion-mnist`; nothing is downloaded."""

from __future__ import annotations

import gzip
import hashlib
import os
import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from difficulty_lib._errors import DataError
from difficulty_lib.images._data import IMAGES, ImageData, ImageSet

NAME = "fashion-mnist"
DEBIAN = Path("/usr/share/datasets/fashion-mnist")
LABELS = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
FILES = {  # split → (images, labels), each with its sha256
    "train": (
        (
            "train-images-idx3-ubyte.gz",
            "b0564c3eedabfbf835052cff8503ea422014ce006caf5b757f851416ee8300c7",
        ),
        (
            "train-labels-idx1-ubyte.gz",
            "0ae29f65d86684f32d1b9c85147786c547b9c6aebcaf235f0400a0cce308b056",
        ),
    ),
    "test": (
        (
            "t10k-images-idx3-ubyte.gz",
            "cc1d090a38ace84dfa1aa66e3ada7c336ef481a96936906477e6dd344da56eaa",
        ),
        (
            "t10k-labels-idx1-ubyte.gz",
            "8d3605d196f4be44669e46906da9733c8131fef761fdbfec72c424d5222f1a05",
        ),
    ),
}


def load_fashion(folder: Path | None = None) -> ImageData:
    """70,000 articles of clothing in ten classes, 28 × 28 pixels.

    Args:
        folder: where the four files lie; `fashion-mnist` in `DIFFICULTY_DATA`, or where Debian's
            package puts them, if not given.

    Raises:
        DataError: one line, if a file is missing, or is another than the published one.

    Source: Xiao, Rasul and Vollgraf 2017.
    """
    folder = folder or _folder()
    images, labels, ids, first = {}, {}, {}, 0
    for split, ((image_file, image_hash), (label_file, label_hash)) in FILES.items():
        pixels = parse_idx(_checked(folder / image_file, image_hash), image_file)
        images[split] = (pixels / np.float32(255)).astype(np.float32)
        labels[split] = parse_idx(_checked(folder / label_file, label_hash), label_file).astype(
            np.int64
        )
        ids[split] = np.arange(first, first + len(pixels))
        first += len(pixels)
    return ImageData(
        name=NAME,
        title="Fashion-MNIST",
        homepage="https://github.com/zalandoresearch/fashion-mnist",
        licence="MIT",
        label_names=LABELS,
        images=images,
        labels=labels,
        ids=ids,
    )


def parse_idx(content: bytes, name: str = "file") -> NDArray[np.uint8]:
    """The array of an IDX file of bytes.

    Args:
        content: of the file, unpacked.
        name: for messages.

    Raises:
        DataError: if it is no such file, or its length is not what its head says.
    """
    if len(content) < 4 or content[:3] != b"\x00\x00\x08":
        raise DataError(f"{name} is no IDX file of bytes; expected it to start with 00 00 08")
    dimensions = content[3]
    start = 4 + 4 * dimensions
    if not dimensions or len(content) < start:
        raise DataError(f"{name} ends within its head of {dimensions} dimensions")
    shape = struct.unpack(f">{dimensions}I", content[4:start])
    expected = int(np.prod(shape, dtype=np.int64))
    if len(content) - start != expected:
        raise DataError(f"{name} holds {len(content) - start} bytes; expected {expected}")
    return np.frombuffer(content, dtype=np.uint8, offset=start).reshape(shape)


def _folder() -> Path:
    mirror = os.environ.get("DIFFICULTY_DATA")
    places = [Path(mirror) / NAME] if mirror else []
    places.append(DEBIAN)
    for place in places:
        if (place / FILES["train"][0][0]).exists():
            return place
    raise DataError(
        f"Fashion-MNIST is not in {' or '.join(map(str, places))}; expected its four files there: "
        "apt install dataset-fashion-mnist, or DIFFICULTY_DATA=<folder that holds fashion-mnist/>"
    )


def _checked(path: Path, expected: str) -> bytes:
    try:
        packed = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror})") from None
    found = hashlib.sha256(packed).hexdigest()
    if found != expected:
        raise DataError(f"{path} has the sha256 {found}; expected {expected}")
    return gzip.decompress(packed)


FASHION = IMAGES.add(
    ImageSet(name=NAME, load=load_fashion, sizes={"train": 2000, "test": 500}, latent=128)
)
