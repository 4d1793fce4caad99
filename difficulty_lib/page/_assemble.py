"""A page's one script and one style, out of its own files and those that pages share."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

HERE = Path(__file__).parent
# A line of its own: `// {{ list.js }}` in a script, `/* {{ colours.css }} */` in a style.
_INCLUDED = re.compile(r"^ *(?:// \{\{ (\S+\.js) \}\}|/\* \{\{ (\S+\.css) \}\} \*/)$", re.M)


def assembled(path: Path) -> str:
    """A script or style, each line that names a piece replaced by that file.

    Args:
        path: of the file to begin with. A piece is looked for beside it, then among the shared ones.

    Returns:
        The text, without a line that names a piece.

    Raises:
        FileNotFoundError: if a piece is in neither place.
    """

    def piece(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        own = path.with_name(name)
        shared = HERE / name
        # A page's own piece may have the name of the shared one that it goes on from.
        return assembled(own if own.exists() and own != path else shared).rstrip("\n")

    return _INCLUDED.sub(piece, path.read_text("utf8"))


def hash_of(code: str) -> str:
    """How a content security policy names a script or style."""
    return f"sha256-{base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()}"
