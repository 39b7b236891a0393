"""No modules import each other in a circle: each can be read, and loaded, before those that stand on it.

Imports inside functions and those for types only count too: they are how a circle is usually hidden.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from tools.lint.check import Result
from tools.lint.modules import imports, modules

# By module, what it imports, with the place.
Graph = Mapping[str, Mapping[str, str]]


def run(root: Path) -> Result:
    """Look for circles among the Python modules."""
    graph = module_graph(root)
    findings = []
    for circle in circles(graph):
        importer, imported = circle[:2]
        findings.append(
            f"{graph[importer][imported]}: imports go in a circle: {' → '.join(circle)}; "
            "move what they share to a file below"
        )
    return Result(findings)


def module_graph(root: Path, *houses: str) -> Graph:
    """Give by module what it imports: the modules, and the packages that are loaded with them.

    Args:
        root: the repository's root.
        houses: the folders of the root to look through; none: all, with the modules beside them.
    """
    files = modules(root, *houses)
    graph: dict[str, dict[str, str]] = {module: {} for module in files}
    for found in imports(root, files):
        parts = found.imported.split(".")
        for length in range(1, len(parts) + 1):
            loaded = ".".join(parts[:length])
            if loaded in files and loaded != found.module and not found.module.startswith(f"{loaded}."):
                graph[found.module].setdefault(loaded, found.place)
    return graph


def circles(graph: Mapping[str, Mapping[str, object]]) -> Iterator[list[str]]:
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
