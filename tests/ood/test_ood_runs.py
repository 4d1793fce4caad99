"""Runs that keep how strange they find other texts, against the scores of a model of one's own."""

from dataclasses import replace

import numpy as np
import pytest
from refusals import raises_one_line
from training import tiny

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib.data import load_data
from difficulty_lib.ood import OOD_SCORES
from difficulty_lib.training import RunConfig, get_or_train
from difficulty_lib.training._ood import first_sentences

pytestmark = pytest.mark.filterwarnings(
    "ignore:(emotion|imdb) .mirror.", "ignore::difficulty_lib.dynamics.CollapsedRunWarning"
)


@pytest.fixture(autouse=True)
def _alone(one_thread, no_gpu):
    pass


@pytest.fixture
def config(tmp_path, monkeypatch):
    mirror = tiny.write_mirror(tmp_path / "data")
    other = tiny.labelled_frame(30, seed=9, labels=2, first_id=5)
    other["text"] = [f"{text} we lost. again today. {n}" for n, text in enumerate(other["text"])]
    table = other.reset_index(names="id")
    table["kind"] = ["film", "book", "film"] * 10
    (mirror / "imdb").mkdir()
    for split in ("train", "test"):
        table.to_parquet(mirror / "imdb" / f"{split}.parquet", index=False)
    monkeypatch.setenv("DIFFICULTY_DATA", str(mirror))
    monkeypatch.setenv("DIFFICULTY_RUNS", str(tmp_path / "runs"))
    return RunConfig(
        dataset="emotion",
        model=str(tiny.save_tiny(tmp_path / "model")),
        epochs=1,
        batch_size=8,
        max_length=32,
        precision="float32",
        learning_rate=3e-4,
        evaluation_splits=("validation",),
        record_probabilities=True,
    )


def asking(config, outside, **more):
    return replace(
        config,
        intervention={"out_of_distribution": {"inside": "validation", "outside": outside, **more}},
    )


def test_scores_of_both_sides_are_kept(config):
    run = get_or_train(asking(config, {"films": {"split": "imdb/test"}}), progress=False)
    table = run.out_of_distribution
    assert table.index.names == ["source", "sample_id"]
    inside, films = table.loc["inside"], table.loc["films"]
    data = load_data("emotion")
    p = run.outputs("validation").loc[inside.index].to_numpy()
    # The very model whose probabilities are kept beside it.
    np.testing.assert_allclose(inside["maximum_softmax_probability"], p.max(1), rtol=1e-5)
    np.testing.assert_allclose(inside["entropy"], -(p * np.log(p)).sum(1), rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(inside["predicted"], p.argmax(1))
    assert inside["label"].tolist() == data["validation"]["label"].loc[inside.index].tolist()
    texts = data["validation"]["text"].loc[inside.index]
    assert inside["words"].tolist() == texts.str.split().str.len().tolist()
    lengths = np.log1p(data["train"]["text"].str.split().str.len())
    expected = (np.log1p(films["words"]) - lengths.mean()).abs()
    np.testing.assert_allclose(films["length_distance"], expected, rtol=1e-5)
    assert (films["label"] == -1).all()  # "negative" is no emotion
    scores = [c for c in table if c in OOD_SCORES]
    assert set(scores) == set(OOD_SCORES) - {"perplexity"}
    assert table[scores].notna().all().all()
    assert run.record["data"]["out_of_distribution"] == ["inside: 9 texts", "films: 30 texts"]


def test_rows_and_sentences_are_chosen(config):
    source = {"split": "imdb/test", "only": {"kind": "film"}, "size": 7, "sentences": 1}
    run = get_or_train(asking(config, {"a": source}), progress=False)
    films = run.out_of_distribution.loc["a"]
    rows = load_data("imdb")["test"].loc[films.index]
    assert len(films) == 7
    assert (rows["kind"] == "film").all()
    first = rows["text"].str.split(r"(?<=\.)\s", regex=True).str[0]
    assert films["words"].tolist() == first.str.split().str.len().tolist()


def test_classes_are_matched_by_name(config, tmp_path):
    tweets = tiny.labelled_frame(12, seed=4).reset_index(names="id")
    (tmp_path / "data/tweeteval_sentiment").mkdir()
    for split in ("validation", "test"):
        tweets.to_parquet(tmp_path / f"data/tweeteval_sentiment/{split}.parquet", index=False)
    asked = asking(config, {"tweets": {"split": "tweeteval-sentiment/test"}}).intervention
    asked["out_of_distribution"]["inside"] = "test"
    films = replace(config, dataset="imdb", evaluation_splits=("test",), intervention=asked)
    found = get_or_train(films, progress=False).out_of_distribution.loc["tweets"]
    given = tweets.set_index("id")["label"].loc[found.index]
    # Negative, neutral and positive tweets; films are negative or positive.
    assert found["label"].tolist() == given.map({0: 0, 1: -1, 2: 1}).tolist()


def test_a_run_without_it_keeps_nothing(config):
    assert get_or_train(config, progress=False).out_of_distribution is None


@pytest.mark.parametrize(
    ("given", "said", "kind"),
    [
        ([], "expected a mapping", ConfigError),
        ({"inside": "test", "outside": {}}, "expected an evaluated split, validation", ConfigError),
        (
            {"inside": "validation", "outside": {"a": {"split": "imdb"}}},
            "'dataset/split'",
            ConfigError,
        ),
        (
            {"inside": "validation", "outside": {"a": {"split": "imdb/x"}}},
            "train, test",
            ConfigError,
        ),
        ({"inside": "validation", "outside": {"a": {"split": "nope/x"}}}, "nope", ConfigError),
        (
            {"inside": "validation", "outside": {"inside": {"split": "imdb/test"}}},
            "another name",
            ConfigError,
        ),
        (
            {"inside": "validation", "outside": {"a": {"split": "imdb/test", "size": 0}}},
            "size is 0",
            ConfigError,
        ),
        (
            {"inside": "validation", "outside": {"a": {"split": "imdb/test", "sizes": 3}}},
            "has no sizes",
            ConfigError,
        ),
        (
            {"inside": "validation", "outside": {"a": {"split": "emotion/validation"}}},
            "a: 9 of 9 out-of-distribution texts are in-distribution ones too",
            DataError,
        ),
    ],
)
def test_bad_input_is_refused_in_one_line(config, tmp_path, given, said, kind):
    asked = replace(config, intervention={"out_of_distribution": given})
    raises_one_line(lambda: get_or_train(asked, progress=False), said, kind=kind)
    assert not list((tmp_path / "runs").glob("*"))  # nothing half-done stays


@pytest.mark.parametrize(
    ("text", "count", "first"),
    [
        ("One. Two! Three?", 1, "One."),
        ("One. Two! Three?", 2, "One. Two!"),
        ("One. Two! Three?", 9, "One. Two! Three?"),
        ('He said "no." Then left.', 1, 'He said "no."'),
        ("It broke<br /><br />twice. And again.", 1, "It broke twice."),
        ("no end", 1, "no end"),
        ("3.5 stars. Good.", 1, "3.5 stars."),
    ],
)
def test_first_sentences(text, count, first):
    assert first_sentences(text, count) == first
