"""Which kinds of words are hard, with intervals over samples and with their place held fixed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib.analysis._resampled import drawn_counts
from difficulty_lib.analysis._token_difficulty import SCORED, TokenDifficulty
from difficulty_lib.words import CLASSES, Vocabulary, token_classes
from difficulty_lib.words._classes import OTHER

Array = NDArray[np.float64]
CONTROLS = ("first", "position", "tokens")


@dataclass(frozen=True)
class TokenClasses:
    """Mean difficulty of every class of words.

    Attributes:
        table: a row per class, hardest first: `class`, `n` (words), `samples` (with such a word),
            `tokens` (mean tokens per word), `mean`, `low`, `high`; `difference` of the mean from
            that of the reference class; and `adjusted`, the difference that is left between words
            with the same values of the controls; each with `_low` and `_high`.
        controls: a row per control: `control`, `effect` on the score, `low`, `high`.
        reference: the class that the others are compared with.
        score: what was averaged, in nats.
        n: number of samples, which the intervals resample.
    """

    table: pd.DataFrame
    controls: pd.DataFrame = field(repr=False)
    reference: str
    score: str
    n: int


def classes_of(
    words: TokenDifficulty,
    *,
    names: Mapping[int, Collection[str]] | None = None,
    vocabulary: Vocabulary | None = None,
    rare_below: int = 10,
) -> pd.Series:
    """The class of every word (see `words.token_classes`), "special" for special tokens.

    Args:
        words: of `TokenDifficulty.words`.
        names: by sample_id, names that are known for it, such as the speakers of its dialogue.
        vocabulary: of the training texts.
        rare_below: words that occur less often are rare.

    Returns:
        On the index of `words.table`.
    """
    found = pd.Series("special", index=words.table.index, name="class", dtype=object)
    spans = words.table[["start", "end"]].to_numpy()
    text = ~words.table["special"].to_numpy()
    for sample_id, places in words.by_sample():
        rows = places[text[places]]
        classes = token_classes(
            words.texts.loc[sample_id],
            names=() if names is None else names.get(sample_id, ()),
            vocabulary=vocabulary,
            rare_below=rare_below,
            spans=[(int(a), int(b)) for a, b in spans[rows]],
        )
        found.iloc[rows] = [name for _, _, name in classes]
    return found


def class_difficulty_of_tokens(
    words: TokenDifficulty,
    classes: pd.Series,
    *,
    score: str = "action_score",
    reference: str = OTHER,
    controls: Sequence[str] = ("first", "position"),
    resamples: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> TokenClasses:
    """Compare the mean difficulty of classes of words.

    Words of one text are not independent, so the intervals are percentiles of a bootstrap that draws
    whole samples. Special tokens are left out. Some classes stand more often at a summary's start,
    where every word is hard; so beside the plain difference from the reference class there is the
    adjusted one, the class's coefficient in a least-squares regression of the score on the
    classes and the controls: `first` (1 for a text's first word), `position` (from 0, the first
    word, to 1, the last) and `tokens` (how many tokens a word is made of).

    Args:
        words: of `TokenDifficulty.words`, or its tokens.
        classes: a class per row, on the index of `words.table`, as `classes_of` gives them.
        score: "action_score" or "last_loss", both in nats, high is hard.
        reference: the class to compare with.
        controls: some of "first", "position" and "tokens".
        resamples: bootstrap resamples of the samples.
        seed: of the resampling.
        level: of the intervals.

    Raises:
        ConfigError: on an unknown score or control.
        DataError: if the classes are not those of these words, or the reference does not occur.
    """
    if score not in SCORED:
        raise ConfigError(f"score is '{score}'; expected {' or '.join(SCORED)}")
    if unknown := [name for name in controls if name not in CONTROLS]:
        raise ConfigError(f"unknown control '{unknown[0]}'; known: {', '.join(CONTROLS)}")
    if not classes.index.equals(words.table.index):
        raise DataError("the classes have another index than the words; expected one per word")
    own = ~words.table["special"].to_numpy()
    table, kinds = words.table[own], classes[own].to_numpy()
    present = [name for name in CLASSES if (kinds == name).any()]
    present += sorted(set(kinds) - set(present))
    if reference not in present:
        raise DataError(
            f"no word is of the class '{reference}'; there are {', '.join(present) or 'no words'}"
        )
    sample = pd.factorize(table.index.get_level_values(0))[0]
    design = _Design(
        sample,
        np.stack([kinds == name for name in present], axis=1).astype(float),
        _controls(table, sample)[:, [CONTROLS.index(name) for name in controls]],
        table[score].to_numpy(dtype=float),
        present.index(reference),
    )
    whole = design.estimates(np.ones((1, design.n)))[0]
    drawn = np.concatenate(
        [design.estimates(counts) for counts in drawn_counts(design.n, resamples, seed)]
    )
    tail = (1 - level) / 2
    # a class that a resample does not hold has no mean there
    low, high = np.nanquantile(drawn, [tail, 1 - tail], axis=0)
    k = len(present)
    rows = pd.DataFrame(
        {
            "class": present,
            "n": [int((kinds == name).sum()) for name in present],
            "samples": [len(np.unique(sample[kinds == name])) for name in present],
            "tokens": [float(table["tokens"][kinds == name].mean()) for name in present],
        }
    )
    for name, at in (("mean", 0), ("difference", k), ("adjusted", 2 * k)):
        ends = ("low", "high") if name == "mean" else (f"{name}_low", f"{name}_high")
        for column, values in zip((name, *ends), (whole, low, high)):
            rows[column] = values[at : at + k]
    effects = pd.DataFrame(
        {"control": list(controls), "effect": whole[3 * k :]}
        | {"low": low[3 * k :], "high": high[3 * k :]}
    )
    rows = rows.sort_values("mean", ascending=False, kind="stable").reset_index(drop=True)
    return TokenClasses(rows, effects, reference, score, design.n)


def _controls(table: pd.DataFrame, sample: NDArray[np.int64]) -> Array:
    """`CONTROLS` of every word, shape (T, 3)."""
    starts = np.flatnonzero(np.append(True, sample[1:] != sample[:-1]))
    lengths = np.diff(np.append(starts, len(sample)))
    within = np.arange(len(sample)) - np.repeat(starts, lengths)
    position = within / np.maximum(np.repeat(lengths, lengths) - 1, 1)
    return np.stack([within == 0, position, table["tokens"].to_numpy()], axis=1).astype(float)


class _Design:
    """Sums per sample, from which a resample's means and regression follow without its words."""

    def __init__(
        self,
        sample: NDArray[np.int64],
        classes: Array,
        controls: Array,
        score: Array,
        reference: int,
    ) -> None:
        self.n = int(sample.max()) + 1
        self.k, self.reference = classes.shape[1], reference
        x = np.concatenate([classes, controls], axis=1)
        self.count = self._by_sample(sample, classes)
        self.total = self._by_sample(sample, classes * score[:, None])
        products = x[:, :, None] * x[:, None, :]
        self.xx = self._by_sample(sample, products.reshape(len(x), -1))
        self.xy = self._by_sample(sample, x * score[:, None])

    def _by_sample(self, sample: NDArray[np.int64], values: Array) -> Array:
        sums = np.zeros((self.n, values.shape[1]))
        np.add.at(sums, sample, values)
        return sums

    def estimates(self, counts: Array) -> Array:
        """Means, differences, adjusted differences and controls of B resamples.

        Args:
            counts: how often each sample is drawn, shape (B, n).

        Returns:
            Shape (B, 3 K + controls); NaN for a class that a resample does not hold.
        """
        held = counts @ self.count
        with np.errstate(invalid="ignore", divide="ignore"):
            means = (counts @ self.total) / held
        p = self.xy.shape[1]
        xx = (counts @ self.xx).reshape(-1, p, p)
        # every class has its own constant; absent ones make it singular, and are left at 0
        solved = np.einsum("bij,bj->bi", np.linalg.pinv(xx, hermitian=True), counts @ self.xy)
        of_class = np.where(held > 0, solved[:, : self.k], np.nan)
        at = slice(self.reference, self.reference + 1)
        parts = [means, means - means[:, at], of_class - of_class[:, at], solved[:, self.k :]]
        return np.concatenate(parts, axis=1)
