"""No modules of the rig import each other in a circle: each can be read, and loaded, before those that stand on it.

Imports inside functions and those for types only count too: they are how a circle is usually hidden.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from tools.lint.check import Result, tracked_files
from tools.lint.imports import imports, module_of

# By module, what it imports, with the line.
Graph = Mapping[str, Mapping[str, int]]


def run(root: Path) -> Result:
    """Look for circles among the modules of rig."""
    files = {module_of(path.relative_to(root)): path for path in tracked_files(root, "rig/*.py")}
    graph = {module: _imported(module, path, files) for module, path in files.items()}
    findings = []
    for circle in circles(graph):
        importer, imported = circle[:2]
        place = f"{files[importer].relative_to(root)}:{graph[importer][imported]}"
        findings.append(f"{place}: imports go in a circle: {' → '.join(circle)}; move what they share to a file below")
    return Result(findings)


def circles(graph: Graph) -> Iterator[list[str]]:
    """Give circles until none is left once one import of each is taken out.

    Yields:
        The modules in the order in which they import each other; the first stands at the end again.
    """
    left = {module: list(imported) for module, imported in graph.items()}
    while True:
        try:
            TopologicalSorter(left).prepare()
        except CycleError as error:
            nodes = error.args[1][:0:-1]  # each is imported by the next; the last is the first once more
            first = nodes.index(min(nodes))
            circle = [*nodes[first:], *nodes[:first], nodes[first]]
            left[circle[0]].remove(circle[1])
            yield circle
        else:
            return


def _imported(module: str, path: Path, known: Mapping[str, Path]) -> dict[str, int]:
    """What of `known` a module imports, with the line: the modules, and the packages that are loaded with them."""
    found: dict[str, int] = {}
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    for line, name in imports(tree, module, is_package=path.name == "__init__.py", types=True):
        parts = name.split(".")
        for length in range(1, len(parts) + 1):
            imported = ".".join(parts[:length])
            if imported in known and imported != module and not module.startswith(f"{imported}."):
                found.setdefault(imported, line)
    return found
