"""Imports run one way: tests → fixtures → rig, and inside rig: cli → bench → instruments → timeline."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tools.lint.check import Result, tracked_files

# Houses, from the top floor down: a file may import from its own floor and from those below.
_FLOORS = ("tests", "fixtures", "rig")

# Rooms of rig, by floor. A room that is not listed (a helper) is held to one rule only: it does not import the cli.
_ROOMS = {
    "cli": 3,
    "console": 3,
    "bench": 2,
    "device": 2,
    "instruments": 1,
    "csms": 1,
    "timeline": 0,
    "events": 0,
    "clock": 0,
    "errors": 0,
}

# Who may know the virtual board: itself, the seams (wiring, and the pin factories by name), the command that runs it
# alone, and its own tests.
_VIRTUAL = "rig.wiring.virtual"
_KNOWS_VIRTUAL = ("rig.wiring.virtual", "rig.wiring.open", "rig.wiring.pins", "rig.cli", "tests.unit")


def run(root: Path) -> Result:
    """Check every import of tests, fixtures and rig, those inside functions too; imports for types only are free."""
    findings = []
    for path in tracked_files(root, *(f"{floor}/*.py" for floor in _FLOORS)):
        place = path.relative_to(root)
        module = module_of(place)
        tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(place))
        for line, imported in imports(tree, module, is_package=path.name == "__init__.py"):
            reason = refusal(module, imported)
            if reason:
                findings.append(f"{place}:{line}: imports {imported}: {reason}")
    return Result(findings)


def module_of(place: Path) -> str:
    """The dotted name of a file, given from the root."""
    return ".".join(place.with_suffix("").parts).removesuffix(".__init__")


def imports(tree: ast.AST, module: str, *, is_package: bool = False, types: bool = False) -> Iterator[tuple[int, str]]:
    """Give each import's line and full name.

    Args:
        tree: the parsed file.
        module: its dotted name, which relative imports start from.
        is_package: whether it is a package's `__init__.py`.
        types: with those that are for types only.
    """
    for node in ast.walk(tree) if types else _without_type_checking(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = module.split(".")
                keep = len(parts) - node.level + (1 if is_package else 0)
                base = ".".join([*parts[:keep], *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def refusal(module: str, imported: str) -> str:
    """Say why `module` may not import `imported`; empty when it may."""
    house, other = module.split(".")[0], imported.split(".")[0]
    if other == "tools" and module.split(".")[:2] != ["tests", "unit"]:
        return "tools are not part of the product"
    if house not in _FLOORS or other not in _FLOORS:
        return ""
    if _FLOORS.index(other) < _FLOORS.index(house):
        return f"{house} knows nothing of {other}; imports run {' → '.join(_FLOORS)}"
    if _is_in(imported, _VIRTUAL) and not any(_is_in(module, known) for known in _KNOWS_VIRTUAL):
        return "the virtual board is reached only through the bench description (rig/wiring/open.py)"
    if house == other == "rig":
        return _rooms(module, imported)
    return ""


def _rooms(module: str, imported: str) -> str:
    mine, theirs = (name.split(".")[1] if "." in name else "" for name in (module, imported))
    if theirs == "cli" and mine not in {"cli", "console"}:
        return "only the command line knows rig.cli"
    if mine in _ROOMS and theirs in _ROOMS and _ROOMS[theirs] > _ROOMS[mine]:
        return f"rig.{mine} is below rig.{theirs}; inside rig: cli → bench → instruments → timeline"
    return ""


def _is_in(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def _without_type_checking(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}:
            for other in node.orelse:
                yield other
                yield from _without_type_checking(other)
            continue
        yield node
        yield from _without_type_checking(node)
