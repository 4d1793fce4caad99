"""What a model answers: the best span of all features, and SQuAD's measures of it."""

import numpy as np
import pytest
import torch
from tasks import asked
from training import tiny

from difficulty_lib.tasks import encode_questions, predict_answers
from difficulty_lib.tasks._predictions import best_spans
from difficulty_lib.tasks._squad_measures import exact_match, f1, normalized


@pytest.fixture(scope="module")
def tokenizer():
    return tiny.tiny_tokenizer()


@pytest.fixture(autouse=True)
def _alone(one_thread, no_gpu):
    pass


def refusing_model(tokenizer, frame, row):
    """A model whose start logit is large on the first token of this row, and of rows like it."""
    model = asked.question_model(seed=3)
    with torch.no_grad():
        inputs = {
            name: torch.tensor([row[name]])
            for name in ("input_ids", "attention_mask", "token_type_ids")
        }
        hidden = model.eval().bert(**inputs).last_hidden_state[0]
        direction = hidden[0] - hidden[1:].mean(dim=0)
        model.qa_outputs.weight += 0.05 * direction
    return model.train()


# Spans


@pytest.mark.parametrize("seed", range(5))
def test_best_spans_are_those_of_a_look_at_every_pair(seed):
    rng = np.random.default_rng(seed)
    start, end = rng.normal(size=(2, 8, 50))
    held = np.zeros((8, 50), dtype=bool)
    for row in range(1, 8):
        first, last = np.sort(rng.integers(0, 51, 2))
        held[row, first:last] = True
    found, span = best_spans(start, end, held)
    for row in range(8):
        pairs = [
            (start[row, s] + end[row, e], s, e)
            for s in range(50)
            for e in range(s, min(s + 30, 50))
            if held[row, s] and held[row, e]
        ]
        assert found[row] == (max(pairs)[0] if pairs else -np.inf)
        if pairs:
            assert tuple(span[row]) == max(pairs)[1:]


def test_an_end_before_the_start_or_thirty_tokens_away_is_no_span():
    start, end = np.zeros((2, 2, 60))
    held = np.ones((2, 60), dtype=bool)
    start[:, 20] = 50.0
    end[0, 19], end[0, 25] = 9.0, 1.0
    end[1, 50], end[1, 49] = 9.0, 1.0
    assert best_spans(start, end, held)[1].tolist() == [[20, 25], [20, 49]]


def test_equal_spans_give_the_shortest_and_first():
    held = np.zeros((1, 9), dtype=bool)
    held[0, 3:7] = True
    _, span = best_spans(np.zeros((1, 9)), np.zeros((1, 9)), held)
    assert span.tolist() == [[3, 3]]


# Predictions of a model


@pytest.mark.parametrize("unanswerable", [0.0, 0.3])
@pytest.mark.parametrize("kind", ["random", "refusing"])
def test_answers_are_those_of_one_question_at_a_time(tokenizer, kind, unanswerable):
    frame = asked.random_frame(30, seed=4, unanswerable=unanswerable, longest=60)
    settings = asked.settings_of(tokenizer, max_length=44)
    encoded = encode_questions(frame, settings)
    assert len(encoded) > len({row["sample_id"] for row in encoded.rows})
    model = asked.question_model(dropout=0.1).train()
    if kind == "refusing":
        model = refusing_model(tokenizer, frame, encoded.rows[3])
    found = predict_answers(model, settings, frame, encoded)
    assert model.training
    wanted = asked.answered_alone(model, frame, encoded.rows, refusing=unanswerable > 0)
    assert found.index.tolist() == list(dict.fromkeys(row["sample_id"] for row in encoded.rows))
    assert found.index.name == "sample_id"
    given = 0
    for sample_id, row in found.iterrows():
        context, golds = frame.loc[sample_id, ["context", "label"]]
        golds = [text for text, _ in golds]
        if wanted[sample_id] is None:
            assert (row["predicted"], row["start"], row["end"]) == ("", -1, -1)
            assert row["exact_match"] == row["f1"] == float(not golds)
            continue
        given += 1
        assert (row["start"], row["end"]) == wanted[sample_id]
        assert row["predicted"] == context[row["start"] : row["end"]]
        assert row["exact_match"] == exact_match(row["predicted"], golds)
        assert row["f1"] == f1(row["predicted"], golds)
    assert given > 0
    if unanswerable and kind == "refusing":
        assert given < len(found)
    assert found.dtypes.astype(str).tolist()[1:] == ["int64", "int64", "float64", "float64"]


def test_one_batch_equals_one_question_at_a_time(tokenizer):
    frame = asked.random_frame(12, seed=8)
    settings = asked.settings_of(tokenizer, max_length=40)
    model = asked.question_model(seed=1)
    encoded = encode_questions(frame, settings)
    whole = predict_answers(model, settings, frame, encoded)
    for sample_id in whole.index:
        # Whether answers can be refused is a matter of the split.
        other = frame[frame["label"].map(len) == 0].iloc[:1]
        part = frame.loc[list(dict.fromkeys([sample_id, *other.index]))]
        alone = predict_answers(model, settings, part, encode_questions(part, settings))
        assert alone.loc[sample_id].tolist() == whole.loc[sample_id].tolist()


def test_questions_that_were_set_aside_have_no_answer(tokenizer):
    frame = asked.frame_of(("a?", "a road", ["road"]), ("b?", "a town", ["town"]))
    frame = frame.assign(label=[(("river", 2),), frame["label"].iloc[1]])
    settings = asked.settings_of(tokenizer)
    encoded = encode_questions(frame, settings)
    found = predict_answers(asked.question_model(), settings, frame, encoded)
    assert found.index.tolist() == [frame.index[1]]


def test_an_empty_context_has_no_answer(tokenizer):
    frame = asked.frame_of(("a?", "", []), ("b?", "a town", ["town"]))
    settings = asked.settings_of(tokenizer)
    found = predict_answers(
        asked.question_model(), settings, frame, encode_questions(frame, settings)
    )
    assert found.iloc[0].tolist() == ["", -1, -1, 1.0, 1.0]


# Measures


@pytest.mark.parametrize(
    ("predicted", "golds", "exact", "overlap"),
    [
        ("the old Town.", ["old town"], 1, 1),
        ("Old  Town", ["a new town", "an old town!"], 1, 1),
        ("old town hall", ["old town"], 0, 0.8),
        ("town town", ["town"], 0, 2 / 3),
        ("river", ["town"], 0, 0),
        ("", ["town"], 0, 0),
        ("", [], 1, 1),
        ("town", [], 0, 0),
        ("the", [], 1, 1),
        ("a", ["the"], 1, 1),
        ("town", ["the", "town"], 1, 1),
        ("", ["the", "town"], 0, 0),
        ("theatre", ["atre"], 0, 0),
        ("U.S.", ["us"], 1, 1),
    ],
)
def test_measures_by_hand(predicted, golds, exact, overlap):
    assert exact_match(predicted, golds) == exact
    assert f1(predicted, golds) == pytest.approx(overlap)


def test_measures_equal_those_of_torchmetrics():
    from torchmetrics.functional.text import squad

    rng = np.random.default_rng(0)
    words = ["the", "A", "an", "Town", "town", "old,", "river.", "new-old", "n\u00e9e", "Mr.", "7%"]
    several = 0
    for _ in range(300):
        golds = [" ".join(rng.choice(words, rng.integers(1, 5))) for _ in range(rng.integers(1, 4))]
        # The official evaluation leaves out what has no word left; torchmetrics does not.
        golds = [gold for gold in golds if normalized(gold)] or ["town"]
        predicted = " ".join(rng.choice(words, rng.integers(0, 5)))
        seen = squad(
            {"prediction_text": predicted, "id": "1"},
            {"answers": {"answer_start": [0] * len(golds), "text": golds}, "id": "1"},
        )
        assert 100 * exact_match(predicted, golds) == pytest.approx(float(seen["exact_match"]))
        assert 100 * f1(predicted, golds) == pytest.approx(float(seen["f1"]), rel=1e-5)
        several += 0 < float(seen["f1"]) < 100
    assert several > 30


@pytest.mark.parametrize("kind", ["bytes", "spaces"])
def test_other_tokenizers_give_text_without_the_space_around_it(kind):
    from transformers import BertForQuestionAnswering

    context = "a new road and crêpes 🐸 with honey near the très old river"
    frame = asked.frame_of(
        ("a road?", context, ["crêpes", "🐸 with", "road", "honey"]),
        ("a?" * 30, "très quiet old town", ["quiet old"]),
    )
    tokenizer = asked.other_tokenizer(kind)
    settings = asked.settings_of(tokenizer, max_length=36, stride=12)
    encoded = encode_questions(frame, settings)
    assert encoded.problems["used"].all()
    named = {
        (
            row["sample_id"],
            frame.at[row["sample_id"], "context"][
                row["offsets"][start][0] : row["offsets"][end][1]
            ].strip(),
        )
        for row in encoded.rows
        for start, end in zip(row["start_positions"], row["end_positions"])
        if start
    }
    assert named == {(i, text) for i, golds in frame["label"].items() for text, _ in golds}
    config = asked.question_model(seed=5).config
    config.vocab_size = len(tokenizer)
    for seed in range(20):
        torch.manual_seed(seed)
        found = predict_answers(BertForQuestionAnswering(config), settings, frame, encoded)
        for sample_id, row in found.iterrows():
            text = frame.at[sample_id, "context"][row["start"] : row["end"]]
            assert row["predicted"] == text == text.strip() != ""
