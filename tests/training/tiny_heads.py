"""Tiny random models of the real architectures with rows for each, and what they ought to show.

The references take one row at a time, without padding, in float64, and read like the formulas.
"""

import copy

import numpy as np
import torch
import transformers
from training import tiny

VOCABULARY = len(tiny.vocabulary())
START = 2  # [CLS], with which decoders start
SHAPE = {"vocab_size": VOCABULARY, "pad_token_id": 0, "bos_token_id": START, "eos_token_id": 3}


def seq2seq(kind):
    if kind == "t5":
        config = transformers.T5Config(
            d_model=32,
            d_kv=16,
            d_ff=48,
            num_layers=2,
            num_heads=2,
            dropout_rate=0.0,
            decoder_start_token_id=START,
            **SHAPE,
        )
        return transformers.T5ForConditionalGeneration(config)
    config = transformers.BartConfig(
        d_model=32,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=48,
        decoder_ffn_dim=48,
        max_position_embeddings=tiny.MAX_POSITIONS,
        init_std=0.3,
        dropout=0.0,
        decoder_start_token_id=START,
        forced_eos_token_id=None,
        **SHAPE,
    )
    return transformers.BartForConditionalGeneration(config)


def causal(kind):
    if kind == "gpt2":
        config = transformers.GPT2Config(
            n_embd=32,
            n_layer=2,
            n_head=2,
            n_positions=tiny.MAX_POSITIONS,
            initializer_range=0.25,
            resid_pdrop=0.0,
            embd_pdrop=0.0,
            attn_pdrop=0.0,
            **SHAPE,
        )
        return transformers.GPT2LMHeadModel(config)
    config = transformers.LlamaConfig(
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=tiny.MAX_POSITIONS,
        initializer_range=0.25,
        **SHAPE,
    )
    return transformers.LlamaForCausalLM(config)


def bert(head, **settings):
    return head(tiny.tiny_model(dropout=0.0, **settings).config)


def model_of(kind, seed=0):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if kind in ("t5", "bart"):
            return seq2seq(kind)
        if kind in ("gpt2", "llama"):
            return causal(kind)
        if kind == "spans":
            return bert(transformers.BertForQuestionAnswering, labels=2)
        return bert(transformers.BertForTokenClassification, labels=4)


def sequence_rows(kind, count, seed=0, first_id=500):
    """Rows with a label per token: ids neither consecutive nor sorted, of any length from 2 on."""
    rng = np.random.default_rng(seed)
    rows = []
    for sample_id in first_id + 3 * rng.permutation(count):
        text = rng.integers(5, VOCABULARY, rng.integers(3, 12)).tolist()
        row = {"input_ids": text, "attention_mask": [1] * len(text), "sample_id": int(sample_id)}
        if kind in ("t5", "bart"):
            row["labels"] = rng.integers(5, VOCABULARY, rng.integers(1, 7)).tolist()
        elif kind in ("gpt2", "llama"):
            prompt = int(rng.integers(1, len(text)))
            row["labels"] = [-100] * prompt + text[prompt:]
        else:
            labels = rng.integers(0, 4, len(text))
            row["labels"] = np.where(rng.random(len(text)) < 0.4, -100, labels).tolist()
            row["labels"][1] = int(labels[1])  # at least one
        rows.append(row)
    return rows


def span_rows(count, seed=0, first_id=500):
    """Features of questions: one to three each, of which some, or none, hold the answer."""
    rng = np.random.default_rng(seed)
    rows = []
    for sample_id in first_id + 3 * rng.permutation(count):
        for _ in range(rng.integers(1, 4)):
            text = rng.integers(5, VOCABULARY, rng.integers(6, 14)).tolist()
            start, end = np.sort(rng.integers(1, len(text), 2)).tolist()
            if rng.random() < 0.5:
                start = end = 0
            rows.append(
                {
                    "input_ids": text,
                    "attention_mask": [1] * len(text),
                    "start_positions": start,
                    "end_positions": end,
                    "sample_id": int(sample_id),
                }
            )
    return [rows[place] for place in rng.permutation(len(rows))]


def by_hand(z, gold):
    """What is observed of one distribution."""
    z = np.asarray(z, dtype=np.float64)
    p = np.exp(z - z.max()) / np.exp(z - z.max()).sum()
    ordered = np.sort(z)
    return {
        "loss": -np.log(p[gold]),
        "entropy": -sum(q * np.log(q) for q in p if q > 0),
        "top1": ordered[-1],
        "top2": ordered[-2],
        "gold_logit": z[gold],
        "predicted": int(z.argmax()),
    }


def span_by_hand(start, end, answers):
    """Loss, margin and entropy of a feature, every pair of places looked at."""
    start, end = np.asarray(start, dtype=np.float64), np.asarray(end, dtype=np.float64)
    pairs = {(s, e): (start[s] + end[e]) / 2 for s in range(len(start)) for e in range(len(end))}

    def observed(answer):
        others = max(z for pair, z in pairs.items() if pair != answer)
        at_start, at_end = by_hand(start, answer[0]), by_hand(end, answer[1])
        return {
            "loss": (at_start["loss"] + at_end["loss"]) / 2,
            "margin": pairs[answer] - others,
            "entropy": (at_start["entropy"] + at_end["entropy"]) / 2,
        }

    return min((observed(answer) for answer in answers), key=lambda seen: seen["loss"])


@torch.no_grad()
def outputs_alone(model, row):
    """A copy of the model in float64 and eval mode on one row."""
    model = copy.deepcopy(model).double().eval()
    inputs = {"input_ids": torch.tensor([row["input_ids"]])}
    if model.config.is_encoder_decoder:
        inputs["decoder_input_ids"] = torch.tensor([[START, *row["labels"][:-1]]])
    return model(**inputs)


def tokens_alone(kind, model, rows):
    """sample_id → (gold tokens, column → values of them), one row at a time."""
    found = {}
    for row in rows:
        z = outputs_alone(model, row).logits[0].numpy()
        places = [i for i, label in enumerate(row["labels"]) if label != -100]
        shift = 1 if kind in ("gpt2", "llama") else 0
        seen = [by_hand(z[i - shift], row["labels"][i]) for i in places]
        found[row["sample_id"]] = (
            [row["labels"][i] for i in places],
            {name: [token[name] for token in seen] for name in seen[0]},
        )
    return found


def spans_alone(model, rows):
    """sample_id → loss, margin, entropy of the feature that counts."""
    features = {}
    for row in rows:
        outputs = outputs_alone(model, row)
        starts, ends = (np.atleast_1d(row[f"{side}_positions"]) for side in ("start", "end"))
        answers = [(int(s), int(e)) for s, e in zip(starts, ends)]
        seen = span_by_hand(outputs.start_logits[0], outputs.end_logits[0], answers)
        seen["answered"] = any(answer != (0, 0) for answer in answers)
        features.setdefault(row["sample_id"], []).append(seen)
    chosen = {}
    for sample_id, seen in features.items():
        with_answer = [one for one in seen if one["answered"]]
        if with_answer:
            chosen[sample_id] = min(with_answer, key=lambda one: one["loss"])
        else:
            chosen[sample_id] = max(seen, key=lambda one: one["loss"])
    return chosen
