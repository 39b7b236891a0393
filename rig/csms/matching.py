"""Does a payload look as expected, and where not, where first?"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any


def differences(expected: Any, actual: Any, path: str = "") -> list[str]:
    """What is different, in words, first things first; empty where `actual` matches.

    Args:
        expected: an object matches where each of its keys does (`actual` may have more); an array where it is as long
            and each element matches; a callable where it returns true; a compiled pattern where the whole string
            matches; anything else where it is equal (True is not 1).
        actual: the decoded JSON.
        path: where in the payload we are.
    """
    here = path or "payload"
    if isinstance(expected, Mapping):
        if not isinstance(actual, Mapping):
            return [f"{here}: expected an object, got {actual!r}"]
        found: list[str] = []
        for key, value in expected.items():
            inner = f"{path}.{key}" if path else str(key)
            if key in actual:
                found += differences(value, actual[key], inner)
            else:
                found.append(f"{inner}: expected {_words(value)}, but it is missing")
        return found
    if isinstance(expected, re.Pattern):
        matches = isinstance(actual, str) and expected.fullmatch(actual) is not None
    elif callable(expected):
        matches = bool(expected(actual))
    elif isinstance(expected, Sequence) and not isinstance(expected, str):
        if not isinstance(actual, list) or len(actual) != len(expected):
            return [f"{here}: expected {len(expected)} elements, got {actual!r}"]
        return [
            difference
            for index, (wanted, got) in enumerate(zip(expected, actual, strict=True))
            for difference in differences(wanted, got, f"{path}[{index}]")
        ]
    else:
        matches = bool(expected == actual) and isinstance(expected, bool) == isinstance(actual, bool)
    return [] if matches else [f"{here}: expected {_words(expected)}, got {actual!r}"]


def _words(expected: Any) -> str:
    if isinstance(expected, re.Pattern):
        return f"what matches {expected.pattern!r}"
    if callable(expected):
        return f"what {getattr(expected, '__name__', expected)} accepts"
    return repr(expected)
