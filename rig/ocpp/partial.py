"""Check expected parts of payloads against the schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rig.ocpp.schemas import Kind, resolved, schema
from rig.ocpp.versions import V16, Version
from rig.util.arguments import did_you_mean

_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int, float),
    "number": (int, float),
    "boolean": (bool,),
}


def schema_mismatch(action: str, fields: Mapping[str, Any], kind: Kind = "request", version: Version = V16) -> str:
    """Return why no valid payload can have such fields; an empty text if one can.

    Args:
        action: an action of the version, e.g. `StatusNotification`.
        fields: expected fields of the payload (`rig.ocpp.matching.differences`). Predicates, patterns and objects with
            their own equality are not checked.
        kind: the request's payload or the response's.
        version: the version of OCPP.
    """
    root = schema(action, kind, version)
    return _mismatch(root, root, fields, action)


def _mismatch(root: Mapping[str, Any], node: Mapping[str, Any], value: Any, place: str) -> str:
    node = resolved(root, node)
    if isinstance(value, Mapping):
        if node.get("type") != "object":
            return f"{place} is no object, but {_article(node)}"
        known = node.get("properties", {})
        for key, inner in value.items():
            if key not in known:
                if node.get("additionalProperties", True) is not False:
                    continue
                meant = did_you_mean(str(key), known)
                nearest = f"did you mean {meant!r}? " if meant else ""
                return f"{place} has no field {key!r}: {nearest}it has {', '.join(known) or 'none'}"
            if problem := _mismatch(root, known[key], inner, f"{place}.{key}"):
                return problem
        return ""
    if isinstance(value, (list, tuple)):
        if node.get("type") != "array":
            return f"{place} is no array, but {_article(node)}"
        found = (_mismatch(root, node.get("items", {}), inner, f"{place}[{i}]") for i, inner in enumerate(value))
        return next(filter(None, found), "")
    if value is not None and not isinstance(value, (str, bool, int, float)):
        return ""
    types = _TYPES.get(node.get("type", ""), ())
    # In Python a bool is an int; in JSON it is not.
    if not isinstance(value, types) or isinstance(value, bool) != (bool in types):
        return f"{place} is {_article(node)}, not of type {type(value).__name__}"
    if "enum" in node and value not in node["enum"]:
        meant = did_you_mean(str(value), node["enum"])
        nearest = f"did you mean {meant!r}? " if meant else ""
        return f"{place} is never {value!r}: {nearest}it is one of {', '.join(node['enum'])}"
    return ""


def _article(node: Mapping[str, Any]) -> str:
    name = str(node.get("type", "value"))
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
