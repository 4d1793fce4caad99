"""The benchmark: cells of corruption, rate and seed; who competes in one; and one long table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from difficulty_lib._errors import ConfigError, DataError, DynamicsError
from difficulty_lib.audit._contestants import (
    confidence_weighted_entropy,
    contestant_table,
    mean_of_ranks,
    random_ranking,
    score_contestants,
)
from difficulty_lib.audit._measures import MEASURE_NAMES
from difficulty_lib.audit._oriented import MARK
from difficulty_lib.audit._sentence_embeddings import split_embeddings
from difficulty_lib.audit._table import measure_table
from difficulty_lib.audit._text_contestants import (
    by_cleanlab,
    keep_text_contestants,
    kept_text_contestants,
    text_contestants,
)
from difficulty_lib.corruptions import CORRUPTIONS
from difficulty_lib.data import TextData
from difficulty_lib.dynamics import Dynamics, StreamDynamics

if TYPE_CHECKING:
    from difficulty_lib.training import Run, RunConfig

# Named before any result was seen; each competes where all of its members do.
ENSEMBLES: Mapping[str, tuple[str, ...]] = {
    "ensemble/in_sample": ("action_score/training", "aum/training", "action_score/evaluation"),
    "ensemble/out_of_sample": (
        "self_confidence/cross_validated",
        "action_score/cross_validated",
        "neighbour_disagreement/10",
    ),
    "ensemble/all": (
        "action_score/training",
        "aum/training",
        "self_confidence/cross_validated",
        "neighbour_disagreement/10",
    ),
}
CORRUPTED = "corrupted"  # the intervention's name


@dataclass(frozen=True)
class BenchmarkCell:
    """One setting of the benchmark, and the runs that it needs.

    Attributes:
        corruption: its name.
        rate: of the training samples.
        seed: of errors, model and order alike.
        config: of the run on all corrupted samples, whose training and in-sample evaluation streams
            are recorded.
        folds: configurations of the folds' runs, with probabilities; none without cross-validation.
    """

    corruption: str
    rate: float
    seed: int
    config: RunConfig
    folds: tuple[RunConfig, ...] = ()

    @property
    def configs(self) -> tuple[RunConfig, ...]:
        """Of all runs of the cell."""
        return (self.config, *self.folds)


@dataclass(frozen=True)
class CellContestants:
    """Who competes in a cell, and the truth.

    Attributes:
        corruption: its name.
        rate: of the training samples.
        seed: of the cell.
        contestants: a column each, by sample_id, high is hard, marked as oriented.
        truth: by sample_id, of the same samples, whether it is corrupted.
    """

    corruption: str
    rate: float
    seed: int
    contestants: pd.DataFrame = field(repr=False)
    truth: pd.Series = field(repr=False)


def benchmark_configs(
    base: RunConfig,
    corruptions: Sequence[Sequence[Any]],
    seeds: Sequence[int],
    *,
    folds: int | None = None,
) -> list[BenchmarkCell]:
    """The cells of a benchmark, seed by seed within rate within corruption as given.

    Args:
        base: how to train; seed, corruption and what is recorded are the cell's.
        corruptions: (name, rate) each, or (name, rate, settings); see `training`'s intervention
            `corrupted`.
        seeds: of each of them.
        folds: of the cross-validation; None for none.

    Raises:
        ConfigError: on an empty list, a corruption that is no such pair, or a cell that is there
            twice.
    """
    from difficulty_lib.training._cross_validation import fold_configs

    if not len(corruptions) or not len(seeds):
        raise ConfigError(
            f"{len(corruptions)} corruptions and {len(seeds)} seeds; expected one or more of each"
        )
    cells: list[BenchmarkCell] = []
    for value in corruptions:
        if isinstance(value, str) or len(value) not in (2, 3):
            raise ConfigError(f"corruption {value!r}; expected (name, rate)")
        for seed in seeds:
            config = replace(
                base,
                seed=seed,
                evaluation_splits=("train",),
                record_training=True,
                record_probabilities=False,
                intervention={**base.intervention, CORRUPTED: list(value)},
            )
            parts = () if folds is None else fold_configs(_with_probabilities(config), folds)
            cells.append(BenchmarkCell(value[0], float(value[1]), seed, config, tuple(parts)))
    names = [(cell.corruption, cell.rate, cell.seed) for cell in cells]
    doubled = [name for name in names if names.count(name) > 1]
    if doubled:
        raise ConfigError(f"cell {doubled[0]} is there more than once; expected each once")
    return cells


def run_cell(
    cell: BenchmarkCell,
    data: TextData | None = None,
    *,
    runs: Path | None = None,
    progress: bool = True,
    embedding: str | None = None,
    allow_collapsed: bool = False,
) -> CellContestants:
    """The cell's runs, trained where they are not recorded, and its contestants.

    Args:
        cell: as `benchmark_configs` gives it.
        data: the texts; without them those contestants are left out that need embeddings, and what
            is to be trained is loaded by name.
        runs: the folder of one's own runs.
        progress: whether to show bars.
        embedding: as `split_embeddings`' model.
        allow_collapsed: as `cell_contestants`.

    Raises:
        DifficultyError: as `get_or_train` and `cell_contestants`.
    """
    from difficulty_lib.training._cross_validation import get_or_train_all

    run, *parts = get_or_train_all(cell.configs, data, runs=runs, progress=progress)
    vectors = None if data is None else training_embedding(run, data, embedding)
    return cell_contestants(run, parts or None, vectors, allow_collapsed=allow_collapsed)


def training_embedding(run: Run, data: TextData, model: str | None = None) -> pd.DataFrame:
    """The texts that a run was trained on as vectors, those that its intervention added among them.

    Args:
        run: the run.
        data: the data that it was made from.
        model: as `split_embeddings`.

    Returns:
        Shape (N, D), by sample_id.

    Raises:
        DifficultyError: as `split_embeddings`, or if the data cannot be corrupted so.
    """
    from difficulty_lib.training._corrupting import corrupt

    sized = data.subset({"train": run.config.train_size})
    if CORRUPTED in run.config.intervention:
        entry = CORRUPTIONS[run.config.intervention[CORRUPTED][0]]
        if entry.adds_rows or entry.changes == "text":  # of others the texts are as they were
            sized, _ = corrupt(sized, run.config)
    return split_embeddings(sized, model=model)


def recorded_text_contestants(run: Run, data: TextData | None) -> pd.DataFrame | None:
    """`text_contestants` of a corrupted run, kept in its folder, lest they be worked out again.

    Args:
        run: with the intervention `corrupted`.
        data: the data that it was made from; None where the texts cannot be had.

    Returns:
        Shape (N, 1 or 5), by sample_id, oriented; None if they are neither kept nor can be worked
        out: without texts, or without classes.

    Raises:
        DifficultyError: as `training_embedding`.
    """
    known = kept_text_contestants(run)
    truth = run.truth
    if known is not None or data is None or truth is None or "given_label" not in truth:
        return known
    found = text_contestants(truth["given_label"].sort_index(), training_embedding(run, data))
    keep_text_contestants(run, found)
    return found


def cell_contestants(
    run: Run,
    cross_validated: Sequence[Run] | Dynamics | None = None,
    embedding: pd.DataFrame | None = None,
    *,
    by_texts: pd.DataFrame | None = None,
    allow_collapsed: bool = False,
) -> CellContestants:
    """Everyone who ranks the training samples of a corrupted run.

    These are all scores "<score>/training" and "<score>/evaluation", as far as the streams were
    recorded; "<score>/cross_validated"; what cleanlab makes of the cross-validated probabilities
    ("confident_learning/cross_validated", "cleanlab_self_confidence/…") and of those of a
    logistic regression on embeddings ("…/embedding"), where cleanlab is installed;
    "neighbour_disagreement/10"; "random"; and the `ENSEMBLES` whose members are all there.

    Args:
        run: with the intervention `corrupted`.
        cross_validated: the runs of its folds, or what `cross_validate` gave, which holds no
            probabilities.
        embedding: of the corrupted training texts, shape (≥ N, D), by sample_id.
        by_texts: instead of it, what `recorded_text_contestants` gave.
        allow_collapsed: whether scores of a run count, too, that learnt nothing.

    Raises:
        DynamicsError: if the run has no truth or no stream of the training split, if the folds are
            of other samples or labels than the run, or if a run collapsed.
        DataError: if samples have no embedding.
    """
    found = run.truth
    if found is None:
        raise DynamicsError(
            f"{run.folder.name}: no truth; expected a run with the intervention 'corrupted'"
        )
    streams = [("train", "training"), ("train", "evaluation")]
    recorded = [run.dynamics.stream(*key) for key in streams if key in run.dynamics.keys]
    if not recorded:
        raise DynamicsError(
            f"{run.folder.name}: no stream of the training split; expected record_training or "
            "'train' among the evaluation splits"
        )
    ids = pd.Index(recorded[0].ids, name="sample_id")
    truth = found.loc[ids, CORRUPTED]
    labels = None if recorded[0].label is None else pd.Series(recorded[0].label, index=ids)
    parts: list[pd.Series | pd.DataFrame] = [
        score_contestants(stream, allow_collapsed=allow_collapsed) for stream in recorded
    ]
    if cross_validated is not None:
        dynamics, probabilities = _cross_validated(cross_validated)
        stream = dynamics.stream("train", "cross_validated")
        _check_same(stream, recorded[0], run.folder.name)
        parts.append(score_contestants(stream, allow_collapsed=allow_collapsed))
        if labels is not None:
            weighed = confidence_weighted_entropy(stream, len(run.label_names))
            parts.append(weighed)
            parts += by_cleanlab(labels, probabilities, "cross_validated")
    if embedding is not None and labels is not None:
        by_texts = text_contestants(labels, embedding)
    if by_texts is not None:
        parts.append(_of_these(by_texts, ids, run.folder.name))
    parts.append(random_ranking(ids, seed=run.config.seed))
    table = contestant_table(*parts)
    together = [
        mean_of_ranks(_columns(table, members), name)
        for name, members in ENSEMBLES.items()
        if set(members) <= set(table)
    ]
    name, rate = run.config.intervention[CORRUPTED][:2]
    return CellContestants(
        corruption=name,
        rate=float(rate),
        seed=run.config.seed,
        contestants=contestant_table(table, *together),
        truth=truth,
    )


def benchmark_table(
    cells: Sequence[CellContestants], *, share: float = 0.8, resamples: int = 1000
) -> pd.DataFrame:
    """`measure_table` of every cell, in long form.

    Args:
        cells: their contestants.
        share: of the errors, for the effort.
        resamples: bootstrap resamples of a cell's rows, the same for all of its contestants; 0 for
            no intervals.

    Returns:
        A row per cell, contestant and measure: `corruption`, `rate`, `seed`, `contestant`,
        `measure` (of `MEASURE_NAMES`), `value`, `low`, `high`, `chance` (of a random order),
        `base_rate`, `errors`, `n`.

    Raises:
        DataError: without cells, or if a cell is there twice; and as `measure_table`.
    """
    if not cells:
        raise DataError("no cells of a benchmark; expected one or more")
    names = [(cell.corruption, cell.rate, cell.seed) for cell in cells]
    if len(set(names)) < len(names):
        doubled = next(name for name in names if names.count(name) > 1)
        raise DataError(f"cell {doubled} is there more than once; expected each once")
    parts = []
    for cell in cells:
        wide = measure_table(cell.contestants, cell.truth, share=share, resamples=resamples)
        chance = wide.attrs["chance"]
        for measure in MEASURE_NAMES:
            renamed = {measure: "value", f"{measure}_low": "low", f"{measure}_high": "high"}
            long = wide[["contestant", *renamed, "base_rate", "errors", "n"]]
            long = long.rename(columns=renamed).assign(measure=measure, chance=chance[measure])
            parts.append(long.assign(corruption=cell.corruption, rate=cell.rate, seed=cell.seed))
    columns = ["corruption", "rate", "seed", "contestant", "measure", "value", "low", "high"]
    whole = pd.concat(parts, ignore_index=True)
    return whole[[*columns, "chance", "base_rate", "errors", "n"]]


def _with_probabilities(config: RunConfig) -> RunConfig:
    from difficulty_lib.tasks import TASKS

    return replace(config, record_probabilities=TASKS[config.task].target == "class")


def _cross_validated(given: Sequence[Run] | Dynamics) -> tuple[Dynamics, pd.DataFrame | None]:
    from difficulty_lib.training._cross_validation import together
    from difficulty_lib.training._probabilities import fold_probabilities

    if isinstance(given, Dynamics):
        return given, None
    return together(given), fold_probabilities(given)


def _check_same(folds: StreamDynamics, whole: StreamDynamics, name: str) -> None:
    if folds.ids.tolist() != whole.ids.tolist():
        raise DynamicsError(
            f"{name}: {len(whole)} samples, and its folds hold {len(folds)} or others; expected "
            "folds of the same corrupted data"
        )
    if folds.label is not None and whole.label is not None:
        other = whole.ids[folds.label != whole.label]
        if len(other):
            raise DynamicsError(
                f"{name}: {len(other)} labels are others in its folds, first: "
                f"{other[:5].tolist()}; expected folds of the same corrupted data"
            )


def _of_these(table: pd.DataFrame, ids: pd.Index, name: str) -> pd.DataFrame:
    missing = ids.difference(table.index)
    if len(missing):
        raise DataError(
            f"{name}: by_texts lacks {len(missing)} samples, first: {missing[:5].tolist()}; expected "
            "a row for each"
        )
    return _columns(table.loc[ids], list(table))


def _columns(table: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    chosen = table[list(names)]
    chosen.attrs[MARK] = table.attrs[MARK]
    return chosen
