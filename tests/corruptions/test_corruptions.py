"""Planted errors: where they are, that nothing else changed, and what they depend on."""

import re

import numpy as np
import pandas as pd
import pytest
from refusals import raises_one_line

from difficulty_lib._errors import ConfigError
from difficulty_lib.corruptions import (
    CORRUPTIONS,
    change_entity,
    change_entity_or_number,
    change_number,
    flip_labels,
    swap_summaries,
)
from difficulty_lib.corruptions._truth import TRUTH
from difficulty_lib.corruptions.numbers import find_numbers, values_in
from difficulty_lib.words import speakers, vocabulary

NAMES = ["Anna", "Tom", "Mary", "Ben", "Zoe", "Igor", "Lena", "Paul", "Kim", "Otto"]
TEXTS = [name for name, entry in CORRUPTIONS.items() if entry.target == "text"]


def dialogues(count=400, seed=0):
    """Dialogues of two with summaries: a third have a number, every tenth neither name nor number."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(count):
        one, two = rng.choice(NAMES, 2, replace=False)
        hour = int(rng.integers(1, 10))
        summary = f"{one} will meet {two}'s friend."
        if number % 3 == 0:
            summary = f"{two} and {one} meet at {hour}:30."
        if number % 10 == 0:
            summary = "they will meet somewhere."
        rows.append((f"{one}: shall we meet at {hour}:30?\n{two}: fine", summary))
    ids = pd.Index(5 + 3 * rng.permutation(count), name="sample_id")
    return pd.DataFrame(rows, columns=["dialogue", "label"], index=ids)


def labels(count=1000, classes=4, seed=0):
    rng = np.random.default_rng(seed)
    ids = pd.Index(11 + 2 * rng.permutation(count), name="sample_id")
    return pd.DataFrame({"text": "t", "label": rng.integers(0, classes, count)}, index=ids)


def frame_of(name):
    return dialogues() if CORRUPTIONS[name].target == "text" else labels()


@pytest.fixture(params=list(CORRUPTIONS))
def name(request):
    return request.param


# What all of them promise


def test_original_is_untouched_and_only_labels_change(name):
    frame = frame_of(name)
    before = frame.copy(deep=True)
    new, truth = CORRUPTIONS[name](frame, 0.3, 0)
    pd.testing.assert_frame_equal(frame, before)
    pd.testing.assert_frame_equal(new.drop(columns="label"), frame.drop(columns="label"))
    assert new["label"].dtype == frame["label"].dtype
    assert list(truth.columns) == list(TRUTH)
    assert truth.index.equals(frame.index)
    assert truth["corrupted"].dtype == bool
    assert (truth["corrupted"] == (new["label"] != frame["label"])).all()


def test_truth_says_what_and_where(name):
    frame = frame_of(name)
    new, truth = CORRUPTIONS[name](frame, 0.3, 1)
    for sample_id, row in truth.iterrows():
        old, now = frame.at[sample_id, "label"], new.at[sample_id, "label"]
        if not row["corrupted"]:
            assert (row["start"], row["end"], row["kind"], row["original"]) == (-1, -1, "", "")
        elif row["kind"] == "class":
            assert (row["original"], row["replacement"]) == (old, now)
            assert (row["start"], row["end"]) == (-1, -1)
        else:
            assert now[row["start"] : row["end"]] == row["replacement"]
            assert now[: row["start"]] + row["original"] + now[row["end"] :] == old


def test_a_sample_depends_on_its_id_and_the_seed_alone(name):
    frame = frame_of(name)
    known = {"names": vocabulary(frame["dialogue"])} if "entity" in name else {}
    if name == "flip_labels":
        known = {"classes": 4}
    new, truth = CORRUPTIONS[name](frame, 0.2, 3, **known)
    again, _ = CORRUPTIONS[name](frame, 0.2, 3, **known)
    pd.testing.assert_frame_equal(new, again)
    shuffled = frame.sample(frac=1, random_state=0)
    other, _ = CORRUPTIONS[name](shuffled, 0.2, 3, **known)
    pd.testing.assert_frame_equal(other.loc[frame.index], new)
    more = CORRUPTIONS[name](frame, 0.4, 3, **known)[1]["corrupted"]
    assert more[truth["corrupted"]].all()
    seeded = CORRUPTIONS[name](frame, 0.2, 4, **known)[1]["corrupted"]
    assert (seeded != truth["corrupted"]).any()
    if name != "swap_summaries":  # whose summary it is depends on who else is chosen
        part = frame.iloc[::2]
        pd.testing.assert_frame_equal(
            CORRUPTIONS[name](part, 0.2, 3, **known)[0], new.loc[part.index]
        )


@pytest.mark.parametrize("rate", [0.01, 0.1, 0.4])
def test_rates(rate):
    _, truth = flip_labels(labels(20_000), rate, 0)
    share = truth["corrupted"].mean()
    assert abs(share - rate) < 4 * np.sqrt(rate * (1 - rate) / 20_000)


@pytest.mark.parametrize("rate", [0, 0.009, 0.41, 1, -0.1, float("nan"), "0.1", True, None])
def test_refused_rates(name, rate):
    raises_one_line(
        lambda: CORRUPTIONS[name](frame_of(name), rate, 0),
        "rate is",
        "0.01 to 0.4",
        kind=ConfigError,
    )


@pytest.mark.parametrize("seed", [-1, 0.5, "1", True, None])
def test_refused_seeds(name, seed):
    raises_one_line(
        lambda: CORRUPTIONS[name](frame_of(name), 0.1, seed), "seed is", kind=ConfigError
    )


def test_refused_frames(name):
    frame, corrupt = frame_of(name), CORRUPTIONS[name]
    raises_one_line(lambda: corrupt(frame.drop(columns="label"), 0.1, 0), "no column 'label'")
    raises_one_line(lambda: corrupt(frame.set_axis(["a"] * len(frame)), 0.1, 0), "unique integers")
    raises_one_line(lambda: corrupt(frame.set_axis([1] * len(frame)), 0.1, 0), "unique integers")
    raises_one_line(lambda: corrupt(frame.iloc[:0], 0.1, 0), "of 0 samples")
    wrong = frame.assign(label=[None, *frame["label"][1:]])
    if CORRUPTIONS[name].target == "text":
        raises_one_line(
            lambda: corrupt(wrong, 0.1, 0), f"sample {frame.index[0]}", "expected a string"
        )


def test_registry_says_what_it_does():
    assert set(CORRUPTIONS) == {
        "change_entity",
        "change_number",
        "change_entity_or_number",
        "swap_summaries",
        "flip_labels",
    }
    for name, entry in CORRUPTIONS.items():
        assert entry.function.__name__ == name
        assert entry.means
        assert "Raises" in entry.function.__doc__ or "raised" in entry.function.__doc__
    raises_one_line(lambda: CORRUPTIONS["typo"], "unknown corruption 'typo'", kind=ConfigError)


# Names


def test_another_name_is_of_the_data_and_not_of_the_dialogue():
    frame = dialogues()
    new, truth = change_entity(frame, 0.4, 0)
    changed = truth[truth["corrupted"]]
    assert len(changed) > 100
    assert set(changed["kind"]) == {"name"}
    for sample_id, row in changed.iterrows():
        here = speakers(frame.at[sample_id, "dialogue"])
        assert row["original"] in here
        assert row["replacement"] in set(NAMES) - set(here)
    assert set(changed["replacement"]) == set(NAMES)
    assert new["label"][changed.index].str.contains(r"meet \w+'s friend").sum() > 10  # 's is kept


def test_summaries_without_a_name_are_reported():
    frame = dialogues()
    _, truth = change_entity(frame, 0.4, 0)
    reported = truth[truth["problem"] != ""]
    assert set(reported["problem"]) == {"no name to change"}
    assert not reported["corrupted"].any()
    assert (frame["label"][reported.index] == "they will meet somewhere.").all()
    assert len(reported) > 5


def test_names_are_drawn_as_often_as_they_speak():
    """Of two others that are not in the dialogue, one speaks nine times as often."""
    rows = (
        [("Ann: hi\nBob: hi", "Ann is here.")] * 2000
        + [("Cat: x", "c")] * 90
        + [("Dan: x", "d")] * 10
    )
    frame = pd.DataFrame(rows, columns=["dialogue", "label"])
    _, truth = change_entity(frame, 0.4, 0)
    drawn = truth.loc[:1999].loc[lambda t: t["corrupted"], "replacement"]
    assert set(drawn) == {"Cat", "Dan"}
    assert abs((drawn == "Cat").mean() - 0.9) < 4 * np.sqrt(0.9 * 0.1 / len(drawn))


def test_mentions_are_changed_for_mentions_and_only_if_asked_for():
    rows = [
        (f"Ann: I was in {place} with Bob", f"she was in {place}.") for place in ("Rome", "Oslo")
    ]
    frame = pd.DataFrame(rows * 50, columns=["dialogue", "label"])
    raises_one_line(lambda: change_entity(frame, 0.3, 0), "no name to change")
    new, truth = change_entity(frame, 0.3, 0, mentions=True)
    changed = truth[truth["corrupted"]]
    assert set(changed["replacement"]) == {"Rome", "Oslo"}  # Bob is in every dialogue
    assert (changed["original"] != changed["replacement"]).all()
    assert new["label"].str.fullmatch(r"she was in (Rome|Oslo)\.").all()


# Numbers


def test_another_number_is_of_the_same_form_and_not_of_the_dialogue():
    frame = dialogues()
    new, truth = change_number(frame, 0.4, 0)
    changed = truth[truth["corrupted"]]
    assert len(changed) > 30
    assert set(changed["kind"]) == {"number"}
    for sample_id, row in changed.iterrows():
        assert 1 <= int(row["replacement"]) <= 12
        assert int(row["replacement"]) not in values_in(frame.at[sample_id, "dialogue"])
        assert re.search(r"at \d+:30\.$", new.at[sample_id, "label"])
    assert set(truth["problem"]) == {"", "no number to change"}


@pytest.mark.parametrize(
    ("text", "piece", "form"),
    [
        ("in 35 minutes", "35", r"[1-9]\d"),
        ("£2,000", "2", r"[2-9]"),
        ("5 cats", "5", r"[2-9]"),
        ("at 7:30", "7", r"[1-9]|1[012]"),
        ("at 5 pm", "5", r"[1-9]|1[012]"),
        ("at 5pm", "5", r"[1-9]|1[012]"),
        ("at 18:00", "18", r"1[3-9]|2[0-3]"),
        ("in 1999", "1999", r"19\d\d"),
        ("in 2014", "2014", r"20\d\d"),
        ("room 007", "007", r"0\d\d"),
        ("the 2nd", "2nd", r"(1|21|31)st|(2|22)nd|(3|23)rd|\d+th"),
        ("Two cats", "Two", r"[A-Z][a-z]+"),
        ("TWO cats", "TWO", r"[A-Z]+"),
        ("ninety cats", "ninety", r"\w+ty"),
        ("the third", "third", r"\w+th"),
    ],
)
def test_forms_of_numbers(text, piece, form):
    (found,) = find_numbers("", text)
    assert text[found.start : found.end] == piece
    assert piece not in found.others
    assert len(found.others) > 1
    assert len(set(found.others)) == len(found.others)
    assert all(re.fullmatch(form, other) for other in found.others)


@pytest.mark.parametrize("text", ["one cat", "the first", "no number", "call 600123456", "B2B"])
def test_what_is_no_number_to_change(text):
    assert find_numbers("", text) == []


def test_numbers_of_the_dialogue_are_taken_in_words_too():
    (found,) = find_numbers("there are three, 4 and Five", "there are two")
    assert not {"two", "three", "four", "five"} & set(found.others)
    assert "six" in found.others


def test_either_is_changed_where_there_are_both():
    _, truth = change_entity_or_number(dialogues(3000), 0.4, 0)
    both = truth[truth["corrupted"]].loc[lambda t: t.index.isin(truth.index)]
    frame = dialogues(3000)
    with_number = both[frame["label"][both.index].str.contains(r"\d")]
    share = (with_number["kind"] == "number").mean()
    assert abs(share - 0.5) < 4 * np.sqrt(0.25 / len(with_number))
    assert set(both["kind"]) == {"name", "number"}
    assert set(truth["problem"]) == {"", "no name or number to change"}


# Whole summaries and labels


def test_swapped_summaries_are_a_derangement():
    frame = dialogues().assign(label=[f"summary {i}." for i in range(400)])
    new, truth = swap_summaries(frame, 0.3, 0)
    chosen = truth["corrupted"]
    assert (new["label"] != frame["label"]).equals(chosen)
    assert sorted(new["label"]) == sorted(frame["label"])
    assert (truth["end"][chosen] == new["label"][chosen].str.len()).all()
    assert (truth["start"][chosen] == 0).all()


def test_equal_summaries_are_no_error():
    frame = dialogues().assign(label=["the same"] * 395 + list("abcde"))
    _, truth = swap_summaries(frame, 0.4, 0)
    assert "the other summary is the same" in set(truth["problem"])
    assert not truth.loc[truth["problem"] != "", "corrupted"].any()
    raises_one_line(lambda: swap_summaries(frame.iloc[:300], 0.2, 0), "none of 300", "is the same")


def test_flipped_labels_are_uniform_over_the_other_classes():
    frame = labels(20_000, classes=4)
    new, truth = flip_labels(frame, 0.4, 0)
    changed = truth["corrupted"]
    table = pd.crosstab(frame["label"][changed], new["label"][changed]).to_numpy()
    assert (np.diag(table) == 0).all()
    expected = table.sum(axis=1, keepdims=True) / 3
    off = ~np.eye(4, dtype=bool)
    assert (np.abs(table - expected)[off] < 4 * np.sqrt(expected * 2 / 3).repeat(4, 1)[off]).all()


def test_flips_can_reach_a_class_that_no_sample_has():
    frame = labels(500, classes=2)
    assert set(flip_labels(frame, 0.4, 0)[0]["label"]) == {0, 1}
    assert set(flip_labels(frame, 0.4, 0, classes=3)[0]["label"]) == {0, 1, 2}


def test_refused_labels():
    frame = labels(50)
    raises_one_line(lambda: flip_labels(frame.assign(label="a"), 0.1, 0), "expected integers")
    raises_one_line(lambda: flip_labels(frame, 0.1, 0, classes=1), "classes is 1", kind=ConfigError)
    raises_one_line(lambda: flip_labels(frame, 0.1, 0, classes=2), "expected 0 to 1")
    raises_one_line(lambda: flip_labels(frame, 0.1, 0, classes=2.5), "2.5", kind=ConfigError)
    assert set(flip_labels(frame.assign(label=0), 0.4, 0)[0]["label"]) == {0, 1}
