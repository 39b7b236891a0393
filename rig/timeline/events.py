"""Everything that can stand on the timeline, one typed event each.

Stamps are nanoseconds of bench time: CLOCK_MONOTONIC of the bench's host, or from 0 where time is stepped.
`uncertainty` is how far off, in nanoseconds either way, the source says a stamp may be (a USB serial adapter's latency
timer: 16 ms).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self

from rig.timeline.layout import MayHoldSecret, NoSecret, layout_of
from rig.util.plain_json import plain, to_json
from rig.util.redaction import masked, masked_text

Level = Literal["D", "I", "W", "E"]
MessageType = Literal["CALL", "CALLRESULT", "CALLERROR", "INVALID"]
Outcome = Literal["passed", "failed", "error", "broken", "interrupted", "not measurable", "skipped"]
Clock = Literal["real", "stepped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """The fields of all events. `id` and `t` are given by `Timeline.append` where they are left 0."""

    id: int = 0
    t: int = 0
    uncertainty: int = 0
    source: NoSecret[str] = ""

    def record(self) -> dict[str, Any]:
        """The event as it stands in `run.jsonl`: `type` and all its fields, without secrets."""
        layout = layout_of(type(self))
        record: dict[str, Any] = {"type": layout.name}
        record.update(zip(layout.fields, layout.values(self), strict=True))
        for name in layout.foreign:
            record[name] = plain(record[name])
        for name in layout.masked:
            if record[name]:
                record[name] = masked(record[name])
        for name in layout.figures:
            if not _is_figure(value := record[name], layout.figures[name]):
                record[name] = masked(value)
        return record

    def without_secrets(self) -> Self:
        """Return a copy whose fields hold no secret; the same event where none of them does."""
        layout = layout_of(type(self))
        hidden: dict[str, Any] = {}
        for name in layout.masked:
            value = getattr(self, name)
            shown = masked(value)
            if shown is not value:
                hidden[name] = tuple(shown) if isinstance(value, tuple) else shown
        for name, choices in layout.figures.items():
            value = getattr(self, name)
            if not _is_figure(value, choices) and (shown := masked(value)) is not value:
                hidden[name] = shown
        return replace(self, **hidden) if hidden else self

    def validate_recordable(self) -> None:
        """Look at what others than the rig have made, before it is on the timeline.

        Raises:
            ValueError: a field holds what the record cannot, such as an integer of more than 64 bits; names it.
        """
        layout = layout_of(type(self))
        values = layout.values(self)
        if layout.foreign:
            values = tuple(
                plain(getattr(self, name)) if name in layout.foreign else getattr(self, name) for name in layout.fields
            )
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
        for name in layout_of(cls).own:
            put(copy, name, getattr(self, name))
        return copy


def _is_figure(value: object, choices: tuple[Any, ...]) -> bool:
    """Whether a field is what its type says: dataclasses do not check, and an `int` may be a text with a secret."""
    return value is None or isinstance(value, (int, float)) or value in choices


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class LogLine(Event):
    """One line of the device's console, as it came. Level, tag and uptime are empty where it is not a log line.

    `text` is whole, for tests to match on. What is written or shown of it is `shown`.
    """

    text: MayHoldSecret[str]
    level: Level | Literal[""] = ""
    tag: MayHoldSecret[str] = ""
    uptime_ms: int | None = None

    @property
    def shown(self) -> str:
        """The text without secrets."""
        return masked_text(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Boot(Event):
    """The boot banner was seen: the device has (re)started."""

    version: MayHoldSecret[str]
    build: MayHoldSecret[str]
    reset: MayHoldSecret[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Panic(Event):
    """The device crashed, by its own word. `backtrace` is decoded where the symbols are at hand."""

    cause: MayHoldSecret[str]
    backtrace: MayHoldSecret[tuple[str, ...]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TelemetrySample(Event):
    """One telemetry record of the device. `values` by name, e.g. `heap_free` in bytes.

    The names are the device's: in the record and in words, a value whose name means a secret is masked.
    """

    values: MayHoldSecret[Mapping[str, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PinEdge(Event):
    """A pin changed level. `signal` is its name in the bench description, e.g. `inputs.cable` or `leds.status`."""

    signal: NoSecret[str]
    level: bool
    driven: bool
    """True where the bench drives the pin, False where it only watches it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedPattern(Event):
    """An LED shows another pattern. `rate_hz` and `duty` (0 to 1) are 0 where they mean nothing.

    A pattern takes a while to be known, at `t`; `began` is the stamp of its first edge, 0 where nobody knows.
    """

    led: NoSecret[str]
    pattern: Literal["off", "on", "blink", "double_flash", "unknown"]
    rate_hz: float = 0.0
    duty: float = 0.0
    began: int = 0


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

    charge_point: MayHoldSecret[str]
    connected: bool
    code: int | None = None
    reason: MayHoldSecret[str] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRefused(Event):
    """The CSMS refused a client of its own accord, before it had a WebSocket connection.

    `charge_point` is the identity where its URL was read, `address` its host and port. `how` is the form of the
    refusal: `TLS`, `HTTP 401`, `its connection was closed`.
    """

    address: NoSecret[str]
    how: NoSecret[str]
    reason: MayHoldSecret[str]
    charge_point: MayHoldSecret[str] = ""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class OcppFrame(Event):
    """One OCPP-J frame, as seen by the CSMS (OCPP-J 1.6 section 4).

    `action` is filled in for answers too, from the CALL they answer; `error` says what the CSMS finds wrong with it.
    `payload` is the decoded JSON, whole, for tests to match on; `raw` is the frame's text without secrets. What is
    written or shown of the payload is `shown`.
    """

    charge_point: MayHoldSecret[str]
    direction: Literal["received", "sent"]
    message_type: MessageType
    unique_id: MayHoldSecret[str]
    action: MayHoldSecret[str] = ""
    payload: MayHoldSecret[Any] = None
    error: MayHoldSecret[str] = ""
    raw: MayHoldSecret[str] = ""

    @property
    def shown(self) -> Any:
        """The payload without the secrets that OCPP can carry."""
        return masked(self.payload)


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried(Event):
    """The bench's network held a piece of a connection back, from `came` (ns of bench time) to the event's stamp.

    `to_device` is its direction. With it the report knows when a frame was at the device's end.
    """

    to_device: bool
    came: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultInjected(Event):
    """A fault of the catalogue began. `fault` is its name, `arguments` its fields."""

    fault: NoSecret[str]
    arguments: MayHoldSecret[Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultLifted(Event):
    """A fault was taken back. `injected` is the id of the `FaultInjected` event."""

    fault: NoSecret[str]
    injected: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Flashed(Event):
    """The board's flash was written. `image` is the SHA-256 of what was written, `seconds` how long it took."""

    image: NoSecret[str]
    seconds: float
    what: MayHoldSecret[str] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted(Event):
    """A run begins: the first event of its record. `date` is the wall clock's, ISO 8601; `bench` the bench's name.

    `worker` is the pytest-xdist worker's name where the run has several, each with a bench and a record of its own.
    `clock` is what the stamps count: real time, or stepped time, which begins at 0 and stands still while anyone works.
    `commit` is the project's Git commit, `seed` that of the order of tests; both are empty where there is none. `links`
    are other reports of the same session by name, relative to the run's folder.
    """

    run: NoSecret[str]
    date: NoSecret[str]
    bench: MayHoldSecret[str]
    worker: NoSecret[str] = ""
    clock: NoSecret[Clock] = "real"
    commit: NoSecret[str] = ""
    seed: NoSecret[str] = ""
    links: MayHoldSecret[Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded(Event):
    """A run ended by itself: the last event of its record. A record that began and lacks this one was cut off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TestStarted(Event):
    """A test begins. `doc` is the first line of its docstring."""

    __test__ = False  # pytest collects by name

    nodeid: MayHoldSecret[str]
    doc: MayHoldSecret[str] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TestEnded(Event):
    """A test has ended. `seconds` is real time; `message` says why where it did not pass.
    `excerpt` has the failing line of the test, the lines before it, and the values of its names.

    Failed is by the firmware's fault, error by the bench's, broken by the author's. It was interrupted where a signal,
    Ctrl-C or `pytest.exit` ended the session before the test ended. It is not measurable where all was well but the
    machine was too busy for one of its measurements.
    """

    __test__ = False  # pytest collects by name

    nodeid: MayHoldSecret[str]
    outcome: Outcome
    seconds: float
    message: MayHoldSecret[str] = ""
    excerpt: MayHoldSecret[str] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement(Event):
    """A figure that a test measured, with its unit and limits (None: no limit).

    Where it is the time between two moments, `start` and `end` are their stamps, so that the picture can show it.
    `no_latency` marks a latency taken in stepped time, in which work takes no time: only the limits were checked.
    `held_up`, in the same unit, is the part of `value`, at most, for which the machine had no processor for device or
    bench: limits are held against the rest. Where it is too much to judge the figure, `measurable` is False.
    """

    name: MayHoldSecret[str]
    value: float
    unit: MayHoldSecret[str]
    low: float | None = None
    high: float | None = None
    ok: bool = True
    start: int | None = None
    end: int | None = None
    no_latency: bool = False
    held_up: float = 0.0
    measurable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed(Event):
    """A test failed because this did not come, by the event's stamp. It was waited for since `since`, in ns.

    `lane` is the wire it was expected on, such as `leds.status`; `ocpp`, `log` or `link`; empty where it has none.
    """

    lane: NoSecret[str]
    what: MayHoldSecret[str]
    since: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchTrouble(Event):
    """Something is wrong with the bench itself."""

    what: MayHoldSecret[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Note(Event):
    """A remark, by a person, a test or an instrument."""

    text: MayHoldSecret[str]
