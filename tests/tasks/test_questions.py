"""Features of questions: windows that lose nothing, answers where they are, and what does not fit."""

import copy

import numpy as np
import pandas as pd
import pytest
import torch
from tasks import asked
from training import tiny

from difficulty_lib._errors import DataError, ModelError
from difficulty_lib.tasks import TASKS, encode_questions

CONTEXT = "a new road and an old house near the river that was so quiet and very long"


@pytest.fixture(scope="module")
def tokenizer():
    return tiny.tiny_tokenizer()


def encode(tokenizer, frame, **given):
    return encode_questions(frame, asked.settings_of(tokenizer, **given))


def problems_of(encoded):
    table = encoded.problems
    return {(r.sample_id, r.problem, r.used) for r in table.itertuples()}


# Windows


@pytest.mark.parametrize("stride", [0, 3, 50])
@pytest.mark.parametrize("max_length", [12, 20, 64])
def test_windows_hold_the_whole_context_and_share_the_stride(tokenizer, max_length, stride):
    frame = asked.random_frame(25, seed=stride, unanswerable=1.0)
    encoded = encode(tokenizer, frame, max_length=max_length, stride=stride)
    several = 0
    for sample_id, rows in asked.features_of(encoded.rows).items():
        question, context = frame.loc[sample_id, ["question", "context"]]
        whole = tokenizer(context, add_special_tokens=False, return_offsets_mapping=True)
        asked_ids = tokenizer(question, add_special_tokens=False)["input_ids"]
        asked_ids = asked_ids[: (max_length - 3) // 2]
        room = max_length - 3 - len(asked_ids)
        step = room - min(stride, room // 2)
        starts = [0]
        while starts[-1] + room < len(whole["input_ids"]):
            starts.append(starts[-1] + step)
        assert len(rows) == len(starts)
        for row, start in zip(rows, starts):
            piece = slice(start, start + room)
            ids = [2, *asked_ids, 3, *whole["input_ids"][piece], 3]
            assert row["input_ids"] == ids
            spans = [(-1, -1)] * (len(asked_ids) + 2) + whole["offset_mapping"][piece] + [(-1, -1)]
            assert [tuple(span) for span in row["offsets"].tolist()] == spans
        several += len(rows) > 1
    assert several > 0 or max_length == 64
    assert encoded.lengths.tolist() == [len(row["input_ids"]) for row in encoded.rows]
    assert encoded.lengths.max() <= max_length


@pytest.mark.parametrize("seed", range(6))
def test_answers_are_the_tokens_that_hold_their_characters(tokenizer, seed):
    """Of every window, every pair of tokens looked at; the answers cut words and begin anywhere."""
    rng = np.random.default_rng(seed)
    frame = asked.random_frame(12, seed=seed, unanswerable=0.1)
    labels = []
    for context in frame["context"]:
        golds = []
        for _ in range(rng.integers(0, 3)):
            start = int(rng.integers(0, len(context)))
            text = context[start : start + int(rng.integers(1, 25))].rstrip()
            if text.strip() == text and text:
                golds.append((text, start))
        labels.append(tuple(golds))
    frame = frame.assign(label=pd.Series(labels, frame.index, dtype=object))
    encoded = encode(tokenizer, frame)
    rows = asked.features_of(encoded.rows)
    set_aside, in_part, inexact = set(), set(), set()
    for sample_id, (context, golds) in frame[["context", "label"]].iterrows():
        spans = tokenizer(context, add_special_tokens=False, return_offsets_mapping=True)
        needed = {
            (text, start): [
                (s, e)
                for s, e in spans["offset_mapping"]
                if set(range(s, e)) & set(range(start, start + len(text)))
            ]
            for text, start in golds
        }
        held = set()
        for row in rows.get(sample_id, ()):
            given = row["offsets"].tolist()
            wanted = set()
            for gold, tokens in needed.items():
                places = [place for place, span in enumerate(given) if tuple(span) in tokens]
                if len(places) == len(tokens):
                    wanted.add((places[0], places[-1]))
                    held.add(gold)
            places = list(zip(row["start_positions"], row["end_positions"]))
            assert set(places) == (wanted or {(0, 0)})
            assert len(set(places)) == len(places)
        if golds and not held:
            set_aside.add(sample_id)
        elif held != set(golds):
            in_part.add(sample_id)
        elif golds and not any(
            context[tokens[0][0] : tokens[-1][1]] == gold[0] for gold, tokens in needed.items()
        ):
            inexact.add(sample_id)
    assert set(frame.index) - set(rows) == set_aside
    assert problems_of(encoded) == {
        *((i, "answer lost to truncation", False) for i in set_aside),
        *((i, "one of several answers lost to truncation", True) for i in in_part),
        *((i, "answer begins or ends inside a token", True) for i in inexact),
    }


def test_a_window_without_the_answer_says_so_and_all_gold_answers_are_there(tokenizer):
    frame = asked.frame_of(
        ("a town?", CONTEXT, ["an old house", "old", "an old house", "very long"])
    )
    encoded = encode(tokenizer, frame, max_length=14, stride=2)
    found = [list(zip(row["start_positions"], row["end_positions"])) for row in encoded.rows]
    words = CONTEXT.split()
    # [CLS] a town ? [SEP], then seven words of the context, five further each time
    first = words.index("an") + 5
    assert found[0] == [(first, first + 2), (first + 1, first + 1)]
    assert found[-1][0] != (0, 0)
    assert [(0, 0)] in found
    assert encoded.problems.empty


# What does not fit


def test_an_answer_that_no_window_holds_is_set_aside_not_called_unanswerable(tokenizer):
    long = " ".join(CONTEXT.split()[2:14])
    frame = asked.frame_of(
        ("a town?", CONTEXT, [long]), ("a town?", CONTEXT, [long, "road"]), ("a?", CONTEXT, [])
    )
    encoded = encode(tokenizer, frame, max_length=14, stride=3)
    lost, kept, unanswerable = frame.index
    assert problems_of(encoded) == {
        (lost, "answer lost to truncation", False),
        (kept, "one of several answers lost to truncation", True),
    }
    rows = asked.features_of(encoded.rows)
    assert set(rows) == {kept, unanswerable}
    assert any(row["start_positions"] != [0] for row in rows[kept])
    assert all(row["start_positions"] == row["end_positions"] == [0] for row in rows[unanswerable])


@pytest.mark.parametrize(
    "answer", [("zebra", 4), ("road", 0), ("road", -3), ("road", 9000), ("", 2)]
)
def test_an_answer_not_in_its_context_is_set_aside(tokenizer, answer):
    frame = asked.frame_of(("a town?", CONTEXT, ["road"]), ("a town?", CONTEXT, ["road"]))
    wrong = frame.index[0]
    frame = frame.assign(label=[(answer,), frame["label"].iloc[1]])
    encoded = encode(tokenizer, frame)
    assert problems_of(encoded) == {(wrong, "answer not in its context", False)}
    assert {row["sample_id"] for row in encoded.rows} == {frame.index[1]}
    both = frame.assign(label=[(answer, ("road", CONTEXT.find("road"))), frame["label"].iloc[1]])
    found = encode(tokenizer, both)
    assert wrong in {row["sample_id"] for row in found.rows}


def test_an_answer_inside_a_token_is_noted(tokenizer):
    frame = asked.frame_of(
        ("a?", CONTEXT, ["oad"]), ("a?", CONTEXT, ["hous"]), ("a?", CONTEXT, ["road"])
    )
    encoded = encode(tokenizer, frame)
    assert problems_of(encoded) == {
        (i, "answer begins or ends inside a token", True) for i in frame.index[:2]
    }
    rows = asked.features_of(encoded.rows)
    for sample_id, word in zip(frame.index, ("road", "house", "road")):
        start = rows[sample_id][0]["start_positions"][0]
        first, last = rows[sample_id][0]["offsets"][start]
        assert CONTEXT[first:last] == word


def test_an_answer_of_no_token_is_set_aside(tokenizer):
    context = "a town \u200b was old"
    frame = asked.frame_of(("a?", context, ["\u200b"]), ("a?", context, ["town"]))
    encoded = encode(tokenizer, frame)
    assert problems_of(encoded) == {(frame.index[0], "answer without a token", False)}


def test_a_long_question_is_cut_and_its_context_is_not(tokenizer):
    question = " ".join(["town"] * 3000)
    frame = asked.frame_of((question, CONTEXT, ["very long"]), ("a?", CONTEXT, ["road"]))
    encoded = encode(tokenizer, frame)
    assert problems_of(encoded) == {
        (frame.index[0], "question longer than half of what the model reads", True)
    }
    assert encoded.truncated == 1
    rows = asked.features_of(encoded.rows)[frame.index[0]]
    assert all(row["input_ids"].count(tokenizer.vocab["town"]) == 8 for row in rows)
    seen = {tuple(span) for row in rows for span in row["offsets"].tolist()} - {(-1, -1)}
    assert len(seen) == len(CONTEXT.split())


def test_a_word_cut_in_the_middle_may_have_more_pieces():
    from transformers import BertTokenizerFast

    from difficulty_lib.tasks._windows import _shortened

    words = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        "abcd",
        "a",
        "##b",
        "##c",
        "##d",
        "##efgh",
    ]
    tokenizer = BertTokenizerFast(vocab={word: place for place, word in enumerate(words)})
    for most in range(1, 6):
        text, count = _shortened(tokenizer, "abcdefgh abcdefgh abcd", most)
        assert len(tokenizer(text, add_special_tokens=False)["input_ids"]) == count <= most


def test_empty_texts(tokenizer):
    blank = " " * 30_000
    frame = asked.frame_of(("", CONTEXT, ["road"]), (blank, CONTEXT, ["road"]), ("a?", "", []))
    encoded = encode(tokenizer, frame)
    assert encoded.problems.empty
    assert {row["sample_id"] for row in encoded.rows} == set(frame.index)
    first, second, third = asked.features_of(encoded.rows).values()
    assert [row["input_ids"] for row in first] == [row["input_ids"] for row in second]
    assert (third[0]["offsets"] == -1).all()


def test_nothing_left_is_an_error_that_counts_the_reasons(tokenizer):
    frame = asked.frame_of(("a?", CONTEXT, ["road"]), ("b?", CONTEXT, ["old"])).assign(context="")
    with pytest.raises(DataError, match=r"none of the 2 questions.*answer not in its context: 2"):
        encode(tokenizer, frame)


def test_what_cannot_be_encoded_is_named(tokenizer):
    frame = asked.frame_of(("a?", CONTEXT, ["road"]))
    with pytest.raises(ModelError, match="max_length 4 leaves room for 1 tokens"):
        encode(tokenizer, frame, max_length=4)
    with pytest.raises(DataError, match="expected two, question and context"):
        encode(tokenizer, frame, text_columns=("context",))

    class Slow:
        is_fast = False

    with pytest.raises(ModelError, match="expected a fast tokenizer"):
        encode(Slow(), frame)


def test_the_shortest_window_there_is(tokenizer):
    frame = asked.frame_of(("a town", CONTEXT, ["road", "quiet"]))
    encoded = encode(tokenizer, frame, max_length=5, stride=4)
    assert len(encoded) == len(CONTEXT.split())
    assert sum(row["start_positions"] == [3] for row in encoded.rows) == 2


# Batches


@pytest.mark.parametrize("side", ["right", "left"])
def test_a_batch_has_one_answer_per_feature_and_padding_on_the_right(tokenizer, side):
    tokenizer = copy.deepcopy(tokenizer)
    tokenizer.padding_side = side
    frame = asked.frame_of(
        ("a town?", CONTEXT, ["an old house", "road"]), ("so?", "a quiet river", ["quiet river"])
    )
    encoded = encode(tokenizer, frame, max_length=64)
    batch = TASKS["question-answering"].collate(tokenizer, None)(encoded.rows)
    assert set(batch) == {
        *("input_ids", "attention_mask", "token_type_ids"),
        *("start_positions", "end_positions", "sample_id", "feature_id"),
    }
    assert batch["sample_id"].tolist() == frame.index.tolist()
    for number, row in enumerate(encoded.rows):
        length = len(row["input_ids"])
        assert batch["input_ids"][number].tolist()[:length] == row["input_ids"]
        assert not batch["attention_mask"][number, length:].any()
        assert int(batch["start_positions"][number]) == row["start_positions"][0]
        assert int(batch["end_positions"][number]) == row["end_positions"][0]
    model = asked.question_model()
    batch.pop("sample_id")
    assert bool(torch.isfinite(model(**batch).loss))
