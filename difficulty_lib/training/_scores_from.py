"""The scores that steer a run: those of a recorded run, or of a file whose content is known."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib.scores import SCORES
from difficulty_lib.training._run import RECORD, Run

if TYPE_CHECKING:
    from difficulty_lib.training._config import RunConfig

SOURCE = (
    *("score", "run", "stream", "epochs", "allow_collapsed"),
    *("file", "digest", "higher_is_harder"),
)


def scores_from(
    given: dict[str, Any], where: str, dataset: str, roots: Sequence[Path]
) -> pd.Series:
    """Scores of training samples, indexed by sample_id.

    Args:
        given: `score`, and either `run`, a recorded run's folder name (with `stream` where training
            was observed in several, `epochs` for its first ones alone, and `allow_collapsed` for a
            run that may have learnt nothing), or `file`, a CSV or
            Parquet file with the columns sample_id and the score's, and `digest`, the first 12
            hex digits of its sha256, so that other scores make another run.
        where: for messages.
        dataset: that the scores must be of.
        roots: folders of runs, the first that has it is taken.

    Raises:
        ConfigError: on what is none of these, naming it.
        DataError: on a file without these columns, or a run of other data.
        DynamicsError: if the run does not hold what the score needs.
    """
    name = given.get("score")
    if not isinstance(name, str):
        raise ConfigError(f"intervention {where}: score is {name!r}; expected a score's name")
    if ("run" in given) == ("file" in given):
        raise ConfigError(f"intervention {where}: expected either run or file, where scores are")
    if "file" in given:
        return _of_file(Path(str(given["file"])), given.get("digest"), name, where)
    return _of_run(given, name, where, dataset, roots)


def file_digest(path: str | Path) -> str:
    """The first 12 hex digits of a file's sha256."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:12]


def source_run(name: str, where: str, dataset: str, roots: Sequence[Path]) -> Run:
    """The recorded run that another one is steered by.

    Args:
        name: its folder's.
        where: for messages.
        dataset: that it must be of.
        roots: folders of runs, the first that has it is taken.

    Raises:
        ConfigError: if it is in none of them.
        DataError: if it is of other data.
    """
    folder = next((root / name for root in roots if (root / name / RECORD).exists()), None)
    if folder is None:
        raise ConfigError(
            f"intervention {where}: there is no recorded run '{name}'; expected the name of "
            f"a folder in {', '.join(dict.fromkeys(map(str, roots)))}"
        )
    run = Run.load(folder)
    if run.config.dataset != dataset:
        raise DataError(
            f"intervention {where}: run '{name}' is of {run.config.dataset}; expected one "
            f"of {dataset}"
        )
    return run


def needed_runs(config: RunConfig) -> list[str]:
    """Folder names of the runs that must be recorded before this one: those that steer it."""
    return [
        given["run"]
        for given in config.intervention.values()
        if isinstance(given, dict) and isinstance(given.get("run"), str)
    ]


def check_known(given: Mapping[Any, Any], where: str, known: Sequence[str]) -> None:
    """Refuse settings of an intervention that are none.

    Raises:
        ConfigError: naming them, and what is known.
    """
    unknown = sorted(set(map(str, given)) - set(known))
    if unknown:
        raise ConfigError(
            f"intervention {where} has no {', '.join(unknown)}; known: {', '.join(known)}"
        )


def _of_file(path: Path, digest: Any, name: str, where: str) -> pd.Series:
    if not path.is_file():
        raise ConfigError(f"intervention {where}: {path} is no file; expected a table of scores")
    found = file_digest(path)
    if digest != found:
        raise ConfigError(
            f"intervention {where}: digest is {digest!r}, that of {path.name} is '{found}'; expected "
            "the digest of the scores that are meant"
        )
    try:
        read = pd.read_parquet if path.suffix == ".parquet" else pd.read_csv
        table = read(path)
    except (ValueError, OSError) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise DataError(f"{path} cannot be read ({reason}); expected CSV or Parquet") from None
    if "sample_id" not in table and table.index.name == "sample_id":
        table = table.reset_index()
    missing = [column for column in ("sample_id", name) if column not in table]
    if missing:
        raise DataError(
            f"{path}: no column {', '.join(missing)}; there are {', '.join(map(str, table.columns))}"
        )
    scores: pd.Series = table.set_index("sample_id")[name]
    return scores


def _of_run(
    given: dict[str, Any], name: str, where: str, dataset: str, roots: Sequence[Path]
) -> pd.Series:
    from difficulty_lib.budget import first_epochs  # which needs runs, as this does

    run = source_run(str(given["run"]), where, dataset, roots)
    entry = SCORES[name]
    dynamics = run.load_dynamics("train")
    known = [stream for split, stream in dynamics.keys if split == "train"]
    stream = given.get("stream", entry.default_stream if len(known) > 1 else known[0])
    seen = dynamics.stream("train", stream)
    if "epochs" in given:
        seen = first_epochs(seen, given["epochs"])
    return entry(seen, allow_collapsed=given.get("allow_collapsed") is True)
