"""A small picture as a PNG, without a library for it."""

from __future__ import annotations

import base64
import struct
import zlib

import numpy as np
from numpy.typing import ArrayLike, NDArray

from difficulty_lib._errors import DataError

# From easy to hard, of rising lightness, so that the order is seen without colours, too.
STOPS = ((4, 4, 24), (72, 20, 104), (160, 48, 110), (232, 96, 72), (252, 170, 80), (252, 250, 190))


def png(values: ArrayLike, *, top: float = 1.0, heat: bool = False) -> bytes:
    """A picture of numbers from 0 to `top`, a pixel each; what lies outside is cut to them.

    Args:
        values: shape (height, width), finite.
        top: what is shown as white, above 0.
        heat: in the colours of a map, from dark to light, instead of grey.

    Raises:
        DataError: on another shape, or values that are not finite.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 2 or not array.size or not np.isfinite(array).all() or not top > 0:
        raise DataError(
            f"a picture of shape {array.shape} up to {top:g}; expected finite numbers of shape "
            "(height, width), and a top above 0"
        )
    shades = np.rint(np.clip(array / top, 0, 1) * 255).astype(np.uint8)
    height, width = shades.shape
    lines = np.concatenate([np.zeros((height, 1), np.uint8), shades], axis=1)  # no filter
    head = struct.pack(">IIBBBBB", width, height, 8, 3 if heat else 0, 0, 0, 0)
    parts = [(b"IHDR", head)]
    if heat:
        parts.append((b"PLTE", _palette().tobytes()))
    parts += [(b"IDAT", zlib.compress(lines.tobytes(), 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, body) for name, body in parts)


def data_uri(picture: bytes) -> str:
    """A PNG as the address of an image that lies in the page."""
    return f"data:image/png;base64,{base64.b64encode(picture).decode()}"


def _palette() -> NDArray[np.uint8]:
    stops = np.array(STOPS, dtype=np.float64)
    at, places = np.linspace(0, 1, len(stops)), np.linspace(0, 1, 256)
    return np.stack([np.interp(places, at, stops[:, c]) for c in range(3)], axis=1).astype(np.uint8)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
