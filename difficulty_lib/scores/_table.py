"""Scores side by side, and rankings that put the hardest first whatever a score's direction."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from difficulty_lib._errors import ConfigError
from difficulty_lib.dynamics import StreamDynamics
from difficulty_lib.scores._score import SCORES


def score_table(dynamics: StreamDynamics, names: Sequence[str] | None = None) -> pd.DataFrame:
    """Every score that these dynamics allow, or those named, a column each.

    Args:
        dynamics: one split and stream.
        names: names of scores; all available ones if not given.

    Returns:
        A frame indexed by sample_id; columns in the order of the registry, or of `names`. `attrs["stream"]`
        says which stream the scores were computed from.

    Raises:
        ConfigError: on an unknown name.
        DynamicsError: if a named score needs what was not recorded.
    """
    if names is None:
        chosen = [s for s in SCORES.values() if s.available(dynamics)]
    else:
        chosen = [SCORES[name] for name in names]
    index = pd.Index(dynamics.ids, name="sample_id")
    table = pd.DataFrame({s.name: s(dynamics) for s in chosen}, index=index)
    table.attrs["stream"] = dynamics.stream
    return table


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
    """The registry as a table: name, title, formula, direction, needs, stream, citation."""
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
                "citation": s.citation,
            }
            for s in SCORES.values()
        ]
    )
