"""Problems of payloads in a scenario, found before it is played."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rig.ocpp import schemas
from rig.ocpp.partial import schema_mismatch
from rig.ocpp.schemas import Kind
from rig.ocpp.versions import Version
from rig.scenarios.source import Path_
from rig.scenarios.step import Problems, Values
from rig.scenarios.values import MATCHERS, Unknown, matcher_problem, matching
from rig.util.arguments import did_you_mean

_STEP_OF_PLACE = re.compile(r"\.(?P<key>\w+)|\[(?P<index>\d+)\]")
_INDEX = re.compile(r"-?[0-9]+")
_UNKNOWN_FIELD = re.compile(r"has no field '(?P<key>[^']*)'")


def payload_problems(action: str, payload: Mapping[str, Any], kind: Kind, option: Path_, version: Version) -> Problems:
    """Find fields and values that no valid payload of the action has.

    Args:
        action: the action.
        payload: the expected payload, with `Unknown` for variables.
        kind: the request's payload or the response's.
        option: the option that has the payload.
        version: the version of OCPP.

    Yields:
        The place within the step, and the problem.
    """
    if wrong := _first_wrong_matcher(payload, option):
        yield wrong
        return
    for part in (payload, *_operands(payload)):
        if problem := schema_mismatch(action, matching(part), kind, version):
            yield _place_in(problem, action, option), problem
            return


def sent_problems(values: Values, kind: Kind, version: Version) -> Problems:
    """Find matchers in the payload `with` that a step sends, and violations of its schema unless it is `unchecked`.

    Args:
        values: the values of the step, whose subject is the action.
        kind: the request's payload or the response's.
        version: the version of OCPP.

    Yields:
        The place within the step, and the problem.
    """
    payload = values.get("with", {})
    if place := _first_matcher(payload, ("with",)):
        yield place, f"{place[-1]!r} is a matcher, and this payload is sent. Give the value"
    elif not values.get("unchecked"):
        yield from payload_problems(values.subject, payload, kind, ("with",), version)


def save_problems(values: Values, kind: Kind, version: Version) -> Problems:
    """Find places of the option `save` that no valid payload has.

    Args:
        values: the values of the step, whose subject is the action.
        kind: the payload with the places: the request's or the response's.
        version: the version of OCPP.

    Yields:
        The place within the step, and the problem.
    """
    for name, place in values.get("save", {}).items():
        if isinstance(place, str) and (problem := _place_problem(values.subject, place.split("."), kind, version)):
            yield ("save", name), problem


def _place_problem(action: str, place: list[str], kind: Kind, version: Version) -> str:
    """Return why no valid payload has a place; empty if one may have it."""
    if not schemas.has(action, kind, version):
        return ""
    root = schemas.schema(action, kind, version)
    node, where = schemas.resolved(root, root), action
    for part in place:
        key, equals, _ = part.partition("=")
        if node.get("type") == "array":
            node = schemas.resolved(root, node.get("items", {}))
            if not equals:
                if not _INDEX.fullmatch(part):
                    return f"{where} is an array: write an index such as 0, or KEY=VALUE, not {part!r}"
                where = f"{where}[{part}]"
                continue
            part, inner = key, f"{where}[{part}]"
        elif node.get("type", "object") != "object":
            return f"{where} has no fields: it is of the type {node['type']}"
        else:
            inner = f"{where}.{part}"
        fields = node.get("properties", {})
        if part in fields:
            node = node if equals else schemas.resolved(root, fields[part])
        elif node.get("additionalProperties", True) is False:
            meant = did_you_mean(part, fields)
            nearest = f": did you mean {meant!r}?" if meant else "."
            return f"{where} has no field {part!r}{nearest} Its fields: {', '.join(fields) or 'none'}"
        else:
            return ""
        where = inner
    return ""


def _first_matcher(value: Any, path: Path_) -> Path_ | None:
    """Return the place of the first matcher in a value."""
    if isinstance(value, Mapping) and len(value) == 1 and next(iter(value)) in MATCHERS:
        return (*path, next(iter(value)))
    found = (_first_matcher(each, (*path, key)) for key, each in _inner(value))
    return next(filter(None, found), None)


def _first_wrong_matcher(value: Any, path: Path_) -> tuple[Path_, str] | None:
    """Return the first object that looks like a matcher and is none, or whose value its matcher cannot take."""
    if isinstance(value, Mapping):
        for key, operand in value.items():
            if not str(key).startswith("$"):
                continue
            if key not in MATCHERS or len(value) != 1:
                return (*path, key), f"{key!r} is not a matcher, alone in its object. Allowed: {', '.join(MATCHERS)}"
            if problem := matcher_problem(key, operand):
                return (*path, key), problem
    found = (_first_wrong_matcher(each, (*path, key)) for key, each in _inner(value))
    return next(filter(None, found), None)


def _operands(value: Any) -> Iterator[Any]:
    """Yield, for each value that a matcher compares with, the payload with this value in place of the matcher."""
    if isinstance(value, Mapping) and len(value) == 1 and (key := next(iter(value))) in MATCHERS:
        operand = value[key]
        if key == "$one_of":
            yield from operand
        elif key in ("$not", "$has"):
            yield operand
        return
    for key, each in _inner(value):
        for part in _operands(each):
            yield {key: part} if isinstance(value, Mapping) else [*[Unknown()] * key, part]


def _inner(value: Any) -> Iterable[tuple[Any, Any]]:
    """Return the values in an object or an array, each with its key or index."""
    if isinstance(value, Mapping):
        return value.items()
    return enumerate(value) if isinstance(value, list) else ()


def _place_in(problem: str, action: str, option: Path_) -> Path_:
    """Return the place that the text of a mismatch begins with: `Action.field[0].inner ...`."""
    place = problem.removeprefix(action).partition(" ")[0]
    path: list[str | int] = [
        int(found["index"]) if found["index"] else found["key"] for found in _STEP_OF_PLACE.finditer(place)
    ]
    if unknown := _UNKNOWN_FIELD.search(problem):
        path.append(unknown["key"])
    return (*option, *path)
