"""Error by decile and partial rank correlation, against slow references."""

import numpy as np
import pytest
from scipy import stats

from difficulty_lib._errors import DataError
from difficulty_lib.analysis import error_by_decile, partial_spearman


def test_error_by_decile_counts_the_errors_of_every_tenth():
    rng = np.random.default_rng(0)
    hard = rng.permutation(200).astype(float)
    wrong = rng.random(200) < hard / 200
    table = error_by_decile(hard, wrong)
    for row in table.itertuples():
        inside = (hard >= 20 * (row.decile - 1)) & (hard < 20 * row.decile)
        assert row.value == pytest.approx(wrong[inside].mean())
        assert row.low <= row.value <= row.high
        assert row.n == 20
    assert table["value"].iloc[-1] > table["value"].iloc[0]


def test_error_by_decile_takes_every_sample_once_where_ten_does_not_divide():
    table = error_by_decile(np.arange(23), np.ones(23))
    assert table["n"].sum() == 23
    assert table["n"].max() - table["n"].min() == 1


def test_error_by_decile_of_too_few():
    with pytest.raises(DataError, match="10 deciles of shapes"):
        error_by_decile([1.0, 2.0], [0, 1])


def residuals(y, x):
    design = np.column_stack([np.ones_like(x), x])
    return y - design @ np.linalg.lstsq(design, y, rcond=None)[0]


def test_partial_spearman_is_the_correlation_of_what_regression_leaves():
    rng = np.random.default_rng(1)
    given = rng.normal(size=300)
    x = given + rng.normal(size=300)
    y = given + 0.5 * x + rng.normal(size=300)
    ranks = [stats.rankdata(v) for v in (x, y, given)]
    expected = np.corrcoef(residuals(ranks[0], ranks[2]), residuals(ranks[1], ranks[2]))[0, 1]
    found = partial_spearman(x, y, given)
    assert found.value == pytest.approx(expected, abs=1e-12)
    assert found.low < found.value < found.high


def test_partial_spearman_is_null_where_the_third_explains_all():
    inside = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        given = rng.normal(size=200)
        x, y = given + rng.normal(size=200), given + rng.normal(size=200)
        inside += not partial_spearman(x, y, given, resamples=200).excludes(0)
    assert 33 <= inside <= 40  # nominally 95 % of 40; ranks leave a little of the third behind


def test_partial_spearman_of_other_lengths():
    with pytest.raises(DataError, match="a partial correlation of shapes"):
        partial_spearman([1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 3.0, 4.0], [1.0])
