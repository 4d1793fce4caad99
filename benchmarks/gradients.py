"""What per-sample gradients cost, as ratios from alternating runs on this machine.

Prints, for MiniLM with a head of six classes, batches of 32 samples of similar length and lengths as
in Emotion (22 tokens on average):

1. GraNd (`gradient_norms`) against a plain forward and backward pass: time, and peak memory;
2. torch.func's way, vmap of grad over all parameters, against GraNd, and how far their norms are
   apart;
3. VoG per checkpoint, one target and both, against a plain forward and backward pass.

Time is the processor's where one thread computes, so that what else the machine does counts little,
and the wall's elsewhere. Peak memory is the largest resident set, weights included, of a fresh process
that does one thing only, counted from after the model was loaded (Linux: VmHWM, reset through
/proc/self/clear_refs); on a GPU it is the allocator's peak.

Usage: python benchmarks/gradients.py [--rounds N] [--batches N] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import torch
from rows import keep, row

from difficulty_lib.gradients import VarianceOfGradients, gradient_norms, input_gradients
from difficulty_lib.training._models import load_model
from difficulty_lib.training._seed import quiet, seed_everything

BATCH = 32
CLASSES = 6


def seconds(function, device):
    """What a call takes."""
    clock = time.perf_counter
    if device.type == "cpu" and torch.get_num_threads() == 1:
        clock = time.process_time
    elif device.type == "cuda":
        torch.cuda.synchronize()
    start = clock()
    function()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return clock() - start


def loaded():
    seed_everything(1)
    with quiet():
        _, model = load_model("minilm", "sentiment", tuple(map(str, range(CLASSES))), "")
    return model.to("cuda" if torch.cuda.is_available() else "cpu").eval()


def batches_of(model, count):
    """(inputs, labels) of batches of similar length, spread over all lengths."""
    rng = np.random.default_rng(0)
    lengths = np.sort(np.clip(rng.gamma(4.0, 5.5, count * BATCH).round().astype(int), 6, 64))
    made = []
    for own in lengths.reshape(count, BATCH):
        mask = torch.from_numpy(np.arange(own.max())[None] < own[:, None]).long()
        ids = torch.from_numpy(rng.integers(1000, 30_000, mask.shape)) * mask
        inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": torch.zeros_like(ids)}
        gold = torch.from_numpy(rng.integers(0, CLASSES, BATCH))
        made.append(({k: v.to(model.device) for k, v in inputs.items()}, gold.to(model.device)))
    return made


def plain(model, inputs, gold):
    """A forward and a backward pass, as training does."""
    torch.nn.functional.cross_entropy(model(**inputs).logits, gold).backward()
    model.zero_grad(set_to_none=True)


def by_torch_func(model, inputs, gold):
    """Norms from the gradients of every sample, all of them there at once."""
    parameters = {name: p.detach() for name, p in model.named_parameters()}

    def one(values, row, label):
        # The mask in its last form: on what it holds vmap could not branch.
        outputs = torch.func.functional_call(
            model, values, (), {k: v[None] for k, v in row.items()}
        )
        return torch.nn.functional.cross_entropy(outputs.logits, label[None])

    mask = inputs["attention_mask"].bool()[:, None, None, :]
    tokens = mask.shape[-1]
    bias = torch.zeros(mask.shape, device=mask.device).masked_fill(~mask, torch.finfo().min)
    rows = inputs | {"attention_mask": bias.expand(-1, 1, tokens, tokens)}
    gradients = torch.func.vmap(torch.func.grad(one), (None, 0, 0))(parameters, rows, gold)
    return sum(g.flatten(1).square().sum(1) for g in gradients.values()).sqrt()


def checkpoint_of(model, batches, targets, streamed):
    """One checkpoint of VoG."""
    for number, (inputs, gold) in enumerate(batches):
        ids = range(number * BATCH, (number + 1) * BATCH)
        gradients = input_gradients(model, inputs, gold, targets)
        streamed.update(ids, gradients, inputs["attention_mask"])
    streamed.end_checkpoint()


def peak(what, count):
    """MiB of a fresh process that does this alone over the batches."""
    command = [sys.executable, __file__, "--peak", what, "--batches", str(count)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def print_peak(what, count):
    model = loaded()
    batches = batches_of(model, count)
    passes = {"plain": plain, "grand": gradient_norms}
    reset_peak()
    for inputs, gold in (*batches, *batches):
        if what in passes:
            passes[what](model, inputs, gold)
    print(peak_so_far())


def reset_peak():
    """Forget what loading took."""
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    else:
        Path("/proc/self/clear_refs").write_text("5")


def peak_so_far():
    """MiB since `reset_peak`."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() / 2**20
    status = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in status if line.startswith("VmHWM")).split()[1]) / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batches", type=int, default=6)
    parser.add_argument("--json", type=Path, default=None, help="write the rows here, too")
    parser.add_argument("--peak", choices=["nothing", "plain", "grand"], help=argparse.SUPPRESS)
    given = parser.parse_args()
    warnings.filterwarnings("ignore", message=".*performance drop.*")
    if given.peak:
        print_peak(given.peak, given.batches)
        return
    model = loaded()
    batches, device = batches_of(model, given.batches), model.device
    tokens = np.mean(
        [inputs["attention_mask"].sum(1).float().mean().item() for inputs, _ in batches]
    )
    where = torch.cuda.get_device_name(0) if device.type == "cuda" else "CPU"
    print(
        f"MiniLM, {len(batches)} batches of {BATCH}, {tokens:.1f} tokens on average, {where}, "
        f"{torch.get_num_threads()} threads; {given.rounds} alternating rounds, min / median / max"
    )
    rows = []

    def over(function):
        return seconds(lambda: [function(model, *batch) for batch in batches], device)

    def checkpoints(targets):
        streamed = VarianceOfGradients(given.rounds + 1, targets)
        checkpoint_of(model, batches, targets, streamed)  # the first one allocates
        return lambda: checkpoint_of(model, batches, targets, streamed)

    one, both = checkpoints(("logit",)), checkpoints(("logit", "probability"))
    over(plain)
    over(gradient_norms)
    ratios = {"grand": [], "one": [], "both": []}
    for _ in range(given.rounds):
        base = over(plain)
        ratios["grand"].append(over(gradient_norms) / base)
        base = over(plain)
        ratios["one"].append(seconds(one, device) / base)
        ratios["both"].append(seconds(both, device) / base)
    unit = "× a forward and backward pass"
    rows.append(row("gradients", "GraNd, time", ratios["grand"], unit, at_most=1.5))

    least = peak("nothing", given.batches)
    pairs = [(peak("plain", given.batches), peak("grand", given.batches)) for _ in range(3)]
    rows.append(
        row(
            "gradients",
            "GraNd, peak memory",
            [grand / base for base, grand in pairs],
            unit,
            at_most=1.1,
            note=f"{pairs[0][1]:.0f} against {pairs[0][0]:.0f} MiB, {least:.0f} MiB before any pass",
        )
    )

    # vmap has no rule for the fused attention; without it both do the same work.
    model.set_attn_implementation("eager")
    middle = batches[len(batches) // 2]
    norms = by_torch_func(model, *middle)
    apart = ((gradient_norms(model, *middle) - norms).abs() / norms).max().item()
    slower = []
    for _ in range(given.rounds):
        slow = seconds(lambda: by_torch_func(model, *middle), device)
        slower.append(slow / seconds(lambda: gradient_norms(model, *middle), device))
    rows.append(
        row(
            "gradients",
            "torch.func, time",
            slower,
            "× GraNd",
            at_least=5,
            note=f"batch of {BATCH}; the largest relative difference of a norm is {apart:.0e}",
        )
    )
    rows.append(
        row("gradients", "VoG per checkpoint, one target", ratios["one"], unit, at_most=1.3)
    )
    rows.append(row("gradients", "VoG per checkpoint, both targets", ratios["both"], unit))
    keep(rows, given.json)


if __name__ == "__main__":
    main()
