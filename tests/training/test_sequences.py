"""Sequences, spans and labelled tokens: observers and Trainers against one row at a time in float64."""

import copy
import dataclasses

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from training import tiny, tiny_heads
from transformers import (
    DataCollatorForSeq2Seq,
    DataCollatorWithPadding,
    Seq2SeqTrainer,
    Seq2SeqTrainingArguments,
    Trainer,
    TrainingArguments,
)

from difficulty_lib import Dynamics, score_table
from difficulty_lib._errors import ConfigError, DynamicsError, TrainingError
from difficulty_lib.dynamics import TOKEN_COLUMNS, write_part, write_samples
from difficulty_lib.dynamics._features import chosen_features
from difficulty_lib.tasks import (
    TASKS,
    observe_causal_tokens,
    observe_spans,
    observe_token_classification,
    observe_tokens,
    sequences,
)
from difficulty_lib.training import (
    Recorder,
    RecordEvaluation,
    RecordTrainingMixin,
    RunConfig,
    TrainingRecorder,
    observe_split,
)

TASK = {
    "t5": "summarization",
    "bart": "summarization",
    "gpt2": "summarization-causal",
    "llama": "summarization-causal",
    "labels": "token-classification",
    "spans": "question-answering",
}
OF_TOKENS = [kind for kind in TASK if kind != "spans"]
ROWS = 9  # with batches of 4, the last one is of one


def random_batch(seed=0, batch=3, length=5, width=11, dtype=torch.float32):
    generator = torch.Generator().manual_seed(seed)
    logits = (4 * torch.randn(batch, length, width, generator=generator)).to(dtype)
    labels = torch.randint(0, width, (batch, length), generator=generator)
    labels[torch.rand(batch, length, generator=generator) < 0.3] = -100
    return logits, labels


def assert_tokens(seen, logits, labels, atol=2e-5):
    """Every labelled token as by hand; `logits[i, j]` is what predicts `labels[i, j]`."""
    assert set(seen) == {"token_gold", *(f"token_{name}" for name in TOKEN_COLUMNS)}
    compared = 0
    for row in range(len(labels)):
        for place in range(labels.shape[1]):
            gold = int(labels[row, place])
            assert int(seen["token_gold"][row, place]) == gold
            if gold != -100:
                wanted = tiny_heads.by_hand(logits[row, place].double().numpy(), gold)
                for name, value in wanted.items():
                    found = seen[f"token_{name}"][row, place].item()
                    assert found == pytest.approx(value, abs=atol, rel=1e-5), name
                compared += 1
    assert compared


# Observers


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16, torch.float64])
def test_tokens_equal_the_formulas(dtype):
    logits, labels = random_batch(dtype=dtype)
    seen = observe_tokens(logits, labels)
    assert_tokens(seen, logits, labels)
    floats = {name: v.dtype for name, v in seen.items() if v.is_floating_point()}
    assert set(floats.values()) == {torch.float32}
    assert len(floats) == 5


@pytest.mark.parametrize("device", ["cpu", "other"])
@pytest.mark.parametrize("chunk", [1, 25, 10_000])
def test_pieces_of_any_size_and_place_give_the_same(monkeypatch, chunk, device):
    logits, labels = random_batch(batch=4)
    wanted = observe_tokens(logits, labels)
    monkeypatch.setattr(sequences, "CHUNK", {"cpu": chunk, "other": chunk})
    strided = torch.empty(5, 4, 11).transpose(0, 1).copy_(logits)
    assert not strided.is_contiguous()
    for given in (logits, strided):
        seen = OnDevice(given, device).observe(labels)
        for name, values in wanted.items():
            there = labels != -100
            torch.testing.assert_close(seen[name][there], values[there], rtol=1e-6, atol=1e-6)


class OnDevice:
    """Observes as on a CPU, or as on a device on which finding the labels would cost a wait."""

    def __init__(self, logits, device):
        self.logits, self.device = logits, device

    def observe(self, labels):
        if self.device == "cpu":
            return observe_tokens(self.logits, labels)
        pieces = sequences._pieces

        def elsewhere(logits, gold):
            return pieces(_Elsewhere(logits), gold)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sequences, "_pieces", elsewhere)
            return observe_tokens(self.logits, labels)


class _Elsewhere:
    """A tensor that says it is not on the CPU."""

    device = torch.device("meta")

    def __init__(self, tensor):
        self.tensor = tensor

    def __getattr__(self, name):
        return getattr(self.tensor, name)

    def __iter__(self):
        return iter(self.tensor)


class LargestFloat32(TorchDispatchMode):
    """The numbers of the largest float32 tensor that is made."""

    largest = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        for made in result if isinstance(result, tuple | list) else (result,):
            if isinstance(made, torch.Tensor) and made.dtype == torch.float32:
                self.largest = max(self.largest, made.numel())
        return result


@pytest.mark.parametrize("observe", [observe_tokens, observe_causal_tokens])
def test_no_second_copy_of_the_logits_in_float32(monkeypatch, observe):
    logits, labels = random_batch(batch=8, length=20, width=300, dtype=torch.bfloat16)
    monkeypatch.setattr(sequences, "CHUNK", {"cpu": 3000, "other": 3000})
    with LargestFloat32() as made:
        observe(logits, labels)
    assert 0 < made.largest <= 3000


def test_causal_logits_predict_the_next_label():
    logits, labels = random_batch(seed=3)
    labels[:, 1] = 4
    seen = observe_causal_tokens(logits, labels)
    assert bool((seen["token_gold"][:, -1] == -100).all())
    short = {name: values[:, :-1] for name, values in seen.items()}
    assert_tokens(short, logits[:, :-1], labels[:, 1:])


def test_token_classification_is_aligned():
    logits, labels = random_batch(seed=4, width=3)
    assert_tokens(observe_token_classification(logits, labels), logits, labels)


def test_a_masked_vocabulary_entry_counts_as_nothing():
    logits, labels = random_batch(width=6)
    labels[labels == 2] = 1
    logits[..., 2] = -torch.inf
    assert_tokens(observe_tokens(logits, labels), logits, labels)


def test_extreme_logits_stay_finite():
    logits = torch.tensor([[[1000.0, -1000.0, 0.0], [-900.0, -900.0, -901.0]]])
    labels = torch.tensor([[1, 0]])
    seen = observe_tokens(logits, labels)
    assert seen["token_loss"].tolist()[0][0] == pytest.approx(2000.0)
    assert seen["token_entropy"].tolist()[0][0] == pytest.approx(0.0)
    assert all(bool(values.isfinite().all()) for values in seen.values())


def test_observing_keeps_no_graph():
    logits, labels = random_batch()
    seen = observe_tokens(logits.requires_grad_(), labels)
    assert not any(values.requires_grad for values in seen.values())
    pair = [torch.randn(2, 5, requires_grad=True) for _ in range(2)]
    places = torch.tensor([1, 2]), torch.tensor([2, 3])
    assert not any(v.requires_grad for v in observe_spans(*pair, *places).values())


@pytest.mark.parametrize("shape", [(3, 4), (2, 5), (3, 5, 1)])
def test_shapes_that_disagree_are_named(shape):
    logits, _ = random_batch()
    with pytest.raises(DynamicsError, match=r"logits \(3, 5, 11\), labels"):
        observe_tokens(logits, torch.zeros(shape, dtype=torch.int64))
    with pytest.raises(DynamicsError, match=r"expected\s+\(batch, length\) twice"):
        observe_spans(*torch.randn(2, 3, 5), *torch.zeros(2, 2, dtype=torch.int64))


def random_spans(seed, rows=6, length=7):
    generator = torch.Generator().manual_seed(seed)
    logits = 2 * torch.randn(2, rows, length, generator=generator)
    places = torch.randint(0, length, (2, rows, 3), generator=generator)
    return logits, places


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("seed", range(4))
def test_spans_equal_a_look_at_every_pair(seed, dtype):
    logits, places = random_spans(seed)
    logits = logits.to(dtype)
    # so that some spans are predicted: the first answer of the first rows is both ends' largest
    for side in (0, 1):
        logits[side, range(3), places[side, :3, 0]] = 9.0
    seen = observe_spans(*logits, *places)
    for row in range(6):
        answers = list(zip(places[0, row].tolist(), places[1, row].tolist()))
        start, end = logits[:, row].double().numpy()
        wanted = tiny_heads.span_by_hand(start, end, answers)
        for name, value in wanted.items():
            assert seen[name][row].item() == pytest.approx(value, abs=2e-5), (row, name)
        assert bool(seen["answered"][row]) == any(answer != (0, 0) for answer in answers)
    assert bool((seen["margin"][:3] > 0).all())
    assert bool((seen["margin"] < 0).any())


def test_one_answer_as_the_models_own_loss():
    logits, places = random_spans(9)
    seen = observe_spans(*logits, places[0, :, 0], places[1, :, 0])
    each = [
        torch.nn.functional.cross_entropy(logits[side], places[side, :, 0], reduction="none")
        for side in (0, 1)
    ]
    torch.testing.assert_close(seen["loss"], (each[0] + each[1]) / 2)


def test_answers_outside_of_the_window_are_none():
    logits, _ = random_spans(2, rows=3)
    starts = torch.tensor([[2, -100], [-100, -100], [7, 3]])
    ends = torch.tensor([[4, -100], [-100, -100], [8, 3]])
    seen = observe_spans(*logits, starts, ends)
    wanted = observe_spans(*logits, torch.tensor([2, 0, 3]), torch.tensor([4, 0, 3]))
    assert seen["answered"].tolist() == [True, False, True]
    for name in seen:
        torch.testing.assert_close(seen[name], wanted[name])


@pytest.mark.parametrize("seed", range(5))
def test_the_feature_that_counts(seed):
    rng = np.random.default_rng(seed)
    ids, answered, loss = rng.integers(0, 9, 30), rng.random(30) < 0.4, rng.random(30)
    places = chosen_features(ids, answered, loss)
    assert ids[places].tolist() == sorted(set(ids.tolist()))
    for place in places:
        mine = ids == ids[place]
        with_answer = mine & answered
        wanted = loss[with_answer].min() if with_answer.any() else loss[mine].max()
        assert loss[place] == wanted
    half = rng.random(30) < 0.5
    parts = [np.flatnonzero(side) for side in (half, ~half)]
    in_parts = np.concatenate([p[chosen_features(ids[p], answered[p], loss[p])] for p in parts])
    again = in_parts[chosen_features(ids[in_parts], answered[in_parts], loss[in_parts])]
    np.testing.assert_array_equal(loss[again], loss[places])


# The pass of the evaluation stream


def padded_on(side, tokenizer):
    tokenizer = copy.deepcopy(tokenizer)
    tokenizer.padding_side = side
    return tokenizer


def assert_stream(stream, kind, model, rows, row=-1):
    """One epoch of a recorded stream against the model as it is, one row at a time."""
    if kind == "spans":
        wanted = tiny_heads.spans_alone(model, rows)
        assert stream.ids.tolist() == sorted(wanted)
        for name in ("loss", "margin", "entropy"):
            expected = [wanted[i][name] for i in stream.ids]
            np.testing.assert_allclose(stream.matrix(name)[row], expected, atol=2e-4)
            assert np.ptp(expected) > 0.01
        return
    wanted = tiny_heads.tokens_alone(kind, model, rows)
    assert stream.ids.tolist() == sorted(wanted)
    assert stream.tokens.gold.tolist() == [t for i in stream.ids for t in wanted[i][0]]
    for name in TOKEN_COLUMNS:
        expected = [value for i in stream.ids for value in wanted[i][1][name]]
        found = stream.tokens.matrix(name)[row]
        np.testing.assert_allclose(found, expected, atol=5e-4, rtol=1e-4)
        assert np.ptp(expected) > 0.01


def rows_of(kind, count=ROWS, **settings):
    if kind == "spans":
        return tiny_heads.span_rows(count, **settings)
    return tiny_heads.sequence_rows(kind, count, **settings)


def collator(kind, tokenizer):
    return (DataCollatorWithPadding if kind == "spans" else DataCollatorForSeq2Seq)(tokenizer)


def recorded_split(folder, kind, model, rows, tokenizer, **limits):
    observe = TASKS[TASK[kind]].observe
    columns = observe_split(model, rows, collator(kind, tokenizer), observe=observe, **limits)
    write_samples(folder, "test", np.unique([row["sample_id"] for row in rows]), None)
    write_part(folder, "test", "evaluation", 1, columns)
    return Dynamics.load(folder).stream()


@pytest.mark.parametrize(
    ("kind", "side"), [*((kind, "right") for kind in TASK), ("gpt2", "left"), ("llama", "left")]
)
def test_a_split_equals_one_row_at_a_time(tmp_path, tokenizer, kind, side):
    model, rows = tiny_heads.model_of(kind), rows_of(kind)
    stream = recorded_split(tmp_path, kind, model, rows, padded_on(side, tokenizer), batch_rows=4)
    assert_stream(stream, kind, model, rows)


@pytest.mark.parametrize("kind", ["bart", "gpt2", "labels", "spans"])
def test_shares_of_ranks_put_together_equal_one(tmp_path, tokenizer, kind):
    model, rows = tiny_heads.model_of(kind), rows_of(kind)
    one = recorded_split(tmp_path / "one", kind, model, rows, tokenizer)
    folder = tmp_path / "three"
    write_samples(folder, "test", one.ids, None)
    seen = []
    for rank in range(3):
        columns = observe_split(
            model,
            rows,
            collator(kind, tokenizer),
            observe=TASKS[TASK[kind]].observe,
            rank=rank,
            world=3,
        )
        seen += columns["sample_id"].tolist()
        write_part(folder, "test", "evaluation", 1, columns, rank)
    assert sorted(seen) == one.ids.tolist()  # a question's features are one rank's
    three = Dynamics.load(folder).stream()
    np.testing.assert_allclose(three.matrix("loss"), one.matrix("loss"), atol=1e-5)


def test_several_gold_answers_are_one_row(tmp_path, tokenizer):
    rows = rows_of("spans")
    for number, row in enumerate(rows):
        more = [(1, 2), (3, 3)][: number % 3]
        row["start_positions"] = [row["start_positions"], *(s for s, _ in more)]
        row["end_positions"] = [row["end_positions"], *(e for _, e in more)]
    model = tiny_heads.model_of("spans")
    stream = recorded_split(tmp_path, "spans", model, rows, tokenizer, batch_rows=4)
    assert_stream(stream, "spans", model, rows)


# Trainers, both streams


class RecordedTrainer(RecordTrainingMixin, Trainer):
    pass


class RecordedSeq2SeqTrainer(RecordTrainingMixin, Seq2SeqTrainer):
    pass


def trained(folder, kind, rows, tokenizer, collate=None, **settings):
    """A model trained as the documentation says, with both streams recorded."""
    generates = kind in ("t5", "bart")
    arguments = Seq2SeqTrainingArguments if generates else TrainingArguments
    defaults = {
        "output_dir": str(folder / "trainer"),
        "per_device_train_batch_size": 4,
        "num_train_epochs": 2,
        "learning_rate": 3e-3,
        "remove_unused_columns": False,
        **tiny.SILENT,
    }
    observe = TASKS[TASK[kind]].observe
    recorder = TrainingRecorder(folder / "run", observe=observe)
    evaluation = RecordEvaluation(folder / "run", {"validation": rows}, observe=observe)
    trainer = (RecordedSeq2SeqTrainer if generates else RecordedTrainer)(
        model=tiny_heads.model_of(kind),
        args=arguments(**(defaults | settings)),
        train_dataset=list(rows),
        eval_dataset=list(rows),
        data_collator=collate or collator(kind, tokenizer),
        processing_class=tokenizer,
        callbacks=[recorder, evaluation],
    )
    trainer.training_recorder = recorder
    trainer.train()
    return trainer.model, Dynamics.load(folder / "run")


@pytest.mark.parametrize("kind", TASK)
def test_evaluation_stream_of_a_trainer_is_of_the_model_after_the_epoch(tmp_path, tokenizer, kind):
    rows = rows_of(kind)
    model, dynamics = trained(tmp_path, kind, rows, tokenizer)
    stream = dynamics.stream("validation", "evaluation")
    assert stream.epochs.tolist() == [0, 1, 2]
    assert_stream(stream, kind, model, rows)
    untrained = recorded_split(tmp_path, kind, tiny_heads.model_of(kind), rows, tokenizer)
    wanted = untrained.matrix("loss")[0]
    np.testing.assert_allclose(stream.matrix("initial_loss"), wanted, atol=1e-5)
    assert np.abs(stream.matrix("loss") - wanted).max() > 0.01


@pytest.mark.parametrize("kind", TASK)
def test_training_stream_of_a_trainer_is_of_the_forward_pass_that_trains(tmp_path, tokenizer, kind):
    """Without dropout and with a learning rate of 0 that is the model as it is."""
    rows = rows_of(kind)
    model, dynamics = trained(tmp_path, kind, rows, tokenizer, learning_rate=0.0)
    stream = dynamics.stream("train", "training")
    assert stream.epochs.tolist() == [1, 2]
    for row in (0, 1):
        assert_stream(stream, kind, model, rows, row)
    assert np.isfinite(score_table(stream).to_numpy()).all()


def test_left_padding_of_a_causal_model_that_counts_from_the_first_token(tmp_path, tokenizer):
    """Llama's positions are relative, so that its training stream too is that of each text alone."""
    rows = rows_of("llama")
    left = padded_on("left", tokenizer)
    model, dynamics = trained(tmp_path, "llama", rows, left, learning_rate=0.0)
    for stream in dynamics.keys:
        assert_stream(dynamics.stream(*stream), "llama", model, rows)


@pytest.mark.parametrize("kind", ["t5", "bart"])
def test_generation_while_training_sees_no_ids(tmp_path, tokenizer, kind):
    rows = rows_of(kind)
    model, dynamics = trained(
        tmp_path,
        kind,
        rows,
        tokenizer,
        eval_strategy="epoch",
        predict_with_generate=True,
        generation_max_length=6,
    )
    assert_stream(dynamics.stream("validation"), kind, model, rows)
    assert len(dynamics.stream("train", "training")) == ROWS


@pytest.mark.parametrize("kind", ["bart", "llama"])
def test_label_smoothing_and_accumulation_change_what_is_learnt_not_what_is_seen(
    tmp_path, tokenizer, kind
):
    rows = rows_of(kind)
    settings = {"label_smoothing_factor": 0.2, "gradient_accumulation_steps": 2}
    # The labels are taken from the model then, so the collator gives the decoder its inputs.
    collate = DataCollatorForSeq2Seq(tokenizer, model=tiny_heads.model_of(kind))
    model, dynamics = trained(
        tmp_path, kind, rows, tokenizer, collate=collate, learning_rate=0.0, **settings
    )
    assert_stream(dynamics.stream("train", "training"), kind, model, rows)


def test_labels_padded_on_the_left_are_refused_for_a_decoder_of_its_own(tmp_path, tokenizer):
    """Its decoder would start with padding, and the rows' losses depend on each other's lengths."""
    model, left = tiny_heads.model_of("t5"), padded_on("left", tokenizer)
    with pytest.raises(DynamicsError, match=r"padded on the left.*padding_side='right'"):
        recorded_split(tmp_path, "t5", model, rows_of("t5"), left)


# A loop of one's own


def test_a_loop_of_ones_own_records_tokens(tmp_path):
    generator = torch.Generator().manual_seed(0)
    recorder = Recorder(tmp_path, observe=observe_tokens)
    seen = {}
    for _ in range(2):
        for ids, length in (([3, 9], 4), ([5], 6)):
            logits = torch.randn(len(ids), length, 7, generator=generator)
            labels = torch.full((len(ids), length), -100)
            for row, sample_id in enumerate(ids):
                labels[row, : sample_id % 4 + 1] = sample_id % 7
                some = logits[row, : sample_id % 4 + 1].log_softmax(-1)[:, sample_id % 7]
                seen.setdefault(sample_id, []).append((-some).tolist())
            recorder.step(torch.tensor(ids), logits, labels)
        recorder.epoch_end()
    stream = Dynamics.load(tmp_path).stream()
    assert stream.ids.tolist() == [3, 5, 9]
    assert stream.label is None
    assert stream.tokens.lengths.tolist() == [4, 2, 2]
    for epoch in (0, 1):
        wanted = [loss for i in (3, 5, 9) for loss in seen[i][epoch]]
        np.testing.assert_allclose(stream.tokens.matrix("loss")[epoch], wanted, atol=1e-5)


def test_features_of_a_question_may_come_in_any_batch(tmp_path):
    recorder = Recorder(tmp_path, observe=TASKS["question-answering"].observe)
    logits = torch.tensor([[0.0, 5.0, 0.0], [0.0, 0.0, 5.0], [5.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    for ids, places in (([1, 2], [1, 0]), ([2, 1], [0, 0])):
        positions = torch.tensor(places)
        rows = logits[:2] if places[0] else logits[2:]
        recorder.step(torch.tensor(ids), (rows, rows), (positions, positions))
    recorder.epoch_end()
    stream = Dynamics.load(tmp_path).stream()
    assert stream.ids.tolist() == [1, 2]
    wanted = [-logits[0].log_softmax(0)[1].item(), -logits[1].log_softmax(0)[0].item()]
    np.testing.assert_allclose(stream.matrix("loss")[0], wanted, rtol=1e-6)


def test_tokens_under_the_observer_of_classes_are_refused_with_what_to_pass(tmp_path):
    logits, labels = random_batch()
    with pytest.raises(DynamicsError, match=r"one label per sample.*TASKS\[name\]\.observe"):
        Recorder(tmp_path).step(torch.tensor([1, 2, 3]), logits, labels)


@pytest.mark.parametrize("wrong", [11, -1])
def test_a_token_outside_of_the_vocabulary_is_named(tmp_path, wrong):
    logits, labels = random_batch()
    labels[1, 3] = wrong
    recorder = Recorder(tmp_path, observe=observe_tokens)
    with pytest.raises(DynamicsError, match=rf"label {wrong} of sample 8; expected 0 to 10"):
        recorder.step(torch.tensor([7, 8, 9]), logits, labels)


def test_a_token_that_is_no_number_is_refused_with_its_sample(tmp_path):
    logits, labels = random_batch()
    labels[:] = 1
    logits[2, 4] = torch.nan
    recorder = Recorder(tmp_path, observe=observe_tokens)
    recorder.step(torch.tensor([7, 8, 9]), logits, labels)
    with pytest.raises(TrainingError, match=r"'token_loss' is not finite for 1 of 3.*\[9\]"):
        recorder.epoch_end()


def test_a_task_that_is_only_observed_has_no_runs_of_its_own(monkeypatch):
    mine = dataclasses.replace(TASKS["summarization"], name="mine", encode=None)
    monkeypatch.setitem(TASKS._entries, "mine", mine)
    with pytest.raises(ConfigError, match=r"'mine' has no runs of its own; record it"):
        RunConfig(dataset="emotion", task="mine")


def test_every_task_names_a_class_of_transformers():
    import transformers

    for task in TASKS.values():
        assert hasattr(transformers, task.auto_model)
    assert {TASKS[name].labels for name in TASK.values()} == {"tokens", "span"}
