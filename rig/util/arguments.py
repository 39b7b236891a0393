"""Validates the arguments of a test's calls. Messages name the argument and the allowed values."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable

from rig.util.errors import AuthorError


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the known name closest to a misspelt one, or an empty string."""
    return next(iter(difflib.get_close_matches(name, sorted(known), 1)), "")


def validate_one_of(what: str, value: object, allowed: Iterable[str]) -> None:
    """Reject a value that is not in a fixed set of texts.

    Args:
        what: the argument's name in the message.
        value: the given value.
        allowed: the set.

    Raises:
        AuthorError: the value is not in the set; the message names the closest one.
    """
    names = list(allowed)
    if value in names:
        return
    meant = did_you_mean(value, names) if isinstance(value, str) else ""
    nearest = f". Did you mean {meant!r}?" if meant else "."
    raise AuthorError(f"{what} is one of {', '.join(names)}, not {value!r}{nearest}")


def validate_number(
    what: str, value: object, *, least: float | None = None, above: float | None = None, most: float | None = None
) -> float:
    """Reject a value that is not a finite number within its limits, and return the number.

    Args:
        what: the argument's name in the message.
        value: the given value.
        least: the inclusive lower limit.
        above: the exclusive lower limit.
        most: the inclusive upper limit.

    Raises:
        AuthorError: the value is not a number, not finite, or outside a limit.
    """
    limits = [
        f"{words} {limit:.10g}"
        for words, limit in (("at least", least), ("above", above), ("at most", most))
        if limit is not None
    ]
    wanted = f"a finite number{', ' if limits else ''}{' and '.join(limits)}"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise AuthorError(f"{what} is {wanted}, not {value!r}")
    try:
        number = float(value)
    except OverflowError:  # an integer too large for a float
        number = math.inf
    fits = (
        math.isfinite(number)
        and (least is None or number >= least)
        and (above is None or number > above)
        and (most is None or number <= most)
    )
    if not fits:
        raise AuthorError(f"{what} is {wanted}, not {number:g}")
    return value if isinstance(value, float) or abs(value) < _EXACT else number


_EXACT = 1 << 53
"""Integers below this are exact as floats, and are returned as integers."""


def validate_bool(what: str, value: object) -> None:
    """Reject a value that is not a bool: Python would treat a text such as `"off"` as true.

    Raises:
        AuthorError: the value is neither True nor False.
    """
    if not isinstance(value, bool):
        raise AuthorError(f"{what} is True or False, not {value!r}")


def validate_url_header(what: str, url: str) -> None:
    """Reject a URL that cannot be the value of an HTTP header, such as Location (RFC 9110 section 5.5).

    A line end would begin another header.

    Args:
        what: the argument's name in the message.
        url: the given URL; may be empty.

    Raises:
        AuthorError: the URL has other characters than printable ASCII.
    """
    if not url.isascii() or not url.isprintable():
        raise AuthorError(f"{what} is a URL in printable ASCII, not {url!a}")
