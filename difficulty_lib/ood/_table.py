"""Every score of one pair of data sets, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib.ood._matched import length_matched_auroc
from difficulty_lib.ood._measures import detection
from difficulty_lib.ood._score import OOD_SCORES


def check_other_texts(inside: Sequence[str], outside: Sequence[str]) -> None:
    """Check that no out-of-distribution text is an in-distribution one, but for case and space.

    Args:
        inside: the in-distribution texts.
        outside: the out-of-distribution texts.

    Raises:
        DataError: on any text of both, saying how many.
    """
    known = {_plain(text) for text in inside}
    same = [place for place, text in enumerate(outside) if _plain(text) in known]
    if same:
        raise DataError(
            f"{len(same)} of {len(outside)} out-of-distribution texts are in-distribution ones too, "
            f"first: number {same[0]}; expected two sets without a text in common"
        )


def ood_table(
    inside: Mapping[str, Any],
    outside: Mapping[str, Any],
    names: Sequence[str] | None = None,
    *,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    level: float = 0.95,
    bins: int = 10,
    resamples: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """How well every score tells two sets of texts apart, also among texts of like length.

    Args:
        inside: arrays of the in-distribution samples by name: `logits`, `features`, `token_loss`,
            `lengths`, and of the training samples `train_features`, `train_labels`,
            `train_lengths` (see `OodScore.needs`).
        outside: those of the out-of-distribution samples; what it has not of the training samples
            is taken from `inside`.
        names: scores; all that the arrays are enough for, if not given.
        settings: of the scores, by their names.
        level: the true positive rate.
        bins: of lengths.
        resamples: of the bootstrap.
        seed: of the bootstrap.

    Returns:
        Indexed by the score's name: `title`, and `auroc`, `false_positives`, `matched_auroc`, each
        with `…_low` and `…_high`. The columns of the matched area are there if lengths are.

    Raises:
        ConfigError: on an unknown score, or settings of one that is not asked for.
        DataError: if arrays are missing or too small, or no length is in common.
    """
    arrays = {name: value for name, value in inside.items() if name.startswith("train_")}
    sides = (dict(inside), arrays | dict(outside))
    if names is None:
        names = [n for n in OOD_SCORES if all(OOD_SCORES[n].available(side) for side in sides)]
    if not names:
        raise DataError(
            f"no score can be computed from {', '.join(inside) or 'nothing'}; expected logits, "
            "features or lengths"
        )
    settings = settings or {}
    strange = [name for name in settings if name not in names]
    if strange:
        raise ConfigError(f"settings of {', '.join(strange)}; the scores are {', '.join(names)}")
    rows: dict[str, dict[str, Any]] = {}
    for name in names:
        entry = OOD_SCORES[name]
        known, other = (entry.outsideness(side, **settings.get(name, {})) for side in sides)
        found = detection(known, other, level=level, resamples=resamples, seed=seed)
        estimates = {"auroc": found.auroc, "false_positives": found.false_positives}
        if all(side.get("lengths") is not None for side in sides):
            matched = length_matched_auroc(
                known,
                other,
                *(side["lengths"] for side in sides),
                bins=bins,
                resamples=resamples,
                seed=seed,
            )
            estimates["matched_auroc"] = matched.auroc
        rows[name] = {"title": entry.title}
        for column, estimate in estimates.items():
            rows[name] |= {
                column: estimate.value,
                f"{column}_low": estimate.low,
                f"{column}_high": estimate.high,
            }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("score")


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
