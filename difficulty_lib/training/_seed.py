"""Seeds, and quiet libraries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from difficulty_lib._extras import require


def seed_everything(seed: int) -> None:
    """Seed Python, numpy and torch, on every device."""
    require("transformers", "train").set_seed(seed)


@contextmanager
def quiet() -> Iterator[None]:
    """Without the notes of `transformers` about new heads and unused weights."""
    logging = require("transformers.utils.logging", "train")
    level = logging.get_verbosity()
    bars = logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
