"""Every benchmark of this folder, one after the other in one run on this machine.

Prints each figure as a ratio with its spread, and writes the table that the book's chapter on cost
shows: data/benchmarks/<hardware>.json, with hardware, versions and date.

Usage: python benchmarks/all.py [--out FOLDER]
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from difficulty_lib.training._environment import environment

HERE = Path(__file__).parent
PARTS = ("recording.py", "ranks.py", "gradients.py", "scale.py")


def main() -> None:
    """Run every part in a process of its own, and merge what they write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=HERE.parent / "data" / "benchmarks")
    given = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for part in PARTS:
            print(f"— {part}", flush=True)
            written = Path(folder) / f"{part}.json"
            subprocess.run([sys.executable, str(HERE / part), "--json", str(written)], check=True)
            rows += json.loads(written.read_text("utf8"))
    where = environment()
    name = re.sub(r"[^a-z0-9]+", "-", where["hardware"].lower()).strip("-")
    given.out.mkdir(parents=True, exist_ok=True)
    target = given.out / f"{name}.json"
    target.write_text(
        json.dumps({"environment": where, "rows": rows}, indent=1) + "\n", encoding="utf8"
    )
    print(f"table: {target}")


if __name__ == "__main__":
    main()
