"""Logits, features and losses of texts: one batch equals one by one, and models of several kinds."""

import math

import numpy as np
import pytest
import torch
import transformers
from refusals import raises_one_line
from training import tiny, tiny_heads

from difficulty_lib._errors import ModelError
from difficulty_lib.ood import OOD_SCORES, ood_features, text_losses

TEXTS = tiny.labelled_texts(23, shortest=1, longest=30)[0]
SHAPE = {
    "vocab_size": len(tiny.vocabulary()),
    "initializer_range": 0.25,
    "max_position_embeddings": 80,
    "num_labels": 3,
    "pad_token_id": 0,
}


@pytest.fixture(autouse=True)
def _alone(one_thread, no_gpu):
    pass


def classifier(kind):
    if kind == "bert":
        return tiny.tiny_model()
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    sizes |= {"intermediate_size": 48}
    made = {
        "roberta": lambda: transformers.RobertaForSequenceClassification(
            transformers.RobertaConfig(**SHAPE, **sizes)
        ),
        "electra": lambda: transformers.ElectraForSequenceClassification(
            transformers.ElectraConfig(embedding_size=16, **SHAPE, **sizes)
        ),
        "distilbert": lambda: transformers.DistilBertForSequenceClassification(
            transformers.DistilBertConfig(dim=32, n_layers=2, n_heads=2, hidden_dim=48, **SHAPE)
        ),
    }
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return made[kind]()


@pytest.mark.parametrize("pooling", ["head", "mean"])
@pytest.mark.parametrize("kind", ["bert", "roberta", "electra", "distilbert"])
def test_batches_equal_one_by_one(kind, pooling):
    model, tokenizer = classifier(kind), tiny.tiny_tokenizer()
    model.train()
    found = ood_features(model, TEXTS, tokenizer, pooling=pooling, max_length=24)
    assert model.training
    model.eval()
    for place, text in enumerate(TEXTS):
        inputs = tokenizer(text, truncation=True, max_length=24, return_tensors="pt")
        del inputs["token_type_ids"]
        with torch.no_grad():
            outputs = model(**inputs, output_hidden_states=True)
        np.testing.assert_allclose(found.logits[place], outputs.logits[0], atol=1e-5)
        if pooling == "mean":
            expected = outputs.hidden_states[-1][0].mean(dim=0)
            np.testing.assert_allclose(found.features[place], expected, atol=1e-5)
        assert found.tokens[place] == inputs["input_ids"].shape[1]
        assert found.words[place] == len(text.split())
    assert found.tokens.max() == 24  # some were cut
    single = ood_features(model, TEXTS, tokenizer, pooling=pooling, max_length=24, batch_rows=1)
    np.testing.assert_allclose(found.features, single.features, atol=1e-5)


@pytest.mark.parametrize("kind", ["bert", "roberta", "electra", "distilbert"])
def test_the_heads_features_make_the_logits(kind):
    model = classifier(kind)
    found = ood_features(model, TEXTS, tiny.tiny_tokenizer())
    layer = getattr(model.classifier, "out_proj", model.classifier)
    weight, bias = (p.detach().numpy() for p in (layer.weight, layer.bias))
    np.testing.assert_allclose(found.features @ weight.T + bias, found.logits, atol=1e-5)


def test_arrays_are_enough_for_every_score_but_perplexity():
    model, tokenizer = tiny.tiny_model(), tiny.tiny_tokenizer()
    train_texts, train_labels = tiny.labelled_texts(60, seed=5)
    train = ood_features(model, train_texts, tokenizer)
    arrays = ood_features(model, TEXTS, tokenizer).arrays(train, train_labels)
    assert {name for name in OOD_SCORES if not OOD_SCORES[name].available(arrays)} == {"perplexity"}
    assert OOD_SCORES["mahalanobis"](arrays).shape == (len(TEXTS),)


def writer_tokenizer():
    tokenizer = tiny.tiny_tokenizer()
    tokenizer.bos_token = "[CLS]"
    return tokenizer


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
def test_losses_are_those_of_one_text_at_a_time(kind):
    model, tokenizer = tiny_heads.model_of(kind, 0), writer_tokenizer()
    found = text_losses(model, TEXTS, tokenizer, max_length=20, batch_tokens=200)
    exact = model.double().eval()
    for text, value in zip(TEXTS, found):
        ids = tokenizer(text, add_special_tokens=False)["input_ids"][:20]
        with torch.no_grad():
            z = exact(input_ids=torch.tensor([[tiny_heads.START, *ids]])).logits[0, :-1]
        log_p = torch.log_softmax(z, dim=-1)
        slow = -sum(float(log_p[t, token]) for t, token in enumerate(ids)) / len(ids)
        assert value == pytest.approx(slow, rel=1e-4)


def test_the_end_mark_where_there_is_no_begin_mark():
    model, tokenizer = tiny_heads.model_of("gpt2", 0), tiny.tiny_tokenizer()
    assert tokenizer.bos_token_id is None
    raises_one_line(
        lambda: text_losses(model, TEXTS, tokenizer), "neither begin nor end", kind=ModelError
    )
    tokenizer.eos_token = "[CLS]"
    found = text_losses(model, TEXTS, tokenizer)
    np.testing.assert_allclose(found, text_losses(model, TEXTS, writer_tokenizer()))
    assert math.isfinite(found.sum())


def test_refusals():
    model, tokenizer = tiny.tiny_model(), tiny.tiny_tokenizer()
    raises_one_line(lambda: ood_features(model, [], tokenizer), "0 texts")
    raises_one_line(lambda: ood_features(model, ["a", None], tokenizer), "text 1 is None")
    raises_one_line(lambda: ood_features(model, "a text", tokenizer), "list of texts")
    raises_one_line(
        lambda: ood_features(model, TEXTS, tokenizer, pooling="cls"), "'cls'", kind=ModelError
    )
    headless = tiny_heads.model_of("gpt2", 0)
    headless.config.num_labels = 3
    raises_one_line(
        lambda: ood_features(headless, TEXTS, tokenizer), "no linear layer", kind=ModelError
    )
    writer = writer_tokenizer()
    raises_one_line(lambda: text_losses(headless, ["a", "  "], writer), "text 1 has no tokens")
