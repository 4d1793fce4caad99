"""What many samples cost: bytes, microseconds, gigabytes, as ratios from alternating rounds.

1. bytes per sample and epoch of the stored columns, on logits that learn over six epochs;
2. recording per sample, batches of 32, six classes, on the CPU: `Recorder.step` against the package
   `aum` and against a recorder that appends to lists;
3. scoring N samples × 6 epochs against numpy's own single pass over the same bytes;
4. peak memory of a process that records N samples × 6 epochs, and of one that reads and scores them.

Times are CPU seconds of one thread, so that what else runs on the machine matters less.

Usage: python benchmarks/scale.py [--samples N] [--scored N] [--rounds N] [--json FILE]
       (--samples 10000000 needs 2 GB of disk in TMPDIR and 8 GB of memory; the 10,000,000 that are
       scored unless said otherwise lie in 3 GB of memory)
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from rows import keep, row

from difficulty_lib import SCORES, Dynamics, score_table
from difficulty_lib.dynamics import StreamDynamics
from difficulty_lib.scores._blocks import in_blocks

EPOCHS = 6
CLASSES = 6
BAR_BYTES, BAR_MICROSECONDS, BAR_SCORING = 16, 3, 3


def cpu(function):
    start = time.process_time()
    function()
    return time.process_time() - start


def batches(samples, size, epoch, classes=CLASSES):
    """Ids, logits and labels, as a training loop in random order meets them; ids without gaps."""
    rng = np.random.default_rng(7)  # labels and skills are those of the sample in every epoch
    label = rng.integers(0, classes, samples, dtype=np.int64)
    skill = rng.normal(1.5, 1.0, samples).astype(np.float32)
    rng = np.random.default_rng(epoch)
    order = rng.permutation(samples)
    for start in range(0, samples, size):
        ids = order[start : start + size]
        logits = rng.standard_normal((len(ids), classes), dtype=np.float32) * 1.5
        logits[np.arange(len(ids)), label[ids]] += epoch * skill[ids]
        yield ids, logits, label[ids]


def record(folder, samples, size, epochs=EPOCHS, classes=CLASSES):
    import torch

    from difficulty_lib.training import Recorder

    torch.set_num_threads(1)
    recorder = Recorder(folder)
    for epoch in range(1, epochs + 1):
        for batch in batches(samples, size, epoch, classes):
            recorder.step(*map(torch.from_numpy, batch))
        recorder.epoch_end()


def stored_bytes(samples):
    """Of each epoch's file, ids included; labels are stored once."""
    rows = []
    for classes in (6, 20):
        with tempfile.TemporaryDirectory() as folder:
            record(folder, samples, 4096, classes=classes)
            sizes = [p.stat().st_size / samples for p in sorted(Path(folder).rglob("rank-*"))]
        assert len(sizes) == EPOCHS
        rows.append(
            row(
                "size",
                f"stored, {classes} classes",
                sizes,
                "bytes per sample and epoch",
                at_most=BAR_BYTES,
                note=f"{samples:,} samples, epochs 1 to {EPOCHS}",
            )
        )
    return rows


class AppendingRecorder:
    """What one writes at first: every number moved into lists of Python."""

    def __init__(self):
        self.rows = []

    def step(self, ids, logits, labels):
        import torch

        losses = torch.nn.functional.cross_entropy(logits, labels, reduction="none")
        predicted = logits.argmax(dim=1)
        for i, value, guess in zip(ids.tolist(), losses.tolist(), predicted.tolist()):
            self.rows.append((i, value, guess))


def recording(rounds, samples=32 * 1000):
    import torch
    from aum import AUMCalculator

    from difficulty_lib.training import Recorder

    torch.set_num_threads(1)
    made = [[*map(torch.from_numpy, batch)] for batch in batches(samples, 32, 3)]
    listed = [(ids.tolist(), logits, labels) for ids, logits, labels in made]
    ours, aum, lists, ends = [], [], [], []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(rounds):
            recorder = Recorder(folder)
            ours.append(cpu(lambda r=recorder: [r.step(*batch) for batch in made]))
            ends.append(cpu(recorder.epoch_end))
            calculator = AUMCalculator(folder, compressed=False)
            aum.append(cpu(lambda c=calculator: [c.update(z, y, i) for i, z, y in listed]))
            appending = AppendingRecorder()
            lists.append(cpu(lambda a=appending: [a.step(*batch) for batch in made]))
    note = "batches of 32, 6 classes, CPU tensors, one thread"
    micro = [1e6 * value / samples for value in ours]
    return [
        row(
            "recording",
            "Recorder.step",
            micro,
            "µs per sample",
            at_most=BAR_MICROSECONDS,
            note=note,
        ),
        row("recording", "Recorder.epoch_end", [1e6 * v / samples for v in ends], "µs per sample"),
        row("recording", "AUMCalculator.update", [1e6 * v / samples for v in aum], "µs per sample"),
        row("recording", "appending to lists", [1e6 * v / samples for v in lists], "µs per sample"),
        row("recording", "aum / Recorder", [b / a for a, b in zip(ours, aum)], "×"),
        row("recording", "lists / Recorder", [b / a for a, b in zip(ours, lists)], "×"),
    ]


def in_memory(samples):
    """Dynamics of that many samples, of numbers that look like recorded ones."""
    rng = np.random.default_rng(0)
    label = rng.integers(0, CLASSES, samples)
    wrong = rng.random((EPOCHS, samples), dtype=np.float32) < 0.2
    shape = (EPOCHS, samples)
    return StreamDynamics(
        ids=np.arange(samples),
        epochs=np.arange(1, EPOCHS + 1),
        columns={
            "loss": rng.standard_exponential(shape, dtype=np.float32),
            "margin": np.where(wrong, -1, 2) * rng.standard_exponential(shape, dtype=np.float32),
            "entropy": rng.random(shape, dtype=np.float32),
            "error_norm": rng.random(shape, dtype=np.float32),
            "predicted": ((label + wrong) % CLASSES).astype(np.int32),
        },
        label=label,
        stream="training",
    )


def scoring(samples, rounds):
    stream = in_memory(samples)
    family = [entry for entry in SCORES.values() if entry.available(stream)]
    out = np.empty(samples), np.empty((len(family), samples))  # neither pays for fresh memory

    def one_pass(*names):
        for name in names:
            np.sum(stream.columns[name], axis=0, dtype=np.float64, out=out[0])

    rows = []
    for names, read in (
        (["action_score"], ["loss"]),
        (["aum"], ["margin"]),
        (["confidence"], ["loss"]),
        (["variability"], ["loss"]),
        (["forgetting_events"], ["predicted"]),
        ([entry.name for entry in family], list(stream.columns)),
    ):
        entries = [SCORES[name] for name in names]
        ratios = []
        for _ in range(rounds):
            alone = cpu(lambda r=read: one_pass(*r))
            scored = cpu(lambda e=entries: in_blocks(e, stream, out=out[1][: len(e)]))
            ratios.append(scored / alone)
        several = len(names) > 1
        rows.append(
            row(
                "scoring",
                f"all {len(names)} scores" if several else names[0],
                ratios,
                "× numpy's sum over the epochs of the same columns",
                at_most=None if several else BAR_SCORING,
                note=f"{samples:,} samples × {EPOCHS} epochs"
                + (f"; {len(names)} results from {len(read)} columns" if several else ""),
            )
        )
    return rows


def memory(samples, size):
    """Peak of whole processes, so that nothing else is counted."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for task, what in (("record", f"recording, batches of {size}"), ("score", "scoring")):
            done = subprocess.run(
                [sys.executable, __file__, "--child", task, folder, str(samples), str(size)],
                capture_output=True,
                text=True,
                check=True,
            )
            found = json.loads(done.stdout.splitlines()[-1])
            note = f"{samples:,} samples × {EPOCHS} epochs; {found['seconds']:.0f} CPU seconds"
            rows.append(row("memory", what, found["peak"], "GiB", at_most=8, note=note))
    return rows


def child(task, folder, samples, size):
    start = time.process_time()
    if task == "record":
        record(folder, int(samples), int(size))
    else:
        table = score_table(Dynamics.load(folder).stream())
        assert len(table) == int(samples)
    print(json.dumps({"peak": peak_gib(), "seconds": time.process_time() - start}))


def peak_gib():
    """Of this process alone; `ru_maxrss` would begin with that of the process which started it."""
    status = Path("/proc/self/status").read_text().splitlines()
    (kib,) = (line.split()[1] for line in status if line.startswith("VmHWM"))
    return int(kib) / 2**20


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--samples", type=int, default=500_000, help="recorded, and read again")
    parser.add_argument("--scored", type=int, default=10_000_000, help="of item 3")
    parser.add_argument("--batch", type=int, default=32, help="of the recording process")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        child(*given.child)
        return
    rows = stored_bytes(min(given.samples, 300_000))
    rows += recording(given.rounds)
    rows += scoring(given.scored, given.rounds)
    rows += memory(given.samples, given.batch)
    keep(rows, given.json)


if __name__ == "__main__":
    main()
