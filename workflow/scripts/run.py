"""Train and record one run of the grid."""

import os
import sys
from typing import Any

from difficulty_lib import DifficultyError
from difficulty_lib.training import RunConfig, get_or_train


def main(workflow: Any) -> None:
    """Train the run, unless it is recorded."""
    os.environ["DIFFICULTY_RUNS"] = workflow.params.root
    try:
        run = get_or_train(RunConfig.from_dict(dict(workflow.params.settings)))
    except DifficultyError as error:
        sys.exit(f"difficulty: {error}")
    print(f"recorded {run.folder}", file=sys.stderr)


main(snakemake)  # noqa: F821
