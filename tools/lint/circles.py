"""Circular imports: without them each module can be read, and loaded, before the modules that import it.

Imports inside functions, and imports for types only, count too: they usually hide a circle.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from tools.lint.check import Result
from tools.lint.modules import imports, modules

# The imports of each module, with their places.
Graph = Mapping[str, Mapping[str, str]]


def run(root: Path) -> Result:
    """Find circular imports of Python modules."""
    graph = module_graph(root)
    findings = []
    for circle in circles(graph):
        importer, imported = circle[:2]
        findings.append(
            f"{graph[importer][imported]}: imports go in a circle: {' → '.join(circle)}; "
            "move what they share to a file below"
        )
    return Result(findings)


def module_graph(root: Path, *packages: str) -> Graph:
    """Return the imports of each module: modules, and the packages that are loaded with them.

    Args:
        root: the repository's root.
        packages: the folders of the root to search; none: all, with the modules beside them.
    """
    files = modules(root, *packages)
    graph: dict[str, dict[str, str]] = {module: {} for module in files}
    for found in imports(root, files):
        parts = found.imported.split(".")
        for length in range(1, len(parts) + 1):
            loaded = ".".join(parts[:length])
            if loaded in files and loaded != found.module and not found.module.startswith(f"{loaded}."):
                graph[found.module].setdefault(loaded, found.place)
    return graph


def circles(graph: Mapping[str, Mapping[str, object]]) -> Iterator[list[str]]:
    """Yield circles, each after one import of the previous circle has been removed, until none is left.

    Yields:
        The modules in the order in which they import each other, with the first one repeated at the end.
    """
    left = {module: list(imported) for module, imported in graph.items()}
    while True:
        try:
            TopologicalSorter(left).prepare()
        except CycleError as error:
            nodes = error.args[1][:0:-1]  # each is imported by the next; the last repeats the first
            first = nodes.index(min(nodes))
            circle = [*nodes[first:], *nodes[:first], nodes[first]]
            left[circle[0]].remove(circle[1])
            yield circle
        else:
            return
