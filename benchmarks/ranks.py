"""What recording costs each of two ranks: the difference between them, in shares of an epoch.

Usage: python benchmarks/ranks.py [--rounds N] [--train N] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rows import keep, row
from timed import TimedRecorder

from difficulty_lib.data import load_data
from difficulty_lib.tasks import TaskSettings
from difficulty_lib.tasks.classification import encode_classes
from difficulty_lib.training import RunConfig
from difficulty_lib.training._fine_tune import study_trainer
from difficulty_lib.training._models import load_model
from difficulty_lib.training._seed import quiet, seed_everything


def worker(folder: Path, rounds: int, train_size: int) -> None:
    """One rank: epochs with the recorder, its own seconds and the epoch's."""
    data = load_data("rated-sentences").subset({"train": train_size, "validation": 1, "test": 1})
    config = RunConfig(dataset="rated-sentences", epochs=1, precision="float32")
    found = []
    with quiet():
        tokenizer, model = load_model(config.model, config.task, data.label_names, "")
        train = encode_classes(data["train"], TaskSettings(tokenizer, data.text_columns, 128))
        for number in range(rounds + 1):
            seed_everything(1)
            recorder = TimedRecorder(folder / f"run-{number}")
            trainer = study_trainer(
                config, model, tokenizer, train, folder / f"out-{number}", [recorder], recorder
            )
            start = time.perf_counter()
            trainer.train()
            found.append((recorder.seconds, time.perf_counter() - start))
    rank = int(os.environ["RANK"])
    (folder / f"rank-{rank}.json").write_text(json.dumps(found[1:]))  # the first warms up


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--train", type=int, default=321, help="not divisible by ranks × batch")
    parser.add_argument("--json", type=Path, default=None, help="write the rows here, too")
    parser.add_argument("--worker", type=Path, default=None, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.worker is not None:
        worker(given.worker, given.rounds, given.train)
        return
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
        command += ["--nproc-per-node", "2", __file__, "--worker", folder]
        command += ["--rounds", str(given.rounds), "--train", str(given.train)]
        threads = str(max(1, (os.cpu_count() or 2) // 2))
        subprocess.run(command, check=True, env={**os.environ, "OMP_NUM_THREADS": threads})
        first, second = (
            json.loads((Path(folder) / f"rank-{rank}.json").read_text()) for rank in (0, 1)
        )
    apart = [100 * abs(a[0] / a[1] - b[0] / b[1]) for a, b in zip(first, second, strict=True)]
    keep(
        [
            row(
                "two ranks",
                "difference of the time lost to recording",
                apart,
                "% of the epoch",
                at_most=3,
            )
        ],
        given.json,
    )


if __name__ == "__main__":
    main()
