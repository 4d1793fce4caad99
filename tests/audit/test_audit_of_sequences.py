"""Audits of sequences, of tables that were saved, and with nothing installed but the core."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from difficulty_lib import SCORES, Dynamics
from difficulty_lib.audit import (
    audit_measures,
    audit_over_time,
    contestants_about,
    measure_table,
    score_contestants,
)
from difficulty_lib.dynamics import TOKEN_COLUMNS, TokenDynamics

EPOCHS = 3


def sequences(n=80, seed=0):
    """Texts of which some have one token that is hard in every epoch: stream and truth."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(2, 20, n)
    wrong = rng.random(n) < 0.25
    losses = [[rng.exponential(1.0, k) for k in lengths] for _ in range(EPOCHS)]
    for epoch in losses:
        for place in np.flatnonzero(wrong):
            epoch[place][0] += 3
    zeros = [[np.zeros(k) for k in lengths]] * EPOCHS
    gold = [np.zeros(k, dtype=int) for k in lengths]
    tokens = TokenDynamics.from_rows(
        gold, **(dict.fromkeys(TOKEN_COLUMNS, zeros) | {"loss": losses})
    )
    ids = 4 + rng.permutation(n)
    return Dynamics.from_arrays(list(ids), tokens=tokens).stream(), pd.Series(wrong, index=ids)


@pytest.mark.parametrize("reduction", [None, "max"])
def test_scores_of_sequences_by_their_reduction(reduction):
    stream, truth = sequences()
    table = score_contestants(stream, ["action_score"], reduction=reduction)
    reduced = stream.reduce(reduction or "mean")
    assert table["action_score/evaluation"].to_numpy() == pytest.approx(
        reduced.matrix("loss").sum(axis=0)
    )
    found = measure_table(table, truth, resamples=0)
    assert found["average_precision"].iloc[0] > (0.6 if reduction else 0.4)


def test_sequences_over_time():
    stream, truth = sequences()
    found = audit_over_time(stream, truth, resamples=0)
    worst = audit_over_time(stream.reduce("max"), truth, resamples=0)
    for epochs, value in zip(found["epoch"], found["average_precision"]):
        loss = stream.reduce().matrix("loss")[:epochs].sum(axis=0)
        hard = pd.Series(loss, index=stream.ids, name="action_score")
        assert value == pytest.approx(
            audit_measures(hard, truth, resamples=0).average_precision.value
        )
    assert (worst["average_precision"] > found["average_precision"]).all()


def test_a_table_that_was_saved_is_oriented_still(tmp_path):
    stream, truth = sequences()
    table = score_contestants(stream)
    path = tmp_path / "contestants.parquet"
    table.to_parquet(path)
    again = pd.read_parquet(path)
    pd.testing.assert_frame_equal(
        measure_table(again, truth, resamples=0), measure_table(table, truth, resamples=0)
    )
    assert contestants_about(again.columns)["score"].tolist() == [
        name for name, entry in SCORES.items() if entry.available(stream)
    ]


CORE = """
import sys
for name in ("torch", "transformers", "scipy", "sklearn", "cleanlab"):
    sys.modules[name] = None
import pandas as pd
from difficulty_lib.audit import audit_measures, measure_difference, minutes_per_error
hard = pd.Series([3.0, 2.0, 1.0], name="action_score")
truth = pd.Series([True, False, False])
print(audit_measures(hard, truth).average_precision.value, minutes_per_error(hard, truth, seconds=60))
"""


def test_measures_need_the_core_alone():
    done = subprocess.run([sys.executable, "-c", CORE], capture_output=True, text=True)
    assert done.stderr == ""
    assert done.stdout.startswith("1.0 1.00")
