"""Rankings of which some rows were judged: by loops over the orders, and at both extremes."""

from itertools import pairwise, permutations

import numpy as np
import pandas as pd
import pytest
from refusals import raises_one_line

from difficulty_lib._errors import ConfigError
from difficulty_lib.audit import audit_measures, oriented, partly_judged


def ranked(values, ids):
    return oriented(pd.Series(values, index=ids, dtype=float, name="x"), higher_is_harder=True)


@pytest.mark.parametrize("at", [1, 2, 3, 5, 7])
def test_the_readings_by_every_order_of_the_ties(at):
    ids = [11, 4, 9, 2, 30, 6, 7]
    hard = ranked([3, 2, 2, 2, 1, 1, 0], ids)
    verdicts = {11: True, 9: False, 2: True, 6: True, 7: False}
    found = partly_judged(hard, pd.Series(verdicts), at, resamples=0)
    orders = [o for o in permutations(ids) if all(hard[a] >= hard[b] for a, b in pairwise(o))]
    judged = np.mean([sum(i in verdicts for i in o[:at]) for o in orders])
    errors = np.mean([sum(verdicts.get(i, False) for i in o[:at]) for o in orders])
    assert found.judged.value == pytest.approx(judged / at)
    assert found.errors_among_judged.value == pytest.approx(errors / judged)
    assert found.lowest.value == pytest.approx(errors / at)
    assert found.highest.value == pytest.approx((errors + at - judged) / at)
    assert (found.at, found.n) == (at, 7)
    pool = audit_measures(hard.loc[list(verdicts)], pd.Series(verdicts), resamples=0)
    assert found.pool.average_precision.value == pool.average_precision.value


def drawn(n=300, share=0.4, seed=0):
    rng = np.random.default_rng(seed)
    ids = 5 + rng.permutation(n)
    wrong = rng.random(n) < 0.3
    hard = ranked(rng.normal(size=n) + 1.5 * wrong, ids)
    truth = pd.Series(wrong, index=ids)
    return hard, truth, truth[rng.random(n) < share]


def test_where_all_is_judged_the_bounds_meet_at_the_precision():
    hard, truth, _ = drawn()
    found = partly_judged(hard, truth, 50, resamples=80, seed=3)
    precision = audit_measures(hard, truth, at=50, resamples=80, seed=3).precision
    for reading in (found.lowest, found.highest, found.errors_among_judged):
        assert (reading.value, reading.low, reading.high) == pytest.approx(
            (precision.value, precision.low, precision.high)
        )
    assert (found.judged.value, found.judged.low) == (1, 1)


def test_the_bounds_hold_the_share_that_all_judgements_give():
    hard, truth, some = drawn()
    found = partly_judged(hard, some, 60, resamples=100)
    true = audit_measures(hard, truth, at=60, resamples=0).precision.value
    assert found.lowest.value < true < found.highest.value
    for reading in (found.judged, found.errors_among_judged, found.lowest, found.highest):
        assert reading.low < reading.value < reading.high
    assert found.pool.n == len(some)


def test_nothing_judged_among_the_first():
    hard = ranked([3, 2, 1, 0], [1, 2, 3, 4])
    found = partly_judged(hard, pd.Series({3: True, 4: False}), 2, resamples=0)
    assert np.isnan(found.errors_among_judged.value)
    assert (found.lowest.value, found.highest.value) == (0, 1)


def test_what_cannot_be_read_is_refused():
    hard, _, some = drawn()
    for at in (0, 301):
        raises_one_line(
            lambda n=at: partly_judged(hard, some, n), f"first {at} of 300", kind=ConfigError
        )
    raises_one_line(lambda: partly_judged(hard.drop(some.index[0]), some, 5), "1 judged samples")
    raises_one_line(lambda: partly_judged(hard, some.astype(float), 5), "booleans")
    bare = pd.Series(hard.to_numpy(), hard.index, name="x")
    raises_one_line(lambda: partly_judged(bare, some, 5), "direction", kind=ConfigError)
