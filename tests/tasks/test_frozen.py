"""Frozen layers: the same training as with every row passed through all layers at every step."""

from contextlib import contextmanager

import numpy as np
import pytest
import tiny_words
import torch
from tiny_words import TASK, dialogues
from training import tiny

from difficulty_lib._errors import ConfigError, ModelError
from difficulty_lib.tasks import TASKS
from difficulty_lib.training import RunConfig, get_or_train
from difficulty_lib.training import _frozen as frozen
from difficulty_lib.training._models import load_model


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("DIFFICULTY_RUNS", str(tmp_path / "runs"))
    tiny_words.model_of("llama").save_pretrained(tmp_path / "llama")
    tiny.tiny_tokenizer().save_pretrained(tmp_path / "llama")
    return tmp_path / "llama"


def data():
    return tiny_words.talks(18, 9)


def config(folder, **settings):
    return tiny_words.run_of(
        folder, "llama", **({"record_training": True, "frozen_layers": 1} | settings)
    )


@contextmanager
def slow_reference(model, splits, layers, *, progress=False):
    """All rows through all layers, always; the same weights are trained."""
    model.requires_grad_(False)
    for name, parameter in model.named_parameters():
        upper = any(f"layers.{i}." in name for i in range(layers, 8)) or name == "model.norm.weight"
        parameter.requires_grad_(upper)
    yield dict(splits)


def test_a_run_is_the_slow_ones(folder, monkeypatch, tmp_path):
    fast = get_or_train(config(folder), data(), progress=False)
    monkeypatch.setattr(frozen, "frozen_layers", slow_reference)
    slow = get_or_train(config(folder), data(), runs=tmp_path / "slow", progress=False)
    for split, stream in (("validation", "evaluation"), ("train", "training")):
        ours, theirs = (run.dynamics.stream(split, stream) for run in (fast, slow))
        np.testing.assert_array_equal(ours.ids, theirs.ids)
        np.testing.assert_allclose(ours.matrix("loss"), theirs.matrix("loss"), atol=1e-5)
        assert ours.matrix("loss")[-1].mean() < ours.matrix("loss")[0].mean() - 0.05
    written = [run.outputs("validation")["generated"].tolist() for run in (fast, slow)]
    assert written[0] == written[1]


def test_it_writes_after_a_mixed_precision_training(folder):
    run = get_or_train(config(folder, precision="bfloat16"), data(), progress=False)
    assert len(run.outputs("validation")) == 9


def test_it_is_another_run_than_one_without(folder):
    hashes = {config(folder, frozen_layers=n, data_fingerprint="x").hash for n in (0, 1)}
    assert len(hashes) == 2
    assert config(folder).to_dict()["frozen_layers"] == 1


def split_of(tokenizer):
    encode = TASKS["summarization-causal"].encode
    return encode(dialogues(7), tiny_words.settings_of(tokenizer))


def test_each_row_enters_above_the_frozen_layers_and_the_model_is_whole_afterwards(tokenizer):
    model = tiny_words.model_of("llama").eval()
    kind, weights = type(model), {n: p.clone() for n, p in model.named_parameters()}
    rows = split_of(tokenizer)
    seen = []
    hook = model.model.layers[0].register_forward_hook(lambda *_: seen.append(1))
    with frozen.frozen_layers(model, {"train": rows}, 1) as placed:
        seen.clear()
        collated = TASKS["summarization-causal"].collate(tokenizer, model)(
            [{k: v for k, v in row.items() if k != "sample_id"} for row in placed["train"].rows]
        )
        loss = model(**collated).loss
        assert not seen  # the frozen layer was not asked
        loss.backward()
        got = {name for name, p in model.named_parameters() if p.grad is not None}
    hook.remove()
    assert got == {
        n for n in weights if n.startswith("model.layers.1.") or n == "model.norm.weight"
    }
    assert type(model) is kind
    assert len(model.model.layers) == 2
    assert all(p.requires_grad for p in model.parameters())
    assert not hasattr(model, "frozen_states")
    plain = {k: v for k, v in collated.items() if k != "state_row"}
    torch.testing.assert_close(model(**plain).loss, loss, atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("kind", "layers", "said"),
    [
        ("llama", 2, "the model has 2 layers"),
        ("gpt2", 1, "no 'model.layers'"),
        ("t5", 1, "no 'model.layers'"),
    ],
)
def test_a_model_that_cannot_be_split_is_refused(tokenizer, kind, layers, said):
    model = tiny_words.model_of(kind)
    with (
        pytest.raises(ModelError, match=said),
        frozen.frozen_layers(model, {"train": split_of(tokenizer)}, layers),
    ):
        pass


def test_dropout_is_refused(tokenizer):
    model = tiny_words.model_of("llama")
    model.config.attention_dropout = 0.1
    with (
        pytest.raises(ModelError, match="dropout"),
        frozen.frozen_layers(model, {"train": split_of(tokenizer)}, 1),
    ):
        pass


def test_a_model_that_does_more_with_embeddings_than_pass_them_on_is_found_out(
    tokenizer, monkeypatch
):
    model = tiny_words.model_of("llama")
    own = type(model.model).forward

    def scaled(self, *args, inputs_embeds=None, **kwargs):  # as Gemma does
        if inputs_embeds is not None:
            inputs_embeds = inputs_embeds * 32**0.5
        return own(self, *args, inputs_embeds=inputs_embeds, **kwargs)

    monkeypatch.setattr(type(model.model), "forward", scaled)
    with (
        pytest.raises(ModelError, match="two parts"),
        frozen.frozen_layers(model, {"train": split_of(tokenizer)}, 1),
    ):
        pass
    assert all(p.requires_grad for p in model.parameters())


@pytest.mark.parametrize("given", [-1, 1.5, True])
def test_what_is_no_number_of_layers_is_refused(given):
    with pytest.raises(ConfigError, match="frozen_layers"):
        RunConfig(dataset="x", task="summarization-causal", frozen_layers=given)


@pytest.mark.parametrize("task", ["sentiment", TASK["t5"]])
def test_other_tasks_have_none(task):
    with pytest.raises(ConfigError, match="no causal model"):
        RunConfig(dataset="x", task=task, frozen_layers=2)


def test_a_loaded_model_can_be_split(folder):
    tokenizer, model = load_model(str(folder), "summarization-causal", (), "")
    with frozen.frozen_layers(model, {"train": split_of(tokenizer)}, 1) as placed:
        assert [row["state_row"] for row in placed["train"].rows] == list(range(7))
