"""Parse modules without importing them, and write their public names as Markdown."""

from __future__ import annotations

import ast
import copy
import inspect
import textwrap
from collections.abc import Iterator, Mapping
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
        "A test requests a fixture with an argument of the same name.",
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
        "The fixture `csms` is a `Csms` and has the methods of all base classes of `Csms`. See [csms.md](csms.md).",
        (
            "rig/csms/instrument/csms.py",
            "rig/csms/instrument/connections.py",
            "rig/csms/instrument/expectations.py",
            "rig/csms/instrument/calls.py",
            "rig/csms/instrument/replies.py",
            "rig/csms/instrument/misbehaviour.py",
            "rig/csms/wire.py",
            "rig/csms/frame_effects.py",
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
        "[faults.md](faults.md) describes the effect of each fault on the wire.",
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
    Part(
        "Events",
        "The entries of the timeline. All stamps are in nanoseconds of bench time.",
        ("rig/timeline/events.py",),
    ),
    Part(
        "Errors",
        "The class of an exception decides the verdict of the test ([reports.md](reports.md#verdicts)). Two errors "
        "skip the test instead: `NoSettingsError`, if the firmware takes no settings, and the error about an unknown "
        "wire (an `AuthorError`), if the bench lacks the wire and has no wire with a similar name.",
        ("rig/util/errors.py",),
    ),
    Part(
        "Other firmware",
        "See [bring-your-own-firmware.md](bring-your-own-firmware.md).",
        ("rig/adapters/log_format.py", "rig/adapters/profile.py"),
    ),
)

HEAD = """# API reference

After this page you can look up every fixture, instrument, event and fault that a test uses. Read
[writing-tests.md](writing-tests.md) first.

`make docs` generates this page from the sources. An entry shows a signature and the first paragraph of its docstring.
The docstring in the source also describes the arguments and the exceptions. If a class replaces a method of its base
class, only the base class lists the method.

| in a signature | meaning |
| --- | --- |
| `with f()` | a context manager |
| `Seconds` | a number of bench seconds, at least 0 |
| `Count` | a whole number, at least 1 |
| `Text` | a text that is not empty |
| `Annotated[float, Limits(above=0, most=10)]` | a number above 0, at most 10. `least` is an inclusive lower limit |
| `since: Mark` | only events after the mark count. None: the whole test, and the present state of LEDs and outputs |
| `charge_point: str` | the identity of a charge point. None: the bench's charge point |
| `Want[str]` | a text, a regular expression or a predicate that a field must match. None: the field is not checked |

## Stable names

The names in this table keep their meaning within a major version. A new major version can change them, and the
changelog then says so. Every other name can change without notice.
"""

_EMPTY = "NOTHING"
"""The constant of an empty mapping, which some fields have as their default."""
_WRAPPERS = ("NoSecret", "MayHoldSecret")
"""Annotations for the masking of secrets, which say nothing about the type."""


def reference(root: Path) -> str:
    """Return the whole reference as Markdown.

    Args:
        root: the project's folder.

    Raises:
        OSError: a file that a part names is not there.
    """
    trees = {
        module: ast.parse((root / module).read_text(encoding="utf-8")) for part in PARTS for module in part.modules
    }
    classes = {node.name: node for tree in trees.values() for node in tree.body if isinstance(node, ast.ClassDef)}
    lines = [HEAD, "| module | names |", "| --- | --- |"]
    lines += [f"| `{module}` | {', '.join(f'`{name}`' for name in names)} |" for module, names in IMPORTABLE.items()]
    lines += ["", "## Contents", ""]
    lines += [f"- [{part.title}](#{part.title.lower().replace(' ', '-')})" for part in PARTS]
    for part in PARTS:
        lines += ["", f"## {part.title}", "", *_wrapped(part.text)]
        for module in part.modules:
            lines += _module(module, trees[module], classes)
    return "\n".join(lines) + "\n"


def _module(path: str, tree: ast.Module, classes: Mapping[str, ast.ClassDef]) -> Iterator[str]:
    internal = INTERNAL.get(path, ())
    yield from ("", f"### `{path}`", "", *_wrapped(_first_paragraph(tree)))
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and _is_public(node.name) and _described(node) and node.name not in internal:
            hidden = {name.partition(".")[2] for name in internal if name.startswith(f"{node.name}.")}
            yield from _class(node, hidden | _inherited(node, classes))
    functions = [node for node in tree.body if isinstance(node, Function) and _is_listed(node)]
    lines = [line for node in functions if node.name not in internal for line in _function(node)]
    if lines:
        yield from ("", *lines)


def _inherited(node: ast.ClassDef, classes: Mapping[str, ast.ClassDef]) -> set[str]:
    """Return the names of the methods that the base classes have, as far as the reference reads these classes."""
    names: set[str] = set()
    for base in node.bases:
        found = classes.get(ast.unparse(base))
        if found is not None:
            names |= {item.name for item in found.body if isinstance(item, Function)} | _inherited(found, classes)
    return names


def _class(node: ast.ClassDef, internal: set[str]) -> Iterator[str]:
    bases = ", ".join(ast.unparse(base) for base in node.bases if ast.unparse(base) not in ("ABC", "Protocol"))
    title = f"#### class `{node.name}{f'({bases})' if bases else ''}`"
    yield from ("", title, "", *_wrapped(_first_paragraph(node)))
    meanings = _listed(node, "Attributes")
    fields = [_field(item) for item in node.body if isinstance(item, ast.AnnAssign)]
    named = {text.partition(":")[0] for text in fields}
    fields += [text for text in _set_at_start(node) if text.partition(":")[0] not in named]
    named = {text.partition(":")[0] for text in fields}
    fields += [name for name in meanings if name not in named and _is_public(name)]
    if not any(isinstance(item, Function) and item.name == "__init__" for item in node.body):
        meanings = _listed(node, "Args") | meanings  # the arguments of a dataclass are its fields
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


def _listed(node: ast.ClassDef, heading: str) -> dict[str, str]:
    """Return the meaning of each name that the docstring of a class lists below a heading."""
    text = inspect.cleandoc(ast.get_docstring(node, clean=False) or "") + "\n\n"
    _, _, listed = text.partition(f"\n{heading}:\n")
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
    return " ".join(ast.unparse(_Plain().visit(copy.deepcopy(node))).split())


class _Plain(ast.NodeTransformer):
    """Reduce a field to its type and its default."""

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        """Return the type without the wrappers for secrets, and without limits that only the source can name."""
        self.generic_visit(node)
        kind = ast.unparse(node.value)
        if kind == "Annotated" and isinstance(node.slice, ast.Tuple) and "=_" in ast.unparse(node).replace("-", ""):
            return node.slice.elts[0]
        return node.slice if kind in _WRAPPERS else node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        """Return the field with the default in place of a call of `field`."""
        self.generic_visit(node)
        if isinstance(node.value, ast.Call) and ast.unparse(node.value.func) == "field":
            factory = next((word.value for word in node.value.keywords if word.arg == "default_factory"), None)
            made = ast.unparse(factory.body if isinstance(factory, ast.Lambda) else factory) if factory else ""
            if made in ("", "dict", _EMPTY):
                node.value = ast.Dict([], []) if made else None
        return node


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
        if _has(node, "pytest.fixture") and isinstance(node.returns, ast.Subscript) and _yields(node):
            returned = ast.unparse(_yielded(node.returns))
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


def _yields(node: Function) -> bool:
    return any(isinstance(part, ast.Yield) for part in ast.walk(node))


def _yielded(annotation: ast.Subscript) -> ast.expr:
    """Return the type of the values of an iterator or a generator, which a test receives from a fixture."""
    return annotation.slice.elts[0] if isinstance(annotation.slice, ast.Tuple) else annotation.slice


def _has(node: Function, decorator: str) -> bool:
    return any(ast.unparse(found).split("(")[0] == decorator for found in node.decorator_list)
