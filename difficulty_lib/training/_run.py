"""A recorded run, as it lies in its folder."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from difficulty_lib._errors import DynamicsError
from difficulty_lib.dynamics import Dynamics, StreamDynamics
from difficulty_lib.dynamics._health import CollapsedRunWarning
from difficulty_lib.scores import null_loss_from_frequencies
from difficulty_lib.training._config import RunConfig
from difficulty_lib.training._ood import read_ood

RECORD = "run.json"
OUTPUTS = "outputs"
TRUTH = "truth.parquet"


@dataclass(frozen=True)
class Run:
    """A complete recorded run.

    Attributes:
        folder: where it lies.
        config: what was run.
        record: the content of `run.json`: environment, data, metrics, timings, and by stream what
            speaks against its having learnt anything (`health`, empty for a healthy run).
    """

    folder: Path
    config: RunConfig
    record: dict[str, Any]

    @cached_property
    def dynamics(self) -> Dynamics:
        """Everything that was recorded, checked for completeness (see `load_dynamics`)."""
        return self.load_dynamics()

    def load_dynamics(
        self,
        split: str | None = None,
        stream: str | None = None,
        columns: Sequence[str] | None = None,
    ) -> Dynamics:
        """What was recorded of this split and stream, or of all, checked for completeness.

        Where the labels are known and the loss without the input was not recorded, the static
        column `null_loss` is that of the labels' frequencies in training.

        Raises:
            DynamicsError: if something is missing or damaged.
        """
        with expected_warnings_hidden(self.config):
            dynamics = Dynamics.load(self.folder, split, stream, columns)
        counts = self.record["data"].get("label_counts", {}).get("train")
        if counts is None:
            return dynamics
        return Dynamics({key: _with_null(dynamics.stream(*key), counts) for key in dynamics.keys})

    @property
    def hash(self) -> str:
        """The run's identity."""
        return str(self.record["hash"])

    @property
    def label_names(self) -> list[str]:
        """Name of every label."""
        return list(self.record["data"]["label_names"])

    @property
    def sizes(self) -> dict[str, int]:
        """Samples of every split that was used."""
        data = self.record["data"]
        counts = data.get("label_counts", {})
        return dict(data.get("rows") or {split: sum(counts[split]) for split in counts})

    def accuracy(self, split: str, epoch: int | None = None) -> float:
        """Accuracy after an epoch, the last if not given, of the evaluation stream."""
        stream = self.dynamics.stream(split, "evaluation")
        row = -1 if epoch is None else stream.trained_epochs.tolist().index(epoch)
        return float(stream.matrix("correct")[row].mean())

    def outputs(self, split: str) -> pd.DataFrame | None:
        """What the model gave out for a split after the last epoch, or None if nothing was kept.

        Returns:
            Indexed by sample_id. Of summaries: `generated`, `rouge1`, `rouge2`, `rougeL` (F, 0 to
            1), `generated_entropy` (mean nats per token), `generated_tokens`. Of questions:
            `predicted`, `start`, `end` (characters of the context), `exact_match`, `f1`. Of classes,
            where the configuration asks for them: `p_0` … `p_{K−1}`, the probabilities.
        """
        path = self.folder / OUTPUTS / f"{split}.parquet"
        return pd.read_parquet(path) if path.exists() else None

    @property
    def truth(self) -> pd.DataFrame | None:
        """Which training samples the intervention corrupted, or None if there was none such.

        Returns:
            Indexed by sample_id, of the whole training split, of whatever fold the run is (see
            `corrupt`): `corrupted`, `start`, `end`, of some corruptions `added` and `source`, and of
            classes `given_label` and `original_label`.
        """
        path = self.folder / TRUTH
        return pd.read_parquet(path) if path.exists() else None

    @property
    def out_of_distribution(self) -> pd.DataFrame | None:
        """How strange the model found texts after the last epoch, or None if that was not asked for.

        Returns:
            Indexed by `source` ("inside", or an outside's name) and `sample_id`: `label` (−1 where
            the run has no such class), `predicted`, `words`, `tokens`, and every score of
            `ood.OOD_SCORES` that there was all for, as published.
        """
        return read_ood(self.folder)

    def best_epoch(self, split: str) -> int:
        """The epoch after which accuracy on `split` was highest, the first of equals."""
        stream = self.dynamics.stream(split, "evaluation")
        return int(stream.trained_epochs[stream.matrix("correct").mean(axis=1).argmax()])

    @classmethod
    def load(cls, folder: str | Path) -> Run:
        """Read a run's folder.

        Raises:
            DynamicsError: if the folder holds no complete run.
        """
        path = Path(folder) / RECORD
        try:
            record = json.loads(path.read_text("utf8"))
            config = RunConfig.from_dict(record["config"])
            missing = [key for key in ("hash", "data") if key not in record]
            if missing:
                raise KeyError(*missing)
        except (FileNotFoundError, NotADirectoryError):
            raise DynamicsError(f"{folder}: no {RECORD}; expected a run's folder") from None
        except (ValueError, KeyError, TypeError) as error:  # JSON, UTF-8 and settings among them
            raise DynamicsError(f"{path} is damaged ({error}); record the run again") from None
        return cls(folder=Path(folder), config=config, record=record)


def load_recorded(
    folder: str | Path,
    split: str | None = None,
    stream: str | None = None,
    columns: Sequence[str] | None = None,
) -> Dynamics:
    """The dynamics of a folder: as those of a run where it is one, as they lie there otherwise.

    Raises:
        DynamicsError: if something is missing or damaged.
    """
    if (Path(folder) / RECORD).exists():
        return Run.load(folder).load_dynamics(split, stream, columns)
    return Dynamics.load(folder, split, stream, columns)


@contextmanager
def expected_warnings_hidden(config: RunConfig) -> Iterator[None]:
    """A model without inputs predicts one class for all, which is no news."""
    with warnings.catch_warnings():
        if "empty_inputs" in config.intervention:
            warnings.simplefilter("ignore", CollapsedRunWarning)
        yield


def _with_null(stream: StreamDynamics, counts: list[int]) -> StreamDynamics:
    if stream.label is None or "null_loss" in stream.static:
        return stream
    try:
        return stream.with_static(null_loss=null_loss_from_frequencies(stream.label, counts))
    except DynamicsError:  # a label that training lacks has no such loss; all else can be scored
        return stream
