"""What else is observed of the samples of the evaluation stream, in the same files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from difficulty_lib._errors import DynamicsError
from difficulty_lib.training._evaluation import ID_COLUMN, Collate, Rows


class Observer(Protocol):
    """Observes more of a split than its outputs."""

    def behind(self, epoch: int) -> bool:
        """Whether what it has gone on from lacks this epoch, although it was recorded."""
        ...

    def observe(
        self,
        folder: Path,
        split: str,
        stream: str,
        epoch: int,
        model: Any,
        rows: Rows,
        collate: Collate,
        rank: int = 0,
        world: int = 1,
    ) -> Mapping[str, Any]:
        """`sample_id` and stored columns of this rank's rows, each of shape (rows of this rank,)."""
        ...


def beside(columns: dict[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Columns with more columns of the same samples, which may be in another order.

    Raises:
        DynamicsError: if they are of other samples.
    """
    ids, others = columns[ID_COLUMN], np.asarray(more[ID_COLUMN])
    order = np.argsort(others, kind="stable")
    place = np.argsort(np.argsort(ids, kind="stable"), kind="stable")
    if len(ids) != len(others) or not np.array_equal(others[order][place], ids):
        raise DynamicsError(
            f"observed {len(others)} samples beside {len(ids)} others; expected the same ones"
        )
    return columns | {
        name: values[order][place] for name, values in more.items() if name != ID_COLUMN
    }
