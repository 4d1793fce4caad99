"""The sampler: plain training at pacing 1, only what is available, equal updates, and resumed."""

import itertools

import numpy as np
import pandas as pd
import pytest
import torch
from refusals import raises_one_line
from torch.utils.data import DataLoader, RandomSampler
from transformers.trainer_pt_utils import LengthGroupedSampler

from difficulty_lib._errors import ConfigError, DifficultyError
from difficulty_lib.curriculum import ORDERS, PACINGS, CurriculumSampler, ordered
from difficulty_lib.curriculum._draws import draw

ROWS = 101
IDS = 11 * np.random.default_rng(0).permutation(ROWS) + 5
SCORES = pd.Series(np.random.default_rng(1).gamma(1.0, 1.0, ROWS), index=IDS, name="variability")
CLASSES = pd.Series(IDS % 3, index=IDS).clip(upper=1)  # twice as many of the second


def sampler(**settings):
    given = {"scores": SCORES, "classes": CLASSES, "epochs": 3, "batch_size": 8, "seed": 4}
    given |= settings
    return CurriculumSampler(given.pop("ids", IDS), **given)


def epochs_of(one, count=3):
    return [list(one) for _ in range(count)]


# --- plain training ----------------------------------------------------------------------------


def plain(order="random", **settings):
    return sampler(order=order, pacing="constant", **settings)


@pytest.mark.parametrize("order", ORDERS)
def test_pacing_one_is_torchs_random_sampler_batch_for_batch(order):
    torchs = RandomSampler(range(ROWS), generator=torch.Generator().manual_seed(4))
    ours = plain(order, like="torch")
    for _ in range(3):
        wanted = list(DataLoader(range(ROWS), batch_size=8, sampler=torchs))
        found = list(DataLoader(range(ROWS), batch_size=8, sampler=ours))
        assert len(found) == len(wanted) == 13
        assert all(torch.equal(a, b) for a, b in zip(found, wanted))


def test_pacing_one_is_accelerates_sampler():
    from accelerate.data_loader import SeedableRandomSampler

    theirs = SeedableRandomSampler(range(ROWS), generator=torch.Generator(), data_seed=4)
    assert epochs_of(plain()) == epochs_of(theirs)


@pytest.mark.parametrize("rows", [3, 50, 101, 900])
@pytest.mark.parametrize("order", ["random", "easy_first"])
def test_pacing_one_is_transformers_sampler_by_length(rows, order):
    rng = np.random.default_rng(rows)
    lengths = rng.integers(3, 30, rows)  # with ties
    theirs = LengthGroupedSampler(
        4, lengths=lengths.tolist(), generator=torch.Generator().manual_seed(4)
    )
    series = pd.Series(rng.normal(size=rows), index=range(rows), name="aum")
    ours = plain(order, ids=range(rows), scores=series, lengths=lengths, batch_size=4)
    assert epochs_of(ours) == epochs_of(theirs)


# what follows losses is for easy samples first alone
PACED = [(p, o) for p in PACINGS for o in ORDERS if p != "self_paced" or o == "easy_first"]

# --- what is drawn -----------------------------------------------------------------------------


def drawn_slowly(permutations, rank, available):
    """Row by row through the permutations."""
    rows = itertools.chain.from_iterable(permutations)
    return [next(row for row in rows if rank[row] < count) for count in available]


@pytest.mark.parametrize("seed", range(6))
def test_drawing_equals_the_slow_one(seed):
    rng = np.random.default_rng(seed)
    size = int(rng.integers(1, 400))
    rank = rng.permutation(size)
    available = np.sort(rng.integers(1, size + 1, size))
    if seed % 2:
        available = np.repeat(available[::7], 7)[:size]
    permutations = [rng.permutation(size) for _ in range(size + 1)]
    found = draw(iter(permutations), rank, available)
    assert found.tolist() == drawn_slowly(permutations, rank, available)


@pytest.mark.parametrize(("pacing", "order"), PACED)
@pytest.mark.parametrize("by_length", [False, True])
def test_only_available_samples_and_equal_updates(pacing, order, by_length):
    lengths = np.random.default_rng(2).integers(3, 30, ROWS) if by_length else None
    one = sampler(pacing=pacing, order=order, start=0.1, end=0.9, lengths=lengths)
    sequence = ordered(SCORES, order, seed=4, classes=CLASSES).tolist()
    stage = 24 if by_length else 8  # 101 // 32 batches of 8
    losses = SCORES.loc[IDS].to_numpy()
    for epoch in range(3):
        rows = list(one)
        assert len(rows) == len(one) == ROWS
        for place, row in enumerate(rows):
            progress = (epoch * ROWS + place // stage * stage) / (3 * ROWS)
            share = PACINGS[pacing](progress, start=0.1, end=0.9, losses=losses)
            allowed = sequence[: max(int(np.ceil(share * ROWS - 1e-9)), 1)]
            assert IDS[row] in allowed


def test_the_available_ones_are_drawn_evenly():
    """Half are available: every one of them twice, or once and thrice where passes meet."""
    one = sampler(pacing="step", start=0.5, end=1.0, epochs=10)
    counts = np.bincount(np.concatenate(epochs_of(one, 9)), minlength=ROWS)
    easy = np.isin(IDS, ordered(SCORES, "easy_first", seed=4)[:51])
    assert counts[~easy].sum() == 0
    assert counts[easy].min() >= 9  # at least one whole pass in each epoch
    assert counts[easy].max() <= 27
    first = one.rows(0)[:51]
    assert len(set(first.tolist())) == 51  # a pass, before any comes again


def test_rows_of_one_sample_come_under_its_score():
    ids = np.repeat(IDS, 2)
    one = sampler(ids=ids, pacing="step", start=0.25, end=1.0)
    easiest = set(ordered(SCORES, "easy_first", seed=4)[:26])
    assert {ids[row] for row in one} == easiest


def test_start_of_a_single_sample():
    one = sampler(pacing="step", start=0.001, end=1.0)
    assert set(one) == {int(np.flatnonzero(ordered(SCORES, "easy_first", seed=4)[0] == IDS)[0])}


def test_an_epoch_is_the_same_whatever_came_before():
    one, other = sampler(), sampler()
    wanted = epochs_of(one)
    other.set_epoch(2)
    assert list(other) == wanted[2]
    other.set_epoch(0)
    assert list(other) == wanted[0]
    assert wanted[0] != wanted[1]
    assert list(sampler(seed=5)) != wanted[0]


def test_beyond_the_last_epoch_all_is_available():
    one = sampler(end=1.0)
    one.set_epoch(7)
    assert sorted(one) == list(range(ROWS))


# --- several processes, and resumed -------------------------------------------------------------


@pytest.mark.parametrize("world", [2, 3])
def test_every_process_gets_its_share_of_the_same_order(world):
    whole = sampler().rows(1).tolist()
    parts = [sampler(rank=rank, world=world) for rank in range(world)]
    for part in parts:
        part.set_epoch(1)
    shares = [list(part) for part in parts]
    assert {len(share) for share in shares} == {len(parts[0])} == {-(-ROWS // world)}
    dealt = [row for rows in zip(*shares) for row in rows]
    assert dealt == whole + whole[: len(dealt) - ROWS]


@pytest.mark.parametrize("workers", [0, 1])
@pytest.mark.parametrize("world", [1, 2])
def test_resumed_inside_an_epoch(workers, world):
    where = {"world": world, "rank": world - 1}

    def batches(one):
        loader = DataLoader(range(ROWS), batch_size=4, sampler=one, num_workers=workers)
        return [batch.tolist() for batch in loader]

    one = sampler(**where)
    wanted = [batches(one) for _ in range(3)]
    state = sampler(**where).state_dict(epoch=1, samples=5 * 4)
    again = sampler(**where)
    again.load_state_dict(state)
    assert [batches(again), batches(again)] == [wanted[1][5:], wanted[2]]


def test_a_state_goes_through_a_file_with_what_was_updated(tmp_path):
    def updated():
        one = sampler(pacing="self_paced", end=1.0)
        list(one)
        one.update(SCORES[::-1] ** 2 + 1)
        return one

    one = updated()
    wanted = epochs_of(one, 2)
    assert wanted[0] != epochs_of(sampler(pacing="self_paced", end=1.0))[1]
    torch.save(updated().state_dict(1, 30), tmp_path / "state.pt")
    again = sampler(pacing="self_paced", end=1.0)
    again.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    assert epochs_of(again, 2) == [wanted[0][30:], wanted[1]]


def test_a_state_of_other_settings_is_refused():
    state = sampler().state_dict(0, 8)
    raises_one_line(
        lambda: sampler(seed=9, end=0.9).load_state_dict(state),
        "another end, seed",
        kind=ConfigError,
    )


def test_self_paced_learning_takes_the_models_present_losses():
    """With every update the samples below the threshold are others, and their number too."""
    one = sampler(pacing="self_paced", start=0.5, end=1.0, epochs=4)
    for epoch in range(4):
        losses = pd.Series(
            np.random.default_rng(epoch).gamma(1.0, 1.0, ROWS), index=IDS, name="last_loss"
        )
        one.update(losses)
        available = one.available(epoch)
        for place in (0, 50):
            progress = (epoch * ROWS + place // 8 * 8) / (4 * ROWS)
            threshold = np.sort(losses)[50]
            stages = np.ceil(np.log(losses.max() / threshold) / np.log(1.3))
            threshold *= 1.3 ** np.floor(progress * stages)
            assert available[place] == (losses <= threshold).sum()
        hardest = losses.loc[IDS[list(one)]].max()
        assert hardest <= np.sort(losses)[available[-1] - 1]


# --- what is refused ---------------------------------------------------------------------------


def test_scores_of_other_samples():
    foreign = SCORES.rename({IDS[0]: 999_999, IDS[1]: 999_998})
    raises_one_line(
        lambda: sampler(scores=foreign), "'variability': 2 of 101", str(min(IDS[:2])), "no score"
    )
    more = pd.concat([SCORES, pd.Series([1.0], index=[999_999])]).rename("aum")
    raises_one_line(lambda: sampler(scores=more), "1 of 102 scores", "999999")


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"order": "backwards"}, "unknown order 'backwards'"),
        ({"pacing": "cubic"}, "unknown pacing 'cubic'"),
        ({"start": 0}, "start is 0"),
        ({"epochs": 0}, "epochs is 0"),
        ({"batch_size": 1.5}, "batch_size is 1.5"),
        ({"world": 2, "rank": 2}, "rank is 2"),
        ({"like": "numpy"}, "like is 'numpy'"),
        ({"seed": -3}, "seed is -3"),
        ({"scores": None}, "needs scores"),
        ({"ids": []}, "no samples"),
        ({"lengths": [1, 2]}, "2 lengths of 101 rows"),
        ({"pacing": "self_paced", "order": "hard_first"}, "expected the order easy_first"),
        ({"pacing": "self_paced", "scores": -SCORES}, "at least 0"),
        ({"scores": SCORES.rename("own")}, "say higher_is_harder"),
    ],
)
def test_settings_that_cannot_be(settings, says):
    raises_one_line(lambda: sampler(**settings), says, kind=DifficultyError)


def test_random_needs_no_scores():
    one = sampler(order="random", scores=None, pacing="step", start=0.3, end=1.0)
    with_scores = sampler(order="random", pacing="step", start=0.3, end=1.0)
    assert list(one) == list(with_scores)
