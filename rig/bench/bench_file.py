"""Reads a bench description (`benches/*.toml`). Errors name the file, the key and the allowed values."""

from __future__ import annotations

import difflib
import tomllib
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from rig.adapters import registry
from rig.config.description import Description
from rig.util.errors import DescriptionError
from rig.util.named_file import read_file
from rig.util.redaction import is_secret

_LARGEST_FILE = 1_000_000
"""In bytes; a long description with a comment on each line has about ten thousand."""
_LONGEST_QUOTE = 100


def load(path: Path | str) -> Description:
    """Read a bench description.

    Args:
        path: the TOML file.

    Raises:
        DescriptionError: the file is invalid; the message names the file, the key, the problem and the allowed values.
    """
    path = Path(path)
    try:
        values = tomllib.loads(_text(path))
    except tomllib.TOMLDecodeError as error:
        raise DescriptionError(f"{path}: not valid TOML: {error}", "See https://toml.io for the syntax") from None
    except ValueError:  # of `int`, which reads 4,300 digits
        raise DescriptionError(f"{path}: a number has thousands of digits", "TOML has integers of 64 bits") from None
    except RecursionError:
        raise DescriptionError(
            f"{path}: nested too deep", "A bench description has tables of tables, three levels at most"
        ) from None
    try:
        description = Description.of(values, path)
    except ValidationError as error:
        found = [_explain(detail) for detail in error.errors()]
        shown = "; ".join(found[:5]) + (f"; and {len(found) - 5} more" if len(found) > 5 else "")
        raise DescriptionError(f"{path}: {shown}") from None
    try:
        registry.log_format(description)
        registry.profile(description)
    except ValueError as error:
        raise DescriptionError(f"{path}: {error}") from error
    return description


def _text(path: Path) -> str:
    try:
        text = read_file(path, _LARGEST_FILE).decode("utf-8")
    except FileNotFoundError:
        there = ", ".join(sorted(str(found) for found in Path("benches").glob("*.toml"))) or "none"
        raise DescriptionError(f"{path}: no such file", f"Bench descriptions here: {there}") from None
    except UnicodeDecodeError as error:
        raise DescriptionError(
            f"{path}: not UTF-8: byte {error.start + 1} is {error.object[error.start]:#04x}",
            "Save it as UTF-8 in your editor",
        ) from None
    except (OSError, ValueError) as error:  # a name with a NUL is a ValueError
        reason = error.strerror if isinstance(error, OSError) else error
        raise DescriptionError(f"{path}: cannot be read: {reason}", "Name the TOML file of a bench") from None
    if text.startswith("\ufeff"):
        raise DescriptionError(f"{path}: begins with a byte order mark", "Save it as UTF-8 without one in your editor")
    return text


def _explain(detail: ErrorDetails) -> str:
    """Reword an error of pydantic for the user."""
    location = [str(part) for part in detail["loc"] if part not in ("none", "manual", "nmcli")]
    key = ".".join(location)
    kind = detail["type"]
    if kind == "extra_forbidden":
        allowed = sorted(_allowed_keys(location[:-1]))
        close = difflib.get_close_matches(location[-1], allowed, n=1, cutoff=0.5)
        hint = f"; did you mean {close[0]}?" if close else ""
        return f"{key}: unknown key{hint} Allowed here: {', '.join(allowed)}"
    if kind == "missing":
        return f"{key}: missing; it takes: {_wanted(location)}" if _wanted(location) else f"{key}: missing"
    if kind == "value_error":
        message = detail["msg"].removeprefix("Value error, ")
        return f"{key}: {message}" if key else message
    given = detail["input"]
    secret = bool(location) and is_secret({}, location[-1])
    shown = f"{_quoted(given)} " if isinstance(given, (str, int, float, bool)) and not secret else ""
    wanted = _wanted(location)
    return f"{key}: {shown}cannot be used: {detail['msg'][0].lower()}{detail['msg'][1:]}" + (
        f" ({wanted})" if wanted else ""
    )


def _quoted(value: str | float) -> str:
    # `repr` writes integers of at most 4,300 digits.
    text = hex(value) if isinstance(value, int) and value.bit_length() > 64 else repr(value)
    return text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}…"


def _allowed_keys(location: list[str]) -> set[str]:
    models = _models_at(location)
    return {name for model in models for name in model.model_fields}


def _wanted(location: list[str]) -> str:
    """Return the description of a key's field; empty if it has none."""
    for model in _models_at(location[:-1]):
        field = model.model_fields.get(location[-1])
        if field is None:
            continue
        text = field.description or next(
            (m.description for part in get_args(field.annotation) for m in getattr(part, "__metadata__", ()) if m), None
        )
        if text:
            return text
    return ""


def _models_at(location: list[str]) -> list[type[BaseModel]]:
    models: list[type[BaseModel]] = [Description]
    for part in location:
        found: list[type[BaseModel]] = []
        for model in models:
            field = model.model_fields.get(part)
            if field is not None:
                found.extend(_models_in(field.annotation))
        models = found or models
    return models


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) in (Union, UnionType, Annotated) or get_args(annotation):
        return [model for part in get_args(annotation) for model in _models_in(part)]
    return []
