"""The pass of the evaluation stream: equal to one row at a time, whatever batches and ranks do."""

import copy

import numpy as np
import pytest
import torch
from training import tiny
from transformers import DataCollatorWithPadding

from difficulty_lib import DifficultyError, Dynamics
from difficulty_lib._evaluating import evaluating
from difficulty_lib.dynamics import write_part, write_samples
from difficulty_lib.tasks._batches import length_batches
from difficulty_lib.training import observe_split

FLOATS = ("loss", "margin", "entropy", "error_norm")


@pytest.fixture(scope="module")
def model():
    return tiny.tiny_model(std=0.4)


@pytest.fixture(scope="module")
def rows():
    return tiny.encoded_rows(23)


@pytest.fixture
def collate(tokenizer):
    return DataCollatorWithPadding(tokenizer)


def one_by_one(model, rows):
    """sample_id → observed values: a batch of one without padding, formulas in float64."""
    values = {}
    was_training = model.training
    model.eval()
    for row in rows:
        inputs = {
            name: torch.tensor([row[name]])
            for name in ("input_ids", "attention_mask", "token_type_ids")
        }
        with torch.no_grad():
            z = model(**inputs).logits[0].double().numpy()
        values[row["sample_id"]] = by_hand(z, row["labels"])
    model.train(was_training)
    return values


def by_hand(z, gold):
    p = np.exp(z - z.max()) / np.exp(z - z.max()).sum()
    return {
        "loss": -np.log(p[gold]),
        "margin": z[gold] - np.delete(z, gold).max(),
        "entropy": -(p * np.log(p)).sum(),
        "error_norm": np.linalg.norm(p - np.eye(len(z))[gold]),
        "predicted": z.argmax(),
    }


def by_id(columns):
    """The observed columns in the order of the ids."""
    order = np.argsort(columns["sample_id"])
    return {name: values[order] for name, values in columns.items()}


@pytest.mark.parametrize("limits", [{}, {"batch_rows": 3}, {"batch_tokens": 20}])
def test_equals_one_row_at_a_time(model, rows, collate, limits):
    observed = by_id(observe_split(model, rows, collate, **limits))
    expected = one_by_one(model, rows)
    assert observed["sample_id"].tolist() == sorted(expected)
    assert set(observed) == {"sample_id", *FLOATS, "predicted"}
    for name in FLOATS:
        wanted = [expected[i][name] for i in observed["sample_id"]]
        np.testing.assert_allclose(observed[name], wanted, atol=1e-5, rtol=1e-5)
        assert np.ptp(wanted) > 0.1  # the comparison is not of constants
    wanted = [expected[i]["predicted"] for i in observed["sample_id"]]
    assert observed["predicted"].tolist() == wanted


def test_batches_are_of_similar_length(model, rows, collate):
    shapes = []

    def watching(samples):
        inputs = collate(samples)
        shapes.append(inputs["input_ids"].shape)
        return inputs

    observe_split(model, rows, watching, batch_tokens=60, batch_rows=5)
    assert sum(count for count, _ in shapes) == len(rows)
    assert all(count <= 5 and count * width <= 60 for count, width in shapes)
    widths = [width for _, width in shapes]
    assert widths == sorted(widths, reverse=True)


def test_on_a_cpu_a_batch_is_padded_by_a_fifth_at_most(model, rows, collate):
    padding = []

    def watching(samples):
        inputs = collate(samples)
        padding.append(1 - inputs["attention_mask"].float().mean().item())
        return inputs

    observe_split(model, rows, watching)
    assert max(padding) <= 0.2
    assert len(padding) < len(rows)


def test_eval_mode_without_gradients_and_the_mode_is_restored(model, rows, collate):
    modes = []

    def observe(logits, labels):
        modes.append((model.training, torch.is_grad_enabled(), logits.requires_grad))
        return {"loss": logits[:, 0]}

    for training in (True, False):
        model.train(training)
        observe_split(model, rows, collate, observe=observe)
        assert model.training is training
        assert model.bert.training is training
    assert set(modes) == {(False, False, False)}
    model.eval()


@pytest.mark.parametrize("training", [True, False])
def test_the_mode_is_restored_on_an_exception(model, rows, collate, training):
    def fail(logits, labels):
        raise RuntimeError("no")

    model.train(training)
    with pytest.raises(RuntimeError, match="no"):
        observe_split(model, rows, collate, observe=fail)
    assert model.training is training
    assert torch.is_grad_enabled()
    model.eval()


def test_a_pass_in_train_mode_would_be_seen(model, rows, collate):
    """Dropout makes two passes differ; the evaluation stream's are equal to the bit."""
    model.train()
    first, second = (observe_split(model, rows, collate)["loss"] for _ in range(2))
    model.eval()
    np.testing.assert_array_equal(first, second)


def test_autocast_around_it_changes_nothing(model, rows, collate):
    plain = observe_split(model, rows, collate)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        within = observe_split(model, rows, collate)
    for name, values in plain.items():
        np.testing.assert_array_equal(values, within[name])


@pytest.mark.parametrize("world", [2, 3, 5])
def test_shares_cover_every_row_once_and_equal_one_rank(model, rows, collate, world):
    # in float64, so that the order of sums in batches of other shapes is not seen
    model = copy.deepcopy(model).double()
    whole = by_id(observe_split(model, rows, collate))
    shares = [observe_split(model, rows, collate, rank=r, world=world) for r in range(world)]
    assert [len(s["sample_id"]) for s in shares] == [len(rows[r::world]) for r in range(world)]
    assert set(shares[0]["sample_id"]) == {row["sample_id"] for row in rows[0::world]}
    joined = by_id({name: np.concatenate([s[name] for s in shares]) for name in whole})
    np.testing.assert_array_equal(joined["sample_id"], whole["sample_id"])
    np.testing.assert_array_equal(joined["predicted"], whole["predicted"])
    for name in FLOATS:
        np.testing.assert_allclose(joined[name], whole[name], atol=1e-6, rtol=1e-6)


def test_fewer_rows_than_ranks_can_be_recorded_and_read(model, rows, collate, tmp_path):
    few = sorted(rows[:2], key=lambda row: row["sample_id"])
    ids, labels = (np.array([row[key] for row in few]) for key in ("sample_id", "labels"))
    write_samples(tmp_path, "test", ids, labels)
    for rank in range(3):
        columns = observe_split(model, few, collate, rank=rank, world=3)
        write_part(tmp_path, "test", "evaluation", 1, columns, rank)
    assert Dynamics.load(tmp_path).stream("test").ids.tolist() == ids.tolist()


def test_without_sample_id_a_row_is_keyed_by_its_place(model, rows, collate):
    bare = [{k: v for k, v in row.items() if k != "sample_id"} for row in rows]
    observed = by_id(observe_split(model, bare, collate))
    named = observe_split(model, rows, collate)
    loss_of = dict(zip(named["sample_id"], named["loss"]))
    assert observed["sample_id"].tolist() == list(range(len(rows)))
    np.testing.assert_array_equal(observed["loss"], [loss_of[r["sample_id"]] for r in rows])


def test_columns_that_the_model_does_not_take_are_left_out(model, rows, collate):
    more = [{**row, "text": "left out", "corpus": 3} for row in rows]
    observed = observe_split(model, more, collate)
    for name, values in observe_split(model, rows, collate).items():
        np.testing.assert_array_equal(observed[name], values)
    assert more[0]["text"] == "left out"


def test_label_may_be_called_label(model, rows, collate):
    renamed = [
        {("label" if name == "labels" else name): value for name, value in row.items()}
        for row in rows
    ]
    expected = observe_split(model, rows, collate)["loss"]
    np.testing.assert_array_equal(observe_split(model, renamed, collate)["loss"], expected)


def test_a_row_without_label_is_named(model, rows, collate):
    broken = [dict(row) for row in rows]
    del broken[4]["labels"]
    with pytest.raises(DifficultyError, match=r"row 4 .*'labels'.*input_ids"):
        observe_split(model, broken, collate)


def test_progress_counts_every_row(model, rows, collate):
    done = []
    observe_split(model, rows, collate, batch_rows=4, progress=done.append)
    assert sum(done) == len(rows)
    assert len(done) > 1


def test_evaluating_nests():
    module = torch.nn.Linear(2, 2)
    with evaluating(module), evaluating(module):
        assert not module.training
    assert module.training


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("tokens", "most"), [(64, 8), (10, 100), (1, 1), (10_000, 7)])
@pytest.mark.parametrize("filled", [0.0, 0.9, 1.0])
def test_length_batches_cover_each_row_once_within_limits(seed, tokens, most, filled):
    lengths = np.random.default_rng(seed).integers(0, 30, 50)
    batches = length_batches(lengths.tolist(), tokens, most, filled)
    assert sorted(np.concatenate(batches).tolist()) == list(range(50))
    for batch in batches:
        assert len(batch) <= most
        # a single row that is longer than the limit has a batch of its own
        assert len(batch) == 1 or len(batch) * lengths[batch].max() <= tokens
        assert lengths[batch].min() >= filled * lengths[batch].max()


def test_length_batches_are_longest_first_and_full():
    batches = [batch.tolist() for batch in length_batches([3, 9, 4, 4, 1], tokens=12, rows=3)]
    assert batches == [[1], [2, 3, 0], [4]]


def test_length_batches_end_where_padding_begins_to_count():
    lengths = [20, 19, 18, 17, 16, 5, 5]
    batches = [batch.tolist() for batch in length_batches(lengths, 1000, 100, filled=0.9)]
    assert batches == [[0, 1, 2], [3, 4], [5, 6]]


def test_length_batches_of_nothing():
    assert length_batches([], 10, 10) == []
