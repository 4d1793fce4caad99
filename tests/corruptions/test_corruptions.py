"""Planted errors: where they are, that nothing else changed, and what they depend on."""

import re
from inspect import signature

import numpy as np
import pandas as pd
import pytest
from corruptible import NAMES, column_of, dialogues, frame_of, labels, settings_of
from refusals import raises_one_line

from difficulty_lib._errors import ConfigError
from difficulty_lib.corruptions import (
    ADDED,
    CORRUPTIONS,
    TRUTH,
    change_entity,
    change_entity_or_number,
    change_number,
    flip_labels,
    swap_summaries,
)
from difficulty_lib.corruptions.numbers import find_numbers, values_in
from difficulty_lib.words import speakers


@pytest.fixture(params=list(CORRUPTIONS))
def name(request):
    return request.param


# What all of them promise


def corrupt(name, frame, rate, seed, known=None):
    return CORRUPTIONS[name](frame, rate, seed, **(known or settings_of(name, frame)))


def test_original_is_untouched_and_only_what_it_says_changes(name):
    frame, column, entry = frame_of(name), column_of(name), CORRUPTIONS[name]
    before = frame.copy(deep=True)
    new, truth = corrupt(name, frame, 0.3, 0)
    pd.testing.assert_frame_equal(frame, before)
    assert new.columns.equals(frame.columns)
    assert new.index.name == frame.index.name
    assert new.dtypes.equals(frame.dtypes)
    assert list(truth.columns) == [*TRUTH, *(ADDED if entry.adds_rows else ())]
    assert truth.index.equals(new.index)
    assert truth["corrupted"].dtype == bool
    if entry.adds_rows:
        pd.testing.assert_frame_equal(new.iloc[: len(frame)], frame)
        assert new.index.is_unique
        assert len(new) > len(frame)
        assert truth["added"].tolist() == [n >= len(frame) for n in range(len(new))]
        assert (truth["corrupted"] == truth["added"]).all()
        assert ((truth["source"] == -1) == ~truth["added"]).all()
    else:
        pd.testing.assert_frame_equal(new.drop(columns=column), frame.drop(columns=column))
        assert (truth["corrupted"] == (new[column] != frame[column])).all()
    assert not (truth["corrupted"] & (truth["problem"] != "")).any()


def test_truth_says_what_and_where(name):
    frame, column, entry = frame_of(name), column_of(name), CORRUPTIONS[name]
    new, truth = corrupt(name, frame, 0.3, 1)
    for sample_id, row in truth.iterrows():
        if not row["corrupted"]:
            assert (row["start"], row["end"], row["kind"], row["original"]) == (-1, -1, "", "")
        elif entry.adds_rows:
            assert row["replacement"] == new.at[sample_id, "label"]
            assert (row["start"], row["end"]) == (-1, -1)
            if row["kind"] != "foreign":
                assert row["original"] == frame.at[row["source"], "label"] != row["replacement"]
        elif row["kind"] == "class":
            old, now = frame.at[sample_id, "label"], new.at[sample_id, "label"]
            assert (row["original"], row["replacement"]) == (old, now)
            assert (row["start"], row["end"]) == (-1, -1)
        elif row["kind"] == "answer":
            assert row["original"] == frame.at[sample_id, "label"][0][0]
            assert new.at[sample_id, "label"] == ((row["replacement"], row["start"]),)
            context = frame.at[sample_id, "context"]
            assert context[row["start"] : row["end"]] == row["replacement"]
        else:
            old, now = frame.at[sample_id, column], new.at[sample_id, column]
            assert now[row["start"] : row["end"]] == row["replacement"]
            assert now[: row["start"]] + row["original"] + now[row["end"] :] == old


# Of these it depends on which others there are: whose summary, whose margin is smaller, which text.
OF_OTHERS = ("swap_summaries", "flip_by_instance", "insert_foreign")


def test_a_sample_depends_on_its_id_and_the_seed_alone(name):
    frame = frame_of(name)
    known = settings_of(name, frame)
    new, truth = corrupt(name, frame, 0.2, 3, known)
    again, _ = corrupt(name, frame, 0.2, 3, known)
    pd.testing.assert_frame_equal(new, again)
    shuffled = frame.sample(frac=1, random_state=0)
    other, other_truth = corrupt(name, shuffled, 0.2, 3, known)
    assert len(other) == len(new)
    pd.testing.assert_frame_equal(other.loc[new.index], new)
    pd.testing.assert_frame_equal(other_truth.loc[new.index], truth)
    done = truth.index[truth["corrupted"]]
    more, more_truth = corrupt(name, frame, 0.4, 3, known)
    assert more_truth["corrupted"][done].all()
    if name != "swap_summaries":
        pd.testing.assert_frame_equal(more.loc[done], new.loc[done])
    seeded = corrupt(name, frame, 0.2, 4, known)[1]
    assert set(seeded.index[seeded["corrupted"]]) != set(done)
    if name not in OF_OTHERS:
        part, _ = corrupt(name, frame.iloc[::2], 0.2, 3, known)
        pd.testing.assert_frame_equal(part, new.loc[part.index])


@pytest.mark.parametrize("rate", [0.01, 0.1, 0.4])
def test_every_rate_is_kept(name, rate):
    """Those that were to be corrupted, with those that could not be."""
    frame = frame_of(name, 3000)
    _, truth = corrupt(name, frame, rate, 0)
    picked = int((truth["corrupted"] | (truth["problem"] != "")).sum())
    if name == "flip_by_instance":
        assert picked == round(rate * 3000)
    assert abs(picked / 3000 - rate) < 4 * np.sqrt(rate * (1 - rate) / 3000)


@pytest.mark.parametrize("rate", [0.01, 0.1, 0.4])
def test_rates(rate):
    _, truth = flip_labels(labels(20_000), rate, 0)
    share = truth["corrupted"].mean()
    assert abs(share - rate) < 4 * np.sqrt(rate * (1 - rate) / 20_000)


@pytest.mark.parametrize("rate", [0, 0.009, 0.41, 1, -0.1, float("nan"), "0.1", True, None])
def test_refused_rates(name, rate):
    raises_one_line(
        lambda: corrupt(name, frame_of(name), rate, 0),
        "rate is",
        "0.01 to 0.4",
        kind=ConfigError,
    )


@pytest.mark.parametrize("seed", [-1, 0.5, "1", True, None])
def test_refused_seeds(name, seed):
    raises_one_line(lambda: corrupt(name, frame_of(name), 0.1, seed), "seed is", kind=ConfigError)


def test_refused_frames(name):
    frame, column = frame_of(name), column_of(name)
    known = settings_of(name, frame)

    def refused(wrong, *parts):
        raises_one_line(lambda: corrupt(name, wrong, 0.1, 0, known), *parts)

    refused(frame.drop(columns=column), f"no column '{column}'")
    refused(frame.set_axis(["a"] * len(frame)), "unique integers")
    refused(frame.set_axis([1] * len(frame)), "unique integers")
    refused(frame.iloc[:0], "none of 0" if name != "swap_summaries" else "of 0 samples")
    wrong = frame.assign(**{column: [None, *frame[column].astype(object)[1:]]})
    expected = {
        "text": (f"sample {frame.index[0]}", "expected a string"),
        "answers": (f"sample {frame.index[0]}", "expected (text, start) pairs"),
        "class": ("expected integers",),
    }
    refused(wrong, *expected["text" if column == "text" else CORRUPTIONS[name].target])


def test_what_must_be_given_is_asked_for(name):
    entry = CORRUPTIONS[name]
    if entry.needs:
        assert set(entry.needs) <= set(signature(entry.function).parameters)
        raises_one_line(lambda: entry(frame_of(name), 0.1, 0), *entry.needs, kind=ConfigError)
    else:
        assert entry(frame_of(name), 0.1, 0)[1]["corrupted"].any()


def test_registry_says_what_it_does():
    assert set(CORRUPTIONS) == {
        "change_entity",
        "change_number",
        "change_entity_or_number",
        "swap_summaries",
        "flip_labels",
        "flip_by_class",
        "flip_by_instance",
        "contradict_duplicates",
        "insert_foreign",
        "truncate_texts",
        "shift_answers",
    }
    adding = {name for name, entry in CORRUPTIONS.items() if entry.adds_rows}
    assert adding == {"contradict_duplicates", "insert_foreign"}
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
    missing = frame["label"].astype("Int64").where(frame.index != frame.index[3])
    raises_one_line(
        lambda: flip_labels(frame.assign(label=missing), 0.1, 0),
        f"sample {frame.index[3]}",
        "no label",
    )
    raises_one_line(lambda: flip_labels(frame, 0.1, 0, classes=1), "classes is 1", kind=ConfigError)
    raises_one_line(lambda: flip_labels(frame, 0.1, 0, classes=2), "expected 0 to 1")
    raises_one_line(lambda: flip_labels(frame, 0.1, 0, classes=2.5), "2.5", kind=ConfigError)
    assert set(flip_labels(frame.assign(label=0), 0.4, 0)[0]["label"]) == {0, 1}
