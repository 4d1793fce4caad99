"""Difficulty down to the token: where in a text it is, in which words, and does it find errors."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from difficulty_lib._errors import ConfigError
from difficulty_lib.analysis import (
    Estimate,
    PlantedErrors,
    TokenClasses,
    TokenDifficulty,
    class_difficulty_of_tokens,
    classes_of,
    planted_errors,
    share,
    token_difficulty,
)
from difficulty_lib.dynamics import REDUCTIONS, StreamDynamics
from difficulty_lib.dynamics._merge import merge_samples
from difficulty_lib.scores import ranking, score_table
from difficulty_lib.study._study import Study
from difficulty_lib.training._planting import SUFFIX, planted
from difficulty_lib.words import speakers, vocabulary


class TokenStudy(Study):
    """Tokens of recorded runs of summarization, or of token classification; the texts are needed.

    Where the run has a split `<split>_planted`, its corrupted references are looked for.
    """

    def _texts_of(self, rows: pd.DataFrame) -> pd.Series:
        assert self.data is not None
        return rows["label" if self.data.target == "text" else self.data.text_columns[0]]

    @cached_property
    def tokenizer(self) -> Any:
        """That of the run's model; None for labelled words, which need none."""
        if self.data is not None and self.data.target == "tags":
            return None
        from difficulty_lib.training._models import load_tokenizer

        return load_tokenizer(self.run.config.model, self.run.config.model_revision)

    @cached_property
    def stream(self) -> StreamDynamics:
        """The scored split's evaluation stream, with its tokens."""
        return self.run.dynamics.stream(self.split, "evaluation")

    def _aligned(self, stream: StreamDynamics, rows: pd.DataFrame) -> TokenDifficulty:
        tags = rows["label"].to_dict() if self.tokenizer is None else None
        return token_difficulty(stream, self._texts_of(rows), self.tokenizer, tags=tags)

    @cached_property
    def tokens(self) -> TokenDifficulty:
        """Every token with its own action score, where it stands in its text."""
        if self.rows is None:
            raise ConfigError(
                f"{self.spec.name}: the texts are not at hand, and tokens without them are numbers; "
                "set DIFFICULTY_DATA to a folder that has them"
            )
        return self._aligned(self.stream, self.rows)

    @cached_property
    def words(self) -> TokenDifficulty:
        """The same by words, a word's loss being the sum of its tokens'."""
        return self.tokens.words(by_spaces=self.tokenizer is None)

    @cached_property
    def word_classes(self) -> pd.Series:
        """The class of every word."""
        assert self.data is not None
        assert self.rows is not None
        training = self.used_data["train"]
        texts = [*training[self.data.text_columns[0]]]
        if self.data.target == "text":
            texts += [*training["label"]]
        names = {int(i): speakers(text) for i, text in self.rows[self.data.text_columns[0]].items()}
        return classes_of(self.words, names=names, vocabulary=vocabulary(texts))

    @cached_property
    def classes(self) -> TokenClasses:
        """Mean action score of every class of words, plain and with the place held fixed."""
        counts = self.word_classes[self.word_classes != "special"].value_counts()
        # where nearly all words are rare, as in small data, no other words are left
        reference = "other" if "other" in counts else str(counts.index[0])
        return class_difficulty_of_tokens(self.words, self.word_classes, reference=reference)

    @cached_property
    def concentration(self) -> Estimate:
        """Share of all words' action score that the hardest tenth of the words has."""
        words = self.words.table[~self.words.table["special"]]
        values = np.sort(words["action_score"].to_numpy(dtype=float))[::-1]
        count = max(1, round(0.1 * len(values)))
        found = float(values[:count].sum() / values.sum())
        rng = np.random.default_rng(0)
        grouped = [part.to_numpy() for _, part in words["action_score"].groupby(level=0)]
        draws = []
        for _ in range(500):
            drawn = np.concatenate(
                [grouped[k] for k in rng.integers(0, len(grouped), len(grouped))]
            )
            drawn = np.sort(drawn)[::-1]
            draws.append(drawn[: max(1, round(0.1 * len(drawn)))].sum() / drawn.sum())
        low, high = np.quantile(draws, [0.025, 0.975])
        return Estimate(found, float(low), float(high), n=len(grouped))

    def shown(self, count: int = 2) -> list[int]:
        """Samples to look at: the hardest, some from the middle, and the easiest."""
        order = ranking(self.scores["action_score"]).index
        middle = len(order) // 2
        chosen = [*order[:count], *order[middle : middle + count], *order[-count:]]
        return [int(i) for i in dict.fromkeys(chosen)]

    # Planted errors

    @property
    def has_planted(self) -> bool:
        """Whether the run observed corrupted copies of the scored samples."""
        return (self.split + SUFFIX, "evaluation") in self.run.dynamics.keys

    @cached_property
    def corrupted(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The scored samples' rows with the planted errors, and the truth about them."""
        value = self.run.config.intervention["planted"]
        frame, truth = planted(self.used_data, value, self.split)
        ids = self.stream.ids
        return frame.loc[ids], truth.loc[ids]

    @cached_property
    def with_errors(self) -> StreamDynamics:
        """One stream of all scored samples, of the corrupted ones that of the corrupted copies."""
        bad = self.run.dynamics.stream(self.split + SUFFIX, "evaluation")
        clean = self.stream.take(np.setdiff1d(self.stream.ids, bad.ids))
        return merge_samples([clean, bad], self.split, "evaluation")

    @cached_property
    def words_with_errors(self) -> TokenDifficulty:
        """The words of all scored references, of the corrupted ones those of the corrupted copies."""
        return self._aligned(self.with_errors, self.corrupted[0]).words()

    @cached_property
    def errors(self) -> PlantedErrors:
        """How well each reduction finds the corrupted references, and where the changed word ranks."""
        return planted_errors(self.with_errors, self.corrupted[1], tokens=self.words_with_errors)

    @cached_property
    def rises(self) -> pd.DataFrame:
        """Does a reference become harder when it is corrupted? A row per reduction.

        Returns:
            `reduction`, and `share` of the corrupted references whose action score is above that of
            the same reference before; ½ if the error did nothing.
        """
        bad = self.run.dynamics.stream(self.split + SUFFIX, "evaluation")
        clean = self.stream.take(bad.ids)
        rows = []
        for name in REDUCTIONS:
            before, after = (
                score_table(stream, ["action_score"], reduction=name, allow_collapsed=True)
                for stream in (clean, bad)
            )
            rows.append(
                {
                    "reduction": name,
                    "share": share(after["action_score"] > before["action_score"]),
                }
            )
        return pd.DataFrame(rows)

    def planted_examples(self, count: int = 4) -> list[int]:
        """Corrupted samples to look at: by the rank of the changed word, from first to last."""
        ranks = self.errors.ranks
        assert ranks is not None
        own = ranks[ranks["score"] == "action_score"].sort_values("place", kind="stable")
        places = np.linspace(0, len(own) - 1, min(count, len(own))).round().astype(int)
        return own["sample_id"].iloc[places].astype(int).tolist()
