"""Everything that can stand on the timeline, one typed event each.

Stamps are nanoseconds of CLOCK_MONOTONIC on the bench's host; `uncertainty` is how far off, in nanoseconds either
way, the source says a stamp may be (a USB serial adapter's latency timer: 16 ms).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any, Literal, NamedTuple, Self

import orjson

from rig.util.redaction import masked, masked_text

Level = Literal["D", "I", "W", "E"]
MessageType = Literal["CALL", "CALLRESULT", "CALLERROR", "INVALID"]
Outcome = Literal["passed", "failed", "error", "broken", "skipped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What all events have. `id` and `t` are given by `Timeline.append` where they are left 0."""

    id: int = 0
    t: int = 0
    uncertainty: int = 0
    source: str = ""

    def record(self) -> dict[str, Any]:
        """The event as it stands in `run.jsonl`: `type` and all its fields, without secrets."""
        layout = _layout(type(self))
        record: dict[str, Any] = {"type": layout.name}
        record.update(zip(layout.fields, layout.values(self), strict=True))
        for name in layout.wordy:
            if record[name]:
                record[name] = masked(record[name])
        return record

    def must_be_recordable(self) -> None:
        """Look at what others than the rig have made, before it is on the timeline.

        Raises:
            ValueError: a field holds what the record cannot, such as an integer of more than 64 bits; names it.
        """
        layout = _layout(type(self))
        values = layout.values(self)
        try:
            to_json(values)
        except TypeError:
            for name, value in zip(layout.fields, values, strict=True):
                try:
                    to_json(value)
                except TypeError as error:
                    raise ValueError(f"{type(self).__name__}.{name}: {error}") from None

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in self.record().items() if name != "type")
        return f"{type(self).__name__}({fields})"

    def placed(self, number: int, t: int, uncertainty: int, source: str) -> Self:
        """A copy with its place on a timeline; made of every event, so it must be quick: `replace` takes twice as long.

        Args:
            number: its id.
            t: its stamp in ns.
            uncertainty: how far off, in ns, the stamp may be.
            source: the instrument.
        """
        cls = type(self)
        copy = object.__new__(cls)
        put = object.__setattr__  # events are frozen
        put(copy, "id", number)
        put(copy, "t", t)
        put(copy, "uncertainty", uncertainty)
        put(copy, "source", source)
        for name in _layout(cls).own:
            put(copy, name, getattr(self, name))
        return copy


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class LogLine(Event):
    """One line of the device's console, as it came. Level, tag and uptime are empty where it is not a log line.

    `text` is whole, for tests to match on. What is written or shown of it is `shown`.
    """

    text: str
    level: Level | Literal[""] = ""
    tag: str = ""
    uptime_ms: int | None = None

    @property
    def shown(self) -> str:
        """The text without secrets."""
        return masked_text(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Boot(Event):
    """The boot banner was seen: the device has (re)started."""

    version: str
    build: str
    reset: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Panic(Event):
    """The device crashed, by its own word. `backtrace` is decoded where the symbols are at hand."""

    cause: str
    backtrace: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TelemetrySample(Event):
    """One telemetry record of the device. `values` by name, e.g. `heap_free` in bytes."""

    values: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class PinEdge(Event):
    """A pin changed level. `signal` is its name in the bench description, e.g. `inputs.cable` or `leds.status`."""

    signal: str
    level: bool
    driven: bool
    """True where the bench drives the pin, False where it only watches it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedPattern(Event):
    """An LED shows another pattern. `rate_hz` and `duty` (0 to 1) are 0 where they mean nothing."""

    led: str
    pattern: Literal["off", "on", "blink", "double_flash", "unknown"]
    rate_hz: float = 0.0
    duty: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerChange(Event):
    """The board's supply was switched, or its rail was seen to change (`rail`)."""

    on: bool
    rail: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPointChange(Event):
    """The access point went up or down."""

    up: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkChange(Event):
    """A charge point's WebSocket connection to the CSMS opened or closed (`code`, `reason`: RFC 6455 section 7.4)."""

    charge_point: str
    connected: bool
    code: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class OcppFrame(Event):
    """One OCPP-J frame, as seen by the CSMS (OCPP-J 1.6 section 4).

    `action` is filled in for answers too, from the CALL they answer; `error` says what the CSMS finds wrong with it.
    `payload` is the decoded JSON, whole, for tests to match on; `raw` is the frame's text without secrets. What is
    written or shown of the payload is `shown`.
    """

    charge_point: str
    direction: Literal["received", "sent"]
    message_type: MessageType
    unique_id: str
    action: str = ""
    payload: Any = None
    error: str = ""
    raw: str = ""

    @property
    def shown(self) -> Any:
        """The payload without the secrets that OCPP can carry."""
        return masked(self.payload)


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultInjected(Event):
    """A fault of the catalogue began. `fault` is its name, `arguments` its fields."""

    fault: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultLifted(Event):
    """A fault was taken back. `injected` is the id of the `FaultInjected` event."""

    fault: str
    injected: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Flashed(Event):
    """The board's flash was written. `image` is the SHA-256 of what was written, `seconds` how long it took."""

    image: str
    seconds: float
    what: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockScale(Event):
    """Bench time runs at another speed from here on."""

    scale: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted(Event):
    """A run begins: the first event of its record. `date` is the wall clock's, ISO 8601; `bench` the bench's name.

    `worker` is the pytest-xdist worker's name where the run has several, each with a bench and a record of its own.
    """

    run: str
    date: str
    bench: str
    worker: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded(Event):
    """A run ended by itself: the last event of its record. A record that began and lacks this one was cut off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TestStarted(Event):
    """A test begins. `doc` is the first line of its docstring."""

    __test__ = False  # pytest collects by name

    nodeid: str
    doc: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TestEnded(Event):
    """A test has ended. `message` says why where it did not pass.

    Failed is by the firmware's fault, error by the bench's, broken by neither: a fixture raised, or it was interrupted.
    """

    __test__ = False  # pytest collects by name

    nodeid: str
    outcome: Outcome
    seconds: float
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement(Event):
    """A figure that a test measured, with its unit and limits (None: no limit).

    Where it is the time between two moments, `start` and `end` are their stamps, so that the picture can show it.
    """

    name: str
    value: float
    unit: str
    low: float | None = None
    high: float | None = None
    ok: bool = True
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchTrouble(Event):
    """Something is wrong with the bench itself."""

    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Note(Event):
    """A remark, by a person, a test or an instrument."""

    text: str


class _Layout(NamedTuple):
    """What there is to know of a type of event, found out once.

    Attributes:
        name: in records.
        fields: the names of all its fields.
        own: of those that not every event has.
        wordy: of those that may hold a secret: any that is no number and no name of a fixed set.
        values: reads all fields of an event at once.
    """

    name: str
    fields: tuple[str, ...]
    own: tuple[str, ...]
    wordy: tuple[str, ...]
    values: Callable[[Event], tuple[Any, ...]]


_LAYOUTS: dict[type[Event], _Layout] = {}
_WORDLESS = ("bool", "int", "float", "Literal", "Level", "MessageType", "Outcome", "Mapping[str, float]")


def _layout(event_type: type[Event]) -> _Layout:
    layout = _LAYOUTS.get(event_type)
    if layout is None:
        names = tuple(f.name for f in fields(event_type))
        own = names[len(fields(Event)) :]  # the base's come first
        wordy = tuple(f.name for f in fields(event_type) if f.name in own and not str(f.type).startswith(_WORDLESS))
        layout = _LAYOUTS[event_type] = _Layout(type_name(event_type), names, own, wordy, attrgetter(*names))
    return layout


def type_name(event_type: type[Event]) -> str:
    """The event's name in records: `OcppFrame` is `ocpp_frame`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", event_type.__name__).lower()


EVENT_TYPES: Mapping[str, type[Event]] = {type_name(cls): cls for cls in Event.__subclasses__()}


def to_json(content: Any) -> bytes:
    """JSON as the record has it: mappings and sets as it can hold them, anything else by its words.

    Raises:
        TypeError: it has no place in JSON.
    """
    return orjson.dumps(content, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return str(value)


def from_record(record: Mapping[str, Any]) -> Event:
    """The event that `Event.record` wrote. Raises KeyError for a type this version does not know."""
    values = dict(record)
    cls = EVENT_TYPES[values.pop("type")]
    return cls(**values)
