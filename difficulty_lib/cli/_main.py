"""Entry point of `difficulty`: errors that a user can cause become one line and exit status 2."""

from __future__ import annotations

import os
import sys
import warnings

from difficulty_lib._errors import DifficultyError
from difficulty_lib.review import plain


def _show_warning(message: Warning | str, *args: object, **kwargs: object) -> None:
    print(f"difficulty: note: {plain(str(message))}", file=sys.stderr)


def main() -> None:
    """Run the command line."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    try:
        from difficulty_lib._extras import require

        require("typer", "train")
        from difficulty_lib.cli._app import app

        warnings.showwarning = _show_warning  # type: ignore[assignment]
        app()
    except DifficultyError as error:
        print(f"difficulty: {plain(' '.join(str(error).split()))}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("difficulty: stopped", file=sys.stderr)
        sys.exit(130)
