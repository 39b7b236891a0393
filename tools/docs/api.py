"""Parse modules without importing them, and write their public names as Markdown."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.docs.importable import IMPORTABLE, INTERNAL

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Part:
    """A chapter of the reference.

    Attributes:
        title: the heading.
        text: the paragraph below the heading.
        modules: the files whose public classes and functions it lists, in order, from the project's root.
    """

    title: str
    text: str
    modules: tuple[str, ...]


PARTS = (
    Part(
        "Fixtures",
        "A test asks for a fixture by the name of an argument.",
        ("fixtures/device.py", "fixtures/instruments.py", "fixtures/measure.py"),
    ),
    Part(
        "Bench and device",
        "The bench as a whole, the device, and the clock.",
        (
            "rig/bench/bench.py",
            "rig/device/device.py",
            "rig/device/device_watch.py",
            "rig/device/ev_driver.py",
            "rig/timeline/timeline.py",
            "rig/util/clock.py",
            "rig/util/aio.py",
        ),
    ),
    Part(
        "Instruments",
        "Each instrument is an attribute of the bench, and a fixture of the same name.",
        (
            "rig/instruments/power.py",
            "rig/instruments/current.py",
            "rig/instruments/inputs.py",
            "rig/instruments/outputs.py",
            "rig/instruments/leds.py",
            "rig/instruments/led_pattern.py",
            "rig/instruments/console.py",
            "rig/instruments/telemetry.py",
            "rig/instruments/memory_trend.py",
            "rig/instruments/network.py",
            "rig/instruments/flasher.py",
        ),
    ),
    Part(
        "CSMS",
        "The fixture `csms` is a `Csms`, which also has the methods of its base classes. See [csms.md](csms.md).",
        (
            "rig/csms/instrument/csms.py",
            "rig/csms/instrument/connections.py",
            "rig/csms/instrument/expectations.py",
            "rig/csms/instrument/calls.py",
            "rig/csms/instrument/replies.py",
            "rig/csms/instrument/misbehaviour.py",
            "rig/csms/instrument/observations.py",
            "rig/csms/instrument/secured_access.py",
            "rig/csms/security.py",
            "rig/csms/authority.py",
            "rig/csms/certificate.py",
            "rig/csms/state.py",
            "rig/csms/station.py",
            "rig/ocpp/transactions.py",
            "rig/ocpp/transaction_events.py",
            "rig/ocpp/samples.py",
            "rig/csms/behaviour.py",
            "rig/ocpp/messages.py",
            "rig/csms/answers.py",
        ),
    ),
    Part(
        "File server",
        "The fixture `files` is a `Files`. See [files.md](files.md) for examples.",
        ("rig/files/instrument.py", "rig/files/uploads.py", "rig/files/failure.py", "rig/files/effects.py"),
    ),
    Part(
        "Faults",
        "[faults.md](faults.md) has the effect of each fault on the wire.",
        (
            "rig/faults/injection.py",
            "rig/faults/catalogue.py",
            "rig/faults/fault.py",
            "rig/faults/power.py",
            "rig/faults/board.py",
            "rig/faults/network.py",
            "rig/faults/time_server.py",
            "rig/faults/csms.py",
            "rig/faults/frames.py",
            "rig/faults/files.py",
        ),
    ),
    Part("Events", "The entries of the timeline.", ("rig/timeline/events.py",)),
    Part(
        "Errors",
        "The verdict depends on the class of an exception; see [reports.md](reports.md#verdicts).",
        ("rig/util/errors.py",),
    ),
    Part(
        "Other firmware",
        "See [bring-your-own-firmware.md](bring-your-own-firmware.md).",
        ("rig/adapters/log_format.py", "rig/adapters/profile.py"),
    ),
)

HEAD = """# API reference

After this page you can look up every fixture, instrument, event and fault that a test uses. `make docs` makes this page
from the sources. It shows the signatures, and the first paragraph of each docstring. For the units of the arguments and
for the exceptions, see the docstring in the source. Read [writing-tests.md](writing-tests.md) first.

## Stable names

The names in this table keep their meaning within a major version. Only a new major version breaks one of them, and the
changelog says so. Every other name may change without notice.
"""


def reference(root: Path) -> str:
    """Return the whole reference as Markdown.

    Args:
        root: the project's folder.

    Raises:
        OSError: a file that a part names is not there.
    """
    lines = [HEAD, "| module | names |", "| --- | --- |"]
    lines += [f"| `{module}` | {', '.join(f'`{name}`' for name in names)} |" for module, names in IMPORTABLE.items()]
    lines += ["", "## Contents", ""]
    lines += [f"- [{part.title}](#{part.title.lower().replace(' ', '-')})" for part in PARTS]
    for part in PARTS:
        lines += ["", f"## {part.title}", "", part.text]
        for module in part.modules:
            lines += _module(module, ast.parse((root / module).read_text(encoding="utf-8")))
    return "\n".join(lines) + "\n"


def _module(path: str, tree: ast.Module) -> Iterator[str]:
    internal = INTERNAL.get(path, ())
    yield from ("", f"### `{path}`", "", *_wrapped(_first_paragraph(tree)))
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and _is_public(node.name) and _described(node) and node.name not in internal:
            yield from _class(node, {name.partition(".")[2] for name in internal if name.startswith(f"{node.name}.")})
    functions = [node for node in tree.body if isinstance(node, Function) and _is_listed(node)]
    lines = [line for node in functions if node.name not in internal for line in _function(node)]
    if lines:
        yield from ("", *lines)


def _class(node: ast.ClassDef, internal: set[str]) -> Iterator[str]:
    bases = ", ".join(ast.unparse(base) for base in node.bases if ast.unparse(base) not in ("ABC", "Protocol"))
    title = f"#### class `{node.name}{f'({bases})' if bases else ''}`"
    yield from ("", title, "", *_wrapped(_first_paragraph(node)))
    meanings = _attributes(node)
    fields = [_field(item) for item in node.body if isinstance(item, ast.AnnAssign)]
    named = {text.partition(":")[0] for text in fields}
    fields += [text for text in _set_at_start(node) if text.partition(":")[0] not in named]
    named = {text.partition(":")[0] for text in fields}
    fields += [name for name in meanings if name not in named and _is_public(name)]
    functions = [item for item in node.body if isinstance(item, Function) and _is_listed(item)]
    lines = []
    for text in fields:
        name = text.partition(":")[0]
        if text and name not in internal:
            meaning = meanings.get(name, "")
            lines += [*_item(f"`{text}`<br>" if meaning else f"`{text}`"), *_wrapped(meaning, "  ")]
    lines += [line for item in functions if item.name not in internal for line in _function(item)]
    if lines:
        yield from ("", *lines)


def _attributes(node: ast.ClassDef) -> dict[str, str]:
    """Return the meaning of each attribute that the docstring of a class lists."""
    _, _, listed = (inspect.cleandoc(ast.get_docstring(node, clean=False) or "") + "\n\n").partition("\nAttributes:\n")
    entries: dict[str, str] = {}
    name = ""
    for line in listed.partition("\n\n")[0].splitlines():
        if not line.startswith("     "):
            name, _, line = line.strip().partition(": ")
        entries[name] = f"{entries.get(name, '')} {line.strip()}".strip()
    return entries


def _field(node: ast.AnnAssign) -> str:
    """Return a public field as in the source, or an empty text for a private name, a ClassVar or anything else."""
    annotation = ast.unparse(node.annotation)
    if not isinstance(node.target, ast.Name) or not _is_public(node.target.id) or annotation.startswith("ClassVar"):
        return ""
    return " ".join(ast.unparse(node).split())


def _set_at_start(node: ast.ClassDef) -> Iterator[str]:
    """Yield the public attributes that `__init__` sets, with their types where these are in the source."""
    for start in node.body:
        if not isinstance(start, ast.FunctionDef) or start.name != "__init__":
            continue
        types = {argument.arg: argument.annotation for argument in (*start.args.args, *start.args.kwonlyargs)}
        for item in start.body:
            match item:
                case ast.Assign(targets=[ast.Attribute(ast.Name("self"), name)], value=ast.Name(argument)):
                    annotation = types.get(argument)
                case ast.Assign(targets=[ast.Attribute(ast.Name("self"), name)], value=ast.Call(ast.Name() as kind)):
                    annotation = kind
                case ast.Assign(targets=[ast.Attribute(ast.Name("self"), name)]):
                    annotation = None
                case ast.AnnAssign(target=ast.Attribute(ast.Name("self"), name), annotation=annotation):
                    pass
                case _:
                    continue
            if _is_public(name):
                yield f"{name}: {ast.unparse(annotation)}" if annotation else name


def _function(node: Function) -> list[str]:
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
    return [*_item(f"`{signature}`<br>"), *_wrapped(_first_paragraph(node), "  ")]


def _item(text: str) -> list[str]:
    return textwrap.wrap(text, 120, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False)


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(text, 120, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)


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
