"""The calls that a live socket offers: an explicit table of functions with typed arguments."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from rig.live.messages import RequestError
from rig.util.checked import Limits, validate_arguments

_TYPES = {bool: "bool", int: "int", float: "float", str: "str"}


@dataclass(slots=True)
class Caller:
    """The client that makes a call.

    Attributes:
        by: the client in words, such as `rig power (process 4711)`.
        report: sends the progress of a call; it takes JSON.
        cleanups: the functions that undo the client's lasting acts when it disconnects, by a key of the act.
    """

    by: str
    report: Callable[[Mapping[str, Any]], None] = lambda _progress: None
    cleanups: dict[object, Callable[[], None]] = field(default_factory=dict)


class Call:
    """A function in the table.

    Args:
        function: takes the `Caller` and then the arguments. Their annotations are the types that are accepted; the
            first line of its docstring is the call's summary.
        acts: whether it changes anything. A call that changes nothing is always allowed. During a session of pytest
            that is not paused, any other call needs `drive`.
        waits: whether the call first acts, and then does nothing but wait. Such a call ends when its client leaves. Any
            other call is completed even then: half a power cycle would be worse.
    """

    def __init__(self, function: Callable[..., Any], *, acts: bool = True, waits: bool = False) -> None:
        self.acts = acts
        self.waits = waits
        self._function = function
        self._parameters = list(inspect.signature(function).parameters.values())[1:]
        hints = get_type_hints(function, include_extras=True)
        self._hints = {parameter.name: hints[parameter.name] for parameter in self._parameters}

    def validate(self, name: str, arguments: Mapping[str, Any]) -> None:
        """Reject arguments that do not match.

        Args:
            name: the call's name in messages.
            arguments: decoded JSON by name.

        Raises:
            RequestError: an argument is unknown or missing.
            AuthorError: a value has the wrong type, or is outside its limits.
        """
        takes = f"It takes {', '.join(self._hints)}" if self._hints else "It takes none"
        if unknown := sorted(set(arguments) - set(self._hints)):
            raise RequestError("request", f"{name} has no argument {unknown[0]!r}. {takes}")
        for parameter in self._parameters:
            if parameter.default is parameter.empty and parameter.name not in arguments:
                raise RequestError("request", f"{name} lacks the argument {parameter.name!r}. {takes}")
        validate_arguments(name, self._hints, arguments)

    def __call__(self, caller: Caller, arguments: Mapping[str, Any]) -> Any:
        return self._function(caller, **arguments)

    def described(self) -> dict[str, Any]:
        """Describe the call in JSON: its summary, whether it acts, and its arguments."""
        return {
            "summary": (inspect.getdoc(self._function) or "").split("\n")[0],
            "acts": self.acts,
            "arguments": {
                parameter.name: described_argument(self._hints[parameter.name], parameter.default)
                for parameter in self._parameters
            },
        }


def described_argument(hint: Any, default: Any) -> dict[str, Any]:
    """Describe an argument in JSON: its type as `described_type`, and `required` or its `default`.

    Args:
        hint: the argument's annotation.
        default: the argument's default; `inspect.Parameter.empty` or `dataclasses.MISSING` for none.
    """
    described = described_type(hint)
    described["required"] = default in (inspect.Parameter.empty, MISSING)
    if not described["required"]:
        described["default"] = default
    return described


def described_type(hint: Any) -> dict[str, Any]:
    """Describe an annotation in JSON: `type`, and `least`, `above`, `most` or `choices` if it has them."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        limits = next((mark for mark in arguments[1:] if isinstance(mark, Limits)), Limits())
        described = described_type(arguments[0])
        for name in ("least", "above", "most"):
            if (value := getattr(limits, name)) is not None and described["type"] in ("int", "float"):
                described[name] = value
        return described
    if origin is Literal:
        return {"type": "str", "choices": list(arguments)}
    if origin in (Union, types.UnionType):
        return described_type(next(part for part in arguments if part is not type(None)))
    return {"type": _TYPES.get(hint, "object")}
