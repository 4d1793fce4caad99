"""`python -m difficulty_lib.grid EDITION.yml`: what is recorded, what is left, what ran where."""

from __future__ import annotations

import sys
from pathlib import Path

import yaml

from difficulty_lib import DifficultyError
from difficulty_lib.grid import make_plan, plan_lines, ran_lines, read_records


def main(path: str) -> None:
    """Print the state of the edition whose file this is."""
    edition = yaml.safe_load(Path(path).read_text("utf8"))
    try:
        records = read_records(["data/runs", edition["runs"]])
        plan = make_plan(edition, records)
    except DifficultyError as error:
        sys.exit(f"difficulty: {error}")
    ran = [cell.record for cell in plan.done if cell.record is not None]
    print("\n".join([*ran_lines(ran), *plan_lines(plan)]))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m difficulty_lib.grid EDITION.yml")
    main(sys.argv[1])
