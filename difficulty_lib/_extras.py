"""Optional dependencies: import them where they are used, and name the extra when one is missing."""

from __future__ import annotations

import importlib
from types import ModuleType

from difficulty_lib._errors import MissingExtraError


def require(module: str, extra: str) -> ModuleType:
    """Import `module`, or raise `MissingExtraError` that names the extra which installs it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        missing = (error.name or module).split(".")[0]
        if missing == "difficulty_lib":  # a fault of our own, not a missing extra
            raise
        raise MissingExtraError(
            f"{missing} is not installed; it comes with the extra '{extra}': "
            f"pip install 'difficulty-lib[{extra}]'",
            name=missing,
        ) from error
