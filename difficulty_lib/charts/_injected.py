"""What papermill put into a notebook that has no such parameter: it only warns, and goes on."""

from __future__ import annotations

import ast
import sys
from collections.abc import Sequence

from difficulty_lib._errors import ConfigError

MARK = "# Parameters"  # the first line of the cell that papermill injects


def refuse_unknown_parameters(cells: Sequence[str]) -> None:
    """Compare the cell that papermill injected with the one before it, which has the parameters.

    Args:
        cells: the sources that were executed so far, in their order.

    Raises:
        ConfigError: on a name in the injected cell that the one before it does not set.
    """
    places = [n for n, cell in enumerate(cells) if cell.startswith(MARK) and n > 0]
    if not places:
        return
    known, given = _names(cells[places[0] - 1]), _names(cells[places[0]])
    unknown = [name for name in given if name not in known]
    if known and unknown:
        raise ConfigError(f"no parameter {', '.join(unknown)}; there are {', '.join(known)}")


def executed_cells() -> list[str]:
    """The sources that this kernel has executed; none where there is no kernel."""
    python = sys.modules.get("IPython")
    shell = python.get_ipython() if python is not None else None
    return [] if shell is None else [cell for cell in shell.user_ns.get("In", []) if cell]


def _names(source: str) -> list[str]:
    try:
        body = ast.parse(source).body
    except SyntaxError:  # a magic, say
        return []
    return [
        target.id
        for statement in body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name)
    ]
