"""`python -m difficulty_lib.book._small NOTEBOOKS FOLDER`: small copies of all source notebooks."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from difficulty_lib.book._launch import repository, small_copy


def write_small(sources: Path, folder: Path) -> list[Path]:
    """Write the small copy of every notebook of a folder; returns where they are.

    Args:
        sources: the folder of the source notebooks; CITATION.cff lies beside it.
        folder: where the copies go; it is made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    address = repository(sources.resolve().parent)
    written = []
    for source in sorted(sources.glob("*.ipynb")):
        copy = small_copy(json.loads(source.read_text("utf8")), address)
        target = folder / source.name
        target.write_text(json.dumps(copy, indent=1, ensure_ascii=False) + "\n", encoding="utf8")
        written.append(target)
    return written


if __name__ == "__main__":
    write_small(Path(sys.argv[1]), Path(sys.argv[2]))
