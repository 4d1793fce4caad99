"""Tiny random models of every head, with padded batches, and the slow references."""

import torch
import transformers as tf
from training import tiny

from difficulty_lib.gradients import causal_loss, classification_loss, sequence_loss


def padded(batch, tokens, seed=0):
    """Token ids and mask, every sample of another length down to two tokens."""
    generator = torch.Generator().manual_seed(seed)
    mask = torch.ones(batch, tokens, dtype=torch.long)
    for place in range(batch):
        mask[place, max(2, tokens - place) :] = 0
    ids = torch.randint(3, 40, (batch, tokens), generator=generator)
    return {"input_ids": ids * mask, "attention_mask": mask}


def labels(batch, classes, seed=0):
    return torch.randint(0, classes, (batch,), generator=torch.Generator().manual_seed(seed))


def bert(batch, tokens, classes=3):
    return tiny.tiny_model(labels=classes), padded(batch, tokens), labels(batch, classes)


def _gpt2(head, classes=3, **settings):
    torch.manual_seed(1)
    config = tf.GPT2Config(
        vocab_size=50, n_embd=16, n_layer=2, n_head=2, n_positions=32, initializer_range=0.3,
        pad_token_id=0, eos_token_id=1, bos_token_id=1, num_labels=classes, **settings,
    )  # fmt: skip
    return head(config)


def gpt2(batch, tokens, **settings):
    inputs = padded(batch, tokens)
    gold = inputs["input_ids"].masked_fill(inputs["attention_mask"] == 0, -100)
    return _gpt2(tf.GPT2LMHeadModel, **settings), inputs, gold


def gpt2_classifier(batch, tokens, classes=3):
    model = _gpt2(tf.GPT2ForSequenceClassification, classes)
    return model, padded(batch, tokens), labels(batch, classes)


def _targets(batch, tokens, inputs):
    gold = padded(batch, tokens, seed=7)
    inputs["decoder_input_ids"] = padded(batch, tokens, seed=8)["input_ids"]
    return gold["input_ids"].masked_fill(gold["attention_mask"] == 0, -100)


def t5(batch, tokens, **settings):
    torch.manual_seed(1)
    config = tf.T5Config(
        vocab_size=50, d_model=16, d_kv=8, d_ff=24, num_layers=2, num_heads=2,
        relative_attention_num_buckets=8, decoder_start_token_id=0, **settings,
    )  # fmt: skip
    inputs = padded(batch, tokens)
    return tf.T5ForConditionalGeneration(config), inputs, _targets(batch, 5, inputs)


def bart(batch, tokens):
    torch.manual_seed(1)
    inputs = padded(batch, tokens)
    gold = _targets(batch, 5, inputs)
    return tf.BartForConditionalGeneration(_bart()), inputs, gold


def _bart(classes=3):
    return tf.BartConfig(
        vocab_size=50, d_model=16, encoder_layers=2, decoder_layers=2, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=24, decoder_ffn_dim=24, init_std=0.3,
        max_position_embeddings=32, pad_token_id=0, eos_token_id=2, decoder_start_token_id=2,
        num_labels=classes,
    )  # fmt: skip


def albert(batch, tokens, classes=3):
    torch.manual_seed(1)
    config = tf.AlbertConfig(
        vocab_size=50, embedding_size=12, hidden_size=16, num_hidden_layers=3, intermediate_size=24,
        num_attention_heads=2, max_position_embeddings=32, initializer_range=0.3,
        num_labels=classes, hidden_dropout_prob=0.1,
    )  # fmt: skip
    model = tf.AlbertForSequenceClassification(config)
    return model, padded(batch, tokens), labels(batch, classes)


LOSSES = {
    bert: classification_loss,
    gpt2: causal_loss,
    gpt2_classifier: classification_loss,
    t5: sequence_loss,
    bart: sequence_loss,
    albert: classification_loss,
}


def by_torch_func(model, inputs, gold, loss):
    """Norms from torch.func: vmap of grad over all trainable parameters at once."""
    trainable = {n: p.detach().double() for n, p in model.named_parameters() if p.requires_grad}
    fixed = {n: p.detach().double() for n, p in model.named_parameters() if not p.requires_grad}
    model.set_attn_implementation("eager")  # vmap has no rule for the fused attention
    model.config.pad_token_id = None  # nor can it follow the search for padding
    model.double().eval()

    def one(parameters, row, label):
        outputs = torch.func.functional_call(
            model, (parameters, fixed), (), {k: v.unsqueeze(0) for k, v in row.items()}
        )
        return loss(outputs, label.unsqueeze(0))[0]

    gradients = torch.func.vmap(torch.func.grad(one), (None, 0, 0))(trainable, inputs, gold)
    return sum(g.flatten(1).square().sum(1) for g in gradients.values()).sqrt()


_COMMON = {
    "vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
    "intermediate_size": 24, "initializer_range": 0.3, "max_position_embeddings": 40,
    "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2,
}  # fmt: skip


def _family(head, config, loss, **settings):
    """(batch, tokens) → model, inputs, labels and loss of another family of models."""

    def make(batch, tokens):
        torch.manual_seed(1)
        given = {k: v for k, v in (_COMMON | settings).items() if v is not None}
        model = getattr(tf, head)(getattr(tf, config)(**given))
        inputs = padded(batch, tokens)
        if loss is classification_loss:
            return model, inputs, labels(batch, 2), loss
        return (
            model,
            inputs,
            inputs["input_ids"].masked_fill(inputs["attention_mask"] == 0, -100),
            loss,
        )

    return make


# Position ids from the mask, rotary positions, tied heads with a bias, relative positions through
# the content's projections, samples second, and experts that see a choice of the tokens.
FAMILIES = {
    "roberta": _family("RobertaForSequenceClassification", "RobertaConfig", classification_loss),
    "modernbert": _family(
        "ModernBertForSequenceClassification", "ModernBertConfig", classification_loss,
        cls_token_id=3, sep_token_id=4,
    ),
    "bert-mlm": _family("BertForMaskedLM", "BertConfig", sequence_loss),
    "qwen2": _family(
        "Qwen2ForCausalLM", "Qwen2Config", causal_loss,
        tie_word_embeddings=True, num_key_value_heads=2,
    ),
    "deberta": _family(
        "DebertaV2ForSequenceClassification", "DebertaV2Config", classification_loss,
        relative_attention=True, pos_att_type=["p2c", "c2p"], position_buckets=8,
        position_biased_input=False, norm_rel_ebd="layer_norm", share_att_key=True,
    ),
    "xlnet": _family(
        "XLNetForSequenceClassification", "XLNetConfig", classification_loss,
        d_model=16, n_layer=2, n_head=2, d_inner=24, max_position_embeddings=None,
    ),
    "mixtral": _family(
        "MixtralForCausalLM", "MixtralConfig", causal_loss,
        num_local_experts=3, num_key_value_heads=2,
    ),
}  # fmt: skip
NOT_FACTORED = ("deberta", "xlnet", "mixtral")  # some of their parameters go sample by sample


def by_autograd(model, inputs, gold, loss):
    """Norms from a plain backward pass of each sample on its own."""
    model.eval()
    trainable = [p for p in model.parameters() if p.requires_grad]
    norms = []
    for place in range(len(gold)):
        row = {name: value[place : place + 1] for name, value in inputs.items()}
        value = loss(model(**row), gold[place : place + 1]).sum()
        gradients = torch.autograd.grad(value, trainable, allow_unused=True)
        norms.append(sum(g.double().square().sum() for g in gradients if g is not None).sqrt())
    return torch.stack(norms)
