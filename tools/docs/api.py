"""Parse modules without importing them, and write their public names as Markdown."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Part:
    """A chapter of the reference.

    Attributes:
        title: its heading.
        title: the heading.
        text: the paragraph below the heading.
    """

    title: str
    text: str
    modules: tuple[str, ...]


PARTS = (
    Part(
        "Fixtures",
        "Fixtures that a test requests by the name of an argument.",
        ("fixtures/device.py", "fixtures/instruments.py", "fixtures/measure.py"),
    ),
    Part(
        "Bench and device",
        "The bench with its timeline and clock, and the device as a test uses it.",
        (
            "rig/bench/bench.py",
            "rig/device/device.py",
            "rig/device/ev_driver.py",
            "rig/timeline/timeline.py",
            "rig/util/clock.py",
            "rig/util/aio.py",
        ),
    ),
    Part(
        "Instruments",
        "Attributes of the bench, and fixtures of the same names.",
        (
            "rig/instruments/power.py",
            "rig/instruments/inputs.py",
            "rig/instruments/outputs.py",
            "rig/instruments/leds.py",
            "rig/instruments/console.py",
            "rig/instruments/telemetry.py",
            "rig/instruments/network.py",
            "rig/instruments/flasher.py",
        ),
    ),
    Part(
        "CSMS",
        "The fixture `csms` is a `Csms`, which has all methods of its parts. See [csms.md](csms.md) for examples.",
        (
            "rig/csms/instrument/csms.py",
            "rig/csms/instrument/connections.py",
            "rig/csms/instrument/expectations.py",
            "rig/csms/instrument/calls.py",
            "rig/csms/instrument/replies.py",
            "rig/csms/instrument/misbehaviour.py",
            "rig/csms/instrument/observations.py",
            "rig/ocpp/transactions.py",
            "rig/csms/behaviour.py",
        ),
    ),
    Part(
        "Faults",
        "See [faults.md](faults.md) for the effect of each on the wire.",
        (
            "rig/faults/injection.py",
            "rig/faults/catalogue.py",
            "rig/faults/fault.py",
            "rig/faults/power.py",
            "rig/faults/board.py",
            "rig/faults/network.py",
            "rig/faults/csms.py",
        ),
    ),
    Part("Events", "The events on the timeline.", ("rig/timeline/events.py",)),
    Part("Errors", "Exceptions, by verdict: of the firmware, of the bench, of the test.", ("rig/util/errors.py",)),
    Part(
        "Other firmware",
        "See [bring-your-own-firmware.md](bring-your-own-firmware.md).",
        ("rig/adapters/log_format.py", "rig/adapters/profile.py"),
    ),
)

HEAD = """# API reference

Generated from the sources by `make docs`: signatures, and the first paragraph of each docstring. The docstrings in the
sources also have the arguments with their units, and the exceptions. Read [writing-tests.md](writing-tests.md) first.
"""


def reference(root: Path) -> str:
    """Return the whole reference as Markdown.

    Args:
        root: the project's folder.

    Raises:
        OSError: a module of `PARTS` cannot be read.
    """
    lines = [HEAD]
    lines += [f"- [{part.title}](#{part.title.lower().replace(' ', '-')})" for part in PARTS]
    for part in PARTS:
        lines += ["", f"## {part.title}", "", part.text]
        for module in part.modules:
            lines += _module(module, ast.parse((root / module).read_text(encoding="utf-8")))
    return "\n".join(lines) + "\n"


def _module(path: str, tree: ast.Module) -> Iterator[str]:
    yield from ("", f"### `{path}`", "", _first_paragraph(tree))
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and _is_public(node.name) and _described(node):
            yield from _class(node)
    functions = [node for node in tree.body if isinstance(node, Function) and _is_listed(node)]
    if functions:
        yield from ("", *(_function(node) for node in functions))


def _class(node: ast.ClassDef) -> Iterator[str]:
    bases = ", ".join(ast.unparse(base) for base in node.bases if ast.unparse(base) not in ("ABC", "Protocol"))
    yield from ("", f"#### class `{node.name}{f'({bases})' if bases else ''}`", "", _first_paragraph(node))
    fields = [_field(item) for item in node.body if isinstance(item, ast.AnnAssign)]
    functions = [item for item in node.body if isinstance(item, Function) and _is_listed(item)]
    lines = [*(f"- `{text}`" for text in fields if text), *(_function(item) for item in functions)]
    if lines:
        yield from ("", *lines)


def _field(node: ast.AnnAssign) -> str:
    """Return a public field as in the source, or an empty text for a private name, a ClassVar or anything else."""
    annotation = ast.unparse(node.annotation)
    if not isinstance(node.target, ast.Name) or not _is_public(node.target.id) or annotation.startswith("ClassVar"):
        return ""
    return " ".join(ast.unparse(node).split())


def _function(node: Function) -> str:
    """Format a function with its first paragraph; a property or a fixture as its name and type."""
    returned = ast.unparse(node.returns) if node.returns else ""
    if _has(node, "property") or _has(node, "pytest.fixture"):
        signature = f"{node.name}: {returned}"
    else:
        arguments = ast.parse(f"def f({ast.unparse(node.args)}): pass").body[0].args  # type: ignore[attr-defined]
        if arguments.args and arguments.args[0].arg in ("self", "cls"):
            del arguments.args[0]
        context = "with " if _has(node, "contextlib.contextmanager") else ""
        awaited = "await " if isinstance(node, ast.AsyncFunctionDef) else ""
        arrow = f" -> {returned}" if returned not in ("", "None") else ""
        signature = f"{context}{awaited}{node.name}({ast.unparse(arguments)}){arrow}"
    return f"- `{signature}`<br>{_first_paragraph(node)}"


def _first_paragraph(node: ast.Module | ast.ClassDef | Function) -> str:
    text = inspect.cleandoc(ast.get_docstring(node, clean=False) or "").split("\n\n")[0]
    return " ".join(text.split())


def _described(node: ast.ClassDef | Function) -> bool:
    return ast.get_docstring(node) is not None


def _is_public(name: str) -> bool:
    return not name.startswith("_")


def _is_listed(node: Function) -> bool:
    return _described(node) and (_is_public(node.name) or node.name == "__call__")


def _has(node: Function, decorator: str) -> bool:
    return any(ast.unparse(found).split("(")[0] == decorator for found in node.decorator_list)
