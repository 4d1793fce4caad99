"""The chapter on real errors, from recorded runs with numbers made for the purpose."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from refusals import raises_one_line
from study.conftest import recorded, texts
from study.executing import outputs_in, said
from study.pairs import LABEL, NAMES, SPLIT, pairs, recorded_pairs, write_annotators
from study.reviews import recorded_reviews, write_judgements
from training import tiny

from difficulty_lib._errors import ConfigError
from difficulty_lib.audit import SuspectRule
from difficulty_lib.charts import wrong_ambiguous_chart
from difficulty_lib.data import load_data
from difficulty_lib.study import RealErrorsChapter, RealErrorsStudy, real_errors
from difficulty_lib.study._real_errors import _texts_of_pairs
from difficulty_lib.study._real_errors_chapter import _alike_once
from difficulty_lib.study._real_errors_words import in_words
from difficulty_lib.training import RunConfig, get_or_train

CHARTS = ["judged", "separation", "places", "chaos", "rated"]
TABLES = ["judged", "contestants", "separation", "thresholds", "confusion", "pairs"]
TEXTS = ["about", "judged_text", "published_text", "over_time_text", "kinds_text"]
TEXTS += ["separation_text", "sorting_text", "chaos_text", "rated_text"]


def write_experts(mirror, shown):
    """VariErr's files: experts who never give the label where a hundred people seldom do."""
    folder = mirror / "varierr_nli"
    folder.mkdir()
    rows = []
    for number, row in enumerate(shown.itertuples()):
        votes = np.array([row.count_e, row.count_n, row.count_c])
        given = [NAMES[k] for k in np.argsort(-votes) if votes[k] >= 25][:2]
        answers = {f"Ann{k + 1}": given[k % len(given)] for k in range(4)}
        rows.append({"id": number, "premise": row.premise, "hypothesis": row.hypothesis})
        rows[-1]["annotations_json"] = json.dumps(answers)
    for place, split in enumerate(("train", "validation", "test")):
        pd.DataFrame(rows[place::3]).to_parquet(folder / f"{split}.parquet", index=False)


def write_people(mirror, run):
    """ChaosNLI's file, in which a tenth of the labels are errors: hardly anybody gives them."""
    _, table = write_annotators(mirror, run, shown=150)
    counts = ["count_e", "count_n", "count_c"]
    for place, i in enumerate(table.index):
        label, other = LABEL[i], (LABEL[i] + 1) % 3
        votes = np.array([3, 3, 3])
        if place % 10 == 0:
            votes[other] = 94
        elif place % 3 == 0:
            votes[[label, other]] = [50, 47]
        else:
            votes[label] = 94
        table.loc[i, counts] = votes
    table.to_parquet(mirror / "chaosnli_mnli_m" / "all.parquet", index=False)
    return table


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("real-errors")


@pytest.fixture(scope="module")
def runs(folder):
    return {
        "rated": [recorded(folder, "rated-sentences", seed) for seed in (1, 2)],
        "pairs": [recorded_pairs(folder, seed) for seed in (1, 2)],
        "reviews": [recorded_reviews(folder, seed) for seed in (1, 2)],
    }


@pytest.fixture(scope="module")
def mirror(folder, runs):
    write_judgements(folder / "mirror")
    write_experts(folder / "mirror", write_people(folder / "mirror", runs["pairs"][0]))
    return folder / "mirror"


@pytest.fixture
def at_hand(mirror, monkeypatch):
    monkeypatch.setenv("DIFFICULTY_DATA", str(mirror))


def whole(runs):
    return RealErrorsStudy(
        runs["rated"],
        texts("rated-sentences", runs["rated"][0]),
        pairs=runs["pairs"],
        pair_data=pairs(),
        reviews=runs["reviews"],
    )


@pytest.fixture(scope="module")
def chapter(runs, mirror):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIFFICULTY_DATA", str(mirror))
        made = RealErrorsChapter(whole(runs))
        assert made.study.judged is not None
        assert made.study.variation is not None
        assert made.study.chaos is not None
        return made


# --- what is on the page -----------------------------------------------------------------------


@pytest.mark.parametrize("name", CHARTS)
def test_chart_is_valid_and_described(chapter, name):
    spec = getattr(chapter, f"{name}_chart")().to_dict()
    assert len(spec["description"]) > 40
    assert "nan" not in spec["description"]


@pytest.mark.parametrize("name", TABLES)
def test_table_has_no_gaps(chapter, name):
    html = getattr(chapter, f"{name}_table")().to_html()
    assert html.count("<tr") > 2
    assert "nan" not in re.sub("<[^>]*>", "", html)


def test_sentences_have_numbers_and_no_gaps(chapter):
    for name in TEXTS:
        text = getattr(chapter, name)()
        assert re.search(r"\d", text), name
        assert "nan" not in text
        assert "left out" not in text


def test_the_page_says_how_many_labels_are_of_which_kind(chapter):
    counts = chapter.study.variation.counts
    assert counts["error"] == 15
    assert counts["variation"] == 50 - 5  # every third, but for every thirtieth, which is an error
    assert "15 are an **error**" in chapter.kinds_text()


def test_scores_are_means_over_the_seeds(chapter, runs):
    losses = [r.dynamics.stream(SPLIT).matrix("loss").sum(axis=0) for r in runs["pairs"]]
    found = chapter.study.variation.scores["action_score"]
    np.testing.assert_allclose(found, np.mean(losses, axis=0), rtol=1e-6)


def test_raters_cannot_say_that_their_own_majority_is_wrong(chapter):
    assert chapter.study.rated.attrs["base"]["wrong"] == 0
    assert "none can be wrong" in chapter.rated_text()
    assert "wrong: most people gave another label" in chapter.chaos_text()


def test_three_readings_stand_together(chapter):
    text = chapter.judged_text()
    for kind in ("**Any error**", "**Correctable**"):
        assert kind in text
    assert text.count("average precision is") == text.count("were judged;") / 2 == 2
    assert "between" in text
    assert "Published at" in chapter.published_text()


def test_contestants_that_rank_alike_are_shown_once():
    table = pd.DataFrame(
        {
            "kind": ["any_error"] * 3 + ["correctable"] * 3,
            "contestant": ["b", "a", "c", "c", "a", "b"],
            "auroc": [0.7, 0.7, 0.7, 0.6, 0.5, 0.5],
        }
    )
    found = _alike_once(table)
    both = "b (+ 1 alike)"
    assert found["contestant"].tolist() == [both, "c", "c", both]
    assert found["auroc"].tolist() == [0.7, 0.7, 0.6, 0.5]


def test_the_rules_line_is_where_the_rule_is(chapter):
    found = chapter.study.variation
    rule_places = found.places(found.pairs[0])
    spec = wrong_ambiguous_chart(
        rule_places, ("error", "variation"), SuspectRule(0.3, 0.1), ("a", "b")
    ).to_dict()
    lines = next(d for d in spec["datasets"].values() if "x2" in d[0])
    slanted = lines[2]
    assert slanted["y"] - slanted["x"] == pytest.approx(0.1)
    assert slanted["y2"] - slanted["x2"] == pytest.approx(0.1)
    assert [lines[0]["y"], lines[1]["x"]] == pytest.approx([0.7, 0.7])


# --- what is missing is said -------------------------------------------------------------------


def test_nothing_but_sentences(runs, monkeypatch):
    monkeypatch.delenv("DIFFICULTY_DATA", raising=False)
    bare = RealErrorsChapter(RealErrorsStudy(runs["rated"], None))
    for name in CHARTS:
        assert getattr(bare, f"{name}_chart")() is None
    for name in TABLES:
        assert getattr(bare, f"{name}_table")() is None
    assert "no run on IMDB is recorded" in bare.judged_text()
    assert "no run on MultiNLI is recorded" in bare.kinds_text()
    assert "no run on MultiNLI is recorded" in bare.chaos_text()
    assert "ratings are not at hand" in bare.rated_text()
    assert bare.separation_text() == bare.sorting_text() == bare.published_text() == ""


def test_runs_without_the_annotators_labels(runs, monkeypatch, tmp_path):
    monkeypatch.setenv("DIFFICULTY_DATA", str(tmp_path))
    found = RealErrorsChapter(whole(runs))
    assert "varierr_nli" in found.kinds_text()
    assert "chaosnli_mnli_m" in found.chaos_text()
    assert "imdb/test_judgements.parquet" in found.judged_text()


def test_annotators_without_the_texts(runs, at_hand):
    without = RealErrorsChapter(RealErrorsStudy(runs["rated"], None, pairs=runs["pairs"]))
    assert "by which the annotators' pairs are found" in without.chaos_text()
    assert "by which the annotators' pairs are found" in without.kinds_text()


def test_pairs_are_not_downloaded_where_there_are_no_annotators(tmp_path, monkeypatch):
    monkeypatch.setenv("DIFFICULTY_DATA", str(tmp_path))
    with pytest.warns(UserWarning, match="annotators of MultiNLI are not shown: chaosnli_mnli_m"):
        assert _texts_of_pairs() is None


def test_reviews_of_the_hub_are_in_another_order(runs, tmp_path, at_hand):
    hub = recorded_reviews(tmp_path, 1, origin="hub")
    found = RealErrorsChapter(RealErrorsStudy(runs["rated"], None, reviews=[hub]))
    assert hub.hash in found.judged_text()
    assert "another order" in found.judged_text()


def test_seeds_are_one_model_and_lengths_are_two(runs, tmp_path, at_hand):
    longer = recorded_reviews(tmp_path, 1, max_length=512)
    study = RealErrorsStudy(runs["rated"], None, reviews=[*runs["reviews"], longer])
    sizes = {model: len(streams) for model, streams in study.judged.streams.items()}
    assert sizes == {"minilm, 256 tokens, 2 epochs": 2, "minilm, 512 tokens, 2 epochs": 1}


def test_groups_are_of_the_data_sets_that_they_are_for():
    wrong = [{"dataset": "emotion"}]
    raises_one_line(lambda: real_errors({}, None, wrong), "'emotion'", "'imdb'", kind=ConfigError)
    raises_one_line(lambda: real_errors({}, wrong[0]), "'emotion'", "'mnli'", kind=ConfigError)
    raises_one_line(lambda: RealErrorsStudy([], None), "at least one seed", kind=ConfigError)


# --- from training to the page -----------------------------------------------------------------


def test_a_real_run_on_reviews_is_read(runs, tmp_path, tiny_folder, monkeypatch, one_thread):
    folder = tmp_path / "imdb"
    folder.mkdir()
    reviews = {}
    for number, (split, count) in enumerate({"train": 40, "test": 60}.items()):
        reviews[split] = tiny.labelled_frame(count, seed=number, labels=2)
        table = reviews[split].reset_index().rename(columns={"sample_id": "id"})
        table.to_parquet(folder / f"{split}.parquet", index=False)
    label = reviews["test"]["label"].sort_index()
    write_judgements(tmp_path, label.index[:50] % 400, dict(zip(label.index % 400, label)))
    frame = pd.read_parquet(folder / "test_judgements.parquet")
    frame["id"] = label.index[:50]
    frame.to_parquet(folder / "test_judgements.parquet", index=False)
    monkeypatch.setenv("DIFFICULTY_DATA", str(tmp_path))
    config = RunConfig(
        dataset="imdb",
        model=str(tiny_folder),
        epochs=2,
        batch_size=8,
        learning_rate=5e-3,
        evaluation_splits=("test",),
        precision="float32",
    )
    with pytest.warns(UserWarning, match="differ from the registry's fingerprint"):
        run = get_or_train(config, load_data("imdb"), runs=tmp_path / "runs", progress=False)
    study = RealErrorsStudy(runs["rated"], None, reviews=[run])
    assert len(study.judged.first) == 60
    assert study.judged.over_time["epoch"].tolist() == [1, 2, 1, 2]
    chapter = RealErrorsChapter(study)
    assert "of 50 judged" in chapter.judged_text()
    assert "*bag of words* is a logistic regression" in chapter.words_text()
    assert (
        "bag of words" in chapter.judged_table().to_html() + chapter.contestants_table().to_html()
    )


def test_the_small_notebook_runs_from_embedded_data_and_recorded_runs(
    tmp_path, tiny_folder, at_root, monkeypatch, mirror, runs
):
    """The embedded sentences stand in a mirror here, as tests run without a network."""
    own = tmp_path / "runs"
    for seed in (1, 2):
        recorded_reviews(own, seed)
    sentences = tmp_path / "mirror" / "rated-sentences"
    sentences.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for number, split in enumerate(("train", "validation", "test")):
        table = tiny.labelled_frame(240 if split == "train" else 90, seed=number).reset_index()
        table = table.rename(columns={"sample_id": "id"})
        # two thirds or more of the raters say the label
        table["ratings"] = [
            [g - 1] * 12 + (rng.integers(0, 3, 6) - 1).tolist() for g in table["label"]
        ]
        table.to_parquet(sentences / f"{split}.parquet", index=False)
    write_judgements(tmp_path / "mirror")
    monkeypatch.setenv("DIFFICULTY_DATA", str(tmp_path / "mirror"))
    parameters = {"size": "small", "model": str(tiny_folder), "learning_rate": 2e-3}
    reviews = {"dataset": "imdb", "seeds": [1, 2], "epochs": 2, "max_length": 256}
    parameters |= {"pairs": None, "reviews": [reviews | {"splits": ["test"]}]}
    parameters |= {"record_gradients": False}
    outputs = outputs_in(tmp_path, "real-errors", parameters, own)
    text = said(outputs)
    assert "**Any error** (base rate" in text
    assert "The comparison with VariErr's annotators is left out here" in text
    assert "Of the 5 most suspect by the action score" in text
    assert sum("image/png" in data for data in outputs) == 2


def test_a_contestant_is_named_in_words():
    assert in_words("action_score/evaluation/minilm, 256 tokens") == (
        "action score: minilm, 256 tokens"
    )
    assert in_words("last_loss/evaluation") == "last loss"
    assert in_words("cleanlab_self_confidence") == "cleanlab self confidence"
