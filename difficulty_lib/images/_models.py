"""The classifier and the autoencoder of the paper on images, for any size of grey image."""

from __future__ import annotations

import itertools
import math
from typing import Any

from difficulty_lib._errors import ModelError
from difficulty_lib._extras import require

FILTERS = (32, 64, 128, 256)


def classifier(side: int, classes: int) -> Any:
    """The paper's "Keras-CNN": two convolutions, a pooling, two dense layers, dropout between.

    Args:
        side: pixels a side, 6 or more.
        classes: 2 or more.

    Returns:
        A module from (batch, side, side) to logits (batch, classes).

    Raises:
        ModelError: on a smaller image, or fewer classes.

    Source: Arriaga, Palacio and Valdenegro-Toro 2023, appendix B.1.
    """
    nn = require("torch", "train").nn
    if side < 6 or classes < 2:
        raise ModelError(f"{side} pixels a side, {classes} classes; expected 6 and 2 or more")
    inside = (side - 4) // 2
    return _as_keras(
        nn.Sequential(
            nn.Unflatten(1, (1, side)),
            nn.Conv2d(1, 32, 3),
            nn.ReLU(),
            nn.Conv2d(32, 64, 3),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Dropout(0.25),
            nn.Flatten(),
            nn.Linear(64 * inside * inside, 128),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.Linear(128, classes),
        )
    )


def autoencoder(side: int, latent: int = 128) -> Any:
    """The paper's autoencoder: strided convolutions to a code, up-sampling and convolutions back.

    Images are padded by empty pixels until they can be halved as often as there are convolutions,
    four times or, for fewer than 16 pixels, as often as they have halves; the output is cut again.

    Args:
        side: pixels a side, 2 or more.
        latent: numbers of the code; the paper has 128, of images of 3,072 values.

    Returns:
        A module from (batch, side, side) to a logit per pixel, (batch, side × side).

    Raises:
        ModelError: on a smaller image, or an empty code.

    Source: Arriaga, Palacio and Valdenegro-Toro 2023, appendix E.
    """
    nn = require("torch", "train").nn
    if side < 2 or latent < 1:
        raise ModelError(f"{side} pixels a side, a code of {latent}; expected 2 and 1 or more")
    depth = min(len(FILTERS), int(math.log2(side)))
    step = 2**depth
    missing = -side % step
    pad = (missing // 2, missing - missing // 2) * 2
    small, widest = (side + missing) // step, FILTERS[depth - 1]
    layers: list[Any] = [nn.Unflatten(1, (1, side)), nn.ZeroPad2d(pad)]
    for before, after in zip((1, *FILTERS), FILTERS[:depth]):
        layers += [nn.Conv2d(before, after, 3, stride=2, padding=1), nn.ReLU()]
    layers += [
        nn.Flatten(),
        nn.Linear(widest * small * small, latent),
        nn.Linear(latent, widest * small * small),
        nn.Unflatten(1, (widest, small, small)),
    ]
    outward = [*FILTERS[:depth][::-1], 1]
    for before, after in itertools.pairwise(outward):
        layers += [nn.Upsample(scale_factor=2), nn.Conv2d(before, after, 3, padding=1), nn.ReLU()]
    # The last activation is the sigmoid of the loss.
    layers[-1] = nn.ZeroPad2d(tuple(-edge for edge in pad))
    return _as_keras(nn.Sequential(*layers, nn.Flatten()))


def _as_keras(model: Any) -> Any:
    """Weights as Keras draws them: Glorot's uniform distribution, biases 0."""
    init = require("torch", "train").nn.init
    for name, values in model.named_parameters():
        if name.endswith("weight"):
            init.xavier_uniform_(values)
        else:
            init.zeros_(values)
    return model
