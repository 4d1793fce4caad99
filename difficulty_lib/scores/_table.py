"""Scores side by side, and rankings that put the hardest first whatever a score's direction."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from difficulty_lib._errors import ConfigError
from difficulty_lib.dynamics import StreamDynamics
from difficulty_lib.dynamics._reductions import DEFAULT_REDUCTION
from difficulty_lib.scores._across_runs import ensemble
from difficulty_lib.scores._blocks import in_blocks
from difficulty_lib.scores._collapsed import refuse_collapsed
from difficulty_lib.scores._same_samples import same_samples
from difficulty_lib.scores._score import SCORES, Score


def score_table(
    dynamics: StreamDynamics | Sequence[StreamDynamics],
    names: Sequence[str] | None = None,
    *,
    reduction: str | None = None,
    allow_collapsed: bool = False,
) -> pd.DataFrame:
    """Every score that these dynamics allow, or those named, a column each.

    Args:
        dynamics: one split and stream; or that of several runs of the same samples, over which
            every score is averaged (see `ensemble`), beside the scores that need several.
        names: names of scores; all available ones if not given.
        reduction: of sequences, by which a sample's tokens become one number (`REDUCTIONS`), their
            mean by default.
        allow_collapsed: whether to score a run, too, that learnt nothing.

    Returns:
        A frame indexed by sample_id; columns in the order of the registry, or of `names`.
        `attrs["stream"]` says which stream the scores were computed from, `attrs["runs"]` of how
        many runs, and, of sequences, `attrs["reduction"]` by which reduction.

    Raises:
        ConfigError: on an unknown name.
        DynamicsError: if a named score needs what was not recorded, or a reduction tokens that were
            not, if a sequence has no token, or the runs hold other samples or streams, naming the
            first ids, or a run collapsed (see `dynamics.check_health`).

    Warns:
        CollapsedRunWarning: if it is doubtful whether a run learnt anything.
    """
    runs = [dynamics] if isinstance(dynamics, StreamDynamics) else list(dynamics)
    if reduction is not None:
        runs = [run.reduce(reduction) for run in runs]
    several = len(runs) != 1
    if several:
        same_samples(runs)
    if names is None:
        chosen = [s for s in SCORES.values() if _allowed(s, runs)]
    else:
        chosen = [SCORES[name] for name in names]
    if not several:
        for entry in chosen:
            entry.check_one_run(runs[0])
    for run in runs:
        refuse_collapsed(run, allow=allow_collapsed)
    runs = [run.trusted() if run.health else run for run in runs]  # said once is enough
    index = pd.Index(runs[0].ids, name="sample_id")
    if several:
        table = pd.DataFrame({s.name: ensemble(runs, s.name) for s in chosen}, index=index)
    else:
        values = in_blocks(chosen, runs[0])
        table = pd.DataFrame(values.T, index=index, columns=[s.name for s in chosen], copy=False)
    table.attrs["stream"] = runs[0].stream
    table.attrs["runs"] = len(runs)
    if runs[0].tokens is not None:
        table.attrs["reduction"] = runs[0].reduction or DEFAULT_REDUCTION
    return table


def _allowed(entry: Score, runs: Sequence[StreamDynamics]) -> bool:
    if entry.several_runs:
        return entry.available_across(runs)
    return all(entry.available(stream) for stream in runs)


def distinct_scores(table: pd.DataFrame) -> pd.DataFrame:
    """The table without the scores that order these samples as an earlier column does.

    Args:
        table: a column per registered score, indexed by sample_id.

    Returns:
        The columns that are left, in their order: of the action score and its mean, say, the
        first. Two scores are alike if each is monotone in the other, ties included, apart from
        the rounding of the recorded columns (1e-6 of the range).
    """
    turned = {
        str(name): hardness(table[name], higher_is_harder=SCORES[str(name)].higher_is_harder)
        for name in table
    }
    kept: list[str] = []
    for name, values in turned.items():
        if not any(_same_order(turned[earlier], values) for earlier in kept):
            kept.append(name)
    return table[kept]


def _same_order(a: NDArray[np.float64], b: NDArray[np.float64]) -> bool:
    return _monotone(a, b) and _monotone(b, a)


def _monotone(by: NDArray[np.float64], values: NDArray[np.float64]) -> bool:
    """Whether the values never fall along `by`, nor differ where it does not."""
    steps = np.diff(values[np.lexsort((-values, by))])
    return bool((steps >= -1e-6 * np.ptp(values)).all()) if len(values) else True


def hardness(values: ArrayLike, *, higher_is_harder: bool) -> NDArray[np.float64]:
    """The values turned so that high is hard.

    Args:
        values: shape (N,).
        higher_is_harder: the score's direction.
    """
    array = np.asarray(values, dtype=np.float64)
    return array if higher_is_harder else -array


def ranking(scores: pd.Series, *, higher_is_harder: bool | None = None) -> pd.Series:
    """Rank of every sample, 1 the hardest; ties share the smaller rank's order by sample_id.

    Args:
        scores: indexed by sample_id; its name is that of a registered score unless
            `higher_is_harder` is given.
        higher_is_harder: the direction, for numbers that are not of a registered score.

    Returns:
        A series of ints 1 … N named `rank`, indexed by sample_id, hardest first.

    Raises:
        ConfigError: if the direction is neither given nor registered.
    """
    if higher_is_harder is None:
        if scores.name not in SCORES:
            raise ConfigError(
                f"'{scores.name}' is no registered score: say higher_is_harder=True or False"
            )
        higher_is_harder = SCORES[str(scores.name)].higher_is_harder
    turned = hardness(scores.to_numpy(), higher_is_harder=higher_is_harder)
    order = np.lexsort((scores.index.to_numpy(), -turned))
    return pd.Series(
        np.arange(1, len(scores) + 1), index=scores.index[order], name="rank", dtype=np.int64
    )


def methods_table() -> pd.DataFrame:
    """The registry as a table: name, title, formula, direction, needs, stream, runs, citation."""
    return pd.DataFrame(
        [
            {
                "name": s.name,
                "title": s.title,
                "formula": s.formula,
                "hard is": "high" if s.higher_is_harder else "low",
                "means": s.means,
                "needs": ", ".join(s.needs),
                "defined on": s.default_stream,
                "held out": "yes" if s.held_out else "no",
                "runs": "several" if s.several_runs else "one",
                "citation": s.citation,
            }
            for s in SCORES.values()
        ]
    )
