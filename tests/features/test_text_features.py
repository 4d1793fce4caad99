"""Each feature by hand, and against a slow loop that reads like its formula."""

import re
from collections import Counter
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from refusals import raises_one_line
from scipy import sparse
from sklearn.neighbors import NearestNeighbors

import difficulty_lib.features as package
from difficulty_lib.features import (
    FEATURES,
    class_frequency,
    column_title,
    compression,
    coverage,
    density,
    feature_of,
    fragment_lengths,
    length,
    lexical_overlap,
    names,
    negation,
    neighbour_agreement,
    numbers,
    rarest_word,
    type_token_ratio,
    word_rarity,
    words_of,
)

SENTENCES = st.lists(st.sampled_from("abcd"), min_size=1, max_size=12)


# Words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("I don’t know: 3,000 of 20.5?", ["i", "don't", "know", "3,000", "of", "20.5"]),
        ("'Tis a well-known snake_case!", ["tis", "a", "well", "known", "snake", "case"]),
        ("the 1990s, in Zürich.", ["the", "1990s", "in", "zürich"]),
        (":) <3", ["3"]),
        (":) !!", [":)", "!!"]),
        ("  ", []),
    ],
)
def test_words(text, words):
    assert words_of(text) == words


# One text


def test_length():
    assert length([["a", "b"], ["a"]]).tolist() == [2, 1]


def test_rarity_by_hand():
    counts = Counter(
        {"the": 6, "cat": 2}
    )  # 8 words of 2 kinds; 11 with one for each and the unknown
    found = word_rarity([["the", "cat"], ["the", "dog"], ["the"]], counts)
    assert np.exp(-found) == pytest.approx([np.sqrt(7 * 3) / 11, np.sqrt(7 * 1) / 11, 7 / 11])
    worst = rarest_word([["the", "cat"], ["the", "dog"], ["the"]], counts)
    assert np.exp(-worst) == pytest.approx([3 / 11, 1 / 11, 7 / 11])


@given(st.lists(SENTENCES, min_size=1, max_size=5), SENTENCES)
def test_word_probabilities_sum_to_one(training, text):
    counts = Counter(word for words in training for word in words)
    every = [[word] for word in [*counts, "unheard"]]
    assert np.exp(-word_rarity(every, counts)).sum() == pytest.approx(1)
    assert rarest_word([text], counts) >= word_rarity([text], counts) - 1e-12


@given(SENTENCES, st.integers(1, 13))
def test_mattr_is_the_mean_over_windows(words, window):
    size = min(window, len(words))
    slow = [len(set(words[i : i + size])) / size for i in range(len(words) - size + 1)]
    assert type_token_ratio([words], window)[0] == pytest.approx(np.mean(slow))


def test_mattr_does_not_fall_with_length():
    rng = np.random.default_rng(0)
    drawn = rng.integers(0, 50, 4000).astype(str).tolist()
    short, long = type_token_ratio([drawn[:400], drawn])
    assert abs(short - long) < 0.02
    assert len(set(drawn)) / 4000 < 0.2 * len(set(drawn[:400])) / 400  # the plain ratio does


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("I do not know", 1 / 4),
        ("I don't know, I can't", 2 / 5),
        ("i didnt know", 1 / 3),
        ("i didn t know", 1 / 4),
        ("i can t and won t", 2 / 6),
        ("No one never", 2 / 3),
        ("nothing notable: a knot, a pint, t-shirt", 1 / 8),
        ("a button and a cannon t", 0),
    ],
)
def test_negation(text, share):
    assert negation([words_of(text)])[0] == pytest.approx(share)


def test_numbers():
    assert numbers([words_of("In 1999 the 2nd of three"), ["a"]]) == pytest.approx([2 / 6, 0])


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("Yesterday Anna met Tom.", 2 / 4),
        ("We left. Anna stayed: Tom went", 0),
        ("Anna: hi Tom!\nTom: hi", 1 / 5),
        ("what I know, I'm told, I’d say", 0),
        ("the USA, Zürich", 2 / 3),
        ("anna met tom", 0),
        (":)", 0),
    ],
)
def test_names(text, share):
    assert names([text])[0] == pytest.approx(share)


# Two texts


@given(SENTENCES, SENTENCES)
def test_overlap_is_a_share_of_the_other(source, other):
    slow = np.mean([word in source for word in other])
    assert lexical_overlap([source], [other])[0] == pytest.approx(slow)


def published_fragments(a, s):
    """F(A, S), line by line as figure 3 of Grusky et al. has it; lengths of its fragments."""
    found, i, j = [], 0, 0
    while i < len(s):
        f = []
        while j < len(a):
            if s[i] == a[j]:
                i2, j2 = i, j
                while i2 < len(s) and j2 < len(a) and s[i2] == a[j2]:
                    i2, j2 = i2 + 1, j2 + 1
                if len(f) < i2 - i:
                    f = s[i:i2]
                j = j2
            else:
                j = j + 1
        i, j = i + max(len(f), 1), 0
        found.append(f)
    return [len(f) for f in found if f]


@given(SENTENCES, SENTENCES)
def test_fragments_are_the_published_ones(source, summary):
    assert fragment_lengths(source, summary) == published_fragments(source, summary)


def test_fragments_by_hand():
    source = [
        "tom",
        "asked",
        "anna",
        "to",
        "buy",
        "milk",
        "and",
        "anna",
        "said",
        "yes",
        "to",
        "tom",
    ]
    summary = ["anna", "said", "yes", "she", "will", "buy", "milk"]  # "anna said yes", "buy milk"
    assert fragment_lengths(source, summary) == [3, 2]
    assert coverage([source], [summary])[0] == pytest.approx(5 / 7)
    assert density([source], [summary])[0] == pytest.approx((9 + 4) / 7)
    assert compression([source], [summary])[0] == pytest.approx(12 / 7)


def test_fragments_that_overlap_in_the_text():
    assert fragment_lengths(list("ababac"), list("abac")) == [3, 1]


@given(SENTENCES, SENTENCES)
def test_coverage_is_lexical_overlap(source, summary):
    assert coverage([source], [summary]) == pytest.approx(lexical_overlap([source], [summary]))


@given(SENTENCES)
def test_a_copy_is_one_fragment(words):
    assert coverage([words], [words]) == pytest.approx(1)
    assert density([words], [words]) == pytest.approx(len(words))


# Classes and neighbours


def test_class_frequency():
    found = class_frequency([0, 1, 1], [0, 1, 1, 1])
    assert np.exp(found) == pytest.approx([0.25, 0.75, 0.75])


def test_class_that_training_lacks():
    raises_one_line(lambda: class_frequency([0, 4], [0, 2]), "class 4", "expected one of 0, 2")


@pytest.fixture
def space():
    rng = np.random.default_rng(0)
    return rng.normal(size=(40, 5)), rng.normal(size=(70, 5)), rng.integers(0, 3, 110)


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_matrix, sparse.csr_array])
def test_neighbours_are_those_of_scikit_learn(space, form, monkeypatch):
    monkeypatch.setattr("difficulty_lib.features.neighbours.BLOCK", 7 * 70)  # several blocks
    scored, training, label = space
    model = NearestNeighbors(n_neighbors=6, metric="cosine", algorithm="brute").fit(training)
    near = model.kneighbors(scored, return_distance=False)
    expected = (label[40:][near] == label[:40, None]).mean(axis=1)
    none = np.full(40, -1)
    found = neighbour_agreement(label[:40], label[40:], form(scored), form(training), none, k=6)
    assert found == pytest.approx(expected)


def test_no_sample_is_its_own_neighbour(space):
    _, training, label = space
    rows = np.arange(70)
    model = NearestNeighbors(n_neighbors=5, metric="cosine", algorithm="brute").fit(training)
    near = model.kneighbors(return_distance=False)  # without the point itself
    expected = (label[40:][near] == label[40:, None]).mean(axis=1)
    found = neighbour_agreement(label[40:], label[40:], training, training, rows, k=5)
    assert found == pytest.approx(expected)


def test_ties_count_as_all_their_orders_on_average():
    scored = np.array([[1.0, 0.0]])
    training = np.array([[2.0, 0.0], [1, 1], [3, 3], [5, 5], [0, 1]])  # one near, three tied
    label = np.array([0, 0, 1, 1, 0])
    none = np.array([-1])
    choices = [[0, *pair] for pair in combinations([1, 2, 3], 2)]
    expected = np.mean([(label[rows] == 0).mean() for rows in choices])
    assert neighbour_agreement([0], label, scored, training, none, k=3)[0] == pytest.approx(
        expected
    )


def test_what_is_like_nothing_gets_the_share_of_its_class():
    label = np.array([0, 1, 1, 1])
    found = neighbour_agreement([0], label, np.zeros((1, 2)), np.eye(4)[:, :2], [-1], k=2)
    assert found[0] == pytest.approx(0.25)


def test_more_neighbours_than_there_are():
    found = neighbour_agreement([0], [0, 1, 1], np.ones((1, 1)), np.ones((3, 1)), [0], k=10)
    assert found[0] == 0


def test_embeddings_that_do_not_fit(space):
    scored, training, label = space
    rows = np.full(40, -1)
    raises_one_line(
        lambda: neighbour_agreement(label[:40], label[40:], scored, training[:9], rows),
        "(40, 5) and (9, 5)",
        "expected 40 and 70 rows of one width",
    )
    raises_one_line(
        lambda: neighbour_agreement(label[:40], label[40:], scored[:, :3], training, rows),
        "of one width",
    )


# The registry

EVERY = list(FEATURES)


@pytest.mark.parametrize("name", EVERY)
def test_feature_is_exported_and_documented(name):
    assert getattr(package, name) is FEATURES[name].function
    assert (
        "Returns:" in FEATURES[name].function.__doc__ or "as for" in FEATURES[name].function.__doc__
    )


@pytest.mark.parametrize("name", EVERY)
def test_its_source_is_in_the_bibliography(name):
    if FEATURES[name].citation is None:
        return
    entries = (Path(__file__).parents[2] / "book" / "references.bib").read_text("utf8")
    assert re.findall(r"^@\w+\{\s*([^,\s]+),", entries, re.M).count(FEATURES[name].citation) == 1


def test_columns_have_titles():
    assert column_title("length:premise") == "premise: length in words"
    assert column_title("length") == "length in words"
    assert column_title("my own") == "my own"
    assert feature_of("length:premise") == (FEATURES["length"], "premise")
    assert feature_of("my own") is None
