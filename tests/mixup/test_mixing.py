"""Mixtures in embeddings, hidden layers and the head against a loop over layers, pair by pair."""

import numpy as np
import pytest
import torch
import transformers
from refusals import raises_one_line
from training import tiny, tiny_heads

from difficulty_lib._errors import ConfigError, ModelError
from difficulty_lib.mixup import mixed_logits, mixed_targets, soft_cross_entropy

FIRST = tiny.labelled_texts(7, seed=1)[0]
SECOND = tiny.labelled_texts(7, seed=2, shortest=1, longest=20)[0]
WEIGHTS = torch.tensor([0.0, 0.1, 0.3, 0.5, 0.8, 0.99, 1.0], dtype=torch.float64)
KINDS = ("bert", "roberta", "distilbert", "electra")
LAYERS = (0, 1, "head")


@pytest.fixture(autouse=True)
def _alone(one_thread, no_gpu):
    pass


def classifier(kind, dropout=0.0):
    if kind == "bert":
        return tiny.tiny_model(dropout=dropout).double().eval()
    shared = {
        "vocab_size": len(tiny.vocabulary()),
        "initializer_range": 0.25,
        "max_position_embeddings": 80,
        "num_labels": 3,
        "pad_token_id": 0,
    }
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    sizes |= {"intermediate_size": 48}
    made = {
        "roberta": lambda: transformers.RobertaForSequenceClassification(
            transformers.RobertaConfig(**shared, **sizes)
        ),
        "electra": lambda: transformers.ElectraForSequenceClassification(
            transformers.ElectraConfig(embedding_size=16, **shared, **sizes)
        ),
        "distilbert": lambda: transformers.DistilBertForSequenceClassification(
            transformers.DistilBertConfig(dim=32, n_layers=2, n_heads=2, hidden_dim=48, **shared)
        ),
    }
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return made[kind]().double().eval()


def sides(model, first=FIRST, second=SECOND):
    both = tiny.tiny_tokenizer()([*first, *second], padding=True, return_tensors="pt")
    names = ["input_ids", "attention_mask"]
    half = len(first)
    return [{n: both[n][part] for n in names} for part in (slice(half), slice(half, None))]


def hidden_of(model, text, layer):
    """What enters the layer, of one text by itself: shape (1, tokens, width)."""
    inputs = tiny.tiny_tokenizer()(text, return_tensors="pt")["input_ids"]
    return model(input_ids=inputs, output_hidden_states=True).hidden_states[layer]


def slow_logits(model, first, second, lam, layer):
    """One pair, without masks: states are padded with zeros, and go through layer after layer."""
    base = model.base_model
    layers = base.transformer.layer if hasattr(base, "transformer") else base.encoder.layer
    place = len(layers) if layer == "head" else layer
    states = [hidden_of(model, text, place) for text in (first, second)]
    if layer == "head":  # only the first token is looked at, so that padding does not matter
        hidden = sum(w * h[:, :1] for w, h in zip((lam, 1 - lam), states))
    else:
        # A text without weight is not there, nor are its positions.
        states = [h for h, w in zip(states, (lam, 1 - lam)) if w > 0]
        weights = [w for w in (lam, 1 - lam) if w > 0]
        longest = max(h.shape[1] for h in states)
        hidden = sum(
            w * torch.nn.functional.pad(h, (0, 0, 0, longest - h.shape[1]))
            for w, h in zip(weights, states)
        )
        for module in layers[place:]:
            out = module(hidden, None)
            hidden = out[0] if isinstance(out, tuple) else out
    if hasattr(base, "pooler") and base.pooler is not None:
        return model.classifier(base.pooler(hidden))[0]
    if hasattr(model, "pre_classifier"):
        return model.classifier(torch.relu(model.pre_classifier(hidden[:, 0])))[0]
    return model.classifier(hidden)[0]


@pytest.mark.parametrize("layer", [0, 1])
@pytest.mark.parametrize("kind", KINDS)
def test_mixtures_are_the_slow_ones(kind, layer):
    model = classifier(kind)
    with torch.no_grad():
        found = mixed_logits(model, *sides(model), WEIGHTS, layer)
        for row, (first, second, lam) in enumerate(zip(FIRST, SECOND, WEIGHTS.tolist())):
            expected = slow_logits(model, first, second, lam, layer)
            np.testing.assert_allclose(found[row], expected, atol=1e-10)


@pytest.mark.parametrize("kind", ["roberta", "electra"])
def test_mixtures_of_last_states(kind):
    model = classifier(kind)
    with torch.no_grad():
        found = mixed_logits(model, *sides(model), WEIGHTS, "head")
        for row, (first, second, lam) in enumerate(zip(FIRST, SECOND, WEIGHTS.tolist())):
            expected = slow_logits(model, first, second, lam, "head")
            np.testing.assert_allclose(found[row], expected, atol=1e-10)


@pytest.mark.parametrize("kind", ["bert", "distilbert"])
def test_at_a_linear_head_logits_are_mixed(kind):
    model = classifier(kind)
    with torch.no_grad():
        first, second = sides(model)
        lam = WEIGHTS[:, None]
        expected = lam * model(**first).logits + (1 - lam) * model(**second).logits
        found = mixed_logits(model, first, second, WEIGHTS, "head")
    np.testing.assert_allclose(found, expected, atol=1e-10)


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_weight_of_one_is_no_mixup_and_of_zero_the_other_text(kind, layer):
    model = classifier(kind)
    first, second = sides(model)
    ones = torch.ones(len(FIRST), dtype=torch.float64)
    for weight, alone in ((ones, first), (1 - ones, second)):
        model.zero_grad()
        plain = model(**alone).logits
        plain.square().sum().backward()
        expected = {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}
        model.zero_grad()
        found = mixed_logits(model, first, second, weight, layer)
        found.square().sum().backward()
        np.testing.assert_allclose(found.detach(), plain.detach(), atol=1e-12)
        for name, p in model.named_parameters():
            if name in expected:
                np.testing.assert_allclose(p.grad, expected[name], atol=1e-9, err_msg=name)


@pytest.mark.parametrize("layer", LAYERS)
def test_more_padding_changes_nothing(layer):
    model = classifier("bert")
    first, second = sides(model)
    wider = [
        {n: torch.nn.functional.pad(v, (0, 5)) for n, v in part.items()} for part in (first, second)
    ]
    with torch.no_grad():
        np.testing.assert_allclose(
            mixed_logits(model, *wider, WEIGHTS, layer),
            mixed_logits(model, first, second, WEIGHTS, layer),
            atol=1e-10,
        )


@pytest.mark.parametrize("layer", [0, 1])
def test_every_layer_and_both_texts_get_gradients_and_the_model_is_left_as_it_was(layer):
    model = classifier("bert").train()
    first, second = sides(model, ["sad"] * 2, ["glad"] * 2)
    forwards = [module.forward for module in model.modules()]
    weight = torch.full((2,), 0.5, dtype=torch.float64)
    mixed_logits(model, first, second, weight, layer).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())
    words = model.bert.embeddings.word_embeddings.weight.grad
    read = tiny.vocabulary()
    assert words[read["sad"]].abs().sum() > 0
    assert words[read["glad"]].abs().sum() > 0
    assert [module.forward for module in model.modules()] == forwards
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


def test_soft_targets_are_the_mixed_losses():
    logits = torch.tensor(np.random.default_rng(0).normal(size=(7, 3)))
    gold = torch.tensor([0, 1, 2, 0, 1, 2, 0]), torch.tensor([0, 2, 1, 1, 1, 0, 2])
    losses = [torch.nn.functional.cross_entropy(logits, g, reduction="none") for g in gold]
    expected = (WEIGHTS * losses[0] + (1 - WEIGHTS) * losses[1]).mean()
    found = soft_cross_entropy(logits, mixed_targets(*gold, WEIGHTS, 3))
    assert found.item() == pytest.approx(expected.item(), abs=1e-12)
    ones = torch.ones(7, dtype=torch.float64)
    smooth = soft_cross_entropy(logits, mixed_targets(*gold, ones, 3, smoothing=0.1))
    expected = torch.nn.functional.cross_entropy(logits, gold[0], label_smoothing=0.1)
    assert smooth.item() == pytest.approx(expected.item(), abs=1e-12)


def test_refusals():
    model = classifier("bert")
    first, second = sides(model)
    for layer in (2, -1, "embedding", True):
        raises_one_line(
            lambda layer=layer: mixed_logits(model, first, second, WEIGHTS, layer),
            *(repr(layer), "0 to 1", "'head'"),
            kind=ConfigError,
        )
    raises_one_line(
        lambda: mixed_logits(tiny_heads.model_of("gpt2", 0), first, second, WEIGHTS),
        *("cannot be mixed", "classifier"),
        kind=ModelError,
    )
    short = {name: value[:, :3] for name, value in second.items()}
    raises_one_line(
        lambda: mixed_logits(model, first, short, WEIGHTS), "(7, 3)", "same", kind=ModelError
    )
    raises_one_line(
        lambda: mixed_logits(model, first, second, WEIGHTS[:2]), "(2,)", "7", kind=ModelError
    )
