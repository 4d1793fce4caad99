"""Synthetic examples: two encoded samples each, and batches of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from difficulty_lib._errors import DataError
from difficulty_lib.tasks import EncodedSplit
from difficulty_lib.tasks._task import Collate

SECOND = "second_"  # before the names of the second sample's inputs


class MixedExamples:
    """A map-style dataset of pairs of encoded samples.

    Args:
        encoded: the training split, a row per sample.
        pairs: `first` and `second`, ids of its samples; one row per example.

    Raises:
        DataError: on no pairs, or ids that are not among the samples.
    """

    def __init__(self, encoded: EncodedSplit, pairs: pd.DataFrame) -> None:
        place = {int(row["sample_id"]): number for number, row in enumerate(encoded.rows)}
        for side in ("first", "second"):
            if side not in pairs.columns:
                there = ", ".join(map(str, pairs.columns))
                raise DataError(f"pairs have no column '{side}'; there are {there}")
        for side in ("first", "second"):
            strange = [i for i in pairs[side].tolist() if i not in place]
            if strange:
                raise DataError(
                    f"{len(strange)} ids of the pairs are not among the training samples, first: "
                    f"{strange[:5]}"
                )
        if pairs.empty:
            raise DataError("no pairs; expected at least one")
        self.encoded = encoded
        self.places = np.array(
            [[place[i] for i in pairs[side].tolist()] for side in ("first", "second")]
        ).T

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Tokens of the longer of the two, shape (examples,)."""
        longest: NDArray[np.int64] = self.encoded.lengths[self.places].max(axis=1)
        return longest

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, index: int) -> dict[str, Any]:
        first, second = (self.encoded[int(place)] for place in self.places[index])
        return first | {SECOND + name: value for name, value in second.items()}


def mixing_collator(collate: Collate) -> Collate:
    """A collator that pads both samples of every example to one length.

    Rows without a second sample are collated as before.
    """

    def collated(rows: list[dict[str, Any]]) -> Mapping[str, Any]:
        if not any(name.startswith(SECOND) for name in rows[0]):
            return collate(rows)
        second = [
            {name.removeprefix(SECOND): v for name, v in row.items() if name.startswith(SECOND)}
            for row in rows
        ]
        first = [{n: v for n, v in row.items() if not n.startswith(SECOND)} for row in rows]
        both = collate([*first, *second])
        half = len(rows)
        batch = {name: value[:half] for name, value in both.items()}
        batch |= {SECOND + name: value[half:] for name, value in both.items()}
        return batch

    return collated
