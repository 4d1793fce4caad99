"""Dynamics whose samples had names of another kind than integers where they come from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from difficulty_lib.dynamics import Dynamics, StreamDynamics


class NamedDynamics(Dynamics):
    """Dynamics with what each sample was called where it comes from.

    Attributes:
        names: the original ids, a series indexed by sample_id. Where all of them are integers
            these are the sample ids themselves; others are numbered from 0 in sorted order.
    """

    def __init__(self, streams: Mapping[tuple[str, str], StreamDynamics], names: pd.Series) -> None:
        super().__init__(streams)
        self.names = names

    @classmethod
    def of(cls, dynamics: Dynamics, names: pd.Series) -> NamedDynamics:
        """These dynamics, with the names beside them."""
        return cls({key: dynamics.stream(*key) for key in dynamics.keys}, names)


def numbered(names: Iterable[int | str]) -> pd.Series:
    """The names, without repetition, indexed by the sample ids that they get."""
    found = list(dict.fromkeys(names))
    if all(type(name) is int and abs(name) < 2**63 for name in found):
        ids = np.array(sorted(found), dtype=np.int64)
        return pd.Series(ids, index=pd.Index(ids, name="sample_id"), name="name")
    found.sort(key=lambda name: (str(name), isinstance(name, str)))  # 1 and "1" are two names
    index = pd.RangeIndex(len(found), name="sample_id")
    return pd.Series(found, index=index, name="name", dtype=object)
