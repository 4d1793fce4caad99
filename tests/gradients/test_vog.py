"""VoG against gradients taken one sample at a time and kept, and numpy's standard deviation."""

import copy

import numpy as np
import pytest
import torch
from gradients import heads
from hypothesis import given, settings
from hypothesis import strategies as st

from difficulty_lib._errors import ConfigError, DynamicsError
from difficulty_lib.gradients import VarianceOfGradients, input_gradients
from difficulty_lib.gradients._vog import window_of

TARGETS = ("logit", "probability")


def one_by_one(model, inputs, gold, target, embeddings):
    """The gradient of each sample on its own, by feeding its embeddings; unpadded, in a list."""
    model.eval()
    found = []
    for place in range(len(gold)):
        ids = inputs["input_ids"][place][inputs["attention_mask"][place] == 1]
        x = embeddings(ids.unsqueeze(0)).detach().requires_grad_()
        more = {k: v[place : place + 1] for k, v in inputs.items() if k.startswith("decoder")}
        logits = model(inputs_embeds=x, **more).logits[0]
        values = logits if target == "logit" else logits.softmax(-1)
        if gold.ndim == 1:
            total = values[gold[place]]
        else:
            total = sum(values[t, y] for t, y in enumerate(gold[place].tolist()) if y != -100)
        found.append(torch.autograd.grad(total, x)[0][0])
    return found


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("head", [heads.bert, heads.t5, heads.albert], ids=lambda h: h.__name__)
def test_input_gradients_are_those_of_one_sample_at_a_time(head, target):
    model, inputs, gold = head(4, 6)
    found = input_gradients(model, inputs, gold, [target])[target]
    wanted = one_by_one(model, inputs, gold, target, model.get_input_embeddings())
    scale = max(float(own.abs().max()) for own in wanted)
    for place, own in enumerate(wanted):
        torch.testing.assert_close(found[place, : len(own)], own, rtol=1e-4, atol=1e-5 * scale)
        assert (found[place, len(own) :] == 0).all()


def test_both_targets_at_once_are_each_alone():
    model, inputs, gold = heads.bert(4, 6)
    both = input_gradients(model, inputs, gold, TARGETS)
    for target in TARGETS:
        torch.testing.assert_close(
            both[target], input_gradients(model, inputs, gold, [target])[target]
        )


def test_input_gradients_leave_the_model_as_it_was():
    model, inputs, gold = heads.bert(4, 6)
    model.train()
    before = copy.deepcopy(model.state_dict())
    input_gradients(model, inputs, gold, TARGETS)
    assert model.training
    assert all(p.grad is None and p.requires_grad for p in model.parameters())
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_an_unknown_target_is_refused():
    model, inputs, gold = heads.bert(2, 5)
    with pytest.raises(ConfigError, match="unknown target 'loss'; known: logit, probability"):
        input_gradients(model, inputs, gold, ["loss"])


def checkpoints(count, seed=0):
    """The same model at so many points of a training."""
    model, inputs, gold = heads.bert(6, 7)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(count):
        with torch.no_grad():
            for p in model.parameters():
                p += 0.05 * torch.randn(p.shape, generator=generator)
        yield model, inputs, gold


@pytest.mark.parametrize("count", [1, 2, 4, 6])
def test_vog_is_the_deviation_of_the_kept_gradients(count):
    ids = np.array([40, 7, 300, 8, 5, 2])
    kept = {target: [[] for _ in ids] for target in TARGETS}
    streamed = VarianceOfGradients(count, TARGETS)
    rng = np.random.default_rng(0)
    for model, inputs, gold in checkpoints(count):
        for target in TARGETS:
            one = one_by_one(model, inputs, gold, target, model.get_input_embeddings())
            for place, own in enumerate(one):
                kept[target][place].append(own.double().numpy())
        for part in np.array_split(rng.permutation(6), 2):  # other batches every time
            some = {name: value[part] for name, value in inputs.items()}
            gradients = input_gradients(model, some, gold[part], TARGETS)
            streamed.update(ids[part], gradients, some["attention_mask"])
        streamed.end_checkpoint()
    found_ids, columns = streamed.result()
    parts = dict(zip(("early", "middle", "late"), np.array_split(np.arange(count), 3)))
    parts["all"] = np.arange(count)
    parts = {name: part for name, part in parts.items() if len(part) > 1}
    assert set(columns) == {f"vog_{target}_{name}" for target in TARGETS for name in parts}
    for target in TARGETS:
        for name, part in parts.items():
            by_id = dict(zip(found_ids.tolist(), columns[f"vog_{target}_{name}"]))
            for place, sample in enumerate(ids):
                own = np.stack(kept[target][place])[part]
                assert by_id[sample] == pytest.approx(own.std(axis=0).mean(), rel=1e-3)


@settings(max_examples=25, deadline=None, derandomize=True, database=None)
@given(
    seed=st.integers(0, 1000),
    count=st.integers(2, 9),
    samples=st.integers(1, 6),
    stop=st.booleans(),
)
def test_streaming_keeps_no_trace_of_order_or_interruption(seed, count, samples, stop):
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 5, samples)
    mask = torch.from_numpy(np.arange(5)[None] < lengths[:, None])
    values = torch.from_numpy(rng.normal(3.0, 1.0, (count, samples, 5, 3))).float()
    streamed = VarianceOfGradients(count)
    for number in range(count):
        for part in np.array_split(rng.permutation(samples), 2):
            if len(part):
                streamed.update(part, {"logit": values[number][part]}, mask[part])
        streamed.end_checkpoint()
        if stop and number == count // 2:
            kept, streamed = streamed.state(), VarianceOfGradients(count)
            streamed.restore(kept)
    ids, columns = streamed.result()
    for sample in range(samples):
        own = values[:, sample, : lengths[sample]].double().numpy()
        found = columns["vog_logit_all"][ids.tolist().index(sample)]
        assert found == pytest.approx(own.std(axis=0).mean(), rel=1e-4)


def test_memory_does_not_grow_with_the_checkpoints():
    def size(count):
        streamed = VarianceOfGradients(count)
        for _ in range(count - 1):
            streamed.update(range(4), {"logit": torch.randn(4, 6, 8)})
            streamed.end_checkpoint()
        return sum(t.numel() for name, t in streamed.state().items() if "column" not in name)

    assert size(30) == size(6)


def test_windows_are_thirds():
    assert [window_of(t, 6) for t in range(1, 7)] == ["early"] * 2 + ["middle"] * 2 + ["late"] * 2
    assert [window_of(t, 4) for t in range(1, 5)] == ["early"] * 2 + ["middle", "late"]
    assert [window_of(t, 2) for t in range(1, 3)] == ["early", "middle"]


def test_what_is_doubled_missing_or_changed_is_refused():
    def fresh():
        streamed = VarianceOfGradients(2)
        streamed.update([4, 9], {"logit": torch.randn(2, 3, 2)})
        return streamed

    streamed = fresh()
    with pytest.raises(DynamicsError, match="sample 9 is there more than once"):
        streamed.update([9], {"logit": torch.randn(1, 3, 2)})
    streamed = fresh()
    streamed.end_checkpoint()
    with pytest.raises(DynamicsError, match="1 of 2 checkpoints were seen"):
        streamed.result()
    streamed.update([9], {"logit": torch.randn(1, 3, 2)})
    with pytest.raises(DynamicsError, match="checkpoint 2: 1 of 2 samples are missing, first: 4"):
        streamed.end_checkpoint()
    with pytest.raises(
        DynamicsError, match="sample 4 has 2 tokens; at the first checkpoint it had 3"
    ):
        streamed.update([4], {"logit": torch.randn(1, 2, 2)})
