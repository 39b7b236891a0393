"""Encodes any object as JSON. Values that JSON does not have become text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from rig.util.text import encodable


def to_json(content: Any) -> bytes:
    """Encode an object as JSON. Sets become lists; an object of any other type becomes its `str`.

    Raises:
        TypeError: JSON cannot represent it, such as an integer of more than 64 bits.
    """
    return orjson.dumps(content, default=_plain)


def to_json_lossy(content: Any) -> bytes:
    """Encode an object as `to_json` does, replacing values that it rejects by the closest representation.

    Half a surrogate pair becomes a backslash escape. An integer of more than 64 bits becomes a float, or text if it is
    too large for one. Any other object becomes text.
    """
    try:
        return to_json(content)
    except TypeError:
        return orjson.dumps(_nearest(content))


def _nearest(value: Any) -> Any:
    if isinstance(value, str):
        return encodable(value)
    if isinstance(value, (bool, float)) or value is None:
        return value
    if isinstance(value, int):
        if -(1 << 63) <= value < 1 << 64:
            return value
        try:
            return float(value)
        except OverflowError:
            return str(value)
    if isinstance(value, Mapping):
        return {encodable(str(key)): _nearest(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_nearest(inner) for inner in value]
    return encodable(str(value))


def plain(content: Any) -> Any:
    """Return an object as decoded JSON, with keys as texts; its `str` if JSON cannot represent it."""
    try:
        return orjson.loads(orjson.dumps(content, default=_plain, option=orjson.OPT_NON_STR_KEYS))
    except TypeError:
        return str(content)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        try:
            return sorted(value)
        except TypeError:  # values of several types cannot be sorted
            return sorted(value, key=str)
    return str(value)
