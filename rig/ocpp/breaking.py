"""Breaks a valid payload at one keyword of its JSON schema, on purpose."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, get_args

from rig.ocpp import schemas
from rig.ocpp.versions import V16, Version

Keyword = Literal[
    "additionalProperties",
    "enum",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "maximum",
    "minItems",
    "minimum",
    "multipleOf",
    "required",
    "type",
]
"""Keywords that the schemas of OCPP use. `items` is an array that holds an element of a wrong type."""
KEYWORDS: tuple[str, ...] = get_args(Keyword)

_UNKNOWN = "plugbenchUnknown"
_NO_ENUM = "NoSuchValue"


def breakable(action: str, kind: schemas.Kind, keyword: Keyword, version: Version = V16) -> bool:
    """Return whether the schema of an action's payload uses a keyword."""
    if not schemas.has(action, kind, version):
        return False
    root = schemas.schema(action, kind, version)
    return _uses(root, root, keyword)


def _uses(root: Mapping[str, Any], schema: Mapping[str, Any], keyword: str) -> bool:
    schema = schemas.resolved(root, schema)
    inner = [*schema.get("properties", {}).values(), schema.get("items", {})]
    is_used = schema.get(keyword) is False if keyword == "additionalProperties" else keyword in schema
    return is_used or any(_uses(root, each, keyword) for each in inner if each)


def break_payload(
    action: str, kind: schemas.Kind, payload: Any, keyword: Keyword, rng: random.Random, version: Version = V16
) -> dict[str, Any] | None:
    """Return a copy of a payload that breaks a keyword of its schema; None if that is impossible.

    If possible, an existing property is changed. Otherwise an optional property is added.

    Args:
        action: the action.
        kind: the request or the response.
        payload: the payload; it stays unchanged.
        keyword: the keyword to break.
        rng: chooses among the places where that is possible.
        version: the version of OCPP. It may lack the action.
    """
    content = copy.deepcopy(payload) if isinstance(payload, dict) else {}
    if not schemas.has(action, kind, version):
        return None
    schema = schemas.schema(action, kind, version)
    ways = list(_ways(schema, schema, content, keyword))
    if not ways:
        return None
    present = [way for is_present, way in ways if is_present] or [way for _, way in ways]
    rng.choice(present)()
    return content


def _ways(
    root: Mapping[str, Any], schema: Mapping[str, Any], value: dict[str, Any], keyword: str
) -> Iterator[tuple[bool, Callable[[], object]]]:
    """Yield the ways to break an object: whether the place exists already, and the function that breaks it."""

    def put(name: str, broken: Any) -> Callable[[], object]:
        return lambda: value.__setitem__(name, broken)

    def remove(name: str) -> Callable[[], object]:
        return lambda: value.pop(name, None)

    properties: Mapping[str, Any] = schema.get("properties", {})

    def replace_element(elements: list[Any], place: int, broken: Any) -> Callable[[], object]:
        return lambda: elements.__setitem__(place, broken)

    if keyword == "additionalProperties" and schema.get("additionalProperties") is False:
        yield True, put(_UNKNOWN, True)
    if keyword == "required":
        for name in schema.get("required", ()):
            yield name in value, remove(name)
    for name, given in properties.items():
        inner = schemas.resolved(root, given)
        is_present = name in value
        for broken in _broken_values(root, inner, value.get(name), keyword):
            yield is_present, put(name, broken)
        child = value.get(name)
        if inner.get("type") == "object" and isinstance(child, dict):
            yield from _ways(root, inner, child, keyword)
        if inner.get("type") == "array" and isinstance(child, list):
            element = schemas.resolved(root, inner.get("items", {}))
            for place, each in enumerate(child):
                if isinstance(each, dict):
                    yield from _ways(root, element, each, keyword)
                else:
                    for broken in _broken_values(root, element, each, keyword):
                        yield True, replace_element(child, place, broken)


def _broken_values(root: Mapping[str, Any], schema: Mapping[str, Any], value: Any, keyword: str) -> Iterator[Any]:
    """Yield the values of one property that break a keyword of its own schema."""
    kind = schema.get("type")
    match keyword:
        case "type" if kind is not None:
            yield 42 if kind in ("string", "object", "array") else "a text"
        case "enum" if "enum" in schema:
            yield _NO_ENUM
        case "maxLength" if "maxLength" in schema:
            text = value if isinstance(value, str) and value else "x"
            yield (text * (schema["maxLength"] + 1))[: schema["maxLength"] + 1]
        case "format" if "format" in schema:
            yield "no such format"
        case "minItems" if schema.get("minItems", 0) > 0:
            yield []
        case "maxItems" if "maxItems" in schema and isinstance(value, list) and value:
            yield [*value, *[value[-1]] * (schema["maxItems"] + 1 - len(value))]
        case "maximum" if "maximum" in schema:
            yield schema["maximum"] + 1
        case "minimum" if "minimum" in schema:
            yield schema["minimum"] - 1
        case "multipleOf" if "multipleOf" in schema:
            yield (value if isinstance(value, int | float) else 0) + schema["multipleOf"] / 2
        case "items" if kind == "array":
            wrong = 42 if schemas.resolved(root, schema.get("items", {})).get("type") != "integer" else "a text"
            yield [*(value if isinstance(value, list) else ()), wrong]
