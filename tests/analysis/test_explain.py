"""The regression of a score on features, against scikit-learn, least squares and its definition."""

import json

import numpy as np
import pandas as pd
import pytest
from refusals import raises_one_line
from scipy import stats
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score

from difficulty_lib._errors import ConfigError
from difficulty_lib.analysis import explain_difficulty
from difficulty_lib.analysis._explain import _out_of_fold, normal_scores
from difficulty_lib.charts import explain_chart
from difficulty_lib.study._explain_words import explained, hypothesis, together, verdicts


def planted(n=400, seed=0, noise=0.5, **effects):
    """Features of such names, correlated a little, and a skewed score that they make."""
    rng = np.random.default_rng(seed)
    common = rng.normal(size=n)
    ids = pd.Index(rng.permutation(n) * 3 + 1, name="sample_id")
    columns = {name: rng.normal(size=n) + 0.5 * common for name in effects}
    features = pd.DataFrame(columns, index=ids)
    total = sum(effect * features[name] for name, effect in effects.items())
    score = np.exp(total + noise * rng.normal(size=n)).rename("difficulty")
    return features, score.sample(frac=1, random_state=seed)


@pytest.fixture(scope="module")
def data():
    return planted(length=0.6, word_rarity=0.3, neighbour_agreement=-0.8, chance=0.0)


@pytest.fixture(scope="module")
def result(data):
    return explain_difficulty(*data, resamples=300)


def standardised(values):
    return (values - values.mean(axis=0)) / values.std(axis=0)


def target(features, score):
    """Normal scores, the other way round than the library: of ranks from scipy."""
    y = score.reindex(features.index)
    return stats.norm.ppf((y.rank().to_numpy() - 0.5) / len(y))


# Against references


def test_coefficients_are_those_of_scikit_learn(data, result):
    features, score = data
    y = standardised(target(features, score))
    fitted = LinearRegression().fit(standardised(features.to_numpy()), y)
    for name, expected in zip(features, fitted.coef_):
        assert result.coefficient(name).value == pytest.approx(expected)
    assert result.r2_fitted == pytest.approx(
        fitted.score(standardised(features.to_numpy()), y), abs=1e-10
    )


def test_coefficients_are_those_of_least_squares_on_any_scale(data, result):
    features, score = data
    moved = features * [1000, 0.001, 1, -1] + [5, 1e4, 0, 0]
    again = explain_difficulty(moved, score**3, resamples=1)  # any score of the same ranking
    design = np.column_stack([np.ones(len(moved)), features])
    raw = np.linalg.lstsq(design, target(features, score), rcond=None)[0][1:]
    expected = raw * features.std(ddof=0) / target(features, score).std()
    for name, sign in zip(features, (1, 1, 1, -1)):
        assert sign * again.coefficient(name).value == pytest.approx(expected[name])
        assert result.coefficient(name).value == pytest.approx(expected[name])
    assert again.r2.value == pytest.approx(result.r2.value)


def test_inflation_is_what_the_others_explain(data, result):
    features = data[0]
    for name, vif in zip(result.table["feature"], result.table["vif"]):
        others = features.drop(columns=name)
        share = LinearRegression().fit(others, features[name]).score(others, features[name])
        assert vif == pytest.approx(1 / (1 - share))


def test_rank_correlation_is_that_of_scipy(data, result):
    features, score = data
    for name in features:
        expected = stats.spearmanr(features[name], score.loc[features.index]).statistic
        assert result.spearman(name).value == pytest.approx(expected)


def test_out_of_fold_is_scikit_learns(data, result):
    features, score = data
    x, y = features.to_numpy(), target(features, score)
    predicted = np.empty(len(y))
    for held in np.array_split(np.random.default_rng(0).permutation(len(y)), 5):
        rest = np.delete(np.arange(len(y)), held)
        predicted[held] = LinearRegression().fit(x[rest], y[rest]).predict(x[held])
    assert result.r2.value == pytest.approx(r2_score(y, predicted))
    assert _out_of_fold(x, y, 5, 0) == pytest.approx(predicted)


def test_no_fold_sees_what_it_predicts():
    x, y = np.arange(20.0)[:, None] ** 2, np.zeros(20)
    everywhere = _out_of_fold(x, y, 4, seed=0)
    for place in range(20):
        changed = y.copy()
        changed[place] = 100.0
        moved = _out_of_fold(x, changed, 4, seed=0) != everywhere
        assert not moved[place]
        assert moved.sum() == 15


def test_intervals_are_those_of_drawn_rows(data, result):
    """The bootstrap by counts is a bootstrap: the same draws, row by row, give the same ends."""
    features, score = data
    x, y = features.to_numpy(), target(features, score)
    order = score.loc[features.index].to_numpy()
    rng = np.random.default_rng(0)
    coefficients, ranks = [], []
    for rows in rng.integers(0, len(y), size=(300, len(y))):
        fitted = LinearRegression().fit(standardised(x[rows]), standardised(y[rows]))
        coefficients.append(fitted.coef_)
        ranks.append([stats.spearmanr(column, order[rows]).statistic for column in x[rows].T])
    ends = np.quantile(coefficients, [0.025, 0.975], axis=0)
    alone = np.quantile(ranks, [0.025, 0.975], axis=0)
    for place, name in enumerate(features):
        found, rank = result.coefficient(name), result.spearman(name)
        assert (found.low, found.high) == pytest.approx(ends[:, place])
        assert (rank.low, rank.high) == pytest.approx(alone[:, place])


def test_together_is_a_sum_with_its_own_interval(data, result):
    signs = {"length": 1.0, "neighbour_agreement": -1.0}
    found = result.together(signs)
    first, second = (result.coefficient(name) for name in signs)
    assert found.value == pytest.approx(first.value - second.value)
    drawn = result.draws["length"] - result.draws["neighbour_agreement"]
    assert (found.low, found.high) == pytest.approx(np.quantile(drawn, [0.025, 0.975]))
    assert result.together({"length": 1.0}) == first


def test_normal_scores_of_ties():
    found = normal_scores(np.array([7.0, 7.0, 9.0]))
    assert found == pytest.approx(stats.norm.ppf([1 / 3, 1 / 3, 2.5 / 3]))


# What is planted is found, and what is not is not


def test_planted_truth(result):
    assert result.table["feature"].tolist()[0] == "neighbour_agreement"
    for name, sign in (("length", 1), ("word_rarity", 1), ("neighbour_agreement", -1)):
        found = result.coefficient(name)
        assert found.excludes(0)
        assert sign * found.value > 0
    assert not result.coefficient("chance").excludes(0)
    assert result.r2.low > 0.5


def test_noise_explains_nothing():
    values = []
    for seed in range(20):
        features, score = planted(n=200, seed=seed, a=0, b=0, c=0, d=0, e=0)
        result = explain_difficulty(features, score, resamples=1, seed=seed)
        values.append(result.r2.value)
        assert result.r2_fitted > 0
    assert -0.1 < np.mean(values) < 0
    assert max(values) < 0.05


def test_intervals_cover(data):
    """Of forty regressions on nothing, about two in forty intervals miss 0."""
    missed = 0
    for seed in range(40):
        features, score = planted(n=150, seed=seed, a=0.0, b=1.0)
        result = explain_difficulty(features, score, resamples=200, seed=seed)
        missed += result.coefficient("a").excludes(0)
    assert missed <= 6  # binomial(40, .05): more in 1.4 % of all cases


def test_score_that_is_high_where_it_is_easy(data, result):
    features, score = data
    margin = (-score).rename("aum")  # low is hard
    turned = explain_difficulty(features, margin, resamples=5)
    assert turned.coefficient("length").value == pytest.approx(result.coefficient("length").value)


def test_same_seed_same_result(data, result):
    again = explain_difficulty(*data, resamples=300)
    pd.testing.assert_frame_equal(again.table, result.table)
    other = explain_difficulty(*data, resamples=300, seed=1)
    assert other.r2.value != result.r2.value


def test_order_of_the_score_does_not_matter(data, result):
    features, score = data
    again = explain_difficulty(features, score.sort_index(), resamples=300)
    pd.testing.assert_frame_equal(again.table, result.table)


# What has no coefficient


def test_constant_features_are_listed(data, result):
    features, score = data
    more = features.assign(nothing=3.0)
    again = explain_difficulty(more, score, resamples=300)
    assert again.dropped == {"nothing": "constant"}
    pd.testing.assert_frame_equal(again.table, result.table)
    raises_one_line(lambda: again.coefficient("nothing"), "'nothing'", "(constant)", "length")


def test_determined_features_are_listed(data, result):
    features, score = data
    more = features.assign(sum=features["length"] - 2 * features["chance"] + 1e6)
    again = explain_difficulty(more, score, resamples=300)
    assert again.dropped == {"sum": "determined by the features before it"}
    pd.testing.assert_frame_equal(again.table, result.table)


def test_nearly_determined_features_stay(data):
    features, score = data
    noise = np.random.default_rng(0).normal(size=len(features))
    result = explain_difficulty(
        features.assign(twin=features["length"] + 0.01 * noise), score, resamples=50
    )
    assert result.dropped == {}
    assert result.table.set_index("feature")["vif"][["length", "twin"]].min() > 1000


def test_rare_feature_that_resamples_lack():
    features, score = planted(n=60, a=1.0)
    features["rare"] = (np.arange(60) == 7).astype(bool)
    found = explain_difficulty(features, score, resamples=200)
    assert np.isfinite(found.table.drop(columns="feature").to_numpy()).all()
    assert found.draws["rare"].isna().mean() == pytest.approx(np.exp(-1), abs=0.1)


# What is refused


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_no_numbers(data, bad):
    features, score = data
    broken = features.copy()
    broken.loc[features.index[3], "length"] = bad
    raises_one_line(
        lambda: explain_difficulty(broken, score),
        f"'length' is not finite for 1 samples, first: {features.index[3]}",
    )
    worse = score.copy()
    worse.loc[features.index[5]] = bad
    raises_one_line(
        lambda: explain_difficulty(features, worse),
        f"'difficulty' is not finite for 1 samples, first: {features.index[5]}",
    )


def test_words_as_features(data):
    features, score = data
    raises_one_line(
        lambda: explain_difficulty(features.assign(genre="fiction"), score),
        "feature 'genre' is",
        "expected numbers",
    )


def test_other_ids(data):
    features, score = data
    raises_one_line(
        lambda: explain_difficulty(features, score.iloc[1:]),
        f"1 ids are not in both, features (400) and score (399), first: {score.index[0]}",
    )
    raises_one_line(
        lambda: explain_difficulty(features, pd.concat([score, score.iloc[:2]])),
        "the score: 2 ids are there more than once",
    )
    raises_one_line(
        lambda: explain_difficulty(pd.concat([features, features.iloc[:1]]), score),
        "features: 1 ids are there more than once",
    )


def test_too_few_samples(data):
    features, score = data
    few = features.iloc[:7]
    raises_one_line(
        lambda: explain_difficulty(few, score.loc[few.index]),
        "7 samples for 4 features: a fit leaves out one fold of 5 and has 5; expected 6 or more",
    )
    enough = features.iloc[:8]
    explain_difficulty(enough, score.loc[enough.index], resamples=1)
    none = features.iloc[:0]
    raises_one_line(lambda: explain_difficulty(none, score.iloc[:0]), "no feature varies")


def test_nothing_that_varies(data):
    features, score = data
    raises_one_line(
        lambda: explain_difficulty(features, score * 0 + 2), "'difficulty' is 2 for every sample"
    )
    raises_one_line(
        lambda: explain_difficulty(features[["length"]] * 0, score), "no feature varies: length"
    )


@pytest.mark.parametrize("setting", [{"folds": 1}, {"resamples": 0}])
def test_settings_that_mean_nothing(data, setting):
    raises_one_line(
        lambda: explain_difficulty(*data, **setting), "expected folds from 2", kind=ConfigError
    )


# Chart and words


def test_chart_is_sorted_valid_and_described(result):
    spec = explain_chart(result).to_dict()
    assert "largest is of neighbours with the same label with -0." in spec["description"]
    assert "nan" not in json.dumps(spec).lower().replace("nanosecond", "")
    rows = [r for rows in spec["datasets"].values() for r in rows if "coefficient" in r]
    values = [row["coefficient"] for row in rows]
    assert values == sorted(values, reverse=True)
    assert values == pytest.approx(sorted(result.table["coefficient"], reverse=True))
    sorts = [layer["encoding"]["y"]["sort"] for layer in spec["layer"] if "y" in layer["encoding"]]
    assert sorts[0] == [row["title"] for row in rows]
    assert {row["aspect"] for row in rows} == {"structure", "rarity", "ambiguity", "other"}


def test_verdict_follows_the_planted_truth(result):
    assert verdicts(result) == {"structure": "holds", "rarity": "holds", "ambiguity": "holds"}
    said = hypothesis(result)
    for claim in ("complex structure", "rare words", "ambiguity"):
        assert f"That {claim} makes samples hard holds here" in said.replace(
            "words make", "words makes"
        )
    assert "does not name" not in said
    assert f"{result.coefficient('length').value:.2f}" in said


def test_verdict_follows_the_other_truth():
    features, score = planted(
        n=600, length=-0.6, word_rarity=0.0, rarest_word=0.0, neighbour_agreement=0.5, chance=2.0
    )
    result = explain_difficulty(features, score, resamples=200)
    assert verdicts(result) == {
        "structure": "contradicted",
        "rarity": "undecided",
        "ambiguity": "contradicted",
    }
    said = hypothesis(result)
    assert "That complex structure makes samples hard is contradicted here" in said
    assert "That rare words make samples hard is not shown here" in said
    assert "chance" in said.split("does not name")[1]
    assert "larger than any that the hypothesis names" in said


def test_verdict_names_what_speaks_against_it():
    features, score = planted(n=600, length=0.9, negation=-0.4)
    result = explain_difficulty(features, score, resamples=200)
    assert verdicts(result)["structure"] == "holds"
    assert "Clearly the other way: share of negations." in hypothesis(result)
    found = together(result, "structure")
    assert found.value == pytest.approx(
        result.coefficient("length").value + result.coefficient("negation").value
    )


def test_what_was_not_measured_has_no_verdict():
    features, score = planted(**{"length:premise": 0.5, "length:hypothesis": 0.5})
    result = explain_difficulty(features, score, resamples=50)
    assert verdicts(result) == {
        "structure": "holds",
        "rarity": "not measured",
        "ambiguity": "not measured",
    }
    said = hypothesis(result)
    assert "That ambiguity makes samples hard could not be tested" in said
    assert "neighbours with the same label" in said
    assert "premise: length in words" in said


def test_a_sign_that_turns_is_named():
    rng = np.random.default_rng(0)
    length = rng.normal(size=500)
    rarity = length + 0.4 * rng.normal(size=500)
    features = pd.DataFrame({"length": length, "word_rarity": rarity}).rename_axis("sample_id")
    score = pd.Series(2 * rarity - 1.2 * length + 0.2 * rng.normal(size=500), name="difficulty")
    result = explain_difficulty(features, score, resamples=200)
    said = hypothesis(result)
    assert "Taken alone, by rank correlation, the sign is the other one for length in words" in said


def test_words_on_what_is_explained(data, result):
    assert explained(result).startswith("The 4 features together predict samples")
    assert f"{result.r2.value:.2f} (95 % interval" in explained(result)
    features, score = planted(n=150, seed=1, a=0, b=0)
    nothing = explain_difficulty(features.assign(same=1), score, resamples=200)
    assert "is not shown" in explained(nothing) or "worse than the mean" in explained(nothing)
    assert "Left out: same (constant)." in explained(nothing)
    twin = features.assign(
        twin=features["a"] + 0.1 * features["b"].sample(frac=1, random_state=0).to_numpy()
    )
    assert "inflation of more than 5: " in explained(explain_difficulty(twin, score, resamples=20))


def test_people_can_stand_for_ambiguity():
    features, score = planted(n=300, length=0.0, entropy_of_people=0.8)
    result = explain_difficulty(features, score, resamples=100)
    assert verdicts(result)["ambiguity"] == "not measured"
    assert "entropy_of_people" in hypothesis(result).split("does not name")[1]
    also = {"entropy_of_people": "ambiguity"}
    assert verdicts(result, also)["ambiguity"] == "holds"
    assert together(result, "ambiguity", also) == result.coefficient("entropy_of_people")
    said = hypothesis(result, also)
    assert "That ambiguity makes samples hard holds here: entropy_of_people 0." in said
    assert "does not name" not in said


def test_frequency_of_few_classes_is_said_to_be_that():
    features, score = planted(n=300, length=0.1, class_frequency=1.0)
    features["class_frequency"] = np.sign(features["class_frequency"])
    result = explain_difficulty(features, score, resamples=100)
    assert result.table.set_index("feature")["values"].to_dict() == {
        "class_frequency": 2,
        "length": 300,
    }
    assert "class frequency (log) there are 2 values only" in hypothesis(result)
