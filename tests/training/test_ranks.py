"""Several ranks over gloo: no sample missing, none doubled, the same numbers as one rank's."""

import numpy as np
import pytest
from training import tiny
from training.launch import ACCELERATE, TORCHRUN, train, with_launcher

from difficulty_lib import Dynamics, score_table

pytestmark = pytest.mark.filterwarnings(
    "ignore::difficulty_lib.dynamics._health.CollapsedRunWarning"
)

STILL = {"rate": 0.0, "dropout": 0.0}
FLOATS = ("loss", "margin", "entropy", "error_norm")


def gold(count):
    return {row["sample_id"]: row["labels"] for row in tiny.encoded_rows(count)}


def recorded_ids(folder, epoch, rank):
    return tiny.read_part(folder, "train", "training", epoch, rank)["sample_id"].tolist()


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """By count: the dynamics that one rank records of a model that does not change."""
    kept = {}

    def of(count):
        if count not in kept:
            folder = tmp_path_factory.mktemp("alone") / "run"
            train(folder, count=count, **STILL)
            kept[count] = Dynamics.load(folder)
        return kept[count]

    return of


def assert_equal(found, wanted):
    np.testing.assert_array_equal(found.ids, wanted.ids)
    np.testing.assert_array_equal(found.label, wanted.label)
    np.testing.assert_array_equal(found.epochs, wanted.epochs)
    for name in FLOATS:
        np.testing.assert_allclose(found.columns[name], wanted.columns[name], atol=1e-6, rtol=1e-6)
        assert np.ptp(wanted.columns[name]) > 0.01  # the comparison is not of constants
    np.testing.assert_array_equal(found.columns["predicted"], wanted.columns["predicted"])


# 21 on 2 ranks: padding from another rank; 17: from one's own too; 25 on 3; 3 on 2: fewer samples
# than the ranks' batches have places
@pytest.mark.parametrize(("ranks", "count"), [(2, 21), (2, 17), (3, 25), (2, 3)])
@pytest.mark.parametrize("loop", ["trainer", "accelerate"])
def test_streams_equal_one_ranks(tmp_path, alone, ranks, count, loop):
    train(tmp_path, ranks, loop=loop, count=count, **STILL)
    found = Dynamics.load(tmp_path)
    wanted = alone(count)
    training = found.stream("train", "training")
    assert dict(zip(training.ids.tolist(), training.label.tolist())) == gold(count)
    assert_equal(training, wanted.stream("train", "training"))
    held = [i for r in range(ranks) for i in recorded_ids(tmp_path, 1, r)]
    assert len(held) > count  # accelerate did pad, across the ranks
    if loop == "trainer":
        assert_equal(found.stream("validation"), wanted.stream("validation"))
        scores = [score_table(d.stream("validation")) for d in (found, wanted)]
        np.testing.assert_allclose(scores[0], scores[1], atol=1e-6, rtol=1e-6)


def test_a_model_that_learns_is_recorded_by_each_rank_before_its_update(tmp_path):
    """While the weights move, the record of a padded sample is that of its own batch, not the copy."""
    train(tmp_path, 2, rate=5e-3, dropout=0.0)
    stream = Dynamics.load(tmp_path).stream("train", "training")
    assert stream.columns["loss"].shape == (3, 21)
    parts = [tiny.read_part(tmp_path, "train", "training", 1, r) for r in (0, 1)]
    merged = parts[0].merge(parts[1], on="sample_id")
    assert len(merged) == 3  # 6 batches of 4 for 21 samples
    kept = stream.columns["loss"][0][np.isin(stream.ids, merged["sample_id"])]
    # rank 0 had them in the first batch, with the untouched model
    untouched = tiny.direct_losses(tiny.tiny_model(dropout=0.0), tiny.encoded_rows(21))
    np.testing.assert_allclose(
        kept, [untouched[i] for i in merged["sample_id"]], atol=1e-5, rtol=1e-4
    )
    assert np.abs(merged["loss_x"] - merged["loss_y"]).max() > 1e-3


@pytest.mark.parametrize(("launcher", "loop"), [(TORCHRUN, "trainer"), (ACCELERATE, "accelerate")])
def test_as_a_user_launches_it(tmp_path, launcher, loop):
    with_launcher(launcher, tmp_path, loop=loop, rate=5e-3)
    stream = Dynamics.load(tmp_path).stream("train", "training")
    assert dict(zip(stream.ids.tolist(), stream.label.tolist())) == gold(21)
    assert stream.epochs.tolist() == [1, 2, 3]
