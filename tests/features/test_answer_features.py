import numpy as np
import pytest

from difficulty_lib.features import (
    answer_disagreement,
    answer_length,
    answer_position,
    words_near_answer,
    words_of,
)

CONTEXT = "The bridge was built in 1890 by Anna Berg, an engineer from Oslo."


def at(text):
    return (text, CONTEXT.index(text))


def test_length_is_of_the_shortest_gold_answer():
    golds = [[at("Anna Berg, an engineer"), at("Anna Berg")], [at("1890")], []]
    assert answer_length(golds).tolist() == [2, 1, 0]


def test_position_is_the_first_answers_start():
    golds = [[at("The bridge"), at("1890")], [at("Oslo")], []]
    found = answer_position(golds, [CONTEXT] * 3)
    assert found == pytest.approx([0.0, CONTEXT.index("Oslo") / len(CONTEXT), 0.5])


def test_words_near_the_answer_do_not_count_the_answer_itself():
    questions = [words_of("Who built the bridge?"), words_of("Which Anna Berg?"), words_of("Why?")]
    golds = [[at("Anna Berg")], [at("Anna Berg")], []]
    found = words_near_answer(golds, [CONTEXT] * 3, questions)
    # "built", "the" and "bridge" of four words stand before it; of "which anna berg" none does
    assert found == pytest.approx([0.75, 0.0, 0.0])


def test_only_ten_words_on_either_side_are_near():
    context = " ".join(f"w{i}" for i in range(40))
    gold = [("w20", context.index("w20"))]
    questions = [["w10", "w9", "w30", "w31"]]
    assert words_near_answer([gold], [context], questions) == pytest.approx([0.5])


def test_disagreement_is_one_minus_the_mean_f1_of_pairs():
    golds = [
        [("the red house", 0), ("red house", 4), ("house", 8)],  # "the" is nothing
        [("red", 0), ("blue", 0)],
        [("red", 0)],
        [],
    ]
    # F1 of (red house, red house) is 1, of (red house, house) 2/3, twice
    assert answer_disagreement(golds) == pytest.approx([1 - (1 + 2 / 3 + 2 / 3) / 3, 1, 0, 0])
    assert np.isfinite(answer_disagreement(golds)).all()
