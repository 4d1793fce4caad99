"""The figures that an executed chapter stores for other pages."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

from difficulty_lib._errors import DataError

MIME = "application/papermill.record/text/plain"  # of what is stored and not shown


def glued(notebook: Path) -> dict[str, Any]:
    """What a chapter stored, by name; the last of two with the same name, as on the page.

    Args:
        notebook: an executed notebook.

    Returns:
        Numbers and strings.

    Raises:
        DataError: if the file cannot be read as a notebook.
    """
    try:
        cells = json.loads(notebook.read_text("utf8"))["cells"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{notebook}: expected an executed notebook: {error!r}") from error
    found: dict[str, Any] = {}
    for output in (o for cell in cells for o in cell.get("outputs", [])):
        name = output.get("metadata", {}).get("scrapbook", {}).get("name")
        text = "".join(output.get("data", {}).get(MIME, ""))
        if name and text:
            found[name] = _value(text)
    return found


def _value(text: str) -> Any:
    # nan and inf are numbers, too, and no literals.
    for read in (float, ast.literal_eval):
        try:
            return read(text)
        except (ValueError, SyntaxError):
            continue
    return text
