"""The commands of `difficulty`."""

from __future__ import annotations

from difficulty_lib._extras import require
from difficulty_lib.cli import _again, _audit, _data, _explore, _rank, _run, _score

typer = require("typer", "train")
app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Which samples are hard, which are labelled wrong, and what to do about it.",
)
app.command("rank")(_rank.rank)
app.command("run")(_run.run)
app.command("score")(_score.score)
app.command("data")(_data.data)
app.command("audit")(_audit.audit)
app.command("explore")(_explore.explore)
app.command("again")(_again.again)
