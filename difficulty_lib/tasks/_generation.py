"""Texts that a model writes, and how sure it was of each of their tokens."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from difficulty_lib._evaluating import evaluating
from difficulty_lib._extras import require
from difficulty_lib.tasks._encoding import TaskSettings
from difficulty_lib.tasks.sequences import IGNORED, observe_tokens

# Logits of all steps that are kept at a time, and texts that are written together.
LOGITS = {"cpu": 1 << 26, "other": 1 << 28}
TEXTS = {"cpu": 16, "other": 128}


@dataclass(frozen=True)
class Written:
    """One text: its tokens up to the end mark, and their mean entropy in nats."""

    tokens: list[int]
    entropy: float


def write_texts(
    model: Any, settings: TaskSettings, prompts: list[list[int]], end: int
) -> list[Written]:
    """Let a model write after every prompt, in batches of similar length, in its own dtype.

    Decoding is greedy, or by `num_beams` beams, whatever the model's own settings say, and ends
    with the end mark or after `max_target_length` tokens. With a `no_repeat_ngram_size`, no text
    has so many tokens in a row twice; what stands in its prompt does not count (Paulus et al., 2018,
    arXiv:1705.04304). What is observed of a token is the model's distribution over the vocabulary
    at its place, before anything is ruled out.

    Args:
        model: a `transformers` model with a decoder of its own, or a causal one.
        settings: with the tokenizer that pads the prompts.
        prompts: the tokens that the model reads, without padding.
        end: the token that ends a text.
    """
    tqdm = require("tqdm.auto", "train").tqdm
    found: dict[int, Written] = {}
    lengths = np.array([len(prompt) for prompt in prompts], dtype=np.int64)
    with (
        evaluating(model),
        tqdm(
            total=len(prompts), desc="writing", unit="texts", disable=not settings.progress
        ) as bar,
    ):
        for batch in _batches(lengths, _together(model, settings)):
            inputs = _padded(settings.tokenizer, model, [prompts[place] for place in batch])
            for place, written in zip(batch.tolist(), _write(model, settings, inputs, end)):
                found[place] = written
            bar.update(len(batch))
    return [found[place] for place in range(len(prompts))]


def _together(model: Any, settings: TaskSettings) -> int:
    """Texts that are written together: as many as the kept logits allow."""
    kind = "cpu" if model.device.type == "cpu" else "other"
    vocabulary = model.get_output_embeddings().weight.shape[0]
    each = settings.max_target_length * settings.num_beams * vocabulary
    return max(1, min(TEXTS[kind] // settings.num_beams, LOGITS[kind] // each))


def _batches(lengths: NDArray[np.int64], rows: int) -> Iterator[NDArray[np.int64]]:
    order = np.argsort(-lengths, kind="stable")
    for start in range(0, len(order), rows):
        yield order[start : start + rows]


def _padded(tokenizer: Any, model: Any, prompts: list[list[int]]) -> dict[str, Any]:
    """Prompts of one length; those of a causal model start with the padding and end together."""
    side = "right" if model.config.is_encoder_decoder else "left"
    batch = tokenizer.pad(
        {"input_ids": prompts, "attention_mask": [[1] * len(prompt) for prompt in prompts]},
        padding_side=side,
        return_tensors="pt",
    )
    return {name: value.to(model.device) for name, value in batch.items()}


def _write(model: Any, settings: TaskSettings, inputs: dict[str, Any], end: int) -> list[Written]:
    start = 1 if model.config.is_encoder_decoder else inputs["input_ids"].shape[1]
    outputs = model.generate(
        **inputs,
        **_read_once(model, inputs, settings.num_beams),
        generation_config=_decoding(settings, end),
        logits_processor=_ruled_out(settings.no_repeat_ngram_size, start),
    )
    tokens = outputs.sequences[:, start:]
    # The end mark is a token; what follows it is padding, which may be the same token.
    past = (tokens == end).cumsum(dim=1) - (tokens == end).long() > 0
    entropy = _entropies(outputs, tokens.masked_fill(past, IGNORED)).masked_fill(past, 0.0)
    counts = (~past).sum(dim=1)
    means = (entropy.sum(dim=1) / counts).tolist()
    return [
        Written(tokens=row[:count], entropy=mean)
        for row, count, mean in zip(tokens.tolist(), counts.tolist(), means)
    ]


def _read_once(model: Any, inputs: dict[str, Any], beams: int) -> dict[str, Any]:
    """What a causal model keeps of the prompts, for every beam: `generate` would read one per beam.

    The last token is left, for what it is followed by is asked then. Empty where there is one beam,
    where an encoder reads (once, as it is), or where the model's cache cannot be repeated.
    """
    mask = inputs["attention_mask"]
    known = inspect.signature(model.forward).parameters
    if beams == 1 or model.config.is_encoder_decoder or mask.shape[1] < 2:
        return {}
    places = (mask.cumsum(dim=1) - 1).clamp(min=0)
    more = {"position_ids": places[:, :-1], "logits_to_keep": 1}
    with require("torch", "train").no_grad():
        outputs = model(
            input_ids=inputs["input_ids"][:, :-1],
            attention_mask=mask[:, :-1],
            use_cache=True,
            **{name: value for name, value in more.items() if name in known},
        )
    cache: Any = getattr(outputs, "past_key_values", None)
    if not hasattr(cache, "batch_repeat_interleave"):
        return {}
    cache.batch_repeat_interleave(beams)
    return {"past_key_values": cache}


def _ruled_out(repeated: int, start: int) -> list[Any]:
    """What rules tokens out that would repeat so many in a row, in what is written from `start`."""
    if not repeated:
        return []
    rule = require("transformers", "train").NoRepeatNGramLogitsProcessor(repeated)
    return [lambda tokens, logits: rule(tokens[:, start:], logits)]


def _entropies(outputs: Any, gold: Any) -> Any:
    """The entropy of the distribution that each token was chosen from, shape (texts, tokens)."""
    torch = require("torch", "train")
    beams = getattr(outputs, "beam_indices", None)
    seen = []
    for step, logits in enumerate(outputs.logits[: gold.shape[1]]):
        # Of beams, that which the text went through, −1 past its end; logits (texts, vocabulary).
        chosen = logits if beams is None else logits[beams[:, step].clamp(min=0)]
        column = observe_tokens(chosen[:, None], gold[:, step, None])["token_entropy"]
        seen.append(column.double())
    return torch.cat(seen, dim=1)


def _decoding(settings: TaskSettings, end: int) -> Any:
    """What a model's own settings would otherwise fill in is said here."""
    return require("transformers", "train").GenerationConfig(
        max_new_tokens=settings.max_target_length,
        num_beams=settings.num_beams,
        do_sample=False,
        early_stopping=False,
        length_penalty=1.0,
        repetition_penalty=1.0,
        no_repeat_ngram_size=0,
        encoder_no_repeat_ngram_size=0,
        min_length=0,
        eos_token_id=end,
        pad_token_id=settings.tokenizer.pad_token_id,
        use_cache=True,
        return_dict_in_generate=True,
        output_logits=True,
    )
