"""Pairs as a run's intervention."""

from __future__ import annotations

from typing import Any

import pandas as pd


def mixup_intervention(pairs: pd.DataFrame, **settings: Any) -> dict[str, Any]:
    """What `RunConfig(intervention=…)` takes for a run that trains on these mixtures.

    Args:
        pairs: `first` and `second`, ids of training samples; one row per example of an epoch (see
            `repeat_pairs`).
        settings: `alpha`, `layer`, `weight`, `dominant` of `MixupSettings`; its seed is the run's.
    """
    plain = [[int(a), int(b)] for a, b in zip(pairs["first"], pairs["second"])]
    return {"mixup": {"pairs": plain, **settings}}
