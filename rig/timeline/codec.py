"""The codec of the record: converts events to lines of JSON and back."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from rig.timeline.events import Event, LogLine
from rig.timeline.layout import layout_of, type_name
from rig.util.plain_json import to_json_lossy
from rig.util.redaction import may_hold_secret

EVENT_TYPES: Mapping[str, type[Event]] = {type_name(cls): cls for cls in Event.__subclasses__()}
"""The types of event by their name in records."""

_MOST_QUOTED = 40
_DEEPEST = 250
"""The maximum depth of nesting that is read. The writer never exceeds it, so only a damaged record does."""
_NO_JSON = ("nan", "inf", "-inf")
"""The names of the floats that JSON does not have."""
_UPTIMES = frozenset({int, type(None)})

for _event_type in EVENT_TYPES.values():  # rejects an event with an undeclared secret on import, not during a run
    layout_of(_event_type)


class UnreadableLineError(ValueError):
    """A line of a record is not an event that this version knows; the message gives the reason."""


class Recorded(NamedTuple):
    """A line of a record.

    Attributes:
        event: the event; `event.t` is bench time.
        wall: when the line was written, in ns of CLOCK_REALTIME; 0 if it is not recorded.
    """

    event: Event
    wall: int


def encode(event: Event, wall: int = 0) -> bytes:
    """Encode an event as a line of the record, with masked secrets and a newline. Never fails on a value.

    Args:
        event: the event.
        wall: the current real time, in ns of CLOCK_REALTIME; 0 leaves it out.
    """
    record = event.record()
    for name in layout_of(type(event)).numbers:
        record[name] = _spelt(record[name])
    return _line(record, wall)


def encode_all(events: Sequence[Event], wall: int = 0) -> bytes:
    """Encode events as consecutive lines of the record. Each line equals the result of `encode`.

    One search finds out whether any line of the console may hold a secret. Usually none does, and the lines are encoded
    without a search in each.

    Args:
        events: the events in order.
        wall: as for `encode`.
    """
    safe = _are_safe([event for event in events if type(event) is LogLine])
    return b"".join(
        [
            _line(layout_of(LogLine).record(event), wall) if safe and type(event) is LogLine else encode(event, wall)
            for event in events
        ]
    )


def _are_safe(lines: Sequence[LogLine]) -> bool:
    """Return whether console lines certainly hold no secret, and have no value outside of their fields' types."""
    try:
        tags, levels = {line.tag for line in lines}, {line.level for line in lines}
        texts = "\n".join([*tags, *levels, *[line.text for line in lines]])
    except TypeError:  # a log format may put any object into a field
        return False
    return {type(line.uptime_ms) for line in lines} <= _UPTIMES and not may_hold_secret(texts)


def _line(record: dict[str, Any], wall: int) -> bytes:
    if wall:
        record["wall"] = wall
    return to_json_lossy(record) + b"\n"


def _spelt(value: Any) -> Any:
    """Replace floats that JSON does not have by their names."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {name: _spelt(inner) for name, inner in value.items()}
    return value


def _read_number(value: Any) -> Any:
    """Reverse `_spelt`."""
    if isinstance(value, dict):
        return {name: _read_number(inner) for name, inner in value.items()}
    return float(value) if value in _NO_JSON else value


def decode(line: bytes) -> Event:
    """Decode the event of a line of the record. Arguments and exceptions as for `decode_line`."""
    return decode_line(line).event


def decode_line(line: bytes) -> Recorded:
    """Decode a line of the record: its event, and when it was written. Secrets stay masked.

    Args:
        line: one line of a record, with or without its newline.

    Raises:
        UnreadableLineError: the line is not an event of a known type and layout.
    """
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError:
        raise UnreadableLineError("not JSON") from None
    if line.count(b"{") + line.count(b"[") > _DEEPEST and _is_too_deep(record):
        raise UnreadableLineError("nested too deep")
    return _recorded(record)


def event_of(record: Mapping[str, Any]) -> Event:
    """Return the event of a line of the record whose JSON has been read already. Exceptions as for `decode_line`.

    Args:
        record: the JSON object; it stays unchanged.
    """
    if _is_too_deep(record):
        raise UnreadableLineError("nested too deep")
    return _recorded(copy.deepcopy(record)).event


def _recorded(record: Any) -> Recorded:
    """Take the event out of decoded JSON. This changes the decoded JSON."""
    if not isinstance(record, dict) or not isinstance(record.get("type"), str):
        raise UnreadableLineError("not an event: its `type` is missing")
    name = record.pop("type")
    wall = record.pop("wall", 0)
    if type(wall) is not int:
        raise UnreadableLineError(f"{name!r} with wall = {str(wall)[:_MOST_QUOTED]!r}, which is of the wrong type")
    event_type = EVENT_TYPES.get(name)
    if event_type is None:
        raise UnreadableLineError(f"unknown type {name!r}")
    return Recorded(_event(event_type, record), wall)


def _is_too_deep(record: Any) -> bool:
    layer = [record]
    for _ in range(_DEEPEST):
        holders = [held for held in layer if isinstance(held, (dict, list))]
        layer = [inner for held in holders for inner in (held.values() if isinstance(held, dict) else held)]
    return bool(layer)


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
                value = values[name] = int(value)  # an integer of more than 64 bits, written as a float
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
