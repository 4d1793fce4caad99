"""Second-split training: which samples are lost while the model goes on with others?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from difficulty_lib.data import TextData
from difficulty_lib.dynamics import Dynamics
from difficulty_lib.dynamics._merge import merge_samples
from difficulty_lib.training._config import RunConfig
from difficulty_lib.training._cross_validation import get_or_train_all
from difficulty_lib.training._run import Run


def second_split(
    config: RunConfig,
    data: TextData | None = None,
    *,
    runs: Path | None = None,
    progress: bool = True,
) -> Dynamics:
    """Train on one half, go on with the other, and watch the first; then with the halves exchanged.

    A sample's half follows from its id and the configuration's seed alone. Both stages have the
    configuration's epochs, each with an optimiser and a schedule of its own, and there are two
    runs, `intervention={"second_split": 0}` and `1`. Recorded runs are used again.

    Args:
        config: how to train; its evaluation splits and its training stream are not recorded.
        data: the data, if they are at hand; loaded by name otherwise, and only if needed.
        runs: the folder of one's own runs; `runs_folder()` if not given.
        progress: whether to show bars.

    Returns:
        Dynamics of the stream `second_split` of split `train`, every training sample in it once;
        epoch 0 is the model after its first stage.

    Raises:
        DifficultyError: one line, if data, model or configuration cannot be used, or a half has
            fewer than two classes.

    Source: Maini et al. 2022.
    """
    return together(half_runs(config, data, runs=runs, progress=progress))


def half_runs(
    config: RunConfig,
    data: TextData | None = None,
    *,
    runs: Path | None = None,
    progress: bool = True,
) -> list[Run]:
    """The run of either half; arguments and errors as for `second_split`."""
    return get_or_train_all(
        [
            replace(
                config,
                evaluation_splits=(),
                record_training=False,
                record_gradients=False,
                intervention={**config.intervention, "second_split": half},
            )
            for half in (0, 1)
        ],
        data,
        runs=runs,
        progress=progress,
    )


def together(done: Sequence[Run]) -> Dynamics:
    """What the two runs saw of their first halves during the second stage, as one stream."""
    parts = [run.dynamics.stream("train", "second_split") for run in done]
    return Dynamics({("train", "second_split"): merge_samples(parts, "train", "second_split")})
