"""The wrong labels of IMDB's test reviews: what rankings of all 25,000 find of the 2,353 judged."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
import pandas as pd

from difficulty_lib._errors import DataError, DynamicsError, MissingExtraError
from difficulty_lib.audit import (
    PartlyJudged,
    audit_over_time,
    cleanlab_contestants,
    contestant_table,
    mean_of_ranks,
    measure_table,
    partly_judged,
    random_ranking,
    score_contestants,
)
from difficulty_lib.audit._oriented import marked
from difficulty_lib.dynamics import StreamDynamics
from difficulty_lib.scores import SCORES
from difficulty_lib.study._real_errors_fit import (
    CrossFitted,
    average_precision,
    cross_fitted,
    errors_in_head,
)

KINDS = {"any_error": "any error", "correctable": "correctable"}
FLAGS = {
    "flagged_by_loss": "loss of one large model",
    "flagged_by_losses": "loss of three large models",
    "flagged_by_confident_learning": "confident learning",
}
WORDS = "bag of words"
BESIDE_WORDS = "last epoch and bag of words"
A_VOTE_EACH = "last epochs and bag of words, a vote each"
NEAR = 1e-6  # to 0 or 1 a probability is not taken to come
OVER_TIME = ("action_score", "last_loss")
TABLE_RESAMPLES = 200  # for each of dozens of contestants; the headline has a thousand


class JudgedErrors:
    """Rankings of the test reviews beside the crowd's judgements of some of them.

    Args:
        streams: by model, its seeds' evaluation streams of the test split, all of the same reviews.
        judgements: as `imdb_judgements` gives them.
        at: rows of a ranking that are read; as many as the published methods flagged if not given.
        words: by sample_id, the probability that a model of words gives the labels, of the same
            reviews; it competes alone and beside the last loss. None is none.

    Raises:
        DataError: if a judged review was not scored, or has another label there, or `words` is of
            other reviews.
        DynamicsError: if no stream is given, or they are of other reviews.
    """

    def __init__(
        self,
        streams: Mapping[str, Sequence[StreamDynamics]],
        judgements: pd.DataFrame,
        at: int | None = None,
        words: pd.Series | None = None,
    ) -> None:
        self.streams = {model: list(seeds) for model, seeds in streams.items() if seeds}
        if not self.streams:
            raise DynamicsError("no run of these reviews is given; expected one or more")
        self.first = next(iter(self.streams.values()))[0]
        _check_labels(self.first, judgements)
        self.words = None if words is None else self._same_reviews(words)
        self.judgements = judgements.sort_index()
        flagged = int(judgements[list(FLAGS)].sum().max())
        self.at = min(flagged, len(self.first)) if at is None else at

    @property
    def labels(self) -> pd.Series:
        """The given labels of all reviews."""
        assert self.first.label is not None
        return pd.Series(self.first.label, index=pd.Index(self.first.ids, name="sample_id"))

    def truth(self, kind: str) -> pd.Series:
        """Which judged reviews have an error: "any_error" or "correctable"."""
        return self.judgements[kind].astype(bool)

    def check(self) -> None:
        """Refuse runs that cannot be scored, before anything else is computed.

        Raises:
            DynamicsError: if a run learnt nothing, or the runs are of other reviews.
        """
        score_contestants(self.streams, ["last_loss"])

    @cached_property
    def contestants(self) -> pd.DataFrame:
        """Every score, over the seeds of a model; ensembles; confident learning; a random order."""
        several = len(self.streams) > 1
        scores = score_contestants(self.streams if several else next(iter(self.streams.values())))
        parts: list[pd.DataFrame | pd.Series] = [scores]
        if several:
            parts += _over_models(scores)
        hard = [c for c in scores if SCORES[str(c).partition("/")[0]].means == "difficult"]
        parts.append(mean_of_ranks(scores[hard], "all scores of difficulty, mean of ranks"))
        if self.words is not None:
            by_words = marked(1 - self.words.to_numpy(), self.words.index, WORDS)
            parts += [by_words, marked(self._beside_words, by_words.index, BESIDE_WORDS)]
            if len(self._runs) > 1:
                parts.append(marked(self._a_vote_each, by_words.index, A_VOTE_EACH))
        # Without cleanlab, the registry's scores say all but which rows it would prune.
        with contextlib.suppress(MissingExtraError):
            parts.append(cleanlab_contestants(self.labels, self.probabilities))
        return contestant_table(*parts, random_ranking(self.first.ids))

    def named(self, score: str) -> str:
        """The contestant that is this score, over all models where there are several."""
        stream = self.first.stream
        over_all = f"{score}/{stream}/all models"
        mine = [str(c) for c in self.contestants if str(c).startswith(f"{score}/{stream}")]
        return over_all if over_all in mine else mine[0]

    @cached_property
    def probabilities(self) -> pd.DataFrame:
        """Both classes' probabilities after the last epoch, the mean over all runs."""
        label = self.labels.to_numpy()
        gold = self._of_the_label.mean(axis=0)
        both = np.where(label[:, None] == np.arange(2), gold[:, None], 1 - gold[:, None])
        return pd.DataFrame(both, index=self.labels.index)

    @property
    def _runs(self) -> list[StreamDynamics]:
        return [stream for seeds in self.streams.values() for stream in seeds]

    @cached_property
    def _of_the_label(self) -> np.ndarray:
        """Each run's probability of the given label after its last epoch, shape (runs, reviews)."""
        last = [self._in_order(s, s.matrix("gold_probability")[-1]) for s in self._runs]
        return np.stack(last)

    @property
    def _beside_words(self) -> np.ndarray:
        """Log-odds against the given label, the mean of the models' and of the words'."""
        assert self.words is not None
        return _against(self._of_the_label.mean(axis=0), self.words.to_numpy())

    @property
    def _a_vote_each(self) -> np.ndarray:
        """The same, of every run and of the words."""
        assert self.words is not None
        return _against(*self._of_the_label, self.words.to_numpy())

    def _same_reviews(self, words: pd.Series) -> pd.Series:
        other = words.index.symmetric_difference(pd.Index(self.first.ids))
        if len(other):
            raise DataError(
                f"the model of words read other reviews than the runs: {len(other)} ids are in one "
                f"of both only, first: {other[:5].tolist()}"
            )
        return words.loc[self.first.ids]

    def _in_order(self, stream: StreamDynamics, values: np.ndarray) -> np.ndarray:
        return pd.Series(values, index=stream.ids).loc[self.first.ids].to_numpy()

    @cached_property
    def table(self) -> pd.DataFrame:
        """All readings of every contestant, a row for it and each kind of error.

        `kind`, `contestant`, `average_precision` and `auroc` within the judged, with `_low` and
        `_high`, `base_rate`; and of the first `at`: `judged`, `errors_among_judged`, `lowest`,
        `highest`. Best average precision first.
        """
        parts = []
        for kind in KINDS:
            truth = self.truth(kind)
            within = measure_table(
                self.contestants.loc[truth.index], truth, resamples=TABLE_RESAMPLES
            )
            heads = []
            for name in within["contestant"]:
                head = partly_judged(self.contestants[name], truth, self.at, resamples=0)
                heads.append(
                    {
                        column: getattr(head, column).value
                        for column in ("judged", "errors_among_judged", "lowest", "highest")
                    }
                )
            columns = ["contestant", "average_precision", "auroc"]
            columns += [f"{m}_{end}" for m in columns[1:] for end in ("low", "high")]
            part = pd.concat([within[[*columns, "base_rate"]], pd.DataFrame(heads)], axis=1)
            part.insert(0, "kind", kind)
            parts.append(part)
        return pd.concat(parts, ignore_index=True)

    def chosen(self, kind: str, *, head: bool = False) -> CrossFitted:
        """The best contestant, chosen on one half of the judged reviews to rank the other.

        Args:
            kind: "any_error" or "correctable".
            head: whether it is chosen by the errors among the first `at`, and not by average
                precision within the judged.
        """
        share = self.at / len(self.first)
        measure = errors_in_head(share) if head else average_precision
        rivals = self.contestants.drop(columns="random")
        return cross_fitted(rivals, self.truth(kind), measure)

    def readings(self, hard: pd.Series, kind: str, resamples: int = 1000) -> PartlyJudged:
        """The three readings of a ranking, with intervals over the reviews."""
        return partly_judged(hard, self.truth(kind), self.at, resamples=resamples)

    @cached_property
    def headline(self) -> dict[str, dict[str, PartlyJudged]]:
        """By kind of error and ranking: action score, cross-fitted choices, oracle, random."""
        found = {}
        action = self.named("action_score")
        for kind in KINDS:
            pool, head = self.chosen(kind), self.chosen(kind, head=True)
            ranked = {
                "action score": self.contestants[action],
                "chosen by average precision": pool.hard,
                "chosen by the head": head.hard,
                "oracle by average precision": self.contestants[pool.oracle],
                "random": self.contestants["random"],
            }
            found[kind] = {name: self.readings(hard, kind) for name, hard in ranked.items()}
        return found

    @cached_property
    def published(self) -> pd.DataFrame:
        """What the published methods' flagged reviews are, all of which were judged.

        A row each: `method`, `flagged`, `any_error`, `correctable` (shares).
        """
        rows = []
        for flag, title in FLAGS.items():
            flagged = self.judgements[self.judgements[flag]]
            rows.append(
                {"method": title, "flagged": len(flagged)}
                | {kind: float(flagged[kind].mean()) for kind in KINDS}
            )
        return pd.DataFrame(rows)

    @cached_property
    def over_time(self) -> pd.DataFrame:
        """Average precision within the judged after every epoch of the first run (any error)."""
        truth = self.truth("any_error")
        return audit_over_time(self.first.take(truth.index.to_numpy()), truth, OVER_TIME)


def _against(*probabilities: np.ndarray) -> np.ndarray:
    """Log-odds against the given label, the mean over models' probabilities of it."""
    p = np.clip(probabilities, NEAR, 1 - NEAR)
    against: np.ndarray = (np.log1p(-p) - np.log(p)).mean(axis=0)
    return against


def _over_models(scores: pd.DataFrame) -> list[pd.Series]:
    """A score's mean rank over the models, for every score that several of them have."""
    names = pd.Series([str(c).rpartition("/")[0] for c in scores], index=scores.columns)
    return [
        mean_of_ranks(scores[list(columns)], f"{name}/all models")
        for name, columns in names.groupby(names).groups.items()
        if len(columns) > 1
    ]


def _check_labels(stream: StreamDynamics, judgements: pd.DataFrame) -> None:
    known = pd.Series(stream.label, index=stream.ids)
    unknown = judgements.index.difference(known.index)
    if len(unknown):
        raise DataError(
            f"{len(unknown)} judged reviews were not scored, first: {unknown[:5].tolist()}; "
            "expected a run over all test reviews"
        )
    other = judgements.index[known.loc[judgements.index] != judgements["label"]]
    if len(other):
        raise DataError(
            f"{len(other)} judged reviews have another label in the run, first: "
            f"{other[:5].tolist()}; expected the mirror's ids"
        )
