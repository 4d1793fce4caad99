"""Samples that are added, and texts that are cut: what they are, and that no id is taken twice."""

import difflib
import math

import numpy as np
import pandas as pd
import pytest
from corruptible import labels
from hypothesis import given
from hypothesis import strategies as st
from refusals import raises_one_line

from difficulty_lib._errors import ConfigError
from difficulty_lib.corruptions import contradict_duplicates, insert_foreign, truncate_texts
from difficulty_lib.corruptions._added import new_ids
from difficulty_lib.corruptions._choice import CHOICE, KIND, OTHER, PIECE, draws
from difficulty_lib.corruptions._edits import edits
from difficulty_lib.data import TextData
from difficulty_lib.training import RunConfig
from difficulty_lib.training._interventions import intervene

FOREIGN = pd.Series([f"add {n} eggs" for n in range(700)], index=np.arange(700) * 3)


@given(st.lists(st.integers(-(10**17), 10**17), min_size=1, unique=True))
def test_new_ids_are_unused_and_each_once(ids):
    found = new_ids(pd.Index(ids))
    assert len(set(found) | set(ids)) == 2 * len(ids)
    assert [a - b for a, b in zip(found, ids)] == [found[0] - ids[0]] * len(ids)
    offset = found[0] - ids[0]
    assert str(offset).strip("0") == "1"


def test_new_ids_can_be_read():
    assert new_ids(pd.Index([123, 3999])) == [10_123, 13_999]
    assert new_ids(pd.Index([0])) == [10]
    frame = labels(20).set_axis(np.arange(20) + 2**62)
    raises_one_line(lambda: contradict_duplicates(frame, 0.4, 0), "no room for new ids")


# Near-duplicates


def test_copies_are_near_and_contradict():
    frame = labels(1000).assign(genre=[f"g{n}" for n in range(1000)])
    new, truth = contradict_duplicates(frame, 0.4, 0, classes=4)
    added = truth[truth["added"]]
    assert set(added["kind"]) == {"doubled", "dropped", "punctuation", "case"}
    for sample_id, row in added.iterrows():
        source, copy = frame.loc[row["source"]], new.loc[sample_id]
        assert copy["text"] != source["text"]
        assert copy["genre"] == source["genre"]
        assert copy["label"] != source["label"]
        before, after = source["text"].split(), copy["text"].split()
        change = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
        changed = [op for op in change if op[0] != "equal"]
        assert len(changed) == 1
        _, a, b, c, d = changed[0]
        assert max(b - a, d - c) <= 2  # with the sign that stood at the word
    reported = truth[truth["problem"] != ""]
    assert set(reported["problem"]) == {"no word to edit"}
    assert (frame["text"][reported.index] == "?!").all()
    assert 0 < len(reported) < 100


def copies_one_by_one(frame, rate, seed):
    """{sample: (text of its copy, class)}, for texts of plain words with at most a sign at the end."""
    picks, kinds, words, others = (
        dict(zip(frame.index, draws(frame, seed, what))) for what in (CHOICE, KIND, PIECE, OTHER)
    )
    found = {}
    for sample_id, (text, label) in frame[["text", "label"]].iterrows():
        body = text.rstrip(" .!")
        sign, parts = text[len(body) :], body.split(" ")
        if picks[sample_id] >= rate or body == "?":
            continue
        at = math.floor(words[sample_id] * len(parts))
        twice = [*parts[:at], parts[at], *parts[at:]]
        first = parts[at][0]
        turned = (first.lower() if first.isupper() else first.upper()) + parts[at][1:]
        fewer = " ".join(parts[:at] + parts[at + 1 :])
        options = [
            " ".join(twice) + sign,
            fewer + sign,
            body if sign else body + ".",
            " ".join([*parts[:at], turned, *parts[at + 1 :]]) + sign,
        ]
        classes = [(label + step) % 4 for step in (1, 2, 3)]
        found[sample_id] = (
            options[math.floor(kinds[sample_id] * 4)],
            classes[math.floor(others[sample_id] * 3)],
        )
    return found


@pytest.mark.parametrize("seed", [0, 2])
def test_copies_are_those_of_the_reference(seed):
    frame = labels(1000)
    new, truth = contradict_duplicates(frame, 0.3, seed)
    added = new[truth["added"]]
    assert dict(zip(truth["source"][added.index], zip(added["text"], added["label"]))) == (
        copies_one_by_one(frame, 0.3, seed)
    )


def test_other_classes_of_copies_are_equally_likely():
    _, truth = contradict_duplicates(labels(20_000), 0.4, 0)
    added = truth[truth["added"]]
    step = (added["replacement"].astype(int) - added["original"].astype(int)) % 4
    counts = step.value_counts().reindex([0, 1, 2, 3], fill_value=0)
    assert counts[0] == 0
    expected = len(added) / 3
    assert (np.abs(counts[1:] - expected) < 4 * np.sqrt(expected * 2 / 3)).all()


@pytest.mark.parametrize(
    ("text", "number", "expected"),
    [
        (
            "a film.",
            0.9,
            {
                "doubled": "a film film.",
                "dropped": "a.",
                "punctuation": "a film",
                "case": "a Film.",
            },
        ),
        (
            "Good one",
            0.0,
            {
                "doubled": "Good Good one",
                "dropped": "one",
                "punctuation": "Good one.",
                "case": "good one",
            },
        ),
        ("7", 0.5, {"doubled": "7 7", "punctuation": "7."}),
        ("中文 ", 0.5, {"doubled": "中文 中文 ", "punctuation": "中文."}),
        ("?!", 0.5, {}),
        ("", 0.5, {}),
    ],
)
def test_edits(text, number, expected):
    assert dict(edits(text, number)) == expected


@given(st.text(max_size=30), st.floats(0, 1, exclude_max=True))
def test_an_edited_text_is_another_and_not_empty(text, number):
    for kind, new in edits(text, number):
        assert new != text, kind
        assert new.strip(), kind
        assert abs(len(new) - len(text)) <= len(text) + 1


def test_copies_can_be_observed_beside_the_samples():
    """As a planted split: the copies alone, under ids that the split beside it has not."""
    data = TextData("d", {"validation": labels(100)}, ("text",), tuple("abcd"), "file")
    config = RunConfig(
        dataset="d",
        task="sentiment",
        intervention={"planted": ["contradict_duplicates", 0.3]},
        evaluation_splits=("validation", "validation_planted"),
    )
    found = intervene(data, config)
    _, truth = contradict_duplicates(data["validation"], 0.3, 0)
    copies = found["validation_planted"]
    assert copies.index.tolist() == truth.index[truth["added"]].tolist()
    assert not set(copies.index) & set(data["validation"].index)
    pd.testing.assert_frame_equal(found["validation"], data["validation"])


def test_corruptions_can_follow_each_other():
    frame = labels(300)
    more, first = contradict_duplicates(frame, 0.3, 0)
    most, second = insert_foreign(more, 0.3, 1, foreign=FOREIGN)
    assert most.index.is_unique
    pd.testing.assert_frame_equal(most.iloc[: len(more)], more)
    assert len(most) - len(frame) == first["added"].sum() + second["added"].sum()


def test_refused_copies():
    frame = labels(60)
    raises_one_line(
        lambda: contradict_duplicates(frame.assign(text=3), 0.3, 0), "expected a string"
    )
    raises_one_line(
        lambda: contradict_duplicates(frame.assign(text="!"), 0.3, 0), "no word to edit"
    )
    raises_one_line(lambda: contradict_duplicates(frame, 0.3, 0, classes=2), "expected 0 to 1")
    raises_one_line(lambda: contradict_duplicates(frame, 0.3, 0, text="b"), "no column 'b'")


# Foreign texts


def foreign_one_by_one(frame, rate, seed, foreign):
    """{the sample beside which it is: (id of the foreign text, class)}."""
    picks, numbers = (dict(zip(frame.index, draws(frame, seed, k))) for k in (CHOICE, OTHER))
    queue = sorted(zip(draws(foreign.to_frame(), seed, PIECE), foreign.index))
    ordered = sorted(frame["label"])
    beside = sorted((picks[i], i) for i in frame.index if picks[i] < rate)
    return {
        i: (source, ordered[int(numbers[i] * len(ordered))])
        for (_, i), (_, source) in zip(beside, queue)
    }


@pytest.mark.parametrize("seed", [0, 5])
def test_foreign_texts_are_those_of_the_reference(seed):
    frame = labels(1000)
    new, truth = insert_foreign(frame, 0.2, seed, foreign=FOREIGN)
    added = new[truth["added"]]
    wanted = foreign_one_by_one(frame, 0.2, seed, FOREIGN)
    assert {
        i - 10_000: (truth.at[i, "source"], row["label"]) for i, row in added.iterrows()
    } == wanted
    assert (added["text"] == FOREIGN[truth["source"][added.index]].to_numpy()).all()
    assert added["text"].is_unique
    mixed = FOREIGN.sample(frac=1, random_state=0)
    pd.testing.assert_frame_equal(insert_foreign(frame, 0.2, seed, foreign=mixed)[0], new)


def test_classes_of_foreign_texts_are_as_frequent_as_in_the_data():
    share = np.array([0.6, 0.3, 0.1])
    frame = labels(10_000).assign(label=np.repeat([0, 1, 2], (share * 10_000).astype(int)))
    many = pd.Series("elsewhere", index=range(5000))
    new, truth = insert_foreign(frame, 0.4, 0, foreign=many)
    counts = new["label"][truth["added"]].value_counts().sort_index().to_numpy()
    n = counts.sum()
    assert (np.abs(counts - n * share) < 4 * np.sqrt(n * share * (1 - share))).all()


def test_what_is_not_known_of_a_foreign_text_is_missing():
    frame = labels(200).assign(premise="p", rating=5, genre="g")
    frame["premise"] += frame.index.astype(str)
    new, truth = insert_foreign(frame, 0.3, 0, foreign=FOREIGN, keep=("premise",))
    added = new[truth["added"]]
    assert added["rating"].isna().all()
    assert added["genre"].isna().all()
    assert added["premise"].tolist() == [f"p{sample_id - 1000}" for sample_id in added.index]
    assert list(new.columns) == list(frame.columns)
    raises_one_line(
        lambda: insert_foreign(frame, 0.3, 0, foreign=FOREIGN, keep=("b",)), "no column 'b'"
    )


def test_refused_foreign_texts():
    frame = labels(500)

    def refused(foreign, *parts, **more):
        raises_one_line(lambda: insert_foreign(frame, 0.3, 0, foreign=foreign), *parts, **more)

    refused(None, "foreign is not given", kind=ConfigError)
    refused(["a", "b"], "expected a Series", kind=ConfigError)
    refused(FOREIGN[:20], "20 foreign texts", "at least 1")
    refused(FOREIGN.set_axis(["x"] * 700), "unique integers")
    refused(FOREIGN.where(FOREIGN.index != 6, None), "foreign text 6")
    refused(FOREIGN.where(FOREIGN.index != 9, "  "), "foreign text 9")


# Texts cut


@pytest.mark.parametrize("share", [0.01, 0.25, 0.5, 0.99])
def test_cut_texts_are_those_of_the_reference(share):
    frame = labels(800)
    new, truth = truncate_texts(frame, 0.4, 2, share=share)
    picks = draws(frame, 2, CHOICE)
    for place, (sample_id, text) in enumerate(frame["text"].items()):
        words = text.split()
        kept = len(words)
        if picks[place] < 0.4 and kept > 1:
            kept = next(
                (
                    k
                    for k in range(1, kept)
                    if abs(k - share * kept) <= 0.5 and k + 0.5 > share * kept
                ),
                1 if share < 0.5 else kept - 1,
            )
        assert new.at[sample_id, "text"].split() == words[:kept]
        assert truth.at[sample_id, "corrupted"] == (kept < len(words))
    assert set(truth["problem"]) == {"", "fewer than two words"}


def test_cutting_keeps_what_stands_between_the_words():
    frame = pd.DataFrame({"text": ["  one\t two\n\nthree  four "] * 20})
    new, truth = truncate_texts(frame, 0.4, 0)
    done = truth["corrupted"]
    assert set(new["text"][done]) == {"  one\t two"}
    assert set(truth["original"][done]) == {"\n\nthree  four "}


@pytest.mark.parametrize("share", [0, 1, -0.5, float("nan"), "0.5", True, None])
def test_refused_shares(share):
    raises_one_line(
        lambda: truncate_texts(labels(50), 0.2, 0, share=share), "share is", kind=ConfigError
    )
