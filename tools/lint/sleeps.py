"""Nobody sleeps in tests of the device or in fixtures: they wait for an event, with a time limit."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tools.lint.check import Result, tracked_files

_SLEEPERS = frozenset({"time.sleep", "asyncio.sleep", "trio.sleep", "anyio.sleep", "gevent.sleep"})

# What fails a test that sleeps has to name what it replaces.
_GUARD = Path("fixtures/no_sleep.py")


def run(root: Path) -> Result:
    """Find calls of, and other references to, any library's sleep."""
    findings = []
    for path in tracked_files(root, "tests/hil/*.py", "examples/*.py", "fixtures/*.py"):
        place = path.relative_to(root)
        if place == _GUARD:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(place))
        findings += [
            f"{place}:{line}: {name}: wait for an event with a time limit instead (docs/design.md, section 2)"
            for line, name in sleeps(tree)
        ]
    return Result(findings)


def sleeps(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Give line and full name of each use of a sleep, also under another name."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.asname or alias.name: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            full = f"{names.get(node.value.id, node.value.id)}.{node.attr}"
        elif isinstance(node, ast.Name):
            full = names.get(node.id, node.id)
        else:
            continue
        if full in _SLEEPERS:
            yield node.lineno, full
