"""Compare a payload with an expected one, and list the differences."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rig.util.redaction import MASK, is_secret, masked

Path = tuple[str | int, ...]
"""A place in a payload: keys and indexes from the outside in."""


class _Absent:
    """The expectation that a key is missing."""

    def __repr__(self) -> str:
        return "no such field"


ABSENT = _Absent()
"""Expects that an object does not have the key."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where a payload is not as expected. Its text has the place, the expected and the actual value."""

    path: Path
    expected: str
    found: str

    def __str__(self) -> str:
        place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path).lstrip(".")
        return f"{place or 'payload'}: expected {self.expected}, {self.found}"


def differences(expected: Any, actual: Any, path: Path = ()) -> list[Difference]:
    """Return the differences in order; an empty list if `actual` matches.

    Args:
        expected: an object matches if each of its keys does. `actual` may have more keys; a key with the value `ABSENT`
            must be missing. An array matches if it has the same length and each element matches. A callable matches if
            it returns true, a compiled pattern if the whole string matches. Anything else matches if it is equal (True
            is not 1).
        actual: the decoded JSON.
        path: the place of `actual` in the payload.

    Secrets are compared, but masked in the differences.
    """
    got = f"got {masked(actual)!r}"
    if isinstance(expected, Mapping):
        if not isinstance(actual, Mapping):
            return [Difference(path, "an object", got)]
        found: list[Difference] = []
        for key, value in expected.items():
            inner = (*path, str(key))
            if value is ABSENT:
                found += [Difference(inner, "no such field", f"got {masked(actual)[key]!r}")] if key in actual else []
            elif key in actual and is_secret(actual, key):
                found += [Difference(inner, MASK, f"got {MASK}")] if differences(value, actual[key]) else []
            elif key in actual:
                found += differences(value, actual[key], inner)
            else:
                found.append(Difference(inner, _words(value), "but it is missing"))
        return found
    if isinstance(expected, re.Pattern):
        matches = isinstance(actual, str) and expected.fullmatch(actual) is not None
    elif callable(expected):
        matches = bool(expected(actual))
    elif isinstance(expected, Sequence) and not isinstance(expected, str):
        if not isinstance(actual, list) or len(actual) != len(expected):
            return [Difference(path, f"{len(expected)} elements", got)]
        return [
            difference
            for index, (wanted, element) in enumerate(zip(expected, actual, strict=True))
            for difference in differences(wanted, element, (*path, index))
        ]
    else:
        matches = bool(expected == actual) and isinstance(expected, bool) == isinstance(actual, bool)
    return [] if matches else [Difference(path, _words(expected), got)]


def _words(expected: Any) -> str:
    if isinstance(expected, re.Pattern):
        return f"a string that matches {expected.pattern!r}"
    if callable(expected):
        return f"a value that {getattr(expected, '__name__', expected)} accepts"
    return repr(masked(expected))
