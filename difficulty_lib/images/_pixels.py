"""The action score of every pixel, and what a pixel brings with it: its entropy, its edges."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from difficulty_lib._errors import DynamicsError
from difficulty_lib.dynamics import StreamDynamics
from difficulty_lib.scores import token_table

Array = NDArray[np.float64]


def pixel_maps(stream: StreamDynamics, side: int) -> Array:
    """The action score of every pixel: the sum of its loss over the epochs, in nats; high is hard.

    It is the score of tokens, by the same function: a pixel is a token of its image.

    Args:
        stream: with every pixel as a token, as `observe_pixels` gives them.
        side: pixels a side.

    Returns:
        Shape (N, side, side), in the order of the stream's ids.

    Raises:
        DynamicsError: if no pixels were recorded, or other numbers of them.

    Source: Arriaga, Palacio and Valdenegro-Toro 2023, appendix E.
    """
    if stream.tokens is not None and (stream.tokens.lengths != side * side).any():
        raise DynamicsError(
            f"images of {int(stream.tokens.lengths[0])} pixels; expected {side * side}"
        )
    scores = token_table(stream, ["action_score"])["action_score"]
    return scores.to_numpy().reshape(len(stream), side, side)


def pixel_entropy(images: NDArray[np.float32]) -> Array:
    """The entropy of a pixel read as a probability, in nats: what its loss cannot fall below.

    Args:
        images: from 0 to 1, any shape.

    Returns:
        The same shape: 0 where a pixel is empty or full, log 2 where it is half grey.
    """
    x = np.asarray(images, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Array = -(
            np.where(x > 0, x * np.log(x), 0.0) + np.where(x < 1, (1 - x) * np.log1p(-x), 0.0)
        )
    return found


def edge_pixels(images: NDArray[np.float32], contrast: float = 0.5) -> NDArray[np.bool_]:
    """Which pixels lie at an edge: within the eight around it and itself, values differ by `contrast`.

    Args:
        images: shape (N, side, side), from 0 to 1. What lies outside the image counts for nothing.
        contrast: 0 to 1.
    """
    padded = np.pad(np.asarray(images, dtype=np.float64), ((0, 0), (1, 1), (1, 1)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
    found: NDArray[np.bool_] = np.ptp(windows, axis=(-2, -1)) >= contrast
    return found
