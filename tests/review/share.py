"""Run as a program: processes that decide about the same rows, all at once, from a new file on."""

import os
import sys

from rows import some_rows

from difficulty_lib.review import Decisions, TakenError


def decide(path, rows, who):
    with Decisions(path, rows, who=who) as kept:
        while (shown := kept.next()) is not None:
            try:
                made = kept.record(shown, "keep")
            except TakenError:
                continue
            os.write(1, f"{made.number}\n".encode())


if __name__ == "__main__":
    rows = some_rows(60)
    children = []
    for number in range(int(sys.argv[2])):
        if (child := os.fork()) == 0:
            try:
                decide(sys.argv[1], rows, f"number {number}")
            except BaseException as error:
                os.write(2, f"{error!r}\n".encode())
                os._exit(1)
            os._exit(0)
        children.append(child)
    sys.exit(max(os.waitpid(child, 0)[1] for child in children) != 0)
