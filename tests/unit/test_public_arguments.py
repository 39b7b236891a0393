"""Every function that a test calls rejects invalid arguments at once, as an error of the test."""

from __future__ import annotations

import inspect
import math
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest

import rig.faults
from rig.bench import Bench
from rig.csms import Csms
from rig.csms.instrument.calls import Calls
from rig.csms.instrument.connections import Connections
from rig.csms.instrument.expectations import Expectations
from rig.csms.instrument.misbehaviour import Misbehaviour
from rig.csms.instrument.observations import Observations
from rig.csms.instrument.replies import Held, Replies
from rig.csms.instrument.secured_access import SecuredAccess
from rig.device.device import Device
from rig.device.ev_driver import EvDriver
from rig.faults.fault import Fault
from rig.instruments.console import Console
from rig.instruments.flasher import Flasher
from rig.instruments.inputs import Input, PulseTrain
from rig.instruments.leds import Led
from rig.instruments.network import Network
from rig.instruments.outputs import Output
from rig.instruments.power import Power
from rig.instruments.telemetry import Telemetry
from rig.timeline import Timeline
from rig.util.checked import Count, Limits, Seconds, Text, checked
from rig.util.errors import AuthorError

CSMS = (Calls, Connections, Csms, Expectations, Held, Misbehaviour, Observations, Replies, SecuredAccess)
CLASSES = (
    *CSMS,
    *(Bench, Console, Device, EvDriver, Flasher, Input, Led, Network, Output, Power, PulseTrain, Telemetry),
    Timeline,
)
NOT_CALLED_BY_TESTS = {
    "Bench.run",
    "PulseTrain.start",
    "Timeline.append",  # checks the event's type itself, for speed
    "Timeline.extend",  # instruments call it many thousand times a second
    "Timeline.listen",
    "Timeline.interrupt",
    "Timeline.on_interrupt",
}


_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def _public() -> Iterator[Callable[..., Any]]:
    for owner in CLASSES:
        for name, member in vars(owner).items():
            takes_more = inspect.isfunction(member) and len(inspect.signature(member).parameters) > 1
            if takes_more and not name.startswith("_") and member.__qualname__ not in NOT_CALLED_BY_TESTS:
                yield member


def _invalid_values(hint: Any) -> list[object]:
    """Return values that do not match an annotation."""
    kinds = _kinds(hint)
    if bool in kinds:
        return ["off", 1, math.nan, object()]
    if float in kinds:
        return ["1", True, math.nan, math.inf, 2**70, object()]
    if int in kinds:
        return ["1", True, 0.5, math.nan, 2**70, object()]
    if str in kinds or any(isinstance(kind, str) for kind in kinds):
        return [1, b"a", math.nan, object()]
    return [object()] if kinds and object not in kinds and Any not in kinds else []


def _kinds(hint: Any) -> list[Any]:
    """Return the types or texts of an annotation, in its order."""
    if hasattr(hint, "__metadata__"):
        return _kinds(hint.__origin__)
    if get_origin(hint) in (Union, types.UnionType):
        return [kind for alternative in get_args(hint) for kind in _kinds(alternative)]
    return list(get_args(hint)) if get_origin(hint) is Literal else [get_origin(hint) or hint]


def _cases() -> Iterator[Any]:
    for function in _public():
        hints = get_type_hints(function, localns={"Csms": object, "Inputs": object, "PulseTrain": object})
        for parameter in inspect.signature(function).parameters.values():
            if parameter.name == "self" or parameter.kind in _VARIADIC:
                continue
            assert parameter.name in hints
            for value in _invalid_values(hints[parameter.name]):
                yield pytest.param(
                    function, parameter, value, id=f"{function.__qualname__}-{parameter.name}-{type(value).__name__}"
                )


@pytest.mark.parametrize(("function", "parameter", "value"), _cases())
def test_invalid_arguments_are_rejected_before_the_function_runs(
    function: Callable[..., Any], parameter: inspect.Parameter, value: object
) -> None:
    """The function is called on a bare object: after the checks it would raise an AttributeError."""
    signature = inspect.signature(function)
    owner = [object()] if "self" in signature.parameters else []
    with pytest.raises(AuthorError, match=rf"{parameter.name} is .*, not "):
        _call(function, owner, parameter.name, value)


def _call(function: Callable[..., Any], owner: list[object], name: str, value: object) -> None:
    """Call a function with valid values for all arguments but one."""
    hints = get_type_hints(function, localns={"Csms": object, "Inputs": object, "PulseTrain": object})
    given = {
        parameter.name: _valid_value(hints[parameter.name])
        for parameter in inspect.signature(function).parameters.values()
        if parameter.default is inspect.Parameter.empty
        and parameter.name not in ("self", name)
        and parameter.kind not in _VARIADIC
    }
    function(*owner, **given, **{name: value})


def _valid_value(hint: Any) -> object:
    kinds = _kinds(hint)
    for kind, value in ((bool, True), (float, 1.0), (int, 1), (str, "a"), (bytes, b"a")):
        if kind in kinds:
            return value
    (kind, *_) = kinds
    if isinstance(kind, str):
        return kind
    if kind is type:
        return int
    if kind is Callable:
        return print
    if kind is Mapping:
        return {}
    return [] if kind is Sequence else object.__new__(kind)


FAULTS = [kind for kind in vars(rig.faults).values() if isinstance(kind, type) and issubclass(kind, Fault)]


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        pytest.param(kind, field.name, value, id=f"{kind.__name__}-{field.name}-{type(value).__name__}")
        for kind in FAULTS
        if kind is not Fault
        for field in fields(kind)  # type: ignore[arg-type]
        for value in [*_invalid_values(get_type_hints(kind)[field.name]), -(2**70)]
    ],
)
def test_a_fault_rejects_invalid_arguments(kind: type[Fault], name: str, value: object) -> None:
    with pytest.raises(AuthorError, match=rf"{name} is .*, not "):
        kind(**{name: value})


@checked
def _sample(
    count: Count = 1, seconds: Seconds = 0, text: Text = "a", share: float | None = None, *, on: bool = False
) -> tuple[object, ...]:
    return count, seconds, text, share, on


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"count": 0}, "count is a finite number, at least 1 and at most 1000000, not 0"),
        ({"count": 1.5}, "count is a whole number, not 1.5"),
        ({"seconds": -1}, "seconds is a finite number, at least 0"),
        ({"seconds": "1"}, "seconds is a finite number"),
        ({"text": ""}, "text is a text, not empty, not ''"),
        ({"share": math.nan}, "share is a finite number"),
        ({"on": 1}, "on is True or False, not 1"),
    ],
)
def test_a_message_names_argument_value_and_limits(given: dict[str, Any], says: str) -> None:
    with pytest.raises(AuthorError, match=rf"_sample: {says}"):
        _sample(**given)


def test_valid_arguments_are_passed_unchanged() -> None:
    assert _sample(2, 1.5, "b", 0.5, on=True) == (2, 1.5, "b", 0.5, True)
    assert _sample() == (1, 0, "a", None, False)


def test_a_wrong_count_of_arguments_is_pythons_own_error() -> None:
    with pytest.raises(TypeError, match="_sample"):
        _sample(no_such=1)  # type: ignore[call-arg]


def test_numbers_are_limited_by_default() -> None:
    assert Limits().most < 2**70
