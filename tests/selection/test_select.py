"""What is kept: exact counts, the right samples, floors, and refusals of one line."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from refusals import raises_one_line

from difficulty_lib._errors import ConfigError, DifficultyError
from difficulty_lib.curriculum import ordered
from difficulty_lib.selection import SELECTIONS, drop_suspects, select

N = 60
IDS = 13 * np.random.default_rng(0).permutation(N) + 2
RNG = np.random.default_rng(1)
SCORES = pd.Series(np.round(RNG.normal(size=N), 1), index=IDS, name="variability")
LABELS = pd.Series(RNG.choice(["a", "b", "c"], N, p=[0.6, 0.3, 0.1]), index=IDS, name="label")
SIZES = LABELS.value_counts()
FRACTIONS = st.floats(0.02, 1.0)


def slowly(sequence, count, floor, labels):
    """First the floors, then the rest, sample by sample."""
    kept = []
    for name in sorted(set(labels)):
        kept += [i for i in sequence if labels[i] == name][:floor]
    for sample in sequence:
        if len(kept) < count and sample not in kept:
            kept.append(sample)
    return sorted(kept)


def count_of(fraction):
    return int(fraction * N + 0.5 + 1e-9)


@given(
    fraction=FRACTIONS,
    how=st.sampled_from([h for h in SELECTIONS if h != "class_balanced"]),
    floor=st.integers(0, 6),
    seed=st.integers(0, 3),
)
def test_it_equals_the_slow_one(fraction, how, floor, seed):
    count = count_of(fraction)
    if 3 * floor > count or floor > SIZES.min():
        raises_one_line(
            lambda: select(SCORES, fraction, how, LABELS, seed, floor=floor), "expected a smaller"
        )
        return
    found = select(SCORES, fraction, how, LABELS, seed, floor=floor)
    sequence = ordered(SCORES, SELECTIONS[how], seed=seed).tolist()
    assert found.tolist() == slowly(sequence, count, floor, LABELS)
    assert len(found) == count
    assert LABELS.loc[found].value_counts().reindex(["a", "b", "c"], fill_value=0).min() >= floor


def test_directions():
    low, high = SCORES.nsmallest(6).max(), SCORES.nlargest(6).min()
    assert SCORES.loc[select(SCORES, 0.1, "easiest")].max() <= low
    assert SCORES.loc[select(SCORES, 0.1, "hardest")].min() >= high
    assert SCORES.loc[select(SCORES, 0.1, "most_ambiguous")].min() >= high
    confident = SCORES.rename("confidence")  # high is easy
    assert SCORES.loc[select(confident, 0.1, "easiest")].min() >= high
    own = SCORES.rename("own")
    assert SCORES.loc[select(own, 0.1, "easiest", higher_is_harder=False)].min() >= high


@pytest.mark.parametrize("how", list(SELECTIONS))
def test_less_is_part_of_more(how):
    labels = pd.Series(np.arange(N) % 3, index=IDS)
    kept = [set(select(SCORES, f, how, labels).tolist()) for f in (0.1, 0.25, 0.5, 0.9, 1.0)]
    assert [len(k) for k in kept] == [6, 15, 30, 54, 60]
    assert all(less <= more for less, more in itertools.pairwise(kept))


@given(fraction=FRACTIONS, seed=st.integers(0, 5))
def test_balanced_classes(fraction, seed):
    count = count_of(fraction)
    each = [count // 3 + (place < count % 3) for place in range(3)]
    if (np.array(each) > SIZES.reindex(["a", "b", "c"]).to_numpy()).any():
        raises_one_line(
            lambda: select(SCORES, fraction, "class_balanced", LABELS, seed),
            "samples, and",
            "are to be kept",
        )
        return
    found = select(SCORES, fraction, "class_balanced", LABELS, seed)
    counts = LABELS.loc[found].value_counts().reindex(["a", "b", "c"], fill_value=0)
    assert counts.tolist() == each
    sequence = ordered(SCORES, "random", seed=seed)
    for name, kept in zip("abc", each):
        of_class = [i for i in sequence if LABELS[i] == name]
        assert sorted(of_class[:kept]) == [i for i in found if LABELS[i] == name]


def test_seeds_and_the_given_order():
    one = select(SCORES, 0.5, "random", seed=1)
    assert one.tolist() != select(SCORES, 0.5, "random", seed=2).tolist()
    shuffled = SCORES.sample(frac=1, random_state=0)
    for how in SELECTIONS:
        wanted = select(SCORES, 0.1, how, LABELS)
        np.testing.assert_array_equal(select(shuffled, 0.1, how, LABELS[::-1]), wanted)


@pytest.mark.parametrize(("fraction", "count"), [(0.5, 2), (0.499, 1), (0.1, 1), (0.9, 3)])
def test_halves_go_up(fraction, count):
    three = pd.Series([1.0, 2.0, 3.0], index=[1, 2, 3], name="aum")
    if fraction == 0.1:
        raises_one_line(lambda: select(three, fraction, "easiest"), "0.1 of 3", "leaves nothing")
    else:
        assert len(select(three, fraction, "easiest")) == count


def test_scores_of_other_samples():
    missing = SCORES.drop(IDS[4])
    first = str(IDS[4])
    raises_one_line(
        lambda: select(missing, 0.5, "easiest", LABELS), "'variability': 1 of 60", first
    )
    raises_one_line(lambda: select(missing, 0.5, "easiest", ids=IDS), "have no score", first)
    raises_one_line(lambda: select(SCORES, 0.5, "easiest", LABELS.drop(IDS[4])), "do not", first)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"how": "softest"}, "unknown selection 'softest'; known: easiest"),
        ({"fraction": 0}, "fraction is 0"),
        ({"fraction": 30}, "fraction is 30"),
        ({"fraction": float("nan")}, "fraction is nan"),
        ({"fraction": True}, "fraction is True"),
        ({"fraction": 0.001}, "leaves nothing"),
        ({"seed": -1}, "seed is -1"),
        ({"floor": -1}, "floor is -1"),
        ({"floor": 2}, "need the labels"),
        ({"how": "class_balanced"}, "need the labels"),
        ({"how": "class_balanced", "labels": LABELS, "fraction": 0.9}, "'c' has"),
        ({"how": "class_balanced", "labels": LABELS, "fraction": 0.1, "floor": 3}, "are 2 of the"),
        ({"floor": 11, "labels": LABELS}, "floor of 11 in each of 3 classes is more than the 30"),
        ({"floor": 10, "labels": LABELS}, "class 'c' has"),
        ({"labels": LABELS.where(LABELS != "c")}, "have no label"),
        ({"scores": SCORES.rename("own")}, "say higher_is_harder"),
        ({"scores": SCORES.rename("aum"), "how": "most_ambiguous"}, "not ambiguous"),
    ],
)
def test_settings_that_cannot_be(settings, says):
    given = {"scores": SCORES, "fraction": 0.5, "how": "easiest"} | settings
    raises_one_line(lambda: select(**given), says, kind=DifficultyError)


# --- suspects ----------------------------------------------------------------------------------


def test_suspects_are_dropped_and_no_others():
    suspects = select(SCORES, 0.2, "hardest")
    kept = drop_suspects(IDS, suspects, LABELS)
    assert kept.tolist() == sorted(i for i in IDS if i not in suspects)
    assert len(kept) == 48
    assert drop_suspects(IDS, []).tolist() == sorted(IDS)


def test_suspects_that_cannot_be():
    raises_one_line(lambda: drop_suspects(IDS, [1, IDS[0]]), "1 of 2 suspects", "[1]")
    raises_one_line(lambda: drop_suspects(IDS, IDS), "all 60 samples")
    raises_one_line(lambda: drop_suspects(IDS, [IDS[0], IDS[0]]), "doubled")
    rare = LABELS.index[LABELS == "c"]
    raises_one_line(lambda: drop_suspects(IDS, rare, LABELS), "class 'c' 0 samples", "at least 1")
    raises_one_line(lambda: drop_suspects(IDS, rare[:-1], LABELS, floor=2), "'c' 1 samples")
    raises_one_line(
        lambda: drop_suspects(IDS, rare[:1], LABELS.drop(IDS[3])),
        "have no label",
        kind=DifficultyError,
    )


def test_classes_are_named_as_the_data_name_them():
    numbers = LABELS.map({"a": 0, "b": 1, "c": 2})
    raises_one_line(lambda: select(SCORES, 0.9, "class_balanced", numbers), "class 2 has")
    rare = numbers.index[numbers == 2]
    raises_one_line(lambda: drop_suspects(IDS, rare, numbers), "of class 2 0 samples")


def test_every_selection_has_an_order():
    with pytest.raises(ConfigError):
        select(SCORES, 0.5, "")
    assert set(SELECTIONS) == {"easiest", "hardest", "most_ambiguous", "random", "class_balanced"}
