"""Human label distributions, and finding their pairs among the samples."""

import json

import numpy as np
import pandas as pd
import pytest
from refusals import raises_one_line
from scipy import stats

from difficulty_lib._errors import ConfigError
from difficulty_lib.data import human_labels, join_by_text

CHAOS = ("chaosnli_mnli_m", "chaosnli_snli")
COUNTS = ["count_entailment", "count_neutral", "count_contradiction"]


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    monkeypatch.setenv("DIFFICULTY_DATA", str(tmp_path))

    def write(name, split, frame):
        (tmp_path / name).mkdir(exist_ok=True)
        frame.to_parquet(tmp_path / name / f"{split}.parquet")
        return tmp_path / name / f"{split}.parquet"

    return write


def chaos(**columns):
    rows = {
        "id": np.arange(4, 7, dtype="int32"),
        "premise": ["p", "q", "r"],
        "hypothesis": ["h", "i", "j"],
        "label": np.array([1, 0, 2], dtype="int16"),
        "count_e": np.array([12, 100, 50], dtype="int16"),
        "count_n": np.array([68, 0, 0], dtype="int16"),
        "count_c": np.array([20, 0, 50], dtype="int16"),
        "entropy": [1.2, 0.0, 1.0],
    }
    return pd.DataFrame({**rows, **columns})


def varierr(*answers):
    count = len(answers)
    return pd.DataFrame(
        {
            "id": range(count),
            "premise": [f"p{i}" for i in range(count)],
            "hypothesis": [f"h{i}" for i in range(count)],
            "annotations_json": [json.dumps(a) for a in answers],
        }
    )


@pytest.mark.parametrize("name", CHAOS)
def test_hundred_answers(mirror, name):
    mirror(name, "all", chaos())
    found = human_labels(name)
    assert found.index.tolist() == [4, 5, 6]
    assert found.index.name == "sample_id"
    assert found["label"].tolist() == [1, 0, 2]
    assert found[COUNTS].to_numpy().tolist() == [[12, 68, 20], [100, 0, 0], [50, 0, 50]]
    # nats, whatever the source has
    wanted = stats.entropy(found[COUNTS].to_numpy(), axis=1)
    np.testing.assert_allclose(found["entropy"], wanted, atol=1e-12)
    assert found["entropy"].iloc[2] == pytest.approx(np.log(2))
    assert found["entropy"].iloc[1] == 0


def test_few_annotators(mirror):
    some = varierr({"Ann1": "contradiction", "Ann3": "entailment"}, {"Ann2": "neutral"})
    mirror("varierr_nli", "train", some)
    mirror("varierr_nli", "validation", varierr({"Ann1": "entailment,neutral", "Ann2": "neutral"}))
    mirror("varierr_nli", "test", varierr({"Ann4": "contradiction"}))
    found = human_labels("varierr_nli")
    assert found.index.tolist() == [0, 1, 2, 3]
    assert found["label"].tolist() == [-1, 1, 1, 2]
    assert found[COUNTS].to_numpy().tolist() == [[1, 0, 1], [0, 1, 0], [1, 2, 0], [0, 0, 1]]


def test_unknown_name():
    raises_one_line(
        lambda: human_labels("chaosnli"), "'chaosnli'", "varierr_nli", *CHAOS, kind=ConfigError
    )


@pytest.mark.parametrize("folder", [None, "empty"])
def test_no_mirror(tmp_path, monkeypatch, folder):
    monkeypatch.delenv("DIFFICULTY_DATA", raising=False)
    if folder:
        monkeypatch.setenv("DIFFICULTY_DATA", str(tmp_path))
    raises_one_line(
        lambda: human_labels("chaosnli_snli"), "DIFFICULTY_DATA", "chaosnli_snli/all.parquet"
    )


@pytest.mark.parametrize(
    ("frame", "part"),
    [
        (chaos().drop(columns="count_n"), "count_n"),
        (chaos().drop(columns="premise"), "premise"),
        (chaos().drop(columns="id"), "id"),
        (chaos(count_e=0, count_n=0, count_c=[1, 0, 1]), "nobody answered in row 5"),
        (chaos(count_e=["many", "few", "none"]), "not readable"),
    ],
)
def test_broken_counts(mirror, frame, part):
    path = mirror("chaosnli_snli", "all", frame)
    raises_one_line(lambda: human_labels("chaosnli_snli"), str(path), part)


def test_missing_split_and_unknown_answer(mirror):
    mirror("varierr_nli", "train", varierr({"Ann1": "neutral"}))
    raises_one_line(lambda: human_labels("varierr_nli"), "validation.parquet is missing")
    mirror("varierr_nli", "train", varierr({"Ann1": "perhaps"}))
    raises_one_line(lambda: human_labels("varierr_nli"), "train.parquet", "perhaps")


def test_no_parquet(mirror):
    mirror("chaosnli_snli", "all", chaos()).write_bytes(b"none")
    raises_one_line(lambda: human_labels("chaosnli_snli"), "all.parquet", "not readable")


# Joining


def pairs(rows, ids):
    frame = pd.DataFrame(rows, columns=["premise", "hypothesis"])
    frame.index = pd.Index(ids, name="sample_id")
    return frame


def test_join_by_text():
    frame = pairs([("a b", "c"), ("a", "b c"), ("d", "e")], [30, 10, 20])
    table = pairs([("d", "e"), ("x", "y"), (" a\n b ", "c\t"), ("A b", "c")], list("wxyz"))
    found = join_by_text(table, frame)
    assert found.name == "sample_id"
    assert found.dtype == "Int64"
    assert found.index.tolist() == list("wxyz")
    assert found.fillna(-1).tolist() == [20, -1, 30, -1]


def test_doubled_pairs_are_given_out_once_each():
    frame = pairs([("a", "b"), ("a", " b"), ("c", "d")], [9, 4, 5])
    table = pairs([("a", "b"), ("a", "b"), ("a", "b"), ("c", "d")], [1, 2, 3, 4])
    assert join_by_text(table, frame).fillna(-1).tolist() == [4, 9, -1, 5]


def test_join_by_other_columns_and_nothing():
    frame = pd.DataFrame({"text": ["a", "b"]}, pd.Index([3, 4]))
    assert join_by_text(frame.loc[[4]], frame, ["text"]).tolist() == [4]
    assert join_by_text(frame.iloc[:0], frame, ["text"]).tolist() == []
    assert join_by_text(frame, frame.iloc[:0], ["text"]).isna().all()


def test_join_without_a_column():
    frame = pairs([("a", "b")], [1])
    lacking = frame.drop(columns="premise")
    raises_one_line(lambda: join_by_text(lacking, frame), "the table has no column 'premise'")
    raises_one_line(lambda: join_by_text(frame, lacking), "the data set has no column 'premise'")
