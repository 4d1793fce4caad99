"""Where a reader can open a chapter's source, and the copy of it that is quick to execute."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any
from urllib.parse import quote

SMALL = "small"  # the folder of the copies, in the book and on Binder
_ADDRESS = re.compile(r"https://github\.com/([\w.-]+)/([\w.-]+?)(?:\.git)?/?")
_FIELD = re.compile(r"^repository-code:\s*[\"']?([^\"'\s#]+)", re.MULTILINE)


def repository(root: Path) -> str:
    """The repository's address on GitHub, without a slash at the end, or "" where there is none.

    It stands in one place, `repository-code` of CITATION.cff; the variable `DIFFICULTY_REPOSITORY`
    goes before it, so that a fork's book opens the fork's notebooks. An address that is not one of
    GitHub is as none: neither Binder's nor Colab's button could use it.

    Args:
        root: the folder that CITATION.cff lies in.
    """
    given = os.environ.get("DIFFICULTY_REPOSITORY", "")
    citation = root / "CITATION.cff"
    if not given and citation.exists():
        field = _FIELD.search(citation.read_text("utf8"))
        given = field.group(1) if field else ""
    match = _ADDRESS.fullmatch(given)
    return f"https://github.com/{match[1]}/{match[2]}" if match else ""


def launch_links(address: str, notebook: str) -> dict[str, str]:
    """Addresses that open a source notebook with small parameters, by the name of the host.

    Binder makes the small copies itself (`postBuild`); Colab reads the one that lies beside the
    published book, on the branch `gh-pages`. `DIFFICULTY_REF` says which state of the repository
    Binder takes ("HEAD" otherwise), `DIFFICULTY_VERSION` in which folder of that branch the book
    will lie ("latest" otherwise).

    Args:
        address: as `repository` gives it; of "" nothing is made.
        notebook: the source's name without its ending.
    """
    if not address:
        return {}
    place = address.removeprefix("https://github.com/")
    ref = quote(os.environ.get("DIFFICULTY_REF") or "HEAD", safe="")
    version = quote(os.environ.get("DIFFICULTY_VERSION") or "latest")
    return {
        "Binder": f"https://mybinder.org/v2/gh/{place}/{ref}?urlpath=lab/tree/{SMALL}/{notebook}.ipynb",
        "Colab": f"https://colab.research.google.com/github/{place}/blob/gh-pages/"
        f"{version}/{SMALL}/{notebook}.ipynb",
    }


def small_copy(notebook: Mapping[str, Any], address: str) -> dict[str, Any]:
    """A source notebook that executes in minutes: with `size = "small"`, where it has a size.

    A first cell installs the library where it is missing, if there is an address to install from.

    Args:
        notebook: the source, as `json.loads` reads an `.ipynb`.
        address: as `repository` gives it.
    """
    copy = deepcopy(dict(notebook))
    cells: list[dict[str, Any]] = copy["cells"]
    for cell in cells:
        source = "".join(cell["source"])
        if "parameters" in cell["metadata"].get("tags", ()) and re.search(
            r"^size = ", source, re.M
        ):
            cell["source"] = re.sub(
                r'^size = "full"', 'size = "small"', source, flags=re.M
            ).splitlines(keepends=True)
    if address:
        ref = os.environ.get("DIFFICULTY_REF") or "HEAD"
        package = f"difficulty-lib[train,book] @ git+{address}@{ref}"
        install = [
            "from importlib.util import find_spec\n",
            "\n",
            'if find_spec("difficulty_lib") is None:\n',
            f'    %pip install -q "{package}"',
        ]
        cells.insert(
            0,
            {
                "cell_type": "code",
                "execution_count": None,
                "id": "install",
                "metadata": {},
                "outputs": [],
                "source": install,
            },
        )
    return copy
