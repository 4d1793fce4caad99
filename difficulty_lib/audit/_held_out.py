"""Cross-validated probabilities of a linear model, whatever it reads of a sample."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib.data._hashing import unit_hash

Places = NDArray[np.int64]


def held_out_probabilities(
    labels: pd.Series,
    inputs: Callable[[Places, Places], tuple[Any, Any]],
    model: Any,
    *,
    more: NDArray[np.int64] | None = None,
    folds: int,
    seed: int,
) -> pd.DataFrame:
    """Probabilities of every class by a model that was fitted without the sample's fold.

    Args:
        labels: by sample_id, classes 0 … K − 1, shape (N,).
        inputs: of places to fit on and places held out, what the model reads of them.
        model: a classifier of scikit-learn's, fitted anew for every fold.
        more: labels of the places from N on, which every fold is fitted on, too.
        folds: their number; which one a sample is in depends on its id and the seed alone.
        seed: of the folds.

    Returns:
        Shape (N, K), by sample_id, rows adding up to 1; 0 for a class of which a fold saw nothing.

    Raises:
        DataError: if labels are no classes, or a fold is left with one class to learn from.
    """
    gold = _classes(labels.to_numpy())
    everyone = gold if more is None else np.concatenate([gold, _classes(more)])
    # With seed 1 the order is that in which a part of the data was chosen: every nth of it is no less
    # random for that, and errors of recorded runs were planted by these folds.
    place = unit_hash(labels.index.to_numpy(), salt=seed).argsort(kind="stable").argsort()
    found = np.zeros((len(gold), int(everyone.max(initial=0)) + 1))
    for held in range(folds):
        out = np.flatnonzero(place % folds == held)
        if not len(out):
            continue
        rest = np.setdiff1d(np.arange(len(everyone)), out)
        if len(np.unique(everyone[rest])) < 2:
            raise DataError(
                f"fold {held + 1} of {folds} leaves one class to learn from; expected two or more"
            )
        fitted_on, asked = inputs(rest, out)
        model.fit(fitted_on, everyone[rest])
        found[np.ix_(out, model.classes_)] = model.predict_proba(asked)
    return pd.DataFrame(found, index=labels.index.rename("sample_id"))


def check_folds(folds: int, regularisation: float) -> None:
    """Refuse what cannot be cross-validated.

    Raises:
        ConfigError: on fewer than two folds, or a regularisation that is not above 0.
    """
    if folds < 2 or not regularisation > 0:
        raise ConfigError(
            f"{folds} folds and a regularisation of {regularisation:g}; expected 2 folds or more "
            "and a number above 0"
        )


def _classes(labels: NDArray[Any]) -> NDArray[np.int64]:
    if len(labels) and (not np.issubdtype(labels.dtype, np.integer) or (labels < 0).any()):
        raise DataError("the labels are no classes; expected integers from 0 on")
    return labels.astype(np.int64)
