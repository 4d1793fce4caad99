"""The estimate of errors left: exact intervals, and their coverage in simulated reviews."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib.review import Order, errors_left
from difficulty_lib.review._left import interval


@pytest.mark.parametrize("rows", [1, 7, 40, 300])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_interval_is_that_of_all_hypergeometric_tests(rows, level):
    for drawn in sorted({0, 1, rows // 3, rows}):
        for wrong in sorted({0, drawn // 4, drawn}):
            errors = np.arange(wrong, rows - (drawn - wrong) + 1)
            law = stats.hypergeom(rows, errors, drawn)
            tail = (1 - level) / 2 - 1e-9
            held = errors[(law.sf(wrong - 1) >= tail) & (law.cdf(wrong) >= tail)]
            assert interval(wrong, drawn, rows, level) == (held.min(), held.max())


def review(order, wrong, steps):
    """A review by someone who is always right: the decisions after so many rows."""
    decided, made = set(), []
    for _ in range(steps):
        place, how = order.next(decided)
        assert place not in decided
        decided.add(place)
        made.append((str(place), "relabel" if wrong[place] else "keep", how))
    return pd.DataFrame(made, columns=["row", "decision", "how"])


@pytest.mark.parametrize("shape", ["front-loaded", "uniform", "a lump in the tail"])
def test_coverage(shape):
    """The interval holds the truth in 95 % of reviews or more, wherever the errors are."""
    rows, steps, reviews, held, widths = 300, 90, 250, 0, []
    chance = {
        "front-loaded": 0.7 * np.exp(-np.arange(rows) / 40),
        "uniform": np.full(rows, 0.15),
        "a lump in the tail": np.where(np.arange(rows) // 30 == 8, 0.8, 0.05),
    }[shape]
    rng = np.random.default_rng(0)
    keys = [str(place) for place in range(rows)]
    for seed in range(reviews):
        wrong = rng.random(rows) < chance
        made = review(Order(rows, 4, seed), wrong, steps)
        found = errors_left(made, keys)
        truth = wrong.sum() - (made["decision"] == "relabel").sum()
        assert found.found == (made["decision"] == "relabel").sum()
        held += found.low <= truth <= found.high
        widths.append(found.high - found.low)
    assert held / reviews >= 0.95 - 2 * np.sqrt(0.95 * 0.05 / reviews)
    assert np.mean(widths) < rows / 2  # an interval of everything would hold the truth, too


def test_value_is_without_bias():
    rows, keys = 200, [str(place) for place in range(200)]
    rng = np.random.default_rng(1)
    wrong = rng.random(rows) < 0.6 * np.exp(-np.arange(rows) / 50)
    errors = []
    for seed in range(250):
        made = review(Order(rows, 3, seed), wrong, 60)
        truth = wrong.sum() - (made["decision"] == "relabel").sum()
        errors.append(errors_left(made, keys).value - truth)
    assert abs(np.mean(errors)) < 3 * np.std(errors) / np.sqrt(len(errors))


def frame(*made):
    return pd.DataFrame(made, columns=["row", "decision", "how"])


KEYS = list("abcdefghij")


def test_by_hand():
    made = frame(("a", "relabel", "ranked"), ("b", "keep", "ranked"), ("f", "relabel", "check"))
    made = pd.concat([made, frame(("h", "keep", "check"), ("a", "keep", "check"))])
    found = errors_left(made.iloc[:4], KEYS)
    assert (found.unread, found.checks, found.found) == (6, 2, 2)
    assert found.value == 3.0  # half of the checks, of six rows
    assert (found.low, found.high) == (0, 6)


def test_checks_that_the_ranking_has_passed_do_not_count():
    made = frame(("b", "relabel", "check"), ("a", "keep", "ranked"), ("c", "keep", "ranked"))
    found = errors_left(made, KEYS)
    assert (found.checks, found.unread, found.found) == (0, 7, 1)
    assert np.isnan(found.value)
    assert (found.low, found.high) == (0, 7)
    assert "unknown" in str(found)


def test_skipped_checks_widen_the_interval():
    sure = frame(*((key, "keep", "check") for key in "bcdef"))
    unsure = sure.copy()
    unsure.loc[0, "decision"] = "skip"
    assert errors_left(unsure, KEYS).high > errors_left(sure, KEYS).high
    assert errors_left(unsure, KEYS).low == errors_left(sure, KEYS).low == 0


def test_none_left_when_all_is_read():
    made = frame(*((key, "keep", "ranked") for key in KEYS))
    found = errors_left(made, KEYS)
    assert (found.low, found.high, found.unread) == (0, 0, 0)
    assert "every row was looked at" in str(found)


def test_before_the_first_decision():
    found = errors_left(frame(), KEYS)
    assert (found.low, found.high, found.unread, found.checks) == (0, 10, 10, 0)


def test_refusals():
    with pytest.raises(DataError, match="row 'z', which the ranking does not have"):
        errors_left(frame(("z", "keep", "ranked")), KEYS)
    with pytest.raises(ConfigError, match="level is 95"):
        errors_left(frame(), KEYS, level=95)


def test_order_shows_every_row_once_and_checks_are_random():
    order = Order(50, 5, seed=3)
    decided, hows = [], []
    while (found := order.next(decided)) is not None:
        decided.append(found[0])
        hows.append(found[1])
    assert sorted(decided) == list(range(50))
    assert [n for n, how in enumerate(hows, 1) if how == "check"] == list(range(5, 51, 5))
    ranked = [place for place, how in zip(decided, hows) if how == "ranked"]
    assert ranked == sorted(ranked)
    checks = [place for place, how in zip(decided, hows) if how == "check"]
    left = [place for place in order.shuffled.tolist() if place in checks]
    assert left == checks
    assert Order(50, 5, seed=4).shuffled.tolist() != order.shuffled.tolist()


@pytest.mark.parametrize(("every", "seed"), [(1, 0), (-1, 0), (5, -1)])
def test_order_refuses(every, seed):
    with pytest.raises(ConfigError):
        Order(10, every, seed)
