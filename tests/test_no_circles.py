"""Every module can be read from the bottom up: none needs one that needs it, wherever it imports it."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "difficulty_lib"


def imports(tree):
    """What a module imports, at its head or within a function, but for the sake of types alone."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.module, name.name) for name in node.names)
        elif isinstance(node, ast.Import):
            yield from ((name.name, "") for name in node.names)
        else:
            yield from imports(node)


def graph(package):
    """Module → the modules that it needs; a name that a package exports counts as the package."""
    files = {}
    for path in package.rglob("*.py"):
        parts = path.relative_to(package.parent).with_suffix("").parts
        files[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    needs = {}
    for module, path in files.items():
        found = set()
        for source, name in imports(ast.parse(path.read_text("utf8"))):
            whole = f"{source}.{name}"
            found.add(whole if whole in files else source)
        needs[module] = (found & set(files)) - {module}
    return needs


def test_no_module_needs_one_that_needs_it():
    needs = graph(PACKAGE)
    assert len(needs) > 400
    assert sum(map(len, needs.values())) > 1000
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        pytest.fail(" needs ".join(reversed(error.args[1])))


def test_a_circle_is_seen_within_functions_too(tmp_path):
    package = tmp_path / "small"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "one.py").write_text("from small.two import b\n")
    (package / "two.py").write_text("def b():\n    from small import one\n")
    with pytest.raises(CycleError):
        TopologicalSorter(graph(package)).prepare()
    (package / "two.py").write_text(
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from small import one\n"
    )
    TopologicalSorter(graph(package)).prepare()
