"""What recording costs, as ratios from alternating runs on this machine.

Prints, for MiniLM on one split:

1. the training stream: an epoch of fine-tuning with and without the recorder, alternating, and
   the recorder's own seconds as a share of the epoch;
2. the evaluation stream: recording a split against its forward passes alone;
3. the paper's pass, one sample at a time, against the batched one, both in float32, and the
   largest difference between their losses.

Usage: python benchmarks/recording.py [DATASET] [--rounds N] [--train N] [--split N] [--json FILE]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
import transformers
from rows import keep, row
from timed import TimedRecorder

from difficulty_lib._evaluating import evaluating
from difficulty_lib.data import load_data
from difficulty_lib.tasks import TASKS, TaskSettings, observe_classification
from difficulty_lib.tasks._batches import length_batches
from difficulty_lib.tasks.classification import encode_classes
from difficulty_lib.training import RunConfig, observe_split
from difficulty_lib.training._evaluation import ELSEWHERE, ON_CPU
from difficulty_lib.training._fine_tune import study_trainer
from difficulty_lib.training._models import load_model
from difficulty_lib.training._seed import quiet, seed_everything


def seconds(function):
    start = time.perf_counter()
    result = function()
    return time.perf_counter() - start, result


def epoch(config, tokenizer, model, train, record):
    """Seconds of one epoch, and of them the recorder's."""
    seed_everything(1)
    with tempfile.TemporaryDirectory() as folder:
        recorder = TimedRecorder(Path(folder)) if record else None
        callbacks = [recorder] if recorder else []
        trainer = study_trainer(config, model, tokenizer, train, Path(folder), callbacks, recorder)
        took, _ = seconds(trainer.train)
    return took, recorder.seconds if recorder else 0.0


def forward_only(model, rows, collate):
    """The same batches without observing anything."""
    samples = [
        {k: v for k, v in r.items() if k in ("input_ids", "attention_mask", "token_type_ids")}
        for r in rows.rows
    ]
    batches = ON_CPU if model.device.type == "cpu" else ELSEWHERE
    with evaluating(model):
        for batch in length_batches(rows.lengths, rows=256, **batches):
            inputs = collate([samples[i] for i in batch])
            model(**{k: v.to(model.device) for k, v in inputs.items()})


def one_by_one(model, tokenizer, texts, labels):
    """The paper's pass: one text at a time, unpadded; loss and entropy of each."""
    losses = []
    with evaluating(model):
        for text, label in zip(texts, labels):
            inputs = tokenizer(text, return_tensors="pt", truncation=True, max_length=128)
            logits = model(**inputs.to(model.device)).logits
            seen = observe_classification(logits, torch.tensor([label], device=model.device))
            losses.append((seen["loss"].item(), seen["entropy"].item())[0])
    return np.array(losses)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("dataset", nargs="?", default="rated-sentences")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--train", type=int, default=640)
    parser.add_argument("--split", type=int, default=500)
    parser.add_argument("--json", type=Path, default=None, help="write the rows here, too")
    given = parser.parse_args()
    data = load_data(given.dataset).subset(
        {"train": given.train, "validation": given.split, "test": 1}
    )
    config = RunConfig(dataset=given.dataset, epochs=1)
    with quiet():
        tokenizer, model = load_model(config.model, config.task, data.label_names, "")
        train = encode_classes(data["train"], TaskSettings(tokenizer, data.text_columns, 128))
        split = encode_classes(data["validation"], TaskSettings(tokenizer, data.text_columns, 128))
        collate = transformers.DataCollatorWithPadding(tokenizer)
        texts, labels = data["validation"]["text"].tolist(), data["validation"]["label"].tolist()
        device = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "CPU"
        print(
            f"{given.dataset}, {len(train)} training, {len(split)} validation samples, "
            f"{split.lengths.mean():.1f} tokens on average, {device}, {torch.get_num_threads()} threads"
        )
        rows = []
        epoch(config, tokenizer, model, train, record=False)  # warm-up
        ratios, shares, own_us = [], [], []
        for _ in range(given.rounds):
            plain, _unused = epoch(config, tokenizer, model, train, record=False)
            recorded, own = epoch(config, tokenizer, model, train, record=True)
            ratios.append(recorded / plain)
            shares.append(100 * own / recorded)
            own_us.append(1e6 * own / len(train))
        rows += [
            row("training stream", "epoch with / without recorder", ratios, "×"),
            row("training stream", "recorder's own time", shares, "% of the epoch", at_most=2),
            row("training stream", "recorder's own time per sample", own_us, "µs"),
        ]

        record = lambda: observe_split(model, split, collate, observe=TASKS["sentiment"].observe)  # noqa: E731
        ratios, faster, difference = [], [], 0.0
        record()
        for _ in range(given.rounds):
            alone, _unused = seconds(lambda: forward_only(model, split, collate))
            batched, columns = seconds(record)
            single, losses = seconds(lambda: one_by_one(model, tokenizer, texts, labels))
            ratios.append(batched / alone)
            faster.append(single / batched)
            order = np.argsort(np.argsort(data["validation"].index.to_numpy()))
            sorted_loss = columns["loss"][np.argsort(columns["sample_id"])][order]
            difference = max(difference, float(np.abs(sorted_loss - losses).max()))
        on_gpu = torch.cuda.is_available()
        rows += [
            row("evaluation stream", "recording / its forward passes alone", ratios, "×"),
            row(
                "evaluation stream",
                "one sample at a time / batched, float32",
                faster,
                "×",
                at_least=20 if on_gpu else 4,
                note=f"largest difference of a loss {difference:.1e}",
            ),
        ]
    keep(rows, given.json)


if __name__ == "__main__":
    main()
