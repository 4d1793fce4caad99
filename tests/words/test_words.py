"""Words, names and classes of texts whose words are known, and tokens put to their words."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from refusals import raises_one_line

from difficulty_lib._errors import ConfigError
from difficulty_lib.words import (
    CLASSES,
    is_number,
    mentions,
    space_spans,
    speakers,
    token_classes,
    tokens_to_words,
    vocabulary,
    word_spans,
)
from difficulty_lib.words._lists import (
    CALENDAR,
    FUNCTION_WORDS,
    NEGATIONS,
    NUMBER_WORDS,
    PRONOUNS,
)

DIALOGUE = (
    "Anna Smith: Hi Tom, did you see Mary's dog in Paris?\r\n"
    "Tom: I didn't. It's 7:30, see you on Monday\n"
    "mr. Brown: LOL\n"
    "Tom: http://x.org is Dr Kowalska's\n"
    "P.S. I love: this\n"
)


def words_of(text, spans=word_spans):
    return [text[start:end] for start, end in spans(text)]


# Words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Tom's dog, isn't it?", ["Tom's", "dog", ",", "isn't", "it", "?"]),
        ("at 7:30 or 19.30, £2,000!!", ["at", "7:30", "or", "19.30", ",", "£", "2,000", "!!"]),
        ("2nd of 12/05, 5pm", ["2nd", "of", "12/05", ",", "5pm"]),
        ("twenty-two e-mails <file_gif>", ["twenty-two", "e-mails", "<", "file", "_", "gif", ">"]),
        ("Łódź, naïve 😀😀 ok", ["Łódź", ",", "naïve", "😀😀", "ok"]),
        ("don’t", ["don’t"]),
        ("", []),
        (" \n\t", []),
    ],
)
def test_words(text, words):
    assert words_of(text) == words


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=40))
def test_words_hold_everything_but_space(text):
    spans = word_spans(text)
    assert all(start < end for start, end in spans)
    assert all(a[1] <= b[0] for a, b in pairwise(spans))
    inside = {place for start, end in spans for place in range(start, end)}
    assert all(text[place].isspace() for place in set(range(len(text))) - inside)
    assert not any(text[place].isspace() for place in inside)


@settings(max_examples=50, deadline=None)
@given(st.text(alphabet="ab \n."))
def test_words_between_spaces_are_those_of_split(text):
    assert words_of(text, space_spans) == [word for word in text.split(" ") if word]


@pytest.mark.parametrize(
    ("word", "number"),
    [
        *((word, True) for word in ("7", "7:30", "2nd", "Twelve", "third", "dozen", "twenty-one")),
        *((word, False) for word in ("one", "first", "often", "B2B", "")),
    ],
)
def test_numbers(word, number):
    assert is_number(word) is number


# Names


def test_speakers_and_mentions():
    assert speakers(DIALOGUE) == ["Anna", "Smith", "Tom", "Brown"]
    assert mentions(DIALOGUE) == ["Smith", "Tom", "Mary", "Paris", "Kowalska"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no speaker here",
        "7:30 it is",
        "note this and that too: yes",
        "A: hi\nB: hello",
        "http://a.b",
    ],
)
def test_nobody_speaks(text):
    assert speakers(text) == []


def test_vocabulary_counts_and_tells_names_from_words_in_capitals():
    texts = [
        "Tom: I saw Paris, and Friend is here\nGuest: my friend, a friend",
        "Guest: a guest, our guest, that guest said Paris\nTom: ok Tom",
    ]
    found = vocabulary(texts)
    assert found.count("Paris") == 2
    assert found.count("FRIEND's") == 3
    assert found.count("unseen") == 0
    assert dict(found.speakers) == {"Tom": 2}  # "guest" is mostly an everyday word
    assert dict(found.mentions) == {"Paris": 2}  # and so is "friend"
    assert found.is_name("Paris")
    assert not found.is_name("Friend")


def test_vocabulary_refuses_what_is_no_text():
    raises_one_line(lambda: vocabulary(["a", None]), "text number 1", "None")


# Classes


def test_closed_lists_are_apart():
    every = Counter()
    for words in (FUNCTION_WORDS, NEGATIONS, PRONOUNS, NUMBER_WORDS):
        every.update(words)
    assert [word for word, count in every.items() if count > 1] == []
    assert all(word == word.lower() for word in [*every, *CALENDAR])


def test_every_class():
    text = "Tom didn't tell Zoe's 2 cats: they're in a zeugma, never again!"
    seen = vocabulary(["tell tell cats cats again again"])
    found = token_classes(text, names=["Tom"], vocabulary=seen, rare_below=2)
    assert [(text[a:b], kind) for a, b, kind in found] == [
        ("Tom", "name"),
        ("didn't", "negation"),
        ("tell", "other"),
        ("Zoe's", "name"),
        ("2", "number"),
        ("cats", "other"),
        (":", "punctuation"),
        ("they're", "pronoun"),
        ("in", "function"),
        ("a", "function"),
        ("zeugma", "rare"),
        (",", "punctuation"),
        ("never", "negation"),
        ("again", "function"),
        ("!", "punctuation"),
    ]
    assert {kind for _, _, kind in found} == set(CLASSES)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Dogs bark", ["other", "other"]),  # a capital at the start is no name
        ("Tom barks", ["other", "other"]),  # unless it is known
        ("I saw Tom. Tom barks", ["pronoun", "other", "name", "punctuation", "name", "other"]),
        (
            "see you on Monday, ok",
            ["other", "pronoun", "function", "other", "punctuation", "other"],
        ),
        ("she said I’m Mr Bean", ["pronoun", "other", "pronoun", "other", "name"]),
        ("can’t", ["negation"]),
        ("Two", ["number"]),
        ("😀 -- 50%", ["punctuation", "punctuation", "number", "punctuation"]),
    ],
)
def test_classes_without_a_vocabulary(text, kinds):
    assert [kind for _, _, kind in token_classes(text)] == kinds


def test_classes_of_words_between_spaces():
    text = 'She met "Tom", not 5. ...'
    found = token_classes(text, names=["Tom"], spans=space_spans(text))
    assert [k for _, _, k in found] == [
        "pronoun",
        "other",
        "name",
        "negation",
        "number",
        "punctuation",
    ]


def test_rare_is_by_training_frequency():
    seen = vocabulary(["cat " * 9 + "dog " * 10])
    kinds = {
        k: word
        for word, (_, _, k) in zip(["cat", "dog"], token_classes("cat dog", vocabulary=seen))
    }
    assert kinds == {"rare": "cat", "other": "dog"}


def test_classes_refuse():
    raises_one_line(lambda: token_classes("a", rare_below=0), "rare_below is 0", kind=ConfigError)
    raises_one_line(lambda: token_classes("abc", spans=[(1, 9)]), "1 to 9", "3 characters")


# Tokens to words


def owners_by_hand(offsets, words):
    found = []
    for start, end in offsets:
        best, most = -1, 0
        for place, (a, b) in enumerate(words):
            shared = len(set(range(start, end)) & set(range(a, b)))
            if shared > most:
                best, most = place, shared
        found.append(best)
    return found


spans = st.lists(st.integers(0, 30), max_size=12, unique=True).map(
    lambda cuts: list(zip(sorted(cuts)[::2], sorted(cuts)[1::2]))
)


@settings(max_examples=50, deadline=None)
@given(offsets=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 6))), words=spans)
def test_tokens_to_words_equal_a_loop(offsets, words):
    pieces = [(start, start + length) for start, length in offsets]
    assert tokens_to_words(pieces, words).tolist() == owners_by_hand(pieces, words)


def test_tokens_to_words_refuse():
    raises_one_line(lambda: tokens_to_words([(0, 1)], [(3, 5), (0, 2)]), "not in order")
    raises_one_line(lambda: tokens_to_words([(0, 1)], [(0, 5), (4, 6)]), "overlap")
    raises_one_line(lambda: tokens_to_words([1, 2], [(0, 5)]), "shape (2,)")
