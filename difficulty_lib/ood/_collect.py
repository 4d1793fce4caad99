"""What a classifier, and a language model, make of texts: logits, features, losses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from difficulty_lib._errors import DataError, ModelError
from difficulty_lib._evaluating import evaluating
from difficulty_lib._extras import require
from difficulty_lib.ood._score import Array
from difficulty_lib.tasks import observe_causal_tokens
from difficulty_lib.tasks._batches import forward_columns, length_batches
from difficulty_lib.tasks.sequences import IGNORED


@dataclass(frozen=True)
class OodFeatures:
    """What a classifier makes of texts.

    Attributes:
        logits: shape (N, K).
        features: shape (N, D), what the head decides on.
        tokens: shape (N,), tokens that the model read.
        words: shape (N,), words between spaces, of the whole text.
    """

    logits: Array
    features: Array
    tokens: NDArray[np.int64]
    words: NDArray[np.int64]

    def arrays(self, train: OodFeatures | None = None, train_labels: Any = None) -> dict[str, Any]:
        """By the names that scores ask for; lengths are in words.

        Args:
            train: of the training texts.
            train_labels: shape (M,), their classes.
        """
        found: dict[str, Any] = {
            "logits": self.logits,
            "features": self.features,
            "lengths": self.words,
        }
        if train is not None:
            found |= {"train_features": train.features, "train_lengths": train.words}
            if train_labels is not None:
                found["train_labels"] = train_labels
        return found


def ood_features(
    model: Any,
    texts: Sequence[str],
    tokenizer: Any,
    *,
    max_length: int = 128,
    pooling: Literal["head", "mean"] = "head",
    batch_tokens: int | None = None,
    batch_rows: int = 256,
) -> OodFeatures:
    """Logits and features of texts, in batches of similar length, in eval mode.

    Args:
        model: a `transformers` model with a head for sequence classification.
        texts: texts.
        tokenizer: its tokenizer.
        max_length: tokens after which a text is cut.
        pooling: "head" takes what enters the head's last linear layer; "mean" the mean of the last
            hidden states over the tokens that are no padding.
        batch_tokens: padded tokens per batch; by default 1,024 on a CPU and 16,384 elsewhere.
        batch_rows: rows per batch, at most.

    Raises:
        DataError: on no texts, or something that is no text.
        ModelError: on a model without such a head, or an unknown pooling.
    """
    torch = require("torch", "train")
    texts = _checked(texts)
    if pooling not in ("head", "mean"):
        raise ModelError(f"pooling is {pooling!r}; expected head or mean")
    last = _last_linear(model)
    accepted = forward_columns(model)
    encoded = tokenizer(texts, truncation=True, max_length=max_length)
    rows = [
        {name: encoded[name][place] for name in encoded if name in accepted}
        for place in range(len(texts))
    ]
    lengths = np.array([len(row["input_ids"]) for row in rows], dtype=np.int64)
    if batch_tokens is None:
        batch_tokens = 1024 if model.device.type == "cpu" else 16384
    entered: list[Any] = []
    hook = last.register_forward_pre_hook(lambda _, inputs: entered.append(inputs[0]))
    parts, order = [], []
    try:
        with evaluating(model):
            for batch in length_batches(lengths.tolist(), batch_tokens, batch_rows):
                inputs = tokenizer.pad([rows[i] for i in batch], return_tensors="pt")
                inputs = {name: value.to(model.device) for name, value in inputs.items()}
                entered.clear()
                outputs = model(**inputs, output_hidden_states=pooling == "mean")
                if pooling == "mean":
                    mask = inputs["attention_mask"].unsqueeze(-1).to(outputs.logits.dtype)
                    pooled = (outputs.hidden_states[-1] * mask).sum(dim=1) / mask.sum(dim=1)
                else:
                    pooled = entered[-1]
                if pooled.ndim != 2:
                    raise ModelError(
                        f"{type(model).__name__}: its head reads every token, not the text; "
                        "expected an encoder, or pooling='mean'"
                    )
                parts.append((outputs.logits.float().cpu(), pooled.float().cpu()))
                order.append(batch)
    finally:
        hook.remove()
    place = np.argsort(np.concatenate(order))
    logits, features = (torch.cat(side).numpy().astype(np.float64)[place] for side in zip(*parts))
    words = np.array([len(text.split()) for text in texts], dtype=np.int64)
    return OodFeatures(logits=logits, features=features, tokens=lengths, words=words)


def text_losses(
    model: Any,
    texts: Sequence[str],
    tokenizer: Any,
    *,
    max_length: int = 128,
    batch_tokens: int | None = None,
    batch_rows: int = 64,
) -> Array:
    """Mean loss per token of texts, to a causal language model: shape (N,), in nats.

    Every token of a text is predicted, the first one from the tokenizer's begin mark, or its end
    mark where it has none. `perplexity` of the result is the score.

    Args:
        model: a causal model of `transformers`.
        texts: texts.
        tokenizer: its tokenizer.
        max_length: tokens after which a text is cut.
        batch_tokens: padded tokens per batch; by default 1,024 on a CPU and 4,096 elsewhere.
        batch_rows: rows per batch, at most.

    Raises:
        DataError: on no texts, or one without a token.
        ModelError: if the tokenizer marks neither begin nor end.
    """
    torch = require("torch", "train")
    texts = _checked(texts)
    begin = tokenizer.bos_token_id if tokenizer.bos_token_id is not None else tokenizer.eos_token_id
    if begin is None:
        raise ModelError(
            f"{type(tokenizer).__name__} marks neither begin nor end of a text; expected the "
            "tokenizer of a causal model"
        )
    encoded = tokenizer(texts, add_special_tokens=False, truncation=True, max_length=max_length)
    ids = encoded["input_ids"]
    empty = [place for place, row in enumerate(ids) if not row]
    if empty:
        raise DataError(f"text {empty[0]} has no tokens; expected text in every row")
    if batch_tokens is None:
        batch_tokens = 1024 if model.device.type == "cpu" else 4096
    found = np.empty(len(texts))
    lengths = [len(row) + 1 for row in ids]
    with evaluating(model):
        for batch in length_batches(lengths, batch_tokens, batch_rows):
            longest = max(lengths[i] for i in batch)
            inputs = torch.full((len(batch), longest), begin)
            labels = torch.full((len(batch), longest), IGNORED)
            for row, place in enumerate(batch):
                inputs[row, 1 : lengths[place]] = torch.tensor(ids[place])
                labels[row, 1 : lengths[place]] = torch.tensor(ids[place])
            mask = torch.arange(longest) < torch.tensor([[lengths[i]] for i in batch])
            logits = model(
                input_ids=inputs.to(model.device), attention_mask=mask.long().to(model.device)
            ).logits
            seen = observe_causal_tokens(logits, labels.to(model.device))
            there = seen["token_gold"] != IGNORED
            losses = seen["token_loss"].double().masked_fill(~there, 0.0)
            found[batch] = (losses.sum(dim=1) / there.sum(dim=1)).cpu().numpy()
    return found


def _checked(texts: Sequence[str]) -> list[str]:
    found = list(texts)
    strange = [place for place, text in enumerate(found) if not isinstance(text, str)]
    if isinstance(texts, str) or not found or strange:
        what = f"text {strange[0]} is {found[strange[0]]!r}" if strange else f"{len(found)} texts"
        raise DataError(f"{what}; expected a list of texts, one at least")
    return found


def _last_linear(model: Any) -> Any:
    """The layer that makes the logits: the last linear one with as many outputs as labels."""
    torch = require("torch", "train")
    labels = getattr(model.config, "num_labels", 0)
    found = [
        module
        for module in model.modules()
        if isinstance(module, torch.nn.Linear) and module.out_features == labels
    ]
    if not found or labels < 2:
        raise ModelError(
            f"{type(model).__name__} has no linear layer for its {labels} labels; expected a head "
            "for sequence classification with two classes or more"
        )
    return found[-1]
