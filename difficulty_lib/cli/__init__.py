"""The command line, `difficulty`."""

from difficulty_lib.cli._main import main as main
