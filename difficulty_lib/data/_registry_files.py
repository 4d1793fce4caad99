"""Where the registry's files lie: inside an installed package, or at the top of the repository."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parents[1]


def registry_folder() -> Path:
    """The folder with `datasets.toml`, `models.toml` and `fixtures/`."""
    installed = PACKAGE / "_registry_data"
    return installed if installed.is_dir() else PACKAGE.parent / "data"


def read_registry(name: str) -> dict[str, dict[str, Any]]:
    """One of the registry's TOML files."""
    with (registry_folder() / f"{name}.toml").open("rb") as file:
        return tomllib.load(file)
