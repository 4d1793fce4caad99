"""Train and record one run of the grid, on a GPU of its own where there are several."""

import os
import sys
from typing import Any

from difficulty_lib import DifficultyError
from difficulty_lib.grid import make_plan, own_gpu, plan_lines, read_records
from difficulty_lib.training import RunConfig, get_or_train


def main(workflow: Any) -> None:
    """Train the run, unless it is recorded; say how much of the edition is left."""
    os.environ["DIFFICULTY_RUNS"] = workflow.params.root
    try:
        with own_gpu() as device:
            run = get_or_train(RunConfig.from_dict(dict(workflow.params.settings)))
        left = plan_lines(
            make_plan(workflow.config, read_records(["data/runs", workflow.params.root]))
        )
    except DifficultyError as error:
        sys.exit(f"difficulty: {error}")
    where = "" if device is None else f" on GPU {device}"
    # The run's own record is written by now, though Snakemake has yet to be told.
    print("\n".join([f"recorded {run.folder}{where}", *left[:2]]), file=sys.stderr)


main(snakemake)  # noqa: F821
