"""The table of features: which apply to which data, and what is refused."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from refusals import raises_one_line

from difficulty_lib._errors import ConfigError
from difficulty_lib.data import TextData
from difficulty_lib.features import FEATURES, feature_table

ONE_TEXT = {"length", "word_rarity", "rarest_word", "type_token_ratio", "negation"} | {
    "numbers",
    "names",
}
OF_CLASSES = {"class_frequency", "neighbour_agreement"}


def made(columns, target="class", names=("no", "yes")):
    """Two splits of the same columns; the training split has the ids 0, 1, …, the other 10, 11, …"""
    fields = tuple(c for c in columns if c != "label")
    splits = {}
    for split, first in (("train", 0), ("validation", 10)):
        frame = pd.DataFrame(columns)
        frame.index = pd.Index(np.arange(first, first + len(frame)), name="sample_id")
        splits[split] = frame
    return TextData("made", splits, fields, names, "file", target=target)


@pytest.fixture
def sentences():
    texts = ["a good film", "a bad film", "good good", "the worst of 2020, not Bad"]
    return made({"text": texts, "label": [1, 0, 1, 0]})


@pytest.fixture
def pairs():
    return made(
        {
            "premise": ["A man sleeps", "Two dogs run in the park", "He did not go"],
            "hypothesis": ["A man is awake", "Dogs run", "He went"],
            "label": [0, 1, 0],
        }
    )


@pytest.fixture
def summaries():
    dialogues = ["A: buy milk please\nB: I will buy milk", "A: hi\nB: hi", "A: bye Tom"]
    return made(
        {"dialogue": dialogues, "label": ["B will buy milk", "Greetings", "Bye"]}, "text", ()
    )


@pytest.fixture
def questions():
    contexts = [
        "The park was built in 1990 by Ann.",
        "The park was built in 1990 by Ann.",
        "No one.",
    ]
    asked = ["When was the park built?", "By whom?", "Who?"]
    answers = [(("1990", 22),), (("Ann", 30),), ()]
    return made({"question": asked, "context": contexts, "label": answers}, "answers", ())


@pytest.fixture
def tags():
    texts = ["Ann lives in Rome .", "It , rains"]
    return made({"text": texts, "label": [[1, 0, 0, 1, 0], [0, 0, 0]]}, "tags", ("O", "NAME"))


def columns(fields):
    return {f"{name}:{field}" for name in ONE_TEXT for field in fields}


def test_features_of_sentences(sentences):
    table = feature_table(sentences, "validation")
    assert set(table) == ONE_TEXT | OF_CLASSES
    assert table.index.tolist() == [10, 11, 12, 13]
    assert table.index.name == "sample_id"
    assert table["length"].tolist() == [3, 3, 2, 6]
    assert np.exp(table["class_frequency"]).tolist() == pytest.approx([0.5] * 4)
    assert table.loc[13, "negation"] == pytest.approx(1 / 6)
    assert table.loc[13, "names"] == pytest.approx(1 / 6)
    assert table.loc[13, "numbers"] == pytest.approx(1 / 6)
    # 14 training words of 9 kinds, good 3 times: 4 of 24
    assert np.exp(-table.loc[12, "word_rarity"]) == pytest.approx(4 / 24)


def test_features_of_pairs(pairs):
    table = feature_table(pairs, "validation")
    assert set(table) == columns(["premise", "hypothesis"]) | OF_CLASSES | {"lexical_overlap"}
    assert table["length:premise"].tolist() == [3, 6, 4]
    assert table["length:hypothesis"].tolist() == [4, 2, 2]
    assert table["lexical_overlap"].tolist() == [0.5, 1.0, 0.5]
    assert table["negation:premise"].tolist() == [0, 0, 0.25]


def test_features_of_summaries(summaries):
    table = feature_table(summaries, "validation")
    assert set(table) == columns(["dialogue", "summary"]) | {"coverage", "density", "compression"}
    assert table["coverage"].tolist() == [1, 0, 1]
    # "b" and "will buy milk", or the other way: 1 + 9 over 4 words
    assert table.loc[10, "density"] == pytest.approx(10 / 4)
    assert table["compression"].tolist() == pytest.approx([9 / 4, 4, 3])


def test_a_question_is_held_against_its_context(questions):
    table = feature_table(questions, "validation")
    of_answers = {
        "answer_length",
        "answer_position",
        "answer_disagreement",
        "words_near_answer",
    }
    assert set(table) == columns(["question", "context"]) | {"lexical_overlap"} | of_answers
    assert table["lexical_overlap"].tolist() == pytest.approx([4 / 5, 1 / 2, 0])


def test_words_of_tags_are_cut_at_blanks(tags):
    table = feature_table(tags, "validation")
    assert set(table) == ONE_TEXT
    assert table["length"].tolist() == [5, 3]


def test_every_feature_applies_to_something(sentences, pairs, summaries, questions, tags):
    seen = set()
    for data in (sentences, pairs, summaries, questions, tags):
        table = feature_table(data, "validation")
        assert np.isfinite(table.to_numpy()).all()
        seen |= {column.split(":")[0] for column in table}
    assert seen == set(FEATURES)


def test_rows_follow_the_ids(sentences):
    every = feature_table(sentences, "validation")
    some = feature_table(sentences, "validation", [13, 10])
    pd.testing.assert_frame_equal(some, every.loc[[13, 10]])


def test_chosen_features(pairs):
    table = feature_table(pairs, "validation", names=["lexical_overlap", "length"])
    assert list(table) == ["lexical_overlap", "length:premise", "length:hypothesis"]


def test_neighbours_by_words(sentences):
    """A copy of a training text is next to it, and in training not to itself."""
    k = FEATURES["neighbour_agreement"].function
    table = feature_table(sentences, "train", names=["neighbour_agreement"])
    # Three others at most: sample 0 has labels 0, 1 and 0 around it.
    assert table["neighbour_agreement"].tolist() == pytest.approx([1 / 3] * 4)
    held_out = feature_table(sentences, "validation", names=["neighbour_agreement"])
    assert held_out.loc[10].item() > table.loc[0].item()
    assert k.__defaults__ == (10,)


def test_neighbours_in_a_given_space(sentences):
    label = sentences["train"]["label"].to_numpy()
    training = np.random.default_rng(0).normal(size=(4, 3))
    scored = training[[2, 3, 0, 1]]
    names = ["neighbour_agreement"]
    table = feature_table(sentences, "validation", names=names, embedding=(scored, training))
    near = np.argsort(-(scored @ training.T) / np.linalg.norm(training, axis=1), axis=1)[:, :3]
    expected = (label[near] == label[:, None]).mean(axis=1)
    assert table["neighbour_agreement"].tolist() == pytest.approx(expected)


# What is refused


def test_unknown_feature(sentences):
    raises_one_line(
        lambda: feature_table(sentences, "validation", names=["lenght"]),
        "unknown feature 'lenght'",
        "length",
        kind=ConfigError,
    )


def test_feature_that_does_not_apply(sentences):
    raises_one_line(
        lambda: feature_table(sentences, "validation", names=["coverage"]),
        "'coverage' needs source and summary",
        "made (target 'class')",
        "word_rarity",
    )


def test_ids_that_are_not_there(sentences):
    raises_one_line(
        lambda: feature_table(sentences, "validation", [10, 3]),
        "made/validation: 1 ids are not there, first: 3",
    )
    raises_one_line(
        lambda: feature_table(sentences, "validation", [10, 11, 10]),
        "1 ids are asked for more than once, first: 10",
    )


def test_splits_that_are_not_there(sentences):
    raises_one_line(lambda: feature_table(sentences, "test"), "no split 'test'")
    raises_one_line(
        lambda: feature_table(sentences, "validation", train_split="learn"), "no split 'learn'"
    )


def test_text_without_words(pairs):
    pairs["validation"].loc[11, "hypothesis"] = " "
    raises_one_line(
        lambda: feature_table(pairs, "validation"),
        "made/validation: no words in 'hypothesis' of 1 samples, first: 11",
    )


def test_embedding_of_other_rows(sentences):
    raises_one_line(
        lambda: feature_table(
            sentences, "validation", [10], embedding=(np.ones((4, 2)), np.ones((4, 2)))
        ),
        "expected 1 and 4 rows of one width",
    )


# With little installed

PROGRAM = """
import sys
for name in ("torch", "transformers", "scipy", "sklearn", "datasets", "accelerate", "altair"):
    sys.modules[name] = None
import pandas as pd
from difficulty_lib import DifficultyError
from difficulty_lib.data import TextData
from difficulty_lib.features import feature_table
frame = pd.DataFrame({"text": ["a good film", "a bad one", "bad"], "label": [0, 1, 1]})
data = TextData("made", {"train": frame}, ("text",), ("no", "yes"), "file")
print(feature_table(data, "train", names=["length"])["length"].tolist())
embedding = [[1.0, 0.0], [0.0, 1.0], [0.0, 2.0]]
table = feature_table(data, "train", embedding=(embedding, embedding))
print(len(table.columns))
try:
    feature_table(data, "train")
except DifficultyError as error:
    print(error)
"""


def test_only_tfidf_needs_an_extra():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    lengths, count, refusal = done.stdout.splitlines()
    assert lengths == "[3.0, 3.0, 1.0]"
    assert int(count) == len(ONE_TEXT | OF_CLASSES)
    assert "sklearn is not installed" in refusal
    assert "difficulty-lib[train]" in refusal
