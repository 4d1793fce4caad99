"""Run as a program: reviewers that are killed at random moments, over and over.

For each round a process of its own decides, and says so after each decision; SIGKILL ends it. What
it had said must then be in the file. Prints one line for each round: decisions said, in the file.
"""

import os
import random
import signal
import sys
import time

from rows import some_rows

from difficulty_lib.review import Decisions


def decide(path, rows, seed, said):
    """Decisions of all kinds, with some taken back, until the end or the kill."""
    rng = random.Random(seed)
    with Decisions(path, rows, who=f"reviewer {seed}", every=4) as kept:
        while (shown := kept.next()) is not None:
            if rng.random() < 0.1 and (undone := kept.undo()) is not None:
                os.write(said, f"undone {undone.number}\n".encode())
                continue
            kind = rng.choice(["keep", "relabel", "ambiguous", "skip"])
            new = f"new {rng.random()}" if kind == "relabel" else None
            made = kept.record(shown, kind, new)
            line = f"{made.number} {made.row} {made.decision} {made.label or ''}\n"
            os.write(said, line.encode())


def main(folder, rounds):
    rows = some_rows(2000)
    _ = rows.keys, rows.data, rows.order
    rng = random.Random(0)
    for turn in range(rounds):
        path = os.path.join(folder, f"{turn // 5}.db")  # five reviewers of each file, one by one
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            decide(path, rows, turn, writing)
            os._exit(0)
        os.close(writing)
        # After so many decisions, or while the file is being made, and then at any moment.
        said, wanted = b"", rng.choice([0, 0, 1, 2, 5, 10, 15])
        while said.count(b"\n") < wanted and (part := os.read(reading, 65536)):
            said += part
        time.sleep(rng.uniform(0, 0.01 if wanted else 0.05))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        while part := os.read(reading, 65536):
            said += part
        os.close(reading)
        name = os.path.join(folder, f"{turn}.said")
        with open(name, "wb") as file:
            file.write(said)
        print(turn, path, name, os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
