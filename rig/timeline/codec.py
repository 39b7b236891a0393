"""The record's codec: an event as a line of JSON, and back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from rig.timeline.events import Event
from rig.timeline.layout import layout_of, type_name
from rig.util.plain_json import to_json_at_any_price

EVENT_TYPES: Mapping[str, type[Event]] = {type_name(cls): cls for cls in Event.__subclasses__()}
"""The types of event by their name in records."""

_RETIRED = frozenset({"clock_scale"})
"""Types that earlier versions recorded, and that say nothing any more."""
_MOST_QUOTED = 40
_NO_JSON = ("nan", "inf", "-inf")
"""The floats that JSON does not have, by their names."""

for _event_type in EVENT_TYPES.values():  # an event that does not declare its secrets is refused here, not in a run
    layout_of(_event_type)


class UnreadableLineError(ValueError):
    """A line of a record that holds no event, or one that this version does not know; the text says why."""


class RetiredEventError(UnreadableLineError):
    """A line with an event of a type that only earlier versions had: a reader may pass over it."""


class Recorded(NamedTuple):
    """A line of a record.

    Attributes:
        event: what happened; `event.t` is bench time.
        wall: when it was written, in ns of CLOCK_REALTIME; 0 where the record does not say.
    """

    event: Event
    wall: int


def encode(event: Event, wall: int = 0) -> bytes:
    """Write an event as its line of the record, secrets masked, with the line's end. It loses no event.

    Args:
        event: what happened.
        wall: the real time now, in ns of CLOCK_REALTIME; 0 leaves it out.
    """
    record = event.record()
    for name in layout_of(type(event)).numbers:
        record[name] = _spelt(record[name])
    if wall:
        record["wall"] = wall
    return to_json_at_any_price(record) + b"\n"


def _spelt(value: Any) -> Any:
    """Write a float that JSON does not have as its name; any other value stays as it is."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {name: _spelt(inner) for name, inner in value.items()}
    return value


def _read_number(value: Any) -> Any:
    """Read what `_spelt` wrote."""
    if isinstance(value, dict):
        return {name: _read_number(inner) for name, inner in value.items()}
    return float(value) if value in _NO_JSON else value


def decode(line: bytes) -> Event:
    """Read the event that `encode` wrote. Arguments and what is raised as for `decode_line`."""
    return decode_line(line).event


def decode_line(line: bytes) -> Recorded:
    """Read the event that `encode` wrote, and when it did. Masked secrets stay masked.

    Args:
        line: one line of a record, with or without its end.

    Raises:
        RetiredEventError: its event is of a type that is not recorded any more.
        UnreadableLineError: it holds no event of a known type and layout.
    """
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError:
        raise UnreadableLineError("not JSON") from None
    if not isinstance(record, dict) or not isinstance(record.get("type"), str):
        raise UnreadableLineError("no event: its `type` is missing")
    name = record.pop("type")
    wall = record.pop("wall", 0)
    if type(wall) is not int:
        raise UnreadableLineError(f"{name!r} with wall = {str(wall)[:_MOST_QUOTED]!r}, which is of the wrong type")
    event_type = EVENT_TYPES.get(name)
    if event_type is None:
        problem = RetiredEventError if name in _RETIRED else UnreadableLineError
        raise problem(f"unknown type {name!r}")
    return Recorded(_event(event_type, record), wall)


def _event(event_type: type[Event], values: dict[str, Any]) -> Event:
    layout = layout_of(event_type)
    for name in layout.numbers:
        if name in values:
            values[name] = _read_number(values[name])
    for name, accepted in layout.accepted.items():
        if name in values:
            value = values[name]
            if (
                isinstance(value, float)
                and int in accepted.types
                and float not in accepted.types
                and value.is_integer()
            ):
                value = values[name] = int(value)  # one of more than 64 bits
            if not isinstance(value, accepted.types) and value not in accepted.values:
                quoted = str(value)[:_MOST_QUOTED]
                raise UnreadableLineError(f"{layout.name!r} with {name} = {quoted!r}, which is of the wrong type")
    for name, types in layout.elements.items():
        held = values.get(name)
        for value in held.values() if isinstance(held, dict) else held or ():
            if not isinstance(value, types):
                quoted = str(value)[:_MOST_QUOTED]
                raise UnreadableLineError(f"{layout.name!r} with {quoted!r} in {name}, which is of the wrong type")
    for name in layout.tuples:
        if isinstance(values.get(name), list):
            values[name] = tuple(values[name])
    try:
        return event_type(**values)
    except TypeError as error:
        raise UnreadableLineError(f"fields that {layout.name!r} does not have, or lacks: {error}") from None
