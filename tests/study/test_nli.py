"""The chapter on natural language inference, from recorded runs with numbers made for the purpose."""

import re

import numpy as np
import pandas as pd
import pytest
from refusals import raises_one_line
from scipy import stats
from study.pairs import SPLIT, TRAIN, pairs, recorded_pairs, whole_pairs, write_annotators

from difficulty_lib._errors import ConfigError
from difficulty_lib.study import NliChapter, NliStudy

CHARTS = ["genres", "people", "premise", "information"]
TEXTS = ["about", "extremes_text", *(f"{name}_text" for name in (*CHARTS, "distance"))]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    seeds = [recorded_pairs(folder, seed) for seed in (1, 2)]
    alone = recorded_pairs(folder, 1, {"empty_field": "premise"})
    return [*seeds, alone, recorded_pairs(folder, 1, {"empty_inputs": True})]


@pytest.fixture
def people(runs, tmp_path, monkeypatch):
    monkeypatch.setenv("DIFFICULTY_DATA", str(tmp_path))
    return write_annotators(tmp_path, runs[0])


@pytest.fixture
def study(runs, people):
    return NliStudy(runs, whole_pairs(runs[0]), SPLIT)


@pytest.fixture
def chapter(study):
    return NliChapter(study)


@pytest.fixture
def bare(runs, tmp_path, monkeypatch):
    """Nothing but premise, hypothesis and label, and one run."""
    monkeypatch.delenv("DIFFICULTY_DATA", raising=False)
    return NliChapter(NliStudy(runs[:1], pairs(), SPLIT))


# --- what is on the page -----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["confusion", "clusters", "action_entropy", "classes", *CHARTS])
def test_chart_is_valid_and_described(chapter, name):
    spec = getattr(chapter, f"{name}_chart")().to_dict()
    assert len(spec["description"]) > 40
    assert "nan" not in spec["description"]


def test_sentences_have_numbers_and_no_gaps(chapter):
    for name in TEXTS:
        said = getattr(chapter, name)()
        assert said
        assert not re.search(r"\bnan\b", said)
        assert "left out" not in said


def test_tables_are_rendered(chapter):
    assert "fiction" in chapter.genres_table().to_html()
    assert chapter.premise_table().to_html().count("premise number") == 6


def test_what_the_data_lack_is_said_in_words(bare):
    for name, why in (
        ("genres", "MultiNLI has no column `genre`"),
        ("people", "set DIFFICULTY_DATA"),
        ("premise", "`hypothesis_only`"),
        ("information", "MultiNLI has no column `pvi_bert`"),
    ):
        said = getattr(bare, f"{name}_text")()
        assert "left out" in said
        assert why in said
        assert getattr(bare, f"{name}_chart")() is None
    assert bare.distance_text() == ""
    assert bare.genres_table() is bare.premise_table() is None
    assert "bits" in bare.information_text()


def test_recorded_runs_are_shown_without_the_texts(runs, people):
    alone = NliChapter(NliStudy(runs, None, SPLIT))
    assert "the data are not at hand" in alone.genres_text()
    assert "not at hand" in alone.people_text()
    assert "without the premise" in alone.about().lower()
    assert alone.premise_chart().to_dict()["description"]
    assert alone.premise_table().to_html()


def test_runs_without_inputs_are_no_seeds(study, runs):
    assert study.runs == runs[:2]
    assert [run.hash for run in study.beside] == [run.hash for run in runs[2:]]
    raises_one_line(lambda: NliStudy(runs[2:], None, SPLIT), "intervention", kind=ConfigError)


def test_papers_figures_are_for_multinli_alone(chapter, study):
    assert "43.99" in chapter.extremes_text()
    study.spec = type(study.spec)(**{**study.spec.__dict__, "name": "tiny-nli"})
    assert "43.99" not in chapter.extremes_text()


# --- genres ------------------------------------------------------------------------------------


def test_genre_means_are_of_the_action_score_where_the_genre_is_known(study, chapter):
    loss = study.dynamics.matrix("loss").sum(axis=0)
    genre = study.data[SPLIT]["genre"]
    known = genre.notna().to_numpy()
    expected = pd.Series(loss[known]).groupby(genre[known].to_numpy()).mean()
    table = study.genres.table.set_index("group")
    pd.testing.assert_series_equal(
        table["mean"].sort_index(), expected.sort_index(), check_names=False
    )
    assert table["n"].sum() == known.sum() == 291
    assert table.index[0] == "fiction"
    assert study.genre_seeds[1].to_dict() == pytest.approx(expected.to_dict())
    assert "genres do differ beyond chance" in chapter.genres_text()
    assert "seeds *fiction* is the hardest." in chapter.genres_text()


def test_genres_of_one_kind_are_not_compared(runs, people):
    alone = NliChapter(NliStudy(runs, pairs(genre=["travel"] * 300), SPLIT))
    assert "are of one genre" in alone.genres_text()


def test_shuffled_genres_do_not_differ(runs, people):
    genre = np.random.default_rng(1).choice(["a", "b"], 300)
    said = NliChapter(NliStudy(runs, pairs(genre=genre), SPLIT)).genres_text()
    assert "no difference between genres is shown" in said


# --- a hundred annotators ----------------------------------------------------------------------


def test_annotators_are_joined_by_text_and_compared_by_entropy(study, people):
    ids, table = people
    found = study.people
    assert sorted(ids) == found.counts.index.tolist()
    entropy = stats.entropy(table[["count_e", "count_n", "count_c"]], axis=1)
    np.testing.assert_allclose(found.entropy, entropy)
    action = pd.Series(study.dynamics.matrix("loss").sum(axis=0)).loc[table.index]
    expected = stats.spearmanr(action, entropy).statistic
    assert found.with_entropy("action_score").value == pytest.approx(expected)
    rows = found.table.set_index(["score", "against"])
    assert rows.loc[("action_score", "alone"), "value"] == pytest.approx(expected)
    assert expected > 0.1  # it was put there


def test_low_is_hard_scores_are_turned(study, people):
    found, table = study.people, people[1]
    confidence = pd.Series(study.scores["confidence"]).loc[table.index]
    expected = stats.spearmanr(-confidence, found.entropy).statistic
    assert found.with_entropy("confidence").value == pytest.approx(expected)


def test_partial_correlation_is_that_of_the_residual_ranks(study, people):
    found = study.people
    ranks = [
        stats.rankdata(x)
        for x in (
            found.scores["action_score"],
            found.entropy,
            found.scores["maximum_softmax_probability"],
        )
    ]
    left = [r - np.polyval(np.polyfit(ranks[2], r, 1), ranks[2]) for r in ranks[:2]]
    expected = stats.pearsonr(*left).statistic
    assert found.given_confidence("action_score").value == pytest.approx(expected)


def test_outvoted_is_the_share_that_did_not_choose_the_gold_class(study, people):
    table = people[1]
    names = np.array(["count_e", "count_n", "count_c"])[table["label"]]
    expected = [1 - table[n].iloc[i] / 100 for i, n in enumerate(names)]
    np.testing.assert_allclose(study.people.outvoted, expected)


def test_distance_to_people_is_bounded(study, chapter):
    low, high = study.people.distance
    assert 0 < low.value <= high.value < np.sqrt(np.log(2))
    assert f"{low.value:.3f} and {high.value:.3f}" in chapter.distance_text()


def test_too_few_shown_pairs_are_said(runs, tmp_path, monkeypatch):
    monkeypatch.setenv("DIFFICULTY_DATA", str(tmp_path))
    write_annotators(tmp_path, runs[0], shown=19)
    said = NliChapter(NliStudy(runs, pairs(), SPLIT)).people_text()
    assert "they were shown 19 of these pairs" in said


def test_annotators_of_other_classes_are_not_compared(runs, people):
    study = NliStudy(runs, pairs(), SPLIT)
    study.names = ["yes", "maybe", "no"]
    assert study.people is None
    assert "other classes than yes, maybe, no" in study.why["people"]


# --- without the premise -----------------------------------------------------------------------


def test_the_hypothesis_alone_is_set_against_the_commonest_class(study, runs):
    found = study.without_premise
    whole, alone = (r.dynamics.stream(SPLIT) for r in (runs[0], runs[2]))
    right = alone.columns["predicted"][-1] == alone.label
    common = whole.label == np.argmax(TRAIN)
    assert found.accuracy.value == pytest.approx(right.mean())
    assert found.majority.value == pytest.approx(common.mean())
    assert found.gain.value == pytest.approx(right.mean() - common.mean())
    action = [s.columns["loss"][1:].astype(float).sum(axis=0) for s in (whole, alone)]
    assert found.correlation.value == pytest.approx(stats.spearmanr(*action).statistic)
    order = np.argsort(action[0])
    assert found.easiest.value == pytest.approx(right[order[:60]].mean())
    assert found.hardest.value == pytest.approx(right[order[-60:]].mean())
    assert found.easier.value == pytest.approx(right[order[:60]].mean() - right[order[60:]].mean())
    assert found.deciles["value"].to_numpy() == pytest.approx(
        right[order].reshape(10, 30).mean(axis=1)
    )
    chosen = found.chosen(2)
    easy = order[:60][np.argsort(action[1][order[:60]])]
    assert chosen["given away"].tolist() == easy[:2].tolist()
    assert chosen["needs the premise"].tolist() == easy[::-1][:2].tolist()


def test_a_run_of_fewer_samples_is_compared_on_them(runs, people, tmp_path):
    some = np.arange(0, 300, 2)
    alone = recorded_pairs(tmp_path, 1, {"empty_field": "premise"}, ids=some)
    study = NliStudy([runs[0], alone], whole_pairs(runs[0]), SPLIT)
    assert len(study.without_premise) == 150
    assert set(study.premise_rows()["id"]) <= set(some.tolist())
    assert "150 pairs" in NliChapter(study).premise_text()


# --- pointwise V-information -------------------------------------------------------------------


def test_information_is_in_bits_and_compared_where_both_are_known(study, runs):
    found, stream = study.information, runs[0].dynamics.stream(SPLIT)
    last = stream.columns["loss"][-1].astype(float)
    null = -np.log2(np.array(TRAIN) / sum(TRAIN))[stream.label]
    np.testing.assert_allclose(found.own, null - last / np.log(2))
    bert = study.data[SPLIT]["pvi_bert"].to_numpy(dtype=float)[:-6]
    assert len(found.pairs) == 294
    own = found.own.to_numpy()[:-6]
    assert found.rank_correlation.value == pytest.approx(stats.spearmanr(own, bert).statistic)
    assert found.linear_correlation.value == pytest.approx(stats.pearsonr(own, bert).statistic)
    action = stream.columns["loss"][1:].astype(float).sum(axis=0)[:-6]
    expected = stats.spearmanr(action, -bert).statistic
    assert found.action_correlation.value == pytest.approx(expected)
    assert found.action_correlation.value > 0.2  # hard for one, hard for the other


def test_a_trained_null_is_used_beside_the_frequencies(study, runs):
    blind = runs[3].dynamics.stream(SPLIT).columns["loss"][-1].astype(float)
    last = runs[0].dynamics.stream(SPLIT).columns["loss"][-1].astype(float)
    np.testing.assert_allclose(study.information.own_trained, (blind - last) / np.log(2))


def test_information_is_for_held_out_samples(runs):
    data = pairs()
    study = NliStudy(runs[:1], data, SPLIT)
    study.__dict__["dynamics"] = type(study.dynamics)(
        **{**study.dynamics.__dict__, "split": "train"}
    )
    assert "kept from the model" in NliChapter(study).information_text()


@pytest.mark.parametrize(
    ("noise", "said"), [(0.0, "rather hard for BERT, too"), (1e6, "not shown")]
)
def test_what_is_said_of_bert_follows_from_the_interval(runs, people, noise, said):
    own = NliStudy(runs[:1], pairs(), SPLIT).information.own
    rng = np.random.default_rng(2)
    bert = own.to_numpy() + rng.normal(0, 1.5, 300) + noise * rng.normal(size=300)
    study = NliStudy(runs[:1], pairs(pvi_bert=bert), SPLIT)
    assert said in NliChapter(study).information_text().split("was published: ")[1]
