"""JSON of any object: what JSON cannot hold is written as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson


def to_json(content: Any) -> bytes:
    """Write JSON as the record has it: mappings and sets as it can hold them, any other object as its `str`.

    Raises:
        TypeError: it has no place in JSON.
    """
    return orjson.dumps(content, default=_plain)


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
