"""The data sets that we wrote: their rows, that they are right, and that there is something to learn."""

import json
import re

import numpy as np
import pytest

from difficulty_lib.data import DATASETS, changed_splits, check_labels, load_data, registry_folder

FIXTURES = [name for name, spec in DATASETS.items() if spec.fixture]
SPLITS = ("train", "validation")


@pytest.fixture(autouse=True)
def no_sources(monkeypatch):
    monkeypatch.delenv("DIFFICULTY_DATA", raising=False)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def written(name, split):
    """The rows as they are written, by id."""
    path = registry_folder() / "fixtures" / name / f"{split}.jsonl"
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert len({row["id"] for row in rows}) == len(rows)
    return {row["id"]: row for row in rows}


def right(name, split):
    """The rows that are not awkward on purpose."""
    return [row for row in written(name, split).values() if not row["awkward"]]


def test_there_is_one_for_every_kind_of_label():
    assert {DATASETS[name].target for name in FIXTURES} == {"class", "text", "answers", "tags"}


@pytest.mark.parametrize("name", FIXTURES)
def test_fixture(name):
    found = load_data(name)
    assert found.origin == "fixture"
    assert found.redistributable
    assert changed_splits(found) == []
    check_labels(found)
    for split in SPLITS:
        assert len(found[split]) == DATASETS[name].splits[split].rows
        assert len(right(name, split)) >= {"train": 40, "validation": 20}[split]
        awkward = found[split]["awkward"] != ""
        assert awkward.sum() >= 2


@pytest.mark.parametrize("name", FIXTURES)
def test_every_row_is_there_or_listed(name):
    found = load_data(name)
    listed = found.problems
    for split in SPLITS:
        rows = written(name, split)
        aside = set(listed.loc[(listed["split"] == split) & ~listed["used"], "sample_id"])
        assert aside
        assert set(found[split].index) | aside == set(rows)
        assert not set(found[split].index) & aside
    # no problem that was not meant
    for split, sample_id in zip(listed["split"], listed["sample_id"]):
        assert written(name, split)[sample_id]["awkward"]


@pytest.mark.parametrize("split", SPLITS)
def test_inference_has_every_label_of_a_premise_once(split):
    labels: dict[str, list[str]] = {}
    for row in right("tiny-nli", split):
        labels.setdefault(row["premise"], []).append(row["label"])
        assert row["genre"]
    assert all(len(set(given)) == len(given) for given in labels.values())
    assert sum(len(given) == 3 for given in labels.values()) >= 6


@pytest.mark.parametrize("split", SPLITS)
def test_summaries_are_shorter_and_name_who_speaks(split):
    named = []
    for row in right("tiny-summaries", split):
        speakers = {line.split(": ")[0] for line in row["dialogue"].split("\n")}
        assert len(speakers) == 2
        named.append(any(speaker in row["summary"] for speaker in speakers))
        assert len(row["summary"]) < len(row["dialogue"])
    assert np.mean(named) >= 0.9


@pytest.mark.parametrize("split", SPLITS)
def test_answers_are_where_they_are_said_to_be(split):
    rows = right("tiny-questions", split)
    for row in rows:
        for answer in row["answers"]:
            start = answer["start"]
            assert row["context"][start : start + len(answer["text"])] == answer["text"]
    gold = [len(row["answers"]) for row in rows]
    assert gold.count(0) >= 2
    assert sum(count > 1 for count in gold) >= 5
    assert len({row["context"] for row in rows}) >= 4


@pytest.mark.parametrize("split", SPLITS)
def test_tags_are_well_formed(split):
    for row in right("tiny-tags", split):
        assert len(row["tokens"]) == len(row["tags"])
        for before, tag in zip(["O", *row["tags"]], row["tags"]):
            assert not tag.startswith("I-") or before[2:] == tag[2:], row
            assert tag == "O" or tag[2:] in ("PER", "LOC", "ORG")
        for word, tag in zip(row["tokens"], row["tags"]):
            assert tag == "O" or word[0].isupper()


def test_one_text_is_longer_than_a_model_takes():
    dialogue = load_data("tiny-summaries")["train"]["dialogue"]
    context = load_data("tiny-questions")["train"]["context"]
    assert dialogue.str.split().str.len().max() > 1024
    assert context.str.split().str.len().max() > 512
    assert dialogue.str.split().str.len().median() < 40


# A model without knowledge of English must have something to learn.


def test_inference_can_be_learnt_from_words():
    text = pytest.importorskip("sklearn.feature_extraction.text")
    linear = pytest.importorskip("sklearn.linear_model")
    found = load_data("tiny-nli")
    vectors = text.CountVectorizer()
    model = linear.LogisticRegression()
    train, validation = found["train"], found["validation"]
    model.fit(vectors.fit_transform(train["hypothesis"]), train["label"])
    accuracy = model.score(vectors.transform(validation["hypothesis"]), validation["label"])
    assert accuracy > 0.6


def test_tags_can_be_learnt_from_words():
    found = load_data("tiny-tags")
    names = found.label_names
    seen: dict[str, list[int]] = {}
    for text, tags in zip(found["train"]["text"], found["train"]["label"]):
        for word, tag in zip(text.split(" "), tags):
            seen.setdefault(word, []).append(tag)
    right_ones, entities = [], []
    for text, tags in zip(found["validation"]["text"], found["validation"]["label"]):
        for word, tag in zip(text.split(" "), tags):
            guess = max(set(seen.get(word, [0])), key=seen.get(word, [0]).count)
            right_ones.append(guess == tag)
            entities.append(tag != names.index("O"))
    assert np.mean(right_ones) > 0.8
    assert 0.2 < np.mean(entities) < 0.6


def words(texts):
    return re.findall(r"\w+", " ".join(texts).lower())


def test_summaries_repeat_the_words_of_training():
    found = load_data("tiny-summaries")
    train, validation = found["train"], found["validation"]
    known = set(words(train["dialogue"]) + words(train["label"]))
    assert np.mean([word in known for word in words(validation["label"])]) > 0.85


def test_questions_repeat_the_words_of_training():
    found = load_data("tiny-questions")
    known = set(words(found.texts("train")))
    for column, share in (("question", 0.8), ("context", 0.7)):
        asked = words(found["validation"][column].unique())
        assert np.mean([word in known for word in asked]) > share
