"""Shifted answers, against a reference that tries every run of words."""

import re

import pandas as pd
import pytest
from corruptible import questions
from hypothesis import given
from hypothesis import strategies as st
from refusals import raises_one_line

from difficulty_lib.corruptions import shift_answers
from difficulty_lib.corruptions._choice import CHOICE, OTHER, draws
from difficulty_lib.corruptions.answers import _beside
from difficulty_lib.data import load_data


def runs_one_by_one(context, answers):
    """Every run of as many words, whose start is at most a length away, but for answers."""
    words = [(m.start(), m.end()) for m in re.finditer(r"\w+", context)]
    text, start = answers[0]
    covered = [n for n, (a, b) in enumerate(words) if not (b <= start or a >= start + len(text))]
    found = []
    for n in range(len(words)):
        run = words[n : n + len(covered)]
        if len(run) < len(covered) or not 0 < abs(n - covered[0]) <= len(covered):
            continue
        span = (run[0][0], run[-1][1])
        lowered = context[span[0] : span[1]].lower()
        if all(span[0] != s and lowered != t.lower() for t, s in answers):
            found.append(span)
    return found


@pytest.mark.parametrize("seed", [0, 4])
def test_shifts_are_those_of_the_reference(seed):
    frame = questions(800)
    new, truth = shift_answers(frame, 0.4, seed)
    picks, which = draws(frame, seed, CHOICE), draws(frame, seed, OTHER)
    for place, (sample_id, row) in enumerate(frame.iterrows()):
        wanted = row["label"]
        if picks[place] < 0.4 and wanted and (runs := runs_one_by_one(row["context"], wanted)):
            start, end = runs[int(which[place] * len(runs))]
            wanted = ((row["context"][start:end], start),)
        assert new.at[sample_id, "label"] == wanted
        assert truth.at[sample_id, "corrupted"] == (wanted != row["label"])
    assert set(truth["problem"]) == {
        "",
        "it has no answer",
        "no other words as long beside its answer",
    }


WORD = st.sampled_from(["tar", "Tar", "oak", "7", "(elm", "ash),", "—", "it's"])


@given(st.lists(WORD, min_size=1, max_size=12), st.data())
def test_a_shifted_answer_is_another_of_as_many_words(words, data):
    context = " ".join(words)
    first = data.draw(st.integers(0, len(words) - 1))
    last = data.draw(st.integers(first, len(words) - 1))
    text = " ".join(words[first : last + 1])
    start = len(" ".join([*words[:first], ""])) if first else 0
    assert context[start : start + len(text)] == text
    spans = _beside(context, ((text, start),))
    size = len(re.findall(r"\w+(?:'\w+)?", text))
    if isinstance(spans, str):
        assert spans != "its answer has no word" or size == 0
        return
    assert len(set(spans)) == len(spans) <= 2 * size
    for a, b in spans:
        assert a != start
        assert context[a:b].lower() != text.lower()
        assert len(re.findall(r"\w+(?:'\w+)?", context[a:b])) == size
        assert context[a].isalnum()
        assert context[b - 1].isalnum()


@pytest.mark.parametrize(
    ("context", "answers", "spans"),
    [
        ("one two three four", (("two", 4),), ["one", "three"]),
        ("one two three four", (("two three", 4),), ["one two", "three four"]),
        ("one two, three four five", (("two", 4), ("three", 9)), ["one"]),
        ("one two three four", (("two", 4), ("three four", 8)), ["one"]),
        ("built in 1871–1872 by her", (("1871", 9),), ["in", "1872"]),
        ("cost $ 5 now", (("$", 5),), "its answer has no word"),
        ("Tom met tom", (("met", 4),), ["Tom", "tom"]),
        ("tom Tom met", (("tom", 0),), "no other words as long beside its answer"),
        ("one", (("one", 0),), "no other words as long beside its answer"),
        ("one two", (), "it has no answer"),
    ],
)
def test_where_an_answer_can_go(context, answers, spans):
    found = _beside(context, answers)
    assert (found if isinstance(found, str) else [context[a:b] for a, b in found]) == spans


def test_several_answers_become_one():
    frame = pd.DataFrame(
        {"context": ["one two three four"] * 30, "label": [(("two", 4), ("two three", 4))] * 30}
    )
    new, truth = shift_answers(frame, 0.4, 0)
    done = truth["corrupted"]
    assert set(new["label"][done]) == {(("one", 0),), (("three", 8),)}
    assert set(new["label"][~done]) == {(("two", 4), ("two three", 4))}


def test_our_own_questions_can_be_shifted():
    data = load_data("tiny-questions")
    frame = data["train"]
    new, truth = shift_answers(frame, 0.4, 0)
    done = truth.index[truth["corrupted"]]
    assert len(done)
    for sample_id in done:
        ((text, start),) = new.at[sample_id, "label"]
        assert frame.at[sample_id, "context"].startswith(text, start)
        assert (text, start) not in frame.at[sample_id, "label"]


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("two", "pairs"),
        ((("two",),), "pairs"),
        ((("two", "4"),), "pairs"),
        (((2, 4),), "pairs"),
        ((("two", 5),), "is not at 5"),
        ((("two", -14),), "is not at -14"),
        ((("", 4),), "is not at 4"),
    ],
)
def test_refused_answers(value, says):
    frame = pd.DataFrame({"context": ["one two three four"], "label": [value]}, index=[8])
    raises_one_line(lambda: shift_answers(frame, 0.4, 0), "sample 8", says)


def test_a_context_is_asked_for():
    frame = questions(50)
    raises_one_line(lambda: shift_answers(frame, 0.1, 0, text="text"), "no column 'text'")
    wrong = frame.assign(context=3)
    raises_one_line(lambda: shift_answers(wrong, 0.1, 0), "'context' is 3", "expected a string")
