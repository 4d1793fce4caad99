"""scikit-learn's handwritten digits: 1,797 of 8 × 8 pixels, embedded in the package."""

from __future__ import annotations

import numpy as np

from difficulty_lib._extras import require
from difficulty_lib.data._hashing import SPLIT, unit_hash
from difficulty_lib.images._data import IMAGES, ImageData, ImageSet

TEST_SHARE = 1 / 3


def load_digits() -> ImageData:
    """The digits 0 to 9, an id being a row of scikit-learn's table.

    It has no split, so about a third, by a hash of the id, is `test`.
    """
    found = require("sklearn.datasets", "train").load_digits()
    images = (found.images / 16).astype(np.float32)
    labels, ids = found.target.astype(np.int64), np.arange(len(images))
    test = unit_hash(ids, salt=SPLIT) < TEST_SHARE
    rows = {"train": ~test, "test": test}
    return ImageData(
        name="digits",
        title="handwritten digits (UCI, scikit-learn)",
        homepage="https://archive.ics.uci.edu/dataset/80",
        licence="CC-BY-4.0",
        label_names=tuple(str(digit) for digit in range(10)),
        images={split: images[part] for split, part in rows.items()},
        labels={split: labels[part] for split, part in rows.items()},
        ids={split: ids[part] for split, part in rows.items()},
    )


DIGITS = IMAGES.add(
    ImageSet(name="digits", load=load_digits, sizes={"train": None, "test": None}, latent=16)
)
