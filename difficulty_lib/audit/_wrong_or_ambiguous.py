"""Is a suspect row wrong, or ambiguous? A rule fixed in advance, and how often it is right."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib.analysis import Estimate, bootstrap, share
from difficulty_lib.analysis._measures import area_under_roc
from difficulty_lib.audit._oriented import check_values, oriented

WRONG, AMBIGUOUS, UNSUSPECTED = "wrong", "ambiguous", "unsuspected"
KINDS = (WRONG, AMBIGUOUS, UNSUSPECTED)
TRUTHS = ("error", "variation", "both", "neither")


@dataclass(frozen=True)
class SuspectRule:
    """The rule's two thresholds, both in ranks, so that they mean the same for any pair of scores.

    Attributes:
        suspects: a row is suspect if it is among this share of the rows in one of the two scores.
        lead: by how much its place in wrongness must be ahead of that in ambiguity, as a share of
            the rows, for a suspect to be called wrong. 0 calls it what it is more of.

    Raises:
        ConfigError: if a threshold is out of range.
    """

    suspects: float = 0.2
    lead: float = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.suspects <= 1:
            raise ConfigError(
                f"share of suspects is {self.suspects:g}; expected above 0, at most 1"
            )
        if not -1 <= self.lead <= 1:
            raise ConfigError(f"lead is {self.lead:g}; expected −1 to 1")


RULE = SuspectRule()


def wrong_or_ambiguous(
    wrongness: pd.Series, ambiguity: pd.Series, rule: SuspectRule = RULE
) -> pd.DataFrame:
    """Sort suspect rows into wrong ones and ambiguous ones.

    Both scores become places, 0 the least and 1 the most, ties in the middle of their places. A row
    is suspect if one of its places is among the top `rule.suspects`; a suspect is wrong if its place
    in wrongness is at least `rule.lead` ahead of that in ambiguity, and ambiguous otherwise. A row
    that the model contradicts throughout is high in loss and low in spread: wrong. One that it
    wavers about is higher in spread than in loss: ambiguous.

    Args:
        wrongness: by sample_id, oriented or a registered score, such as action score or
            self-confidence.
        ambiguity: of the same samples, such as variability or entropy.
        rule: the thresholds; fixed before the truth is looked at.

    Returns:
        By sample_id: `wrongness` and `ambiguity`, the places in [0, 1]; `lead`, their difference;
        `kind`, "wrong", "ambiguous" or "unsuspected".

    Raises:
        ConfigError: if a score's direction is unknown.
        DataError: if the samples differ, ids are doubled or a number is not finite.
    """
    wrong, unsure = oriented(wrongness), oriented(ambiguity)
    check_values(wrong)
    check_values(unsure)
    other = wrong.index.symmetric_difference(unsure.index)
    if len(other):
        raise DataError(
            f"'{wrong.name}' and '{unsure.name}' are of other samples: {len(other)} ids are in one "
            f"of both only, first: {other[:5].tolist()}"
        )
    first, second = _places(wrong), _places(unsure.loc[wrong.index])
    lead = first - second
    # Places are multiples of 1 / 2N: what lies between is rounding.
    least = 1 - rule.suspects - 1e-9
    suspect = (first > least) | (second > least)
    kind = np.where(lead >= rule.lead - 1e-9, WRONG, AMBIGUOUS)
    return pd.DataFrame(
        {"wrongness": first, "ambiguity": second, "lead": lead}
        | {"kind": np.where(suspect, kind, UNSUSPECTED)},
        index=wrong.index.rename("sample_id"),
    )


@dataclass(frozen=True)
class SortingMeasures:
    """How often the rule is right.

    Attributes:
        confusion: rows by truth (error, variation, both, neither) and `kind` (wrong, ambiguous,
            unsuspected): numbers of rows.
        balanced_accuracy: of the suspects that are either an error or variation and not both: the
            mean of the share of errors called wrong and that of variation called ambiguous.
            Without knowledge it is ½.
        errors_called_wrong: that share, with Wilson's interval.
        variation_called_ambiguous: that share, with Wilson's interval.
        separation: AUROC of the lead, errors against variation, over all rows that are one of the
            two, suspect or not: what could be had from these two scores with another threshold.
        errors_suspected: share of rows with an error (also among "both") that are suspect.
        variation_suspected: share of rows with variation (also among "both") that are suspect.
    """

    confusion: pd.DataFrame = field(repr=False)
    balanced_accuracy: Estimate
    errors_called_wrong: Estimate
    variation_called_ambiguous: Estimate
    separation: Estimate
    errors_suspected: Estimate
    variation_suspected: Estimate


def measure_sorting(
    found: pd.DataFrame,
    error: pd.Series,
    variation: pd.Series,
    *,
    resamples: int = 1000,
    seed: int = 0,
) -> SortingMeasures:
    """Compare the rule's verdicts with two truths.

    Args:
        found: as `wrong_or_ambiguous` gives it; rows without truths had a part in the places and
            are left out here.
        error: by sample_id, bool: the label is an error.
        variation: by sample_id, bool, of the same samples: people disagree in earnest.
        resamples: bootstrap resamples of the rows, for balanced accuracy and separation.
        seed: of the resampling.

    Raises:
        DataError: if a truth is not boolean, is of samples that were not sorted or of other samples
            than the other, or no suspect is an error alone, or none variation alone.
    """
    for name, truth in (("error", error), ("variation", variation)):
        if np.asarray(truth).dtype != bool or not truth.index.is_unique:
            raise DataError(
                f"the truth '{name}' is of type {truth.dtype}; expected booleans, one per sample"
            )
    other = error.index.symmetric_difference(variation.index)
    unknown = error.index.difference(found.index)
    for ids, what in ((other, "in one of both truths only"), (unknown, "not among those sorted")):
        if len(ids):
            raise DataError(f"{len(ids)} samples are {what}, first: {ids[:5].tolist()}")
    known = found.loc[error.index]
    is_error, varies = np.asarray(error), np.asarray(variation.loc[error.index])
    kind = known["kind"].to_numpy()
    suspect, alone = kind != UNSUSPECTED, is_error != varies
    if not (suspect & alone & is_error).any() or not (suspect & alone & varies).any():
        raise DataError(
            f"of {suspect.sum()} suspects {(suspect & alone & is_error).sum()} are an error alone and "
            f"{(suspect & alone & varies).sum()} variation alone; expected some of each"
        )
    called, gold = (kind == WRONG)[suspect & alone], is_error[suspect & alone]
    lead, which = known["lead"].to_numpy()[alone], is_error[alone].astype(np.float64)
    settings = {"resamples": resamples, "seed": seed}
    return SortingMeasures(
        confusion=_confusion(kind, is_error, varies),
        balanced_accuracy=bootstrap(
            lambda rows: _balanced(called[rows], gold[rows]), len(gold), **settings
        ),
        errors_called_wrong=share(called[gold]),
        variation_called_ambiguous=share(~called[~gold]),
        separation=bootstrap(
            lambda rows: area_under_roc(lead[rows], which[rows]), len(which), **settings
        ),
        errors_suspected=share(suspect[is_error]),
        variation_suspected=share(suspect[varies]),
    )


def _places(hard: pd.Series) -> NDArray[np.float64]:
    """From 1 / 2N to 1 − 1 / 2N."""
    places: NDArray[np.float64] = (hard.rank().to_numpy() - 0.5) / len(hard)
    return places


def _balanced(called: NDArray[np.bool_], gold: NDArray[np.bool_]) -> NDArray[np.float64]:
    with np.errstate(invalid="ignore"):
        found: NDArray[np.float64] = (
            (called & gold).sum(axis=-1) / gold.sum(axis=-1)
            + (~called & ~gold).sum(axis=-1) / (~gold).sum(axis=-1)
        ) / 2
    return found


def _confusion(
    kind: NDArray[np.object_], error: NDArray[np.bool_], variation: NDArray[np.bool_]
) -> pd.DataFrame:
    truth = np.select(
        [error & ~variation, variation & ~error, error & variation], TRUTHS[:3], TRUTHS[3]
    )
    table = [[int(((truth == t) & (kind == k)).sum()) for k in KINDS] for t in TRUTHS]
    return pd.DataFrame(
        table, index=pd.Index(TRUTHS, name="truth"), columns=pd.Index(KINDS, name="kind")
    )
