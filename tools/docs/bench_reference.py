"""Write every key of a bench description as Markdown, from the model that validates it."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from rig.config.description import KNOWN_SIGNALS, Description, InputWire, Wire

HEAD = """# Bench description reference

After this page you know every key of a bench description (`benches/*.toml`), its accepted values and its default.
[wiring.md](wiring.md) explains the wires. `rig bench check FILE` validates a file. `make docs` generates this page.

The TOML tables `[power]`, `[control]` and `[device]` are required. A key is required if its column "default" is empty.
Unknown keys are rejected.
"""

_WIRES = {
    "inputs": "Wires to inputs of the device. The bench drives these wires.",
    "leds": "Wires from LEDs of the device. The bench recognizes the patterns of the LEDs.",
    "outputs": "Wires from the other outputs of the device. The bench reads these outputs.",
}
_WIRE_TEXT = "A wire is a table, such as `cable = { pin = 5, gpio = 32 }`."
_PLAIN = {str: "text", int: "an integer", float: "a number", bool: "`true`, `false`"}


def bench_reference(_root: Path) -> str:
    """Return the whole page. The model is imported, so the folder is not used."""
    lines = [HEAD, "## Top level", "", *_table(Description, plain_only=True)]
    for name, field in Description.model_fields.items():
        for model in _models(field.annotation):
            lines += ["", f"## `[{name}]`", ""]
            if name in KNOWN_SIGNALS:
                known = ", ".join(f"`{signal}`" for signal in sorted(KNOWN_SIGNALS[name]))
                text = f"{_WIRES[name]} Each key is the name of a [wire](#a-wire). The tests of Plugbench use {known}."
                lines += textwrap.wrap(text, 120, break_on_hyphens=False)
            else:
                lines += [*_text(model), "", *_table(model)]
                for key, inner in _tables_in(model):
                    lines += ["", f"## `[{name}.{key}]`", "", *_text(inner), "", *_table(inner)]
    of_inputs = set(InputWire.model_fields) - set(Wire.model_fields)
    lines += ["", "## A wire", "", _WIRE_TEXT, "", *_table(InputWire, inputs_only=of_inputs)]
    return "\n".join(lines) + "\n"


def _table(model: type[BaseModel], *, plain_only: bool = False, inputs_only: set[str] | None = None) -> Iterator[str]:
    yield "| key | accepted | default | meaning |"
    yield "| --- | --- | --- | --- |"
    for name, field in model.model_fields.items():
        models = _models(field.annotation)
        if plain_only and models:
            continue
        if len(models) > 1:
            yield from _choices(name, models)
            continue
        accepted = _linked(name, models[0]) if models else _accepted(field.annotation, field.metadata)
        note = " (inputs only)" if inputs_only and name in inputs_only else ""
        yield f"| `{name}` | {accepted} | {_default(field)} | {_meaning(field)}{note} |"


def _linked(name: str, model: type[BaseModel]) -> str:
    return "a [wire](#a-wire)" if issubclass(model, Wire) else f"the table `{name}` below"


def _tables_in(model: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    """Yield the tables within a table, with their keys, except wires and tables of several kinds."""
    for name, field in model.model_fields.items():
        models = _models(field.annotation)
        if len(models) == 1 and not issubclass(models[0], Wire):
            yield name, models[0]


def _choices(name: str, models: list[type[BaseModel]]) -> Iterator[str]:
    """Yield a row for each kind of a table that has several kinds."""
    for model in models:
        keys = [f"kind = {_quoted(get_args(model.model_fields['kind'].annotation)[0])}"]
        keys += [f'{key} = "…"' for key in model.model_fields if key != "kind"]
        accepted = f"`{{ {', '.join(keys)} }}`"
        default = "-" if model.model_fields["kind"].is_required() else accepted
        yield f"| `{name}` | {accepted} | {default} | {_first_line(model)} |"


def _accepted(annotation: Any, metadata: list[Any]) -> str:
    if get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        return _accepted(inner, [*metadata, *(part for one in more for part in getattr(one, "metadata", [one]))])
    if get_origin(annotation) in (Union, UnionType):
        return ", ".join(_accepted(part, metadata) for part in get_args(annotation) if part is not NoneType)
    if get_origin(annotation) is tuple:
        return f"a list of {_accepted(get_args(annotation)[0], [])}"
    if get_origin(annotation) is Literal:
        return ", ".join(f"`{_quoted(value)}`" for value in get_args(annotation))
    limits = {name: getattr(part, name) for part in metadata for name in _LIMITS if hasattr(part, name)}
    if pattern := next((part.pattern for part in metadata if getattr(part, "pattern", None)), None):
        return f"text that matches `{pattern}`"
    low, high = limits.get("ge"), limits.get("le")
    if "gt" in limits:
        return f"{_PLAIN[annotation]}, above {limits['gt']:,}, at most {high:,}"
    if low is not None and high is not None:
        return f"{_PLAIN[annotation]}, {low:,} to {high:,}"
    if "max_length" in limits:
        return f"text of {limits.get('min_length', 0)} to {limits['max_length']} characters"
    return _PLAIN[annotation]


_LIMITS = ("gt", "ge", "le", "min_length", "max_length")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return ""
    if (
        field.default is None
        or field.default in ("", PydanticUndefined)
        or isinstance(field.default, (Mapping, BaseModel))
    ):
        return "see meaning" if "default" in _meaning(field) else "none"
    return f"`{_quoted(field.default)}`"


def _quoted(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_quoted, value))}]"
    return f'"{value}"' if isinstance(value, str) else str(value).lower()


def _meaning(field: FieldInfo) -> str:
    if field.description:
        return field.description
    parts = [part for one in get_args(field.annotation) for part in getattr(one, "__metadata__", ())]
    return next((part.description for part in parts if getattr(part, "description", None)), "")


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models(part)]


def _text(model: type[BaseModel]) -> Iterator[str]:
    """Yield the lines of the paragraphs of a docstring."""
    for number, paragraph in enumerate(inspect.cleandoc(model.__doc__ or "").split("\n\n")):
        yield from [""] if number else []
        yield from textwrap.wrap(" ".join(paragraph.split()), 120, break_on_hyphens=False)


def _first_line(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").strip().splitlines()[0]
