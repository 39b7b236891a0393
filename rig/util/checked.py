"""Validates the arguments of a function against its annotations before the function runs."""

from __future__ import annotations

import builtins
import functools
import inspect
import math
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, ParamSpec, TypeVar, Union, get_args, get_origin, get_type_hints

from rig.util.arguments import validate_bool, validate_number, validate_one_of
from rig.util.errors import AuthorError

P = ParamSpec("P")
R = TypeVar("R")

_MOST = 1e9
"""The upper limit if an annotation has none: 30 years in seconds."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a number, or of a text's length in characters.

    Used as an annotation: `Annotated[int, Limits(least=1)]`.

    Attributes:
        least: the inclusive lower limit.
        above: the exclusive lower limit.
        most: the inclusive upper limit.
    """

    least: float | None = None
    above: float | None = None
    most: float = _MOST


Seconds = Annotated[float, Limits(least=0, most=1e7)]
"""A time from 0 to about a hundred days."""
Count = Annotated[int, Limits(least=1, most=1_000_000)]
"""A number of things, at least one."""
Seed = Annotated[int, Limits(least=0, most=(1 << 63) - 1)]
"""The seed of a random generator."""
Stamp = Annotated[int, Limits(least=0, most=(1 << 63) - 1)]
"""A moment on the bench's clock, in nanoseconds."""
RetryAfter = Annotated[int, Limits(least=0, most=86_400)]
"""The seconds in the HTTP header Retry-After (RFC 9110 section 10.2.3), up to a day."""
Text = Annotated[str, Limits(least=1)]
"""A text that is not empty."""


def checked(function: Callable[P, R]) -> Callable[P, R]:
    """Decorate a function to reject arguments that do not match its annotations.

    Numbers must be finite and within their limits; a bool is not a number; a `Literal` must be one of its values. For
    any other type, the argument must be an instance of it.

    Raises:
        AuthorError: raised by the decorated function for an invalid argument; names the allowed values.
    """
    signature = inspect.signature(function)

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            given = signature.bind(*args, **kwargs).arguments
        except TypeError:  # the call itself raises Python's usual message
            return function(*args, **kwargs)
        # A method may come from a base class, and the author of a test does not know the name of that class.
        what = f"{type(given['self']).__name__}.{function.__name__}" if "self" in given else function.__qualname__
        validate_arguments(what, _hints(function), given)
        return function(*args, **kwargs)

    return call


def validate_arguments(what: str, hints: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """Reject values that do not match their annotations.

    Args:
        what: the callable's name in the message.
        hints: the annotations by name; a value without one is not checked.
        given: the values by name.

    Raises:
        AuthorError: a value does not match.
    """
    for name, value in given.items():
        if name in hints:
            _validate(f"{what}: {name}", hints[name], value, Limits())


class _OnlyForTypes(dict[str, Any]):
    """Names that are imported for the type checker only: they resolve to `object`, which fits any value."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self._known = inspect.unwrap(function).__globals__

    def __missing__(self, name: str) -> Any:
        if name in self._known or hasattr(builtins, name):
            raise KeyError(name)
        return object


@functools.cache
def _hints(function: Callable[..., Any]) -> Mapping[str, Any]:
    hints = get_type_hints(function, localns=_OnlyForTypes(function), include_extras=True)
    # `*args` and `**kwargs` are bound as one tuple and one mapping, which their annotations do not describe.
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    parameters = inspect.signature(function).parameters.values()
    return {p.name: hints[p.name] for p in parameters if p.name in hints and p.kind not in variadic}


def _validate(what: str, hint: Any, value: object, limits: Limits) -> None:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        found = next((mark for mark in arguments[1:] if isinstance(mark, Limits)), limits)
        _validate(what, arguments[0], value, found)
    elif origin in (Union, types.UnionType):
        _validate_any(what, arguments, value, limits)
    elif origin is Literal:
        validate_one_of(what, value, arguments)
    elif hint is bool:
        validate_bool(what, value)
    elif hint is float:
        validate_number(what, value, least=limits.least, above=limits.above, most=limits.most)
    elif hint is int:
        if isinstance(value, float) and math.isfinite(value):
            raise AuthorError(f"{what} is a whole number, not {value!r}")
        validate_number(what, value, least=limits.least, above=limits.above, most=limits.most)
    elif hint is str:
        if not isinstance(value, str) or (limits.least and not value):
            raise AuthorError(f"{what} is a text{', not empty' if limits.least else ''}, not {value!r}")
    else:
        _validate_instance(what, origin or hint, value)


def _validate_any(what: str, hints: tuple[Any, ...], value: object, limits: Limits) -> None:
    """Validate a value against the alternatives of a union. The message is about the first alternative."""
    if value is None and type(None) in hints:
        return
    first: AuthorError | None = None
    for hint in hints:
        if hint is type(None):
            continue
        try:
            _validate(what, hint, value, limits)
        except AuthorError as error:
            first = first or error
        else:
            return
    if first is not None:
        raise first


def _validate_instance(what: str, kind: Any, value: object) -> None:
    if isinstance(kind, type) and kind is not object and not getattr(kind, "_is_protocol", False):
        if not isinstance(value, kind):
            raise AuthorError(f"{what} is a {kind.__name__}, not {value!r}")
    elif kind is Callable and not callable(value):
        raise AuthorError(f"{what} is a function, not {value!r}")
