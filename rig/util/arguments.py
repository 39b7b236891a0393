"""Checks of what a test hands in: a mistake is refused at once, by name and with what is allowed."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable

from rig.util.errors import AuthorError


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the known name that is most like a misspelt one, or an empty text."""
    return next(iter(difflib.get_close_matches(name, sorted(known), 1)), "")


def validate_one_of(what: str, value: object, allowed: Iterable[str]) -> None:
    """Refuse a text that is none of a fixed set.

    Args:
        what: names the argument in the message.
        value: what was given.
        allowed: the set.

    Raises:
        AuthorError: it is none of them; the message names the nearest.
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
    """Refuse what is no finite number within its limits, and return the number.

    Args:
        what: names the argument in the message.
        value: what was given.
        least: the lowest that is allowed.
        above: it must be more than this.
        most: the highest that is allowed.

    Raises:
        AuthorError: it is no number, not finite, or beyond a limit.
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
    except OverflowError:  # an integer beyond every float
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
"""Integers below this are exact as floats, and stay integers."""


def validate_bool(what: str, value: object) -> None:
    """Refuse what is neither True nor False: a text such as `"off"` counts as true where nobody looks.

    Raises:
        AuthorError: it is neither.
    """
    if not isinstance(value, bool):
        raise AuthorError(f"{what} is True or False, not {value!r}")
