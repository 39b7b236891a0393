"""JSON of any object: what JSON cannot hold is written as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from rig.util.text import encodable


def to_json(content: Any) -> bytes:
    """Write JSON as the record has it: mappings and sets as it can hold them, any other object as its `str`.

    Raises:
        TypeError: it has no place in JSON.
    """
    return orjson.dumps(content, default=_plain)


def to_json_at_any_price(content: Any) -> bytes:
    """Write JSON as `to_json` does; what has no place in JSON is written as the nearest that has.

    Half a surrogate pair is written as a backslash escape, an integer of more than 64 bits as a float or, beyond those,
    as text, any other object as text.
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
    """The JSON that any object is written as: its keys as texts, and its `str` where it has no place in JSON."""
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
        except TypeError:  # of several types
            return sorted(value, key=str)
    return str(value)
