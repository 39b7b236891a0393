"""The types of the events on the timeline.

Stamps are nanoseconds of bench time: CLOCK_MONOTONIC of the bench's host, or from 0 in stepped time.
`uncertainty` is the largest error of the stamp in nanoseconds, either way (a USB serial adapter's latency timer:
16 ms).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self

from rig.timeline.layout import MayHoldSecret, NoSecret, layout_of
from rig.timeline.masked_field import masks_when_read
from rig.timeline.payload_field import IN_TEXT, PLACES, decodes_when_read
from rig.util.known_secrets import knows_a_number
from rig.util.plain_json import plain, to_json
from rig.util.redaction import MASK, masked, masked_text

Level = Literal["D", "I", "W", "E"]
MessageType = Literal["CALL", "CALLRESULT", "CALLERROR", "CALLRESULTERROR", "SEND", "INVALID"]
Grade = Literal["", "specification", "tolerated"]
Outcome = Literal["passed", "failed", "error", "broken", "interrupted", "not measurable", "skipped"]
Clock = Literal["real", "stepped"]
CrashKind = Literal[
    "",
    "exception",
    "abort",
    "assertion",
    "stack overflow",
    "task watchdog",
    "interrupt watchdog",
    "brown-out",
    "sanitizer",
]


_LONG = 256  # characters of a frame


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """The fields of all events.

    Attributes:
        id: the position on the timeline. `Timeline.append` sets it.
        t: the stamp in ns. `Timeline.append` replaces 0 by the current time.
        uncertainty: the largest error of the stamp in ns, either way.
        source: the instrument that published the event.
    """

    id: int = 0
    t: int = 0
    uncertainty: int = 0
    source: NoSecret[str] = ""

    def record(self) -> dict[str, Any]:
        """Return the event as in `run.jsonl`: `type` and all its fields, with masked secrets."""
        layout = layout_of(type(self))
        record = layout.record(self)
        for name in layout.foreign:
            record[name] = plain(record[name])
        for name in layout.masked:
            if record[name]:
                record[name] = self._masked(name, record[name])
        for name in layout.figures:
            if not _is_figure(value := record[name], layout.figures[name]):
                record[name] = masked(value)
        return record

    def _masked(self, _name: str, value: Any) -> Any:
        """Return the value of a field with masked secrets; the same object if it has none."""
        return masked(value)

    def without_secrets(self) -> Self:
        """Return a copy with masked secrets; the same event if it has none."""
        layout = layout_of(type(self))
        hidden: dict[str, Any] = {}
        for name in layout.masked:
            value = getattr(self, name)
            shown = self._masked(name, value)
            if shown is not value:
                hidden[name] = shown
        for name, choices in layout.figures.items():
            value = getattr(self, name)
            if not _is_figure(value, choices) and (shown := masked(value)) is not value:
                hidden[name] = shown
        return replace(self, **hidden) if hidden else self

    def validate_recordable(self) -> None:
        """Check that the record can hold this event, which an adapter has created.

        Raises:
            ValueError: a field has a value that JSON cannot hold, such as an integer of more than 64 bits.
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

    def place(self, number: int, t: int) -> Self:
        """Set id and stamp of this event, which nothing else uses yet. Return the event.

        Args:
            number: its id.
            t: its stamp in ns.
        """
        object.__setattr__(self, "id", number)  # events are frozen
        object.__setattr__(self, "t", t)
        return self

    def placed(self, number: int, t: int, uncertainty: int, source: str) -> Self:
        """Return a copy with this id and stamp. This runs for each event; `replace` would take twice as long.

        Args:
            number: its id.
            t: its stamp in ns.
            uncertainty: the largest error of the stamp, in ns.
            source: the instrument.
        """
        cls = type(self)
        copy = object.__new__(cls)
        put = object.__setattr__  # events are frozen
        put(copy, "id", number)
        put(copy, "t", t)
        put(copy, "uncertainty", uncertainty)
        put(copy, "source", source)
        for name in layout_of(cls).stored:
            put(copy, name, getattr(self, name))
        return copy


def _is_figure(value: object, choices: tuple[Any, ...]) -> bool:
    """Return whether a field matches its type. Dataclasses do not check that, and a wrong value could be a secret."""
    return value is None or isinstance(value, (int, float)) or value in choices


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class LogLine(Event):
    """One line of the device's console. A line that is not a log record has no level, tag or uptime.

    Attributes:
        text: the line, unmasked, for tests to match on. Output uses `shown`.
        level: debug, information, warning or error, by its first letter.
        tag: the part of the firmware that printed the line.
        uptime_ms: the device's time since its boot.
    """

    text: MayHoldSecret[str]
    level: Level | Literal[""] = ""
    tag: MayHoldSecret[str] = ""
    uptime_ms: int | None = None

    @property
    def shown(self) -> str:
        """The text with masked secrets."""
        return masked_text(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Boot(Event):
    """The device printed its banner: it has booted.

    Attributes:
        reset: the reason of the reset, as the device prints it.
    """

    version: MayHoldSecret[str]
    build: MayHoldSecret[str]
    reset: MayHoldSecret[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Panic(Event):
    """The device reported a crash. A field is empty if the device did not print its value.

    Attributes:
        cause: the device's text for the reason.
        backtrace: the stack frames, innermost first: addresses, or functions and lines if the symbols are available.
        kind: the class of the reason; empty if `CrashKind` has no class for it.
        task: the task of FreeRTOS that crashed.
        core: the processor that crashed.
        elf_sha256: the first digits of the hash of the crashed ELF file.
        stack_dump: the lines with registers and stack that a RISC-V chip prints instead of a backtrace (ESP-IDF
            Programming Guide, "Fatal Errors").
    """

    cause: MayHoldSecret[str]
    backtrace: MayHoldSecret[tuple[str, ...]] = ()
    kind: NoSecret[CrashKind] = ""
    task: MayHoldSecret[str] = ""
    core: int | None = None
    elf_sha256: MayHoldSecret[str] = ""
    stack_dump: MayHoldSecret[tuple[str, ...]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TelemetrySample(Event):
    """One telemetry record of the device.

    Attributes:
        values: the figures by name, e.g. `heap_free` in bytes. The device chooses the names. All output masks a value
            whose name means a secret.
    """

    values: MayHoldSecret[Mapping[str, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PinEdge(Event):
    """A pin changed its level.

    Attributes:
        signal: the wire's name in the bench description, e.g. `inputs.cable`.
        level: the new state: True for on.
        driven: whether the bench drives the pin. If not, the bench watches it.
    """

    signal: NoSecret[str]
    level: bool
    driven: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LedPattern(Event):
    """An LED shows another pattern. Its stamp `t` is the time at which the bench recognized the pattern.

    Attributes:
        led: the LED's name in the bench description.
        rate_hz: the repetitions per second; 0 for a steady light.
        duty: the lit part of a repetition, 0 to 1; 0 for a steady light.
        began: the stamp of the first edge of the pattern; 0 if unknown.
    """

    led: NoSecret[str]
    pattern: Literal["off", "on", "blink", "double_flash", "unknown"]
    rate_hz: float = 0.0
    duty: float = 0.0
    began: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerChange(Event):
    """The board's supply was switched, or the rail sense reported a change of the rail.

    Attributes:
        on: the new state.
        rail: True for a report of the rail sense.
    """

    on: bool
    rail: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentSample(Event):
    """A reading of the sensor in the board's supply. It holds until the next reading.

    Attributes:
        volts: the voltage at the board.
        overflow: whether the current was outside of the sensor's range.
    """

    milliamperes: float
    volts: float
    overflow: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPointChange(Event):
    """The access point went up or down."""

    up: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkChange(Event):
    """A charge point's WebSocket connection opened or closed.

    Attributes:
        charge_point: the identity.
        connected: whether the connection is open now.
        code: the close code (RFC 6455 section 7.4).
        reason: the close reason.
        protocol: the sub-protocol of a connection that opened, e.g. `ocpp2.0.1`.
    """

    charge_point: MayHoldSecret[str]
    connected: bool
    code: int | None = None
    reason: MayHoldSecret[str] = ""
    protocol: NoSecret[str] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRefused(Event):
    """The CSMS refused a client before the WebSocket connection, or the file server refused it before the request.

    `Csms.refuse` and the fault `http-refusal` publish no such event.

    Attributes:
        address: the client's host and port.
        how: the form of the refusal: `TLS`, `HTTP 401`, `its connection was closed`.
        charge_point: the identity in the client's URL; empty if the URL was not read.
    """

    address: NoSecret[str]
    how: NoSecret[str]
    reason: MayHoldSecret[str]
    charge_point: MayHoldSecret[str] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTransfer(Event):
    """The file server finished the answer to a request, or a fault ended the answer.

    Attributes:
        path: the path of the request, without a query.
        address: the client's host and port.
        status: the HTTP status; 0 if none was sent.
        sent: the bytes of the answer's body.
        received: the bytes of the request's body.
        name: the file that was sent, or the name of a stored upload.
        complete: False if a body ended early.
        part: the sent part of the file, such as `bytes 100-199/4000`, if the client requested a part.
        error: the reason of an early end or of a refusal.
        fault: the names of the injected faults that changed the request.
        tls: whether the connection had TLS.
        wanted: the decoded name of the file in the path; the path itself if it contains no valid name.
    """

    method: MayHoldSecret[str]
    path: MayHoldSecret[str]
    address: NoSecret[str]
    status: int = 0
    sent: int = 0
    received: int = 0
    name: MayHoldSecret[str] = ""
    complete: bool = True
    part: NoSecret[str] = ""
    error: MayHoldSecret[str] = ""
    fault: NoSecret[str] = ""
    tls: bool = False
    wanted: MayHoldSecret[str] = ""


@decodes_when_read
@masks_when_read("raw")
@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class OcppFrame(Event):
    """One OCPP-J frame, as seen by the CSMS (OCPP-J 1.6 section 4).

    Attributes:
        charge_point: the identity.
        direction: `received` by the CSMS, or `sent` by it.
        message_type: the message type by its name; `INVALID` for a text that is no frame.
        action: the action. An answer has the action of its CALL.
        payload: the decoded JSON, unmasked, for tests to match on. Output uses `shown`.
        error: the description of the violation in the frame. A tolerant CSMS leaves it empty for a tolerated deviation.
        raw: the frame's text with masked secrets.
        fault: the injected fault that changed or repeated the frame. Such a frame is no violation of the charge point,
            and no expectation matches it.
        deviation: the name and the description of a tolerated deviation (docs/csms.md#two-grades).
    """

    charge_point: MayHoldSecret[str]
    direction: Literal["received", "sent"]
    message_type: MessageType
    unique_id: MayHoldSecret[str]
    action: MayHoldSecret[str] = ""
    payload: MayHoldSecret[Any] = None
    error: MayHoldSecret[str] = ""
    raw: MayHoldSecret[str] = ""
    fault: NoSecret[str] = ""
    deviation: MayHoldSecret[str] = ""

    @property
    def grade(self) -> Grade:
        """The grade of the frame's error; empty for a valid frame."""
        return "tolerated" if self.deviation else "specification" if self.error else ""

    @property
    def shown(self) -> Any:
        """The payload with masked secrets."""
        return self._masked("payload", self.payload)

    @property
    def is_clean(self) -> bool:
        """Whether the frame certainly holds no secret: neither its text nor, therefore, any part of it."""
        # Searching the payload takes ten times as long.
        text: str = self._raw  # type: ignore[attr-defined]
        return bool(text) and MASK not in text and not knows_a_number() and self.raw is text

    def release_payload(self, text: str | bytes) -> None:
        """Drop the decoded payload of a long frame. Reading it decodes the text again.

        Args:
            text: the text from which the payload was decoded. If the frame does not keep it, the payload stays.
        """
        kept: str = self._raw  # type: ignore[attr-defined]
        if kept is text and len(text) > _LONG and self.message_type in PLACES:
            object.__setattr__(self, "_payload", IN_TEXT)  # events are frozen

    def _masked(self, name: str, value: Any) -> Any:
        if name == "raw":
            return value  # reading it has masked it
        return value if name == "payload" and self.is_clean else masked(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried(Event):
    """Data that the bench's network delayed. The data came at `came` and left at the event's stamp.

    `to_device` is its direction. The report uses it to draw when a frame reached or left the device.
    """

    to_device: bool
    came: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultInjected(Event):
    """A fault of the catalogue begins.

    Attributes:
        fault: the fault's name.
        arguments: the fault's arguments by name.
    """

    fault: NoSecret[str]
    arguments: MayHoldSecret[Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultLifted(Event):
    """A fault was lifted.

    Attributes:
        fault: the fault's name.
        injected: the id of the event `FaultInjected`.
    """

    fault: NoSecret[str]
    injected: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Flashed(Event):
    """The board's flash was written.

    Attributes:
        image: the SHA-256 of the written data.
        seconds: the duration.
        what: the written parts in words.
    """

    image: NoSecret[str]
    seconds: float
    what: MayHoldSecret[str] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted(Event):
    """A run begins: the first event of its record.

    Attributes:
        date: the start in ISO 8601.
        worker: the name of the pytest-xdist worker, if the run has several. Each worker has its own bench and record.
        clock: the kind of bench time.
        commit: the project's Git commit; empty if there is none.
        seed: the seed of the order of tests; empty if there is none.
        links: other reports of the same session by name, relative to the run's folder.
        stamp_error: the error of a time between two edges, in ms: in the measurement by `rig doctor --latency`, 95 %
            of the times had at most this error. None without a measurement.
        stamp_error_date: the date of this measurement.
    """

    run: NoSecret[str]
    date: NoSecret[str]
    bench: MayHoldSecret[str]
    worker: NoSecret[str] = ""
    clock: NoSecret[Clock] = "real"
    commit: NoSecret[str] = ""
    seed: NoSecret[str] = ""
    links: MayHoldSecret[Mapping[str, Any]] = field(default_factory=dict)
    stamp_error: float | None = None
    stamp_error_date: NoSecret[str] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded(Event):
    """A run ended: the last event of its record. A record without this event was cut off.

    Attributes:
        interrupted: whether a signal, Ctrl-C or `pytest.exit` ended the session.
    """

    interrupted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TestStarted(Event):
    """A test begins.

    Attributes:
        nodeid: the test's name in pytest.
        doc: the first line of the test's docstring.
    """

    __test__ = False  # pytest collects by name

    nodeid: MayHoldSecret[str]
    doc: MayHoldSecret[str] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TestEnded(Event):
    """A test has ended.

    Attributes:
        nodeid: the test's name in pytest.
        outcome: the verdict (docs/reports.md#verdicts): `failed` is a failure of the firmware, `error` an error of the
            bench, `broken` an error of the test.
        seconds: the duration in real time.
        message: the reason if the test did not pass.
        excerpt: the failing line of the test, the lines before it, and the values of its variables.
    """

    __test__ = False  # pytest collects by name

    nodeid: MayHoldSecret[str]
    outcome: Outcome
    seconds: float
    message: MayHoldSecret[str] = ""
    excerpt: MayHoldSecret[str] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement(Event):
    """A figure that a test measured: its name and value.

    Attributes:
        unit: the unit of value and limits.
        low: the lower limit; None for none.
        high: the upper limit; None for none.
        ok: whether the value is within the limits.
        start: the stamp at which a measured time began, for the picture.
        end: the stamp at which a measured time ended, for the picture.
        no_latency: True if the figure is a time in ms, µs or ns that has a `start` and was measured in stepped time.
            Work takes no stepped time, so such a figure is no latency.
        held_up: the part of `value`, in the same unit, in which device or bench waited for a processor.
        measurable: False if `held_up` is too large to judge the figure (docs/reports.md#verdicts).
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
class FigureJudged(Event):
    """A test checks a figure of the telemetry, or the `current`. The report draws the figure as a curve.

    Attributes:
        unit: the unit in the device's own table.
        low: the lower limit; None for none.
        high: the upper limit; None for none.
        growth: whether the limits apply to the growth of the figure instead of its values.
    """

    figure: MayHoldSecret[str]
    unit: MayHoldSecret[str] = ""
    low: float | None = None
    high: float | None = None
    growth: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed(Event):
    """A test failed because an expected event did not occur in time. The stamp `t` is the end of the wait.

    Attributes:
        lane: the lane of the expected event, such as `leds.status`, `ocpp`, `log` or `link`; empty if it has none.
        what: the expected event in words.
        since: the stamp at which the wait began.
    """

    lane: NoSecret[str]
    what: MayHoldSecret[str]
    since: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchTrouble(Event):
    """An error of the bench itself."""

    what: MayHoldSecret[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Note(Event):
    """A remark, by a person, a test or an instrument."""

    text: MayHoldSecret[str]


CLIENT_LEFT = "client.left"
"""The call of a `HandAct` that undoes acts because their client has disconnected; no client can call it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandAct(Event):
    """A person operated the bench.

    Attributes:
        call: the call on the bench's live socket, such as `power.cycle`.
        arguments: the arguments of the call by name.
        by: the program of the person, with its process id.
        test: the test that ran at that time; empty if none did.
    """

    call: NoSecret[str]
    arguments: MayHoldSecret[Mapping[str, Any]] = field(default_factory=dict)
    by: MayHoldSecret[str] = ""
    test: MayHoldSecret[str] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandActFailed(Event):
    """An act of a person failed, or an instrument rejected it.

    The act may have had an effect nevertheless, such as a call to the charge point without an answer.

    Attributes:
        act: the id of the event `HandAct`.
    """

    call: NoSecret[str]
    act: int
    why: MayHoldSecret[str]
