"""Mean ranks and their tests against scipy and published tables; errors found from epoch to epoch."""

import numpy as np
import pandas as pd
import pytest
from refusals import raises_one_line

from difficulty_lib import SCORES, Dynamics
from difficulty_lib._errors import ConfigError
from difficulty_lib.audit import audit_measures, audit_over_time, compare_contestants
from difficulty_lib.budget import first_epochs

stats = pytest.importorskip("scipy.stats")


def measured(settings=12, seed=0, gaps=(0.0, 0.02, 0.1, 0.12)):
    rng = np.random.default_rng(seed)
    values = 0.8 - np.array(gaps) + 0.03 * rng.normal(size=(settings, len(gaps)))
    return pd.DataFrame(values, columns=[f"c{k}" for k in range(len(gaps))])


@pytest.mark.parametrize("digits", [8, 1])
def test_friedman_is_scipys(digits):
    table = measured().round(digits)
    found = compare_contestants(table)
    expected = stats.friedmanchisquare(*(table[c] for c in table))
    assert found.statistic == pytest.approx(expected.statistic)
    assert found.p_value == pytest.approx(expected.pvalue)
    ranks = table.rank(axis=1, ascending=False).mean()
    assert found.mean_ranks.to_dict() == pytest.approx(ranks.to_dict())
    assert found.mean_ranks.is_monotonic_increasing


# Demšar 2006, table 5a: q at .05 and .10 by number of contestants.
@pytest.mark.parametrize(
    ("count", "alpha", "q"),
    [(2, 0.05, 1.960), (3, 0.05, 2.343), (5, 0.05, 2.728), (10, 0.05, 3.164), (4, 0.10, 2.291)],
)
def test_the_critical_difference_is_that_of_the_published_table(count, alpha, q):
    table = measured(14, gaps=np.linspace(0, 0.1, count))
    found = compare_contestants(table, alpha=alpha)
    expected = q * np.sqrt(count * (count + 1) / (6 * 14))
    assert found.critical_difference == pytest.approx(expected, rel=5e-4)


def test_demsars_own_example():
    # 14 data sets; the printed areas, but for one of .975 in the last but one, ranked before the other
    auc = {
        "C4.5": ".763 .599 .954 .628 .882 .936 .661 .583 .775 1.000 .940 .619 .972 .957",
        "C4.5+m": ".768 .591 .971 .661 .888 .931 .668 .583 .838 1.000 .962 .666 .981 .978",
        "C4.5+cf": ".771 .590 .968 .654 .886 .916 .609 .563 .866 1.000 .965 .614 .9751 .946",
        "C4.5+m+cf": ".798 .569 .967 .657 .898 .931 .685 .625 .875 1.000 .962 .669 .975 .970",
    }
    table = pd.DataFrame({k: [float(x) for x in v.split()] for k, v in auc.items()})
    found = compare_contestants(table)
    published = {"C4.5": 3.143, "C4.5+m": 2.0, "C4.5+cf": 2.893, "C4.5+m+cf": 1.964}
    assert found.mean_ranks.to_dict() == pytest.approx(published, abs=5e-4)
    assert found.critical_difference == pytest.approx(1.25, abs=5e-3)
    assert found.p_value < 0.05
    # he does not correct for ties, of which there are three pairs and one of all four
    assert found.statistic * (1 - (3 * 6 + 60) / (14 * 60)) == pytest.approx(9.28, abs=5e-3)
    assert found.groups == (("C4.5+m+cf", "C4.5+m", "C4.5+cf", "C4.5"),)
    lenient = compare_contestants(table, alpha=0.1)
    assert lenient.critical_difference == pytest.approx(1.12, abs=5e-3)
    assert lenient.groups == (("C4.5+m+cf", "C4.5+m", "C4.5+cf"), ("C4.5+cf", "C4.5"))


def test_groups_hold_what_does_not_differ():
    table = measured(40, gaps=(0.0, 0.01, 0.03, 0.2, 0.4))
    found = compare_contestants(table)
    names = found.mean_ranks.index.tolist()
    together = {frozenset((a, b)) for group in found.groups for a in group for b in group if a != b}
    for place, a in enumerate(names):
        for b in names[place + 1 :]:
            assert found.differ(a, b) == (frozenset((a, b)) not in together)
    assert all(not set(g) <= set(h) for g in found.groups for h in found.groups if g is not h)
    assert found.differ("c0", "c4")
    assert found.mean_ranks.index[0] == "c0"
    effort = compare_contestants(table, higher_is_better=False)
    assert effort.mean_ranks.index[0] == "c4"
    raises_one_line(lambda: found.differ("c0", "c9"), "c9", "c1", kind=ConfigError)


def test_contestants_that_are_all_alike():
    table = pd.DataFrame({"a": [0.5, 0.6], "b": [0.5, 0.6 + 1e-15]})
    found = compare_contestants(table)
    assert (found.statistic, found.p_value) == (0, 1)
    assert found.mean_ranks.tolist() == [1.5, 1.5]
    assert found.groups == (("a", "b"),)


def test_what_cannot_be_compared_is_refused():
    table = measured()
    raises_one_line(lambda: compare_contestants(table[["c0"]]), "1 contestants", "two or more")
    raises_one_line(lambda: compare_contestants(table.iloc[:1]), "1 settings")
    raises_one_line(lambda: compare_contestants(table[["c0", "c0"]]), "a name for each")
    holes = table.copy()
    holes.iloc[2, 1] = np.nan
    raises_one_line(lambda: compare_contestants(holes), "c1", "setting 2")
    raises_one_line(lambda: compare_contestants(table, alpha=0), "alpha", kind=ConfigError)


def learnt(n=150, epochs=5, seed=0):
    """Errors stand out in the middle epochs and are memorised in the last: stream and truth."""
    rng = np.random.default_rng(seed)
    ids = 10 + rng.permutation(n)
    wrong = rng.random(n) < 0.2
    lift = np.array([0.3, 1.5, 2.0, 0.5, 0.0])[:epochs]
    loss = rng.exponential(0.5, (epochs, n)) + lift[:, None] * wrong
    columns = {"loss": loss, "margin": 1 - loss}
    stream = Dynamics.from_arrays(ids, **columns).stream()
    return stream, pd.Series(wrong, index=ids)


@pytest.mark.parametrize("name", ["action_score", "last_loss", "aum"])
def test_over_time_is_the_score_of_the_first_epochs(name):
    stream, truth = learnt()
    found = audit_over_time(stream, truth, [name], resamples=60, seed=2)
    assert found["epoch"].tolist() == [1, 2, 3, 4, 5]
    whole = SCORES[name](stream)
    for row in found.itertuples():
        early = SCORES[name](first_epochs(stream, row.epoch))
        alone = audit_measures(early, truth, resamples=60, seed=2).average_precision
        assert (row.average_precision, row.low, row.high) == pytest.approx(
            (alone.value, alone.low, alone.high)
        )
        assert row.spearman == pytest.approx(stats.spearmanr(early, whole).statistic)
        assert row.spearman_low <= row.spearman <= row.spearman_high
    values = found["average_precision"].to_numpy()
    assert found["to_last"].to_numpy() == pytest.approx(values - values[-1])
    assert found["step"].to_numpy()[1:] == pytest.approx(np.diff(values))
    assert np.isnan(found["step"].iloc[0])
    assert found.iloc[-1][["to_last", "to_last_low", "to_last_high", "spearman"]].tolist() == (
        pytest.approx([0, 0, 0, 1])
    )
    assert found.attrs["base_rate"] == truth.mean()


def test_memorisation_shows_in_the_last_loss_and_not_in_the_sum():
    stream, truth = learnt(400)
    found = audit_over_time(stream, truth, ["action_score", "last_loss"], resamples=100)
    last = found[found["score"] == "last_loss"].set_index("epoch")
    assert last.loc[3, "to_last_low"] > 0.2
    assert last.loc[5, "step_high"] < 0
    action = found[found["score"] == "action_score"].set_index("epoch")
    assert action.loc[5, "average_precision"] > last.loc[5, "average_precision"] + 0.3


def test_a_score_that_says_nothing_after_one_epoch_is_chance():
    stream, truth = learnt()
    found = audit_over_time(stream, truth, ["variability"], resamples=0)
    tied = pd.Series(0.0, index=truth.index, name="last_loss")
    chance = audit_measures(tied, truth, resamples=0).average_precision.value
    assert found["average_precision"].iloc[0] == pytest.approx(chance)
    assert np.isnan(found["spearman"].iloc[0])
    assert found[["low", "high", "spearman_low"]].isna().all(axis=None)


def test_over_time_refuses():
    stream, truth = learnt()
    raises_one_line(lambda: audit_over_time(stream, truth, ["wit"]), "wit", kind=ConfigError)
    raises_one_line(lambda: audit_over_time(stream, truth.iloc[1:]), "other samples")
