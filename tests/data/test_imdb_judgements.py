"""The crowd's judgements of IMDB's test reviews, from the local mirror."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from refusals import raises_one_line

from difficulty_lib.data import DATASETS, imdb_judgements, load_data

FLAGS = ["FML_3_flagged", "FME_flagged", "BL_CL_flagged"]


def judged(**columns):
    """One review of each verdict for a negative and a positive label, votes missing where none."""
    rows = {
        "id": [7, 12, 3, 90, 41, 8],
        "label": [0, 0, 1, 1, 0, 1],
        "votes_negative": [3.0, 1.0, 5.0, np.nan, 2.0, np.nan],
        "votes_positive": [2.0, 4.0, np.nan, 1.0, 2.0, 3.0],
        "votes_neutral": [np.nan, np.nan, np.nan, 4.0, 1.0, np.nan],
        "votes_neither": [np.nan, np.nan, np.nan, np.nan, np.nan, 2.0],
        "FML_3_flagged": [True, False, True, False, False, True],
        "FME_flagged": [False, True, True, False, False, True],
        "BL_CL_flagged": [False, False, False, True, True, False],
    }
    return pd.DataFrame(rows | columns)


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    monkeypatch.setenv("DIFFICULTY_DATA", str(tmp_path))
    (tmp_path / "imdb").mkdir()

    def write(frame, name="test_judgements"):
        path = tmp_path / "imdb" / f"{name}.parquet"
        frame.to_parquet(path, index=False)
        return path

    return write


def slow_verdict(row):
    """Three of five decide, word by word."""
    votes = Counter({n: row[f"votes_{n}"] for n in ("negative", "positive", "neutral", "neither")})
    said, most = votes.most_common(1)[0]
    if most < 3:
        return "no agreement"
    given = ["negative", "positive"][int(row["label"])]
    return "right" if said == given else "correctable" if said in ("negative", "positive") else said


def test_votes_decide(mirror):
    mirror(judged())
    found = imdb_judgements()
    assert found.index.tolist() == [7, 12, 3, 90, 41, 8]
    assert found.index.name == "sample_id"
    wanted = ["right", "correctable", "correctable", "neutral", "no agreement", "right"]
    assert found["verdict"].tolist() == wanted
    assert found["any_error"].tolist() == [v != "right" for v in wanted]
    assert found["correctable"].tolist() == [v == "correctable" for v in wanted]
    assert found["votes_neither"].tolist() == [0, 0, 0, 0, 0, 2]
    assert found["flagged_by_losses"].tolist() == [False, True, True, False, False, True]


def test_verdicts_of_random_votes(mirror):
    rng = np.random.default_rng(0)
    votes = rng.multinomial(5, [0.4, 0.25, 0.2, 0.15], size=300)
    columns = dict(zip(("negative", "positive", "neutral", "neither"), votes.T.astype(float)))
    frame = pd.DataFrame({f"votes_{name}": v for name, v in columns.items()})
    frame = frame.assign(id=range(300), label=rng.integers(0, 2, 300), **dict.fromkeys(FLAGS, True))
    mirror(frame)
    found = imdb_judgements()
    wanted = [slow_verdict(row) for _, row in frame.iterrows()]
    assert found["verdict"].tolist() == wanted
    assert set(wanted) == {"right", "correctable", "neutral", "neither", "no agreement"}


@pytest.mark.parametrize("folder", [None, "empty"])
def test_no_judgements(tmp_path, monkeypatch, folder):
    monkeypatch.delenv("DIFFICULTY_DATA", raising=False)
    if folder:
        monkeypatch.setenv("DIFFICULTY_DATA", str(tmp_path))
    raises_one_line(imdb_judgements, "DIFFICULTY_DATA", "imdb/test_judgements.parquet")


@pytest.mark.parametrize(
    ("frame", "part"),
    [
        (judged().drop(columns="votes_neutral"), "no column votes_neutral"),
        (judged(id=[1, 2, 3, 3, 4, 5]), "review 3 is there more than once"),
        (judged(label=[0, 1, 2, 0, 1, 0]), "review 3 has a label other than 0 and 1"),
        (judged(label=["pos", "neg", "pos", "neg", "pos", "neg"]), "no whole numbers"),
        (judged(votes_negative=[-1.0, 1, 5, 0, 2, 0]), "review 7 has no votes"),
        (judged(votes_positive=0.0, votes_neither=0.0), "review 8 has no votes"),
    ],
)
def test_broken_judgements(mirror, frame, part):
    path = mirror(frame)
    raises_one_line(imdb_judgements, str(path), part)


def test_no_parquet(mirror):
    path = mirror(judged())
    path.write_bytes(b"none")
    raises_one_line(imdb_judgements, str(path), "not readable as Parquet")


def test_reviews_come_from_the_mirror(mirror):
    reviews = pd.DataFrame(
        {
            "id": np.arange(4, dtype="int32"),
            "text": ["Good.<br /><br />Really.", "Bad", "Bad", "So so"],
            "label": np.array([1, 0, 0, 1], dtype="int16"),
            "label_name": ["pos", "neg", "neg", "pos"],
            "rating": np.array([9, 1, 2, 7], dtype="int8"),
        }
    )
    for split in ("train", "test"):
        mirror(reviews, split)
    data = load_data("imdb")
    assert data.label_names == ("negative", "positive")
    assert data["test"]["text"].tolist() == reviews["text"].tolist()
    assert data["test"]["rating"].tolist() == [9, 1, 2, 7]
    assert {split: spec.rows for split, spec in DATASETS["imdb"].splits.items()} == {
        "train": 25_000,
        "test": 25_000,
    }
