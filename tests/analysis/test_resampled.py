"""Resampling by counts, against scipy on every resample written out."""

import numpy as np
import pytest
from scipy import stats

from difficulty_lib.analysis import partial_spearman, spearman
from difficulty_lib.analysis._resampled import (
    ResampledRanks,
    counts_of,
    drawn_counts,
    partial_spearman_of,
    spearman_of,
    weighted_pearson,
)


@pytest.mark.parametrize("values", [[3.0, 1.0, 2.0, 2.0, 5.0, 1.0], [1.0, 1.0], [4.0]])
def test_resampled_ranks(values):
    values = np.array(values)
    counts = next(drawn_counts(len(values), 20, seed=1))
    assert (counts.sum(axis=1) == len(values)).all()
    for drawn, ranks in zip(counts.astype(int), ResampledRanks(values)(counts)):
        rows = np.repeat(np.arange(len(values)), drawn)
        assert ranks[rows].tolist() == stats.rankdata(values[rows]).tolist()


def test_weighted_pearson():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 30))
    counts = next(drawn_counts(30, 5, seed=1))
    repeated = [np.repeat(np.arange(30), c) for c in counts.astype(int)]
    expected = [stats.pearsonr(x[rows], y[rows]).statistic for rows in repeated]
    assert weighted_pearson(x[None], y[None], counts) == pytest.approx(expected)


def test_blocks_of_resamples_are_one_draw(monkeypatch):
    whole = np.concatenate(list(drawn_counts(9, 25, seed=3)))
    monkeypatch.setattr("difficulty_lib.analysis._resampled.CELLS", 40)
    blocks = list(drawn_counts(9, 25, seed=3))
    assert len(blocks) == 7
    assert (np.concatenate(blocks) == whole).all()


def test_counts_of_drawn_rows():
    rows = np.array([[0, 0, 2], [3, 1, 3]])
    assert counts_of(rows, 4).tolist() == [[2, 0, 1, 0], [0, 1, 0, 2]]


def tied(seed, n=40):
    """Three related variables with many ties."""
    common, *rest = np.random.default_rng(seed).normal(size=(4, n))
    return [np.round(common + each, 1) for each in rest]


def slow_spearman(x, y):
    return stats.spearmanr(x, y).statistic


def slow_partial(x, y, given):
    """The correlation of what a line through the ranks of `given` leaves of the others' ranks."""
    first, second, third = (stats.rankdata(v) for v in (x, y, given))
    left = [v - np.polyval(np.polyfit(third, v, 1), third) for v in (first, second)]
    return stats.pearsonr(*left).statistic


@pytest.mark.parametrize(
    ("fast", "slow", "takes"),
    [(spearman_of, slow_spearman, 2), (partial_spearman_of, slow_partial, 3)],
)
@pytest.mark.parametrize("drawn", [25, 40, 60])
def test_correlations_of_resamples(fast, slow, takes, drawn):
    variables = tied(drawn)[:takes]
    rows = np.random.default_rng(1).integers(0, 40, size=(8, drawn))
    expected = [slow(*(v[each] for v in variables)) for each in rows]
    assert fast(*variables)(rows) == pytest.approx(expected, abs=1e-9)


def test_a_drawn_value_that_is_no_number_leaves_none():
    x, y, given = tied(0)
    x[3] = np.nan
    rows = np.stack([np.arange(40), np.where(np.arange(40) == 3, 4, np.arange(40))])
    for found in (spearman_of(x, y)(rows), partial_spearman_of(x, y, given)(rows)):
        assert np.isnan(found).tolist() == [True, False]


def test_constant_resamples_have_no_correlation():
    x = np.array([1.0, 1.0, 1.0, 2.0])
    rows = np.array([[0, 1, 2, 2], [0, 1, 2, 3]])
    assert np.isnan(spearman_of(x, np.arange(4.0))(rows)).tolist() == [True, False]


def test_intervals_are_those_of_the_drawn_samples():
    x, y, given = tied(5)
    rng = np.random.default_rng(7)
    rows = rng.integers(0, 40, size=(300, 40))
    for found, slow, variables in (
        (spearman(x, y, resamples=300, seed=7), slow_spearman, (x, y)),
        (partial_spearman(x, y, given, resamples=300, seed=7), slow_partial, (x, y, given)),
    ):
        draws = [slow(*(v[each] for v in variables)) for each in rows]
        assert (found.low, found.high) == pytest.approx(np.quantile(draws, [0.025, 0.975]))
        assert found.value == pytest.approx(slow(*variables))
