"""Per-sample gradient norms against torch.func and against one backward pass per sample."""

import pytest
import torch
from gradients import heads
from transformers import BertForQuestionAnswering

from difficulty_lib._errors import ConfigError, ModelError
from difficulty_lib.gradients import _norms as norms_module
from difficulty_lib.gradients import classification_loss, gradient_norms


@pytest.fixture
def slow_parameters(monkeypatch):
    """Names of the parameters that were differentiated sample by sample."""
    names = []
    one_by_one = norms_module._one_by_one

    def watched(model, inputs, labels, loss, parameters, batch):
        by_id = {id(p): name for name, p in model.named_parameters()}
        names.extend(by_id[id(p)] for p in parameters)
        return one_by_one(model, inputs, labels, loss, parameters, batch)

    monkeypatch.setattr(norms_module, "_one_by_one", watched)
    return names


def close(found, wanted):
    assert found.shape == wanted.shape
    assert found.dtype == torch.float32
    assert (wanted > 0).all()
    torch.testing.assert_close(found.double(), wanted.double(), rtol=1e-4, atol=0)


# As many samples as tokens, as heads and as one: where a dimension could be taken for another.
@pytest.mark.parametrize(("batch", "tokens"), [(4, 7), (1, 6), (6, 6), (2, 9)])
@pytest.mark.parametrize("head", heads.LOSSES, ids=lambda head: head.__name__)
def test_norms_are_those_of_one_sample_at_a_time(head, batch, tokens, slow_parameters):
    model, inputs, gold = head(batch, tokens)
    found = gradient_norms(model, inputs, gold, heads.LOSSES[head])
    close(found, heads.by_autograd(model, inputs, gold, heads.LOSSES[head]))
    assert slow_parameters == []


@pytest.mark.parametrize("head", heads.LOSSES, ids=lambda head: head.__name__)
def test_norms_are_those_of_torch_func(head):
    model, inputs, gold = head(5, 7)
    del inputs["attention_mask"]  # vmap cannot follow the branches on it
    inputs["input_ids"].clamp_(min=3)  # no padding, then
    found = gradient_norms(model, inputs, gold, heads.LOSSES[head])
    close(found, heads.by_torch_func(model, inputs, gold, heads.LOSSES[head]).float())


@pytest.mark.parametrize(("batch", "tokens"), [(3, 6), (5, 5)])
@pytest.mark.parametrize("family", heads.FAMILIES)
def test_other_families_of_models(family, batch, tokens, slow_parameters):
    model, inputs, gold, loss = heads.FAMILIES[family](batch, tokens)
    close(gradient_norms(model, inputs, gold, loss), heads.by_autograd(model, inputs, gold, loss))
    assert bool(slow_parameters) == (family in heads.NOT_FACTORED)


def test_labels_may_be_a_mapping():
    def span_loss(outputs, places):
        entropy = torch.nn.functional.cross_entropy
        start = entropy(outputs.start_logits, places["start"], reduction="none")
        return (start + entropy(outputs.end_logits, places["end"], reduction="none")) / 2

    torch.manual_seed(1)
    model = BertForQuestionAnswering(heads.bert(1, 5, classes=2)[0].config).eval()
    inputs = heads.padded(4, 6)
    places = {"start": heads.labels(4, 2), "end": heads.labels(4, 2, seed=1)}
    found = gradient_norms(model, inputs, places, span_loss)
    for place in range(4):
        some = {name: value[[place]] for name, value in inputs.items()}
        gold = {name: value[[place]] for name, value in places.items()}
        total = span_loss(model(**some), gold).sum()
        gradients = torch.autograd.grad(total, list(model.parameters()))
        norm = sum(g.double().square().sum() for g in gradients).sqrt()
        assert found[place].item() == pytest.approx(norm.item(), rel=1e-4)


@pytest.mark.parametrize("classes", [2, 150])
def test_number_of_classes(classes):
    model, inputs, gold = heads.bert(5, 7, classes)
    found = gradient_norms(model, inputs, gold)
    close(found, heads.by_autograd(model, inputs, gold, classification_loss))


@pytest.mark.parametrize("kept", ["classifier", "encoder.layer.1", "LayerNorm", "bias", "position"])
def test_frozen_parameters_do_not_count(kept, slow_parameters):
    model, inputs, gold = heads.bert(4, 7)
    everything = gradient_norms(model, inputs, gold)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(kept in name)
    found = gradient_norms(model, inputs, gold)
    close(found, heads.by_autograd(model, inputs, gold, classification_loss))
    assert (found < everything).all()
    assert slow_parameters == []


def test_untied_head_has_another_norm():
    tied, inputs, gold = heads.gpt2(4, 7)
    apart, *_ = heads.gpt2(4, 7, tie_word_embeddings=False)
    apart.load_state_dict(tied.state_dict())
    norms = [gradient_norms(m, inputs, gold, heads.causal_loss) for m in (tied, apart)]
    close(norms[1], heads.by_autograd(apart, inputs, gold, heads.causal_loss))
    assert ((norms[0] - norms[1]).abs() / norms[1] > 1e-3).all()


def test_long_samples_take_the_other_product():
    model, inputs, gold = heads.bert(3, 60)
    close(
        gradient_norms(model, inputs, gold),
        heads.by_autograd(model, inputs, gold, classification_loss),
    )


def test_the_model_is_left_as_it_was():
    model, inputs, gold = heads.bert(4, 7)
    model.train()
    model.bert.pooler.eval()
    next(model.parameters()).requires_grad_(False)
    before = {name: p.requires_grad for name, p in model.named_parameters()}
    model.classifier.weight.grad = marker = torch.ones_like(model.classifier.weight)
    state = {name: value.clone() for name, value in model.state_dict().items()}
    gradient_norms(model, inputs, gold)
    assert {name: p.requires_grad for name, p in model.named_parameters()} == before
    assert model.training
    assert model.classifier.weight.grad is marker
    assert all(p.grad is None for p in model.parameters() if p is not model.classifier.weight)
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())
    for module in model.modules():
        assert not module._forward_hooks
        assert not module._forward_pre_hooks
        assert not module._backward_hooks
    assert not any(vars(value) for value in inputs.values())


def test_no_parameters_gradient_is_computed(monkeypatch):
    model, inputs, gold = heads.bert(4, 7)
    asked = []
    plain = torch.autograd.grad
    monkeypatch.setattr(
        torch.autograd,
        "grad",
        lambda out, inputs, *a, **k: asked.append(inputs) or plain(out, inputs, *a, **k),
    )
    gradient_norms(model, inputs, gold)
    parameters = {id(p) for p in model.parameters()}
    assert len(asked) == 1
    assert not {id(p) for p in asked[0]} & parameters


class Odd(torch.nn.Module):
    """Uses of parameters that no rule knows beside ones that are known."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(2)
        self.embed = torch.nn.Embedding(50, 8)
        self.conv = torch.nn.Conv1d(8, 8, 3, padding=1)
        self.attention = torch.nn.MultiheadAttention(8, 2, batch_first=True)
        self.scale = torch.nn.Parameter(torch.randn(8))
        self.start = torch.nn.Parameter(torch.randn(1, 1, 8))
        self.norm = torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(8, 8))
        self.head = torch.nn.Linear(8, 3)

    def forward(self, input_ids):
        x = self.embed(input_ids) * self.scale + self.start
        x = self.conv(x.transpose(1, 2)).transpose(1, 2)
        x = torch.cat([self.start.expand(len(x), -1, -1), x], 1)
        x = x + self.attention(x, x, x)[0]
        return type("Output", (), {"logits": self.head(self.norm(x).mean(1))})


@pytest.mark.parametrize(("batch", "tokens"), [(4, 6), (6, 6), (1, 5)])
def test_uses_that_no_rule_knows_are_counted_exactly(batch, tokens, slow_parameters):
    model, inputs, gold = Odd(), {"input_ids": heads.padded(batch, tokens)["input_ids"]}, None
    gold = heads.labels(batch, 3)
    found = gradient_norms(model, inputs, gold)
    close(found, heads.by_autograd(model, inputs, gold, classification_loss))
    assert {"conv.weight", "attention.in_proj_weight"} <= set(slow_parameters)
    assert "embed.weight" not in slow_parameters


class TimeFirst(torch.nn.Module):
    """Samples second, as sequence models used to have them."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(2)
        self.embed = torch.nn.Embedding(50, 8)
        self.layer = torch.nn.Linear(8, 8)
        self.head = torch.nn.Linear(8, 3)

    def forward(self, input_ids):
        x = torch.tanh(self.layer(self.embed(input_ids).transpose(0, 1)))
        return type("Output", (), {"logits": self.head(x.mean(0))})


def test_samples_that_are_not_first_are_not_mistaken():
    inputs, gold = {"input_ids": heads.padded(6, 6)["input_ids"]}, heads.labels(6, 3)
    model = TimeFirst()
    close(
        gradient_norms(model, inputs, gold),
        heads.by_autograd(model, inputs, gold, classification_loss),
    )


def test_a_model_without_trainable_parameters_is_refused():
    model, inputs, gold = heads.bert(2, 5)
    model.requires_grad_(False)
    with pytest.raises(ModelError, match="BertForSequenceClassification has no parameter"):
        gradient_norms(model, inputs, gold)


def test_a_loss_that_is_no_number_per_sample_is_refused():
    model, inputs, gold = heads.bert(2, 5)
    with pytest.raises(ConfigError, match=r"shape \(\); expected \(2,\)"):
        gradient_norms(model, inputs, gold, lambda out, y: classification_loss(out, y).mean())
