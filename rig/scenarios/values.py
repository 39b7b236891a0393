"""Values in a scenario: durations, variables, and matchers of expected payloads."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import jsonschema_rs

from rig.ocpp.matching import ABSENT, differences
from rig.util.errors import AuthorError

_UNITS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_LONGEST_S = 365 * 86400.0
DURATION_PATTERN = r"^[0-9]+(\.[0-9]+)? *(ms|s|min|h|d)$"
"""The pattern of a duration, such as `500 ms`, `20 s`, `1.5 h`."""
POSITIVE_DURATION_PATTERN = DURATION_PATTERN.replace("^", "^(?=.*[1-9])")
"""The pattern of a duration above 0."""
_DURATION = re.compile(r"(?P<number>[0-9]+(\.[0-9]+)?) *(?P<unit>ms|s|min|h|d)")

VARIABLE = re.compile(r"\$\{ *(?P<name>[a-z][a-z0-9_]*)( *(?P<sign>[+-]) *(?P<amount>[0-9][0-9. a-z]*?))? *\}")
"""A reference to a variable: `${name}`, `${transaction + 1}`, `${now + 60 s}`."""
_MARKED = re.compile(rf"{VARIABLE.pattern}|\$\{{(?P<other>[^}}]*)")
"""A reference, or a text that was meant as one."""


def seconds(duration: str) -> float:
    """Return a duration in seconds.

    Raises:
        AuthorError: the text is not a duration, or longer than a year.
    """
    found = _DURATION.fullmatch(duration.strip())
    if found is None:
        raise AuthorError(f"{duration!r} is no duration: write a number and a unit, {', '.join(_UNITS)}")
    found_s = round(float(found["number"]) * _UNITS[found["unit"]], 9)
    if found_s > _LONGEST_S:
        raise AuthorError(f"a duration is at most {_LONGEST_S / _UNITS['d']:g} d, not {duration}")
    return found_s


class Unknown:
    """The value of a variable before the scenario is played. Checks of payloads accept it anywhere."""

    def __repr__(self) -> str:
        return "a variable"


Lookup = Callable[[str], Any]
"""Returns the value of a variable; raises KeyError if there is none."""


def resolved(value: Any, lookup: Lookup) -> Any:
    """Replace the references to variables in a value.

    A text that is one reference becomes the value with its type. Within a longer text the value is inserted as text.

    Raises:
        AuthorError: there is no such variable, or the amount cannot be added to it.
    """
    if isinstance(value, Mapping):
        return {resolved(key, lookup): resolved(inner, lookup) for key, inner in value.items()}
    if isinstance(value, list):
        return [resolved(inner, lookup) for inner in value]
    if not isinstance(value, str):
        return value
    if whole := VARIABLE.fullmatch(value):
        return _value_of(whole, lookup)
    return VARIABLE.sub(lambda found: str(_value_of(found, lookup)), value)


def references(value: Any) -> list[str]:
    """Return the names of the variables in a value, and in the keys of a mapping, in order.

    A text `${…}` that is no reference, such as `${Name}`, counts as a name.
    """
    if isinstance(value, Mapping):
        return [name for pair in value.items() for inner in pair for name in references(inner)]
    if isinstance(value, list):
        return [name for inner in value for name in references(inner)]
    if not isinstance(value, str):
        return []
    return [found["name"] or found["other"] for found in _MARKED.finditer(value)]


def _value_of(found: re.Match[str], lookup: Lookup) -> Any:
    value = lookup(found["name"])
    if found["sign"] is None or isinstance(value, Unknown):
        return value
    sign, amount = (1 if found["sign"] == "+" else -1), found["amount"]
    with contextlib.suppress(ValueError, OverflowError):
        if isinstance(value, str) and amount:  # the value is a time of RFC 3339
            moment = datetime.fromisoformat(value) + sign * timedelta(seconds=seconds(amount))
            return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return value + sign * int(amount)
    raise AuthorError(f"{found[0]}: {amount!r} cannot be added to {value!r}")


# -- matchers -------------------------------------------------------------------------------------------------------


def _number(value: Any) -> float:
    return float(value)


def _numeric(accepts: Callable[[float, float], bool], words: str, wanted: Any) -> Callable[[Any], bool]:
    def holds(actual: Any) -> bool:
        try:
            return not isinstance(actual, bool) and accepts(_number(actual), float(wanted))
        except (TypeError, ValueError):
            return False

    holds.__name__ = f"{words} {wanted}"
    return holds


def _one_of(wanted: Any) -> Callable[[Any], bool]:
    def holds(actual: Any) -> bool:
        return any(not differences(each, actual) for each in wanted)

    holds.__name__ = f"one of {wanted}"
    return holds


def _not(wanted: Any) -> Callable[[Any], bool]:
    def holds(actual: Any) -> bool:
        return bool(differences(wanted, actual))

    holds.__name__ = f"not {wanted!r}"
    return holds


def _has(wanted: Any) -> Callable[[Any], bool]:
    """Accept an array in which each wanted element matches another one."""

    def holds(actual: Any) -> bool:
        if not isinstance(actual, list):
            return False
        left = list(actual)
        for each in wanted:
            found = next((other for other in left if not differences(each, other)), ABSENT)
            if found is ABSENT:
                return False
            left.remove(found)
        return True

    holds.__name__ = f"an array with {wanted}"
    return holds


def _lists(wanted: Any) -> Callable[[Any], bool]:
    """Accept a text that is a comma-separated list with these items."""

    def holds(actual: Any) -> bool:
        items = {item.strip() for item in str(actual).split(",")}
        return set(map(str, wanted)) <= items

    holds.__name__ = f"a list with {', '.join(map(str, wanted))}"
    return holds


def _any(_: Any) -> Callable[[Any], bool]:
    def holds(_actual: Any) -> bool:
        return True

    holds.__name__ = "any value"
    return holds


_TEXT = {"type": "string"}
_NUMBER = {"type": ["number", "string"]}
MATCHERS: Mapping[str, tuple[str, Mapping[str, Any], Callable[[Any], Any]]] = {
    "$matches": ("a text that matches the regular expression from its beginning to its end", _TEXT, re.compile),
    "$one_of": ("one of the values in the list", {"type": "array", "minItems": 1}, _one_of),
    "$not": ("every value except this one", {}, _not),
    "$at_least": (
        "this number or a larger one, also as text",
        _NUMBER,
        lambda n: _numeric(lambda a, b: a >= b, "at least", n),
    ),
    "$at_most": (
        "this number or a smaller one, also as text",
        _NUMBER,
        lambda n: _numeric(lambda a, b: a <= b, "at most", n),
    ),
    "$equals": ("this number, also as text", _NUMBER, lambda n: _numeric(lambda a, b: a == b, "the number", n)),
    "$above": ("a larger number, also as text", _NUMBER, lambda n: _numeric(lambda a, b: a > b, "above", n)),
    "$has": (
        "an array with a matching element for each entry of the list; no element counts for two entries",
        {"type": "array", "minItems": 1},
        _has,
    ),
    "$lists": (
        "a text of items separated by commas, with all items of the list",
        {"type": "array", "minItems": 1},
        _lists,
    ),
    "$any": ("any value", {"const": True}, _any),
    "$absent": ("a missing field", {"const": True}, lambda _: ABSENT),
}
"""The matchers: an object with one of these keys stands for a value. Each has a description, a schema and a maker."""


def matcher_problem(name: str, operand: Any) -> str:
    """Return why a matcher cannot have a value; an empty text if it can. A variable can have any value."""
    if isinstance(operand, Unknown):
        return ""
    _, schema, make = MATCHERS[name]
    # Check only the kind of the value, because a variable in a list is not JSON.
    shown = [None] * len(operand) if isinstance(operand, list) else {} if isinstance(operand, Mapping) else operand
    error = next(iter(jsonschema_rs.Draft7Validator(dict(schema)).iter_errors(shown)), None)
    if error is not None:
        return f"{name} takes {MATCHERS[name][0]}: {error.message}"
    try:
        make(operand)
        if schema is _NUMBER:
            float(operand)
    except re.error as wrong:
        return f"a regular expression is wrong: {wrong}"
    except ValueError:
        return f"{name} takes a number, not {operand!r}"
    return ""


def matching(value: Any) -> Any:
    """Return an expected value with its matchers made, as `rig.ocpp.matching.differences` takes it."""
    if isinstance(value, Mapping):
        if len(value) == 1 and (key := next(iter(value))) in MATCHERS:
            inner = matching(value[key])
            return inner if isinstance(inner, Unknown) else MATCHERS[key][2](inner)
        return {key: matching(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [matching(inner) for inner in value]
    return value
