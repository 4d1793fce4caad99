"""What a run ran on and with: written into its record, shown under a chapter's title."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from difficulty_lib._extras import require

PACKAGES = ("torch", "transformers", "accelerate", "tokenizers", "numpy", "pandas", "pyarrow")


def environment() -> dict[str, Any]:
    """Date, hardware, versions and, in a checkout, the commit."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "hardware": hardware(),
        "python": platform.python_version(),
        "system": platform.system(),
        "packages": {name: _version(name) for name in PACKAGES},
        "commit": _commit(),
    }


def hardware() -> str:
    """The GPU's name, or the processor's and how many cores torch uses."""
    torch = require("torch", "train")
    if torch.cuda.is_available():
        count = torch.cuda.device_count()
        return (
            f"{count} × {torch.cuda.get_device_name(0)}"
            if count > 1
            else str(torch.cuda.get_device_name(0))
        )
    cores = torch.get_num_threads()
    return f"{_processor()}, {cores} core{'s' if cores > 1 else ''}"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _commit() -> str:
    git = ["git", "-C", os.path.dirname(__file__)]
    try:
        head = subprocess.run(
            [*git, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=True
        )
        changes = subprocess.run(
            [*git, "status", "--porcelain"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return "not a checkout"
    return head.stdout.strip() + ("+changes" if changes.stdout.strip() else "")
