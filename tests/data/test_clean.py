"""Rows of registry data that cannot be used: set aside and listed, for every target and source."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
from refusals import raises_one_line

from difficulty_lib.data import DATASETS, load_data
from difficulty_lib.data._clean import clean
from difficulty_lib.data._spec import SplitSpec

ONE_SPLIT = {"train": SplitSpec(rows=1, fingerprint="0" * 16)}


@pytest.fixture(autouse=True)
def no_sources(monkeypatch):
    monkeypatch.delenv("DIFFICULTY_DATA", raising=False)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture
def from_mirror(tmp_path, monkeypatch):
    """Loads `name` from a mirror whose only split has these rows."""

    def load(name, rows):
        folder = tmp_path / name
        folder.mkdir()
        pd.DataFrame(rows).to_parquet(folder / "train.parquet")
        entry = dataclasses.replace(DATASETS[name], splits=ONE_SPLIT)
        monkeypatch.setitem(DATASETS._entries, name, entry)
        monkeypatch.setenv("DIFFICULTY_DATA", str(tmp_path))
        return load_data(name)

    return load


def listed(data):
    return list(data.problems[["sample_id", "problem", "used"]].itertuples(index=False, name=None))


# Pairs


def test_premise_without_hypothesis(from_mirror):
    rows = {
        "id": [1, 2, 3, 4, 5],
        "premise": ["p", "p", "p", None, "p"],
        "hypothesis": ["h", "", None, "h", "  "],
        "label": np.array([0, 1, 2, 0, 2], dtype="int8"),
    }
    found = from_mirror("mnli", rows)
    assert found["train"].index.tolist() == [1]
    assert found["train"]["label"].dtype == np.int64
    # one problem a row, so that the counts add up to what is missing
    assert sorted(listed(found)) == [
        (2, "empty hypothesis", False),
        (3, "empty hypothesis", False),
        (4, "empty premise", False),
        (5, "empty hypothesis", False),
    ]


@pytest.mark.parametrize("label", [-1, 3, 99])
def test_numbers_that_name_no_label(from_mirror, label):
    rows = {"id": [1, 2], "premise": ["p", "q"], "hypothesis": ["h", "i"], "label": [0, label]}
    assert listed(from_mirror("mnli", rows)) == [(2, "unknown label", False)]


@pytest.mark.parametrize("label", ["-", "Neutral", "neutral.", "1"])
def test_names_of_no_label(from_mirror, label):
    labels = [" neutral ", label]
    rows = {"id": [1, 2], "premise": ["p", "q"], "hypothesis": ["h", "i"], "label": labels}
    found = from_mirror("mnli", rows)
    assert found["train"]["label"].tolist() == [1]
    assert listed(found) == [(2, "unknown label", False)]


# Summaries


def test_empty_summaries_and_line_ends(from_mirror):
    rows = {
        "id": [1, 2, 3, 4],
        "dialogue": ["A: x\r\nB: y", "A: x\rB: z", "", "A"],
        "summary": [" A greets B. \r\n", " ", "None.", None],
    }
    found = from_mirror("samsum", rows)
    assert found.target == "text"
    assert found["train"]["dialogue"].tolist() == ["A: x\nB: y"]
    assert found["train"]["label"].tolist() == ["A greets B."]
    assert sorted(listed(found)) == [
        (2, "empty summary", False),
        (3, "empty dialogue", False),
        (4, "empty summary", False),
    ]


# Questions

CONTEXT = "In 1871 the bridge was built; in 1953 a flood damaged the bridge."


def questions(**columns):
    count = len(next(iter(columns.values())))
    same = {"title": ["Bridge"] * count, "context": [CONTEXT] * count, "question": ["?"] * count}
    return pd.DataFrame({"id": range(1, count + 1), **same, **columns})


def test_answers_of_a_mirror(from_mirror):
    texts = [["1871"], ["a flood", "flood"], ["1999"], ["the bridge"], [" 1953"], []]
    starts = [[3], [38, 40], [-1], [8], [32], []]
    found = from_mirror("squad", questions(answers_text=texts, answers_start_first=starts))
    assert found["train"]["label"].tolist() == [
        (("1871", 3),),
        (("a flood", 38), ("flood", 40)),
        (("the bridge", 8),),
        (("1953", 33),),
        (),
    ]
    for gold in found["train"]["label"]:
        assert all(CONTEXT[start : start + len(text)] == text for text, start in gold)
    assert listed(found) == [(3, "answer not in its context", False)]
    assert found["train"]["title"].tolist() == ["Bridge"] * 5


@pytest.mark.parametrize("start", [0, -1, 9, 10_000, None, 7.5])
def test_answer_at_a_wrong_place_is_taken_at_its_first_occurrence(from_mirror, start):
    texts, starts = [["the bridge"], ["1871"]], pd.Series([[start], [3]], dtype=object)
    found = from_mirror("squad", questions(answers_text=texts, answers_start_first=starts))
    assert found["train"].loc[1, "label"] == (("the bridge", 8),)
    assert listed(found) == [(1, "answer found elsewhere in its context", True)]


def test_a_later_occurrence_is_left_where_it_is(from_mirror):
    at = CONTEXT.rindex("the bridge")
    made = questions(answers_text=[["the bridge"]], answers_start_first=[[at]])
    found = from_mirror("squad", made)
    assert found["train"]["label"].tolist() == [(("the bridge", at),)]
    assert found.problems.empty


def test_questions_that_cannot_be_used(from_mirror):
    made = questions(
        answers_text=[["1871"], ["1871"], ["1871"], [""], None, ["1871", "x"], ["1871"]],
        answers_start_first=[[3], [3], [3], [0], None, [3], [3]],
        question=["?", "", "?", "?", "?", "?", None],
        context=[CONTEXT, CONTEXT, " ", CONTEXT, CONTEXT, CONTEXT, CONTEXT],
    )
    found = from_mirror("squad", made)
    assert found["train"].index.tolist() == [1]
    assert sorted(listed(found)) == [
        (2, "empty question", False),
        (3, "empty context", False),
        (4, "empty answer", False),
        (5, "no word on answers", False),
        (6, "no word on answers", False),
        (7, "empty question", False),
    ]


# Tags


def test_tags_of_a_mirror(from_mirror):
    rows = {
        "id": range(1, 8),
        "tokens": [
            ["Anna", "sings", "."],
            ["Anna", "sings"],
            ["in New", "Haven"],
            ["", "Oslo"],
            [],
            ["Oslo"],
            ["Oslo"],
        ],
        "tags": [
            ["B-PER", "O", "O"],
            ["B-PER"],
            ["O", "B-LOC"],
            ["O", "B-LOC"],
            [],
            ["B-CITY"],
            None,
        ],
    }
    found = from_mirror("tiny-tags", rows)
    assert found["train"]["text"].tolist() == ["Anna sings ."]
    assert found["train"]["label"].tolist() == [[5, 0, 0]]
    assert "tokens" not in found["train"]
    assert sorted(listed(found)) == [
        (2, "tags of another number than words", False),
        (3, "a word that is empty or holds a space", False),
        (4, "a word that is empty or holds a space", False),
        (5, "empty text", False),
        (6, "unknown tag", False),
        (7, "no tags", False),
    ]


def test_tags_by_number_with_a_text(from_mirror):
    rows = {"id": [1, 2, 3], "text": ["Anna sings", "Tom", "Mia"], "tags": [[5, 0], [7], [-1]]}
    found = from_mirror("tiny-tags", rows)
    assert found["train"]["label"].tolist() == [[5, 0]]
    assert listed(found) == [(2, "unknown tag", False), (3, "unknown tag", False)]


# What is an error still


@pytest.mark.parametrize(
    ("target", "texts", "label", "part"),
    [
        ("class", ["a", "b"], [9, 9], "none of the 2 rows can be used (unknown label: 2)"),
        ("text", ["a", ""], ["", "x"], "(empty summary: 1, empty text: 1)"),
        ("answers", ["a", "b"], [[{"text": "x", "start": 0}]] * 2, "answer not in its context: 2"),
        ("tags", ["a b", "b"], [["x"], []], "tags of another number than words: 2"),
        ("text", [1, 2], ["x", "y"], "column 'text' has int64 in row 0; expected text"),
        ("text", [["a"], "b"], ["x", "y"], "column 'text' has list in row 0; expected text"),
        ("class", ["a", "b"], [0.5, 1.0], "labels are float64; expected integers"),
        ("class", ["a", "b"], [0.5, None], "labels are float64; expected integers"),
    ],
)
def test_a_split_that_cannot_be_used(target, texts, label, part):
    frame = pd.DataFrame({"text": texts, "label": label})
    raises_one_line(
        lambda: clean(
            frame,
            split="train",
            where="some/train",
            target=target,
            text_columns=["text"],
            label_names=["x", "y"],
        ),
        "some/train: ",
        part,
    )


def test_no_label_column():
    raises_one_line(
        lambda: clean(
            pd.DataFrame({"text": ["a"]}),
            split="train",
            where="some/train",
            target="text",
            text_columns=["text"],
        ),
        "some/train: no column 'label'; there are text",
    )


@pytest.mark.parametrize("label", [True, np.bool_(True), [1], {"a": 1}, 1.5, "x y"])
def test_values_that_are_no_class(label):
    frame = pd.DataFrame({"text": ["a", "b"], "label": pd.Series([label, 0], dtype=object)})
    kept, problems = clean(
        frame,
        split="dev",
        where="some/dev",
        target="class",
        text_columns=["text"],
        label_names=["x", "y"],
    )
    assert kept.index.tolist() == [1]
    assert problems.iloc[0].tolist() == ["dev", 0, "unknown label", False]


# The hub


def serve(monkeypatch, rows):
    """The hub's `load_dataset`, giving the same rows for every split; what it was asked for."""
    datasets = pytest.importorskip("datasets")
    asked = []

    def load(path, name=None, *, revision=None, split=None):
        asked.append((path, name, revision, split))
        return datasets.Dataset.from_list(rows)

    monkeypatch.setattr(datasets, "load_dataset", load)
    return asked


def test_hub_calls_a_split_otherwise(monkeypatch):
    asked = serve(
        monkeypatch, [{"premise": "p", "hypothesis": "h", "label": n, "idx": 7} for n in (2, -1)]
    )
    found = load_data("mnli")
    assert [(path, name, split) for path, name, _, split in asked] == [
        ("nyu-mll/glue", "mnli", "train"),
        ("nyu-mll/glue", "mnli", "validation_matched"),
    ]
    assert list(found.splits) == ["train", "dev_matched"]
    assert found["dev_matched"]["label"].tolist() == [2]
    assert found.problems["split"].tolist() == ["train", "dev_matched"]


def test_questions_of_the_hub(monkeypatch):
    answers = [
        {"text": ["1871", "In 1871"], "answer_start": [3, 0]},
        {"text": ["1999"], "answer_start": [3]},
        {"text": [], "answer_start": []},
    ]
    same = {"title": "Bridge", "context": CONTEXT, "question": "When?"}
    serve(monkeypatch, [{"id": f"57{i}a", **same, "answers": a} for i, a in enumerate(answers)])
    found = load_data("squad")
    assert found.origin == "hub"
    assert found["train"]["label"].to_dict() == {0: (("1871", 3), ("In 1871", 0)), 2: ()}
    assert found["train"]["id"].tolist() == ["570a", "572a"]
    assert set(found.problems["sample_id"]) == {1}


def test_summaries_of_the_hub(monkeypatch):
    rows = [{"id": "13", "dialogue": "A: hi\r\nB: hi", "summary": "A and B say hi."}]
    asked = serve(monkeypatch, rows)
    found = load_data("samsum")
    assert asked[0][:2] == ("knkarthick/samsum", None)
    assert found["test"]["dialogue"].tolist() == ["A: hi\nB: hi"]


# Fixtures as a source


def test_mirror_wins_over_a_fixture(from_mirror):
    rows = {"id": [1], "premise": ["p"], "hypothesis": ["h"], "label": ["neutral"]}
    assert from_mirror("tiny-nli", rows).origin == "mirror"


def test_broken_fixture(tmp_path, monkeypatch):
    monkeypatch.setattr("difficulty_lib.data._resolve.registry_folder", lambda: tmp_path)
    folder = tmp_path / "fixtures" / "tiny-nli"
    folder.mkdir(parents=True)
    raises_one_line(lambda: load_data("tiny-nli"), str(folder / "train.jsonl"), "no such file")
    (folder / "train.jsonl").write_text(json.dumps({"premise": "p"}))
    raises_one_line(lambda: load_data("tiny-nli"), str(folder / "train.jsonl"), "no column 'id'")
