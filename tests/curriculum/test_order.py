"""Orders: the registry's direction, ambiguity by scores of ambiguity alone, ties by the id's hash."""

import numpy as np
import pandas as pd
import pytest
from refusals import raises_one_line

from difficulty_lib._errors import ConfigError
from difficulty_lib.curriculum import ORDERS, ordered
from difficulty_lib.data._hashing import unit_hash
from difficulty_lib.scores import SCORES

IDS = 7 * np.random.default_rng(3).permutation(40) - 60
CLASSES = pd.Series(list("aaab" * 8 + "bbbbcccc"), index=IDS)


def scores(name="action_score", ties=False, seed=0):
    values = np.random.default_rng(seed).normal(size=len(IDS))
    return pd.Series(np.round(values) if ties else values, index=IDS, name=name)


def slowly(series, easy_first, higher_is_harder, seed):
    """Sorted by Python, pair by pair."""
    sign = 1 if easy_first == higher_is_harder else -1
    rows = [
        (sign * value, float(unit_hash([i], salt=20_000_000 + seed)[0]), i)
        for i, value in series.items()
    ]
    return [i for *_, i in sorted(rows)]


@pytest.mark.parametrize("name", list(SCORES))
@pytest.mark.parametrize("ties", [False, True])
def test_easy_and_hard_first_by_every_score(name, ties):
    series, up = scores(name, ties), SCORES[name].higher_is_harder
    for seed in (0, 5):
        assert ordered(series, "easy_first", seed=seed).tolist() == slowly(series, True, up, seed)
        assert ordered(series, "hard_first", seed=seed).tolist() == slowly(series, False, up, seed)
    assert series.loc[ordered(series, "easy_first")[0]] == (series.min() if up else series.max())


def test_ambiguous_first():
    for name, entry in SCORES.items():
        series = scores(name)
        if entry.means == "ambiguous":
            first = series.loc[ordered(series, "ambiguous_first")[0]]
            assert first == (series.max() if entry.higher_is_harder else series.min())
        else:
            raises_one_line(
                lambda given=series: ordered(given, "ambiguous_first"),
                f"'{name}' is difficult, not ambiguous",
                "variability, ",
                kind=ConfigError,
            )
    own = ordered(scores("own"), "ambiguous_first", higher_is_harder=True)
    assert own[0] == scores("own").idxmax()


@pytest.mark.parametrize("order", ORDERS)
def test_the_given_order_of_the_samples_does_not_matter(order):
    series = scores("variability", ties=True)
    shuffled = series.sample(frac=1, random_state=1)
    assert shuffled.index.tolist() != series.index.tolist()
    one, other = (ordered(given, order, classes=CLASSES) for given in (series, shuffled))
    np.testing.assert_array_equal(one, other)
    assert sorted(one) == sorted(IDS)


@pytest.mark.parametrize("order", ["easy_first", "hard_first", "ambiguous_first"])
@pytest.mark.parametrize("ties", [False, True])
def test_in_class_every_class_has_its_own_order_and_its_share(order, ties):
    series = scores("variability", ties)
    found = ordered(series, f"{order}_in_class", seed=2, classes=CLASSES.sample(frac=1))
    of = CLASSES.loc[found].to_numpy()
    for name, count in CLASSES.value_counts().items():
        own = [i for i in found if CLASSES[i] == name]
        assert own == ordered(series[name == CLASSES], order, seed=2).tolist()
        for first in range(1, len(found) + 1):  # within one of its share, however many are taken
            assert abs((of[:first] == name).sum() - first * count / len(found)) <= 1


def test_in_class_of_one_class_is_the_order_itself():
    same = pd.Series("a", index=IDS)
    np.testing.assert_array_equal(
        ordered(scores(), "easy_first_in_class", classes=same), ordered(scores(), "easy_first")
    )


def test_classes_that_do_not_fit_are_refused():
    def of(classes=None):
        return lambda: ordered(scores(), "hard_first_in_class", classes=classes)

    raises_one_line(of(), "'hard_first_in_class' needs the samples' classes", kind=ConfigError)
    raises_one_line(of(CLASSES.iloc[1:]), "classes", str(CLASSES.index[0]))
    raises_one_line(of(pd.concat([CLASSES, CLASSES.iloc[:1]])), "classes", "doubled")


def test_random_is_of_the_seed_and_the_ids_alone():
    one = ordered(scores(), "random", seed=1)
    blank = pd.Series(np.nan, index=IDS, name="nothing")
    np.testing.assert_array_equal(one, ordered(blank, "random", seed=1))
    assert one.tolist() != ordered(scores(), "random", seed=2).tolist()
    half = ordered(scores().iloc[:20], "random", seed=1).tolist()
    assert half == [i for i in one if i in set(half)]  # a part of the data comes in the same order


def test_what_is_refused():
    raises_one_line(
        lambda: ordered(scores(), "hardest"),
        "unknown order 'hardest'",
        "easy_first",
        kind=ConfigError,
    )
    raises_one_line(lambda: ordered(scores("own"), "easy_first"), "say higher", kind=ConfigError)
    raises_one_line(lambda: ordered(scores(), "random", seed=-1), "seed is -1", kind=ConfigError)
    bad = scores()
    bad.iloc[3] = np.inf
    raises_one_line(lambda: ordered(bad, "easy_first"), "not finite", str(bad.index[3]))
    doubled = pd.concat([scores(), scores().iloc[:1]])
    raises_one_line(lambda: ordered(doubled, "easy_first"), "doubled", str(IDS[0]))
    raises_one_line(lambda: ordered(scores().iloc[:0], "random"), "no sample")
    words = pd.Series(["a"] * 3, index=[1, 2, 3], name="aum")
    raises_one_line(lambda: ordered(words, "easy_first"), "expected numbers")
    names = pd.Series([1.0], index=["a"], name="aum")
    raises_one_line(lambda: ordered(names, "easy_first"), "sample_id")
