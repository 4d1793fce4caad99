"""A chapter's parameters at the size that is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from difficulty_lib._errors import ConfigError
from difficulty_lib.data import DATASETS

# The data set of a task where none is named: the real one, and the small one that we wrote.
DATA = {
    "sentiment": {"full": "rated-sentences", "small": "rated-sentences"},
    "nli": {"full": "mnli", "small": "tiny-nli"},
    "summarization": {"full": "samsum", "small": "tiny-summaries"},
    "summarization-causal": {"full": "samsum", "small": "tiny-summaries"},
    "question-answering": {"full": "squad", "small": "tiny-questions"},
    "token-classification": {"full": "tiny-tags", "small": "tiny-tags"},
}
SIZES = ("full", "small")
AT_MOST = {"train_size": 300, "eval_size": 200, "epochs": 2, "batch_size": 4}
# Of the benchmark of planted errors, whose intervals are over seeds.
BENCHMARK = "corruptions"
BENCHMARK_TRAIN_SIZE = 400


def sized(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """A chapter's parameters with `size`, and whatever is None, resolved.

    With `size="full"` values stay as they are. With "small" the first seed alone is kept, and what
    is larger, or None, becomes: 300 training samples, 200 of every other split, 2 epochs, batches
    of 4 (so few samples would see too few updates otherwise). A data set that is None is the
    task's own, at "small" the fixture, which needs neither hub nor mirror; splits that are None
    are all but `train`. Where there are `corruptions`, the first two of them and of the seeds are
    kept, and 400 training samples.

    Args:
        parameters: of a notebook.

    Returns:
        The parameters without `size`, `dataset` among them.

    Raises:
        ConfigError: on another size, or a task that has no data set of its own and none given.
    """
    settings = dict(parameters)
    size = settings.pop("size", "full")
    if size not in SIZES:
        raise ConfigError(f"size is {size!r}; expected {' or '.join(SIZES)}")
    if settings.get("dataset") is None:
        task = settings.get("task", "sentiment")
        if task not in DATA:
            raise ConfigError(f"task '{task}' without a data set; expected {', '.join(DATA)}")
        settings["dataset"] = DATA[task][size]
    if "splits" in settings and settings["splits"] is None:
        settings["splits"] = [s for s in DATASETS[settings["dataset"]].splits if s != "train"]
    if size == "small":
        benchmark = BENCHMARK in settings
        larger = {"train_size": BENCHMARK_TRAIN_SIZE} if benchmark else {}
        for name, most in (AT_MOST | larger).items():
            given = settings.get(name)
            if given is None or (isinstance(given, int) and given > most):
                settings[name] = most
        for name in ("seeds", BENCHMARK):
            if isinstance(settings.get(name), list | tuple):
                settings[name] = settings[name][: 2 if benchmark else 1]
    return settings
