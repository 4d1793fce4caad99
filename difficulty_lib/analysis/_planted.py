"""Are planted errors found, by which reduction of the tokens, and is the changed token the hardest?"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib.analysis._estimate import Estimate, bootstrap, share
from difficulty_lib.analysis._measures import area_under_roc, average_precision
from difficulty_lib.analysis._token_difficulty import SCORED, TokenDifficulty
from difficulty_lib.dynamics import REDUCTIONS, StreamDynamics
from difficulty_lib.scores import score_table

Array = NDArray[np.float64]
Drawn = list[NDArray[np.int64]]


@dataclass(frozen=True)
class PlantedErrors:
    """How well corrupted samples are found from their tokens.

    Attributes:
        table: a row per score and reduction, the best average precision of a score first: `score`
            ("action_score", "last_loss"), `reduction`, `average_precision` of the corrupted
            samples, `low`, `high`, `auroc`, `auroc_low`, `auroc_high`.
        differences: of average precision, paired over the same resamples, a row per score and pair
            of reductions: `score`, `first`, `second`, `value` (first − second), `low`, `high`.
        base_rate: share of corrupted samples: what a random order reaches on average.
        n: number of samples.
        hardest: a row per score: `score`, `share` of the corrupted samples whose changed token is
            the hardest, `low`, `high`, `chance` (that share in a random order), `rank` (mean, 1 is
            the hardest), `place` (mean, 0 the hardest, 1 the easiest; ½ in a random order of words
            of which one was changed), `place_low`, `place_high`, `n`. None where the tokens'
            places are not known.
        ranks: a row per corrupted sample and score: `sample_id`, `score`, `token`, `changed`
            (tokens), `tokens`, `rank` of the hardest changed one, `place`.
        lost: corrupted samples whose changed piece was not recorded (cut off), or is the whole text.
    """

    table: pd.DataFrame
    differences: pd.DataFrame = field(repr=False)
    base_rate: float
    n: int
    hardest: pd.DataFrame | None = None
    ranks: pd.DataFrame | None = field(default=None, repr=False)
    lost: tuple[int, ...] = ()

    def lead(self, first: str, second: str, score: str = "action_score") -> Estimate:
        """Average precision of one reduction minus that of another, paired.

        Raises:
            ConfigError: if the two were not compared.
        """
        table = self.differences[self.differences["score"] == score]
        for row in table.to_dict("records"):
            if (row["first"], row["second"]) == (first, second):
                return Estimate(row["value"], row["low"], row["high"], self.n)
            if (row["first"], row["second"]) == (second, first):
                return Estimate(-row["value"], -row["high"], -row["low"], self.n)
        raise ConfigError(f"'{first}' and '{second}' were not compared by {score}")


def planted_errors(
    stream: StreamDynamics,
    truth: pd.DataFrame | pd.Series,
    reductions: Iterable[str] = REDUCTIONS,
    *,
    tokens: TokenDifficulty | None = None,
    resamples: int = 1000,
    seed: int = 0,
    allow_collapsed: bool = False,
) -> PlantedErrors:
    """Rank samples by each reduction of their tokens, and look where the planted errors are.

    A reduction makes one number of a sample's token losses in every epoch; the action score is the
    sum of these over the epochs. Intervals are percentiles of a bootstrap over samples, 95 %, the
    same resamples for all.

    Args:
        stream: of the run that was trained on, or evaluated with, the corrupted texts.
        truth: by sample_id, of all samples of the stream: `corrupted`, and for `tokens` `start` and
            `end`, as `corruptions` give it; or the booleans alone.
        reductions: names of `REDUCTIONS`.
        tokens: the tokens, or words, of the corrupted texts (`token_difficulty`), for the place of
            the changed piece among them. By words a changed name is one of them, however many tokens
            it has.
        resamples: bootstrap resamples.
        seed: of the resampling.
        allow_collapsed: whether to score a run, too, that learnt nothing.

    Raises:
        ConfigError: on an unknown reduction, or none.
        DataError: if samples have no truth, or all or none are corrupted.
        DynamicsError: if no tokens were recorded or the run collapsed.

    Source: average precision of label errors by token reductions, Wang and Mueller 2022.
    """
    names = list(dict.fromkeys(reductions))
    if not names:
        raise ConfigError(f"no reduction is named; known: {', '.join(REDUCTIONS)}")
    known = _truth_of(stream, truth)
    flags = known["corrupted"].to_numpy(dtype=float)
    values = {
        name: score_table(stream, list(SCORED), reduction=name, allow_collapsed=allow_collapsed)
        for name in names
    }
    drawn = _drawn(len(flags), resamples, seed)
    rows: list[dict[str, Any]] = []
    pairs: list[dict[str, Any]] = []
    for score in SCORED:
        columns = {name: values[name][score].to_numpy(dtype=float) for name in names}
        precision = {n: _Measured.of(average_precision, columns[n], flags, drawn) for n in names}
        area = {n: _Measured.of(area_under_roc, columns[n], flags, drawn) for n in names}
        rows += [
            {"score": score, "reduction": name}
            | precision[name].ends("average_precision", "low", "high")
            | area[name].ends("auroc", "auroc_low", "auroc_high")
            for name in sorted(names, key=lambda n: -precision[n].value)
        ]
        pairs += [
            {"score": score, "first": a, "second": b}
            | precision[a].minus(precision[b]).ends("value", "low", "high")
            for a, b in combinations(names, 2)
        ]
    found = PlantedErrors(
        table=pd.DataFrame(rows),
        differences=pd.DataFrame(
            pairs, columns=["score", "first", "second", "value", "low", "high"]
        ),
        base_rate=float(flags.mean()),
        n=len(flags),
    )
    if tokens is None:
        return found
    return _with_places(found, tokens, known, {"resamples": resamples, "seed": seed})


def changed_tokens(tokens: TokenDifficulty, truth: pd.DataFrame) -> pd.Series:
    """Which tokens, or words, hold a character of the changed piece; on the index of `tokens.table`.

    Args:
        tokens: of the corrupted texts.
        truth: by sample_id, `start` and `end` of the changed piece, −1 where there is none.

    Raises:
        DataError: if truth has no places, or a piece is not inside its text.
    """
    if missing := [name for name in ("start", "end") if name not in truth.columns]:
        raise DataError(
            f"the truth has no column '{missing[0]}'; expected the changed piece's place"
        )
    owners = tokens.table.index.get_level_values(0)
    start, end = (
        truth[name].reindex(owners, fill_value=-1).to_numpy() for name in ("start", "end")
    )
    for sample_id, text in tokens.texts.items():
        if sample_id in truth.index and truth.at[sample_id, "end"] > len(text):
            raise DataError(
                f"sample {sample_id}: the changed piece ends at {truth.at[sample_id, 'end']} of a text "
                f"of {len(text)} characters; expected the corrupted text"
            )
    inside = (tokens.table["start"].to_numpy() < end) & (tokens.table["end"].to_numpy() > start)
    return pd.Series(inside & (start >= 0), index=tokens.table.index, name="changed")


def _truth_of(stream: StreamDynamics, truth: pd.DataFrame | pd.Series) -> pd.DataFrame:
    table = truth.to_frame("corrupted") if isinstance(truth, pd.Series) else truth
    if "corrupted" not in table.columns:
        raise DataError(
            f"the truth has no column 'corrupted'; it has {', '.join(map(str, table.columns))}"
        )
    missing = np.setdiff1d(stream.ids, table.index.to_numpy())
    if len(missing):
        raise DataError(
            f"{len(missing)} samples of {stream.split} are not in the truth, "
            f"first: {missing[:5].tolist()}"
        )
    known = table.loc[stream.ids]
    flags = known["corrupted"].to_numpy()
    if flags.dtype != bool:
        raise DataError(f"'corrupted' is of type {flags.dtype}; expected booleans")
    if flags.all() or not flags.any():
        raise DataError(
            f"{int(flags.sum())} of {len(flags)} samples are corrupted; expected some, and not all"
        )
    return known


@dataclass(frozen=True)
class _Measured:
    """A measure of the samples and of every resample, shape (B,)."""

    value: float
    draws: Array

    @classmethod
    def of(
        cls, measure: Callable[[Array, Array], Array], values: Array, flags: Array, drawn: Drawn
    ) -> _Measured:
        draws = [measure(values[rows], flags[rows]) for rows in drawn]
        return cls(float(measure(values, flags)), np.concatenate(draws))

    def minus(self, other: _Measured) -> _Measured:
        return _Measured(self.value - other.value, self.draws - other.draws)

    def ends(self, value: str, low: str, high: str) -> dict[str, Any]:
        # a resample without a corrupted sample has no value
        ends = np.nanquantile(self.draws, [0.025, 0.975])
        return {value: self.value, low: float(ends[0]), high: float(ends[1])}


def _drawn(n: int, resamples: int, seed: int) -> Drawn:
    """Rows of every resample, shape (B, n), in blocks of a few million numbers."""
    rows = np.random.default_rng(seed).integers(0, n, size=(resamples, n))
    return np.array_split(rows, max(1, rows.size // 4_000_000))


def _with_places(
    found: PlantedErrors, tokens: TokenDifficulty, known: pd.DataFrame, settings: dict[str, Any]
) -> PlantedErrors:
    corrupted = known[known["corrupted"]]
    missing = np.setdiff1d(corrupted.index.to_numpy(), tokens.ids)
    if len(missing):
        raise DataError(
            f"{len(missing)} corrupted samples have no tokens, first: {missing[:5].tolist()}"
        )
    own = tokens.take(corrupted.index)
    changed = changed_tokens(own, corrupted)
    rows: list[dict[str, Any]] = []
    lost: list[int] = []
    text = ~own.table["special"]
    for sample_id, part in own.table[text].groupby(level=0, sort=False):
        here = changed[text].loc[sample_id].to_numpy()
        if here.all() or not here.any():
            lost.append(int(sample_id))
            continue
        rows += [_rank(int(sample_id), score, part, here) for score in SCORED]
    gone = set(corrupted.index) - {row["sample_id"] for row in rows} - set(lost)
    ranks = pd.DataFrame(
        rows, columns=["sample_id", "score", "token", "changed", "tokens", "rank", "place"]
    )
    hardest = [
        _hardest(score, part, settings) for score, part in ranks.groupby("score", sort=False)
    ]
    return PlantedErrors(
        **{
            **found.__dict__,
            "hardest": pd.DataFrame(hardest),
            "ranks": ranks,
            "lost": tuple(sorted([*lost, *map(int, gone)])),
        }
    )


def _rank(
    sample_id: int, score: str, part: pd.DataFrame, here: NDArray[np.bool_]
) -> dict[str, Any]:
    values = part[score].to_numpy(dtype=float)
    own, others = values[here].max(), values[~here]
    harder, same = int((others > own).sum()), int((others == own).sum())
    return {
        "sample_id": sample_id,
        "score": score,
        "token": str(part["token"].to_numpy()[here][values[here].argmax()]),
        "changed": int(here.sum()),
        "tokens": len(values),
        "rank": 1 + harder + same / 2,  # of equals, the middle of their places
        "place": (harder + same / 2) / len(others),
    }


def _hardest(score: Any, part: pd.DataFrame, settings: dict[str, Any]) -> dict[str, Any]:
    first = share(part["rank"].to_numpy() == 1)
    place = part["place"].to_numpy(dtype=float)
    mean = bootstrap(lambda rows: place[rows].mean(axis=-1), len(place), **settings)
    return {
        "score": score,
        "share": first.value,
        "low": first.low,
        "high": first.high,
        "chance": float((part["changed"] / part["tokens"]).mean()),
        "rank": float(part["rank"].mean()),
        "place": mean.value,
        "place_low": mean.low,
        "place_high": mean.high,
        "n": len(part),
    }
