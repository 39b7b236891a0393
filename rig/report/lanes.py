"""What the picture of a test shows, in bench seconds since its start: no pixels yet."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from rig.config.signal import Signal
from rig.report.in_order import spread
from rig.runs.load import Test, call_key
from rig.timeline.events import (
    AccessPointChange,
    BenchTrouble,
    Boot,
    Event,
    FaultInjected,
    FaultLifted,
    Flashed,
    LedPattern,
    LinkChange,
    LogLine,
    Measurement,
    Note,
    OcppFrame,
    Panic,
    PinEdge,
    PowerChange,
    TelemetrySample,
)
from rig.timeline.frame_words import exchange_words, stray_words
from rig.timeline.words import LEVELS, fault_words, led_pattern, measured, moment
from rig.util.text import one_line

Kind = Literal["power", "radio", "control", "input", "led", "output", "link"]
MomentKind = Literal["boot", "flash", "panic", "trouble", "note", "end", "E", "W"]
Texture = Literal["", "fast", "medium", "slow", "double"]


_MOST_CHARGE_POINTS = 4
"""Where more take part, the others share one lane."""


_NO_HEAP = 1e9
"""No charge point has as many bytes: such a sample is noise on the wire, and would flatten the line."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a lane in which nothing changes.

    `on` is None where nobody knows; `texts` say it in words, the longest first; `texture` tells how an LED blinks.
    """

    start: float
    end: float
    on: bool | None
    texts: tuple[str, ...] = ()
    texture: Texture = ""


@dataclass(frozen=True, slots=True)
class Band:
    """A lane of segments."""

    kind: Kind
    name: str
    segments: tuple[Segment, ...]
    what: str = ""
    """For LEDs, which one."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A CALL and its answer, or a frame that is neither.

    `start` is None where the CALL came before the test, `end` where no answer came in it.
    """

    from_device: bool
    start: float | None
    end: float | None
    text: str
    action: str
    wrong: bool

    @property
    def at(self) -> float:
        """Where its label stands."""
        return self.start if self.start is not None else (self.end or 0.0)


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened at once, with its text. `kind` chooses how it is drawn."""

    at: float
    kind: MomentKind
    text: str
    short: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """A fault, or something measured: from, to, and its text."""

    start: float
    end: float
    text: str
    ok: bool = True
    spans: bool = True
    """False where only the end is known."""


@dataclass(slots=True)
class Lanes:
    """Everything the picture shows."""

    duration: float
    in_order: bool = False
    """No time passed: seconds stand for places in the order of events."""
    bands: list[Band] = field(default_factory=list)
    exchanges: dict[str, list[Exchange]] = field(default_factory=dict)
    board: list[Moment] = field(default_factory=list)
    log: list[Moment] = field(default_factory=list)
    faults: list[Stretch] = field(default_factory=list)
    measurements: list[Stretch] = field(default_factory=list)
    heap: list[list[tuple[float, float]]] = field(default_factory=list)
    """Free heap in bytes; a new list after each reboot."""

    def times(self) -> list[float]:
        """Every moment at which something happened: between them it was quiet."""
        found = [s.start for band in self.bands for s in band.segments]
        found += [t for frames in self.exchanges.values() for e in frames for t in (e.start, e.end) if t is not None]
        found += [m.at for m in self.board] + [m.at for m in self.log]
        found += [t for s in self.faults for t in (s.start, s.end)]
        found += [t for s in self.measurements for t in (s.start, s.end)]
        return found


def lanes_of(test: Test) -> Lanes:
    """Read a test's slice of the timeline."""
    in_order = test.duration == 0
    if in_order:
        test = spread(test)
    lanes = Lanes(duration=test.duration, in_order=in_order)
    _Reader(test, lanes).read()
    return lanes


class _Reader:
    def __init__(self, test: Test, lanes: Lanes) -> None:
        self.test = test
        self.lanes = lanes
        self.at = test.at
        self._levels_before = {Signal.parse(text): level for text, level in test.before.pins.items()}

    def read(self) -> None:
        self._bands()
        self._ocpp()
        self._faults()
        self._moments()
        self._heap()

    # -- bands ----------------------------------------------------------------------------------------------------

    def _bands(self) -> None:
        before, events = self.test.before, self.test.events
        power = [e for e in events if isinstance(e, PowerChange)]
        by_rail = before.rail is not None or any(e.rail for e in power)
        self._switch(
            "power", "power", before.rail if by_rail else before.power,
            ((self.at(e.t), e.on) for e in power if e.rail == by_rail), ("off", "on"),
        )  # fmt: skip
        self._switch(
            "radio", "access point", before.access_point,
            ((self.at(e.t), e.up) for e in events if isinstance(e, AccessPointChange)), ("down", "up"),
        )  # fmt: skip
        edges: dict[Signal, list[PinEdge]] = {}
        for event in events:
            if isinstance(event, PinEdge):
                edges.setdefault(Signal.parse(event.signal), []).append(event)
        edges = {s: found for s, found in edges.items() if s.section != "power"}  # PowerChange reports those
        for signal in sorted(s for s, found in edges.items() if any(e.driven for e in found) and self._moved(s, found)):
            self._pin("control" if signal.section == "control" else "input", signal, edges[signal])
        self._leds(edges)
        outputs = {
            s
            for s, found in edges.items()
            if not any(e.driven for e in found) and s.section != "leds" and self._moved(s, found)
        }
        outputs |= {signal for signal in (*self._levels_before, *edges) if signal.name.endswith("contactor")}
        for signal in sorted(outputs):
            self._pin("output", signal, edges.get(signal, []))
        links: dict[str, list[tuple[float, bool]]] = {name: [] for name in before.links}
        for event in events:
            if isinstance(event, LinkChange):
                links.setdefault(event.charge_point, []).append((self.at(event.t), event.connected))
        for name in sorted(links)[:_MOST_CHARGE_POINTS]:
            title = "WebSocket" if len(links) == 1 else f"WebSocket {one_line(name)}"
            self._switch("link", title, before.links.get(name, False), links[name], ("closed", "open"))

    def _moved(self, signal: Signal, edges: Sequence[PinEdge]) -> bool:
        """Whether it changed: the bench also tells the level at which it finds a wire."""
        return len({self._levels_before.get(signal, edges[0].level), *(edge.level for edge in edges)}) > 1

    def _pin(self, kind: Kind, signal: Signal, edges: Sequence[PinEdge]) -> None:
        words = LEVELS.get(signal.name, ("", ""))
        title, before = one_line(signal.name).replace("_", " "), self._levels_before.get(signal)
        self._switch(kind, title, before, [(self.at(e.t), e.level) for e in edges], words)

    def _switch(
        self,
        kind: Kind,
        name: str,
        before: bool | None,
        changes: Iterable[tuple[float, bool]],
        words: tuple[str, str],
        what: str = "",
    ) -> None:
        at = sorted(changes, key=lambda change: change[0])
        if before is None and not at:
            return
        states: list[tuple[float, bool | None]] = [(0.0, before), *at]
        segments = [
            Segment(start, end, on, (words[on],) if on is not None and words[on] else ())
            for (start, on), end in zip(states, [t for t, _ in at] + [self.lanes.duration], strict=True)
        ]
        self.lanes.bands.append(Band(kind, name, _joined(segments), what=what))

    def _leds(self, edges: dict[Signal, list[PinEdge]]) -> None:
        patterns: dict[str, list[LedPattern]] = {name: [] for name in self.test.before.leds}
        for event in self.test.events:
            if isinstance(event, LedPattern):
                patterns.setdefault(Signal.parse(event.led).name, []).append(event)
        for name in sorted(patterns, key=_led_order):
            shown: list[tuple[float, LedPattern | None]] = [(0.0, self.test.before.leds.get(name))]
            begun = sorted(patterns[name], key=lambda led: (led.began or led.t, led.t))
            shown += [(self.at(led.began or led.t), led) for led in begun]
            found = sorted((self.at(edge.t), edge.level) for edge in edges.get(Signal("leds", name), ()))
            levels: list[tuple[float, bool | None]] = [(0.0, self._levels_before.get(Signal("leds", name))), *found]
            segments = [
                segment
                for (start, led), end in zip(shown, [t for t, _ in shown[1:]] + [self.lanes.duration], strict=True)
                for segment in _led_segments(start, end, led, levels)
            ]
            self.lanes.bands.append(Band("led", f"LED {one_line(name)}", _joined(segments), what=name))
        for signal in sorted(edges):
            name = signal.name
            if signal.section == "leds" and name not in patterns and not any(e.driven for e in edges[signal]):
                # Too short a time to tell a pattern.
                self._switch(
                    "led", f"LED {one_line(name)}", self._levels_before.get(signal),
                    [(self.at(e.t), e.level) for e in edges[signal]], ("dark", "lit"), what=name,
                )  # fmt: skip

    # -- OCPP -----------------------------------------------------------------------------------------------------

    def _ocpp(self) -> None:
        open_calls: dict[tuple[str, str, str], tuple[int, OcppFrame]] = {}
        for key, call in self.test.before.calls.items():
            open_calls[key] = (-1, call)
        found: list[tuple[str, Exchange]] = []
        for event in self.test.events:
            if not isinstance(event, OcppFrame):
                continue
            at, from_device = self.at(event.t), event.direction == "received"
            if event.message_type == "CALL":
                key = (event.charge_point, event.direction, event.unique_id)
                open_calls[key] = (len(found), event)
                found.append((event.charge_point, _call(event, at, from_device)))
            elif event.message_type == "INVALID":
                exchange = Exchange(from_device, at, None, stray_words(event), "not OCPP", wrong=True)
                found.append((event.charge_point, exchange))
            elif (opened := open_calls.pop(call_key(event), None)) is not None:
                index, call = opened
                begun = None if index < 0 else found[index][1].start
                exchange = _answered(call, begun, event, at)
                if index < 0:
                    found.append((event.charge_point, exchange))
                else:
                    found[index] = (event.charge_point, exchange)
            else:
                exchange = Exchange(not from_device, None, at, stray_words(event), "answer to no call", wrong=True)
                found.append((event.charge_point, exchange))
        for index, _ in open_calls.values():
            if index >= 0 and not found[index][1].wrong:
                cp, e = found[index]
                found[index] = (cp, Exchange(e.from_device, e.start, None, e.text + " (no answer)", e.action, False))
        names = sorted({charge_point for charge_point, _ in found})
        others = f"{len(names) - _MOST_CHARGE_POINTS} others"
        for charge_point, exchange in found:
            shown = charge_point if charge_point in names[:_MOST_CHARGE_POINTS] else others
            self.lanes.exchanges.setdefault(shown, []).append(exchange)

    # -- moments and stretches ------------------------------------------------------------------------------------

    def _faults(self) -> None:
        opened: dict[int, tuple[float, FaultInjected]] = {i: (0.0, f) for i, f in self.test.before.faults.items()}
        stretches: list[Stretch] = []
        for event in self.test.events:
            if isinstance(event, FaultInjected):
                opened[event.id] = (self.at(event.t), event)
            elif isinstance(event, FaultLifted) and (begun := opened.pop(event.injected, None)) is not None:
                stretches.append(Stretch(begun[0], max(begun[0], self.at(event.t)), fault_words(begun[1])))
        stretches += [Stretch(start, self.lanes.duration, fault_words(f)) for start, f in opened.values()]
        self.lanes.faults = sorted(stretches, key=lambda s: (s.start, s.end, s.text))

    def _moments(self) -> None:
        board, log, lanes = self.lanes.board, self.lanes.log, self.lanes
        for event in self.test.events:
            if isinstance(event, Measurement):
                lanes.measurements.append(self._measurement(event))
            elif (kind := _kind(event)) is not None and (words := moment(event)) is not None:
                lane = log if isinstance(event, LogLine) else board
                lane.append(Moment(self.at(event.t), kind, *words))
        if self.test.outcome not in ("passed", "skipped"):
            bench = "error of the bench"
            word = {
                "failed": "test failed",
                "error": bench,
                "retried": bench,
                "cut off": "record cut off",
                "broken": "error of the test",
                "not measurable": "not measurable",
            }
            kind_of_end = word[self.test.outcome]
            board.append(Moment(lanes.duration, "end", kind_of_end, kind_of_end))
        board.sort(key=lambda moment: moment.at)
        log.sort(key=lambda moment: moment.at)

    def _measurement(self, event: Measurement) -> Stretch:
        text = measured(event)
        end = self.at(event.t if event.end is None else event.end)
        if event.start is None:
            return Stretch(end, end, text, event.ok, spans=False)
        start = self.at(event.start)
        return Stretch(min(start, end), max(start, end), text, event.ok)

    def _heap(self) -> None:
        line: list[tuple[float, float]] = []
        for event in self.test.events:
            if isinstance(event, Boot) or (isinstance(event, PowerChange) and not event.on):
                if line:
                    self.lanes.heap.append(line)
                line = []
            elif isinstance(event, TelemetrySample):
                value = event.values.get("heap_free")
                if isinstance(value, int | float) and 0 <= value < _NO_HEAP:
                    line.append((self.at(event.t), float(value)))
        if line:
            self.lanes.heap.append(line)
        for line in self.lanes.heap:
            line.sort()


_MOMENT_KINDS: Mapping[type[Event], MomentKind] = {
    Boot: "boot",
    Flashed: "flash",
    Panic: "panic",
    BenchTrouble: "trouble",
    Note: "note",
}


def _kind(event: Event) -> MomentKind | None:
    """How an event is drawn at its moment; None where it is not."""
    if isinstance(event, LogLine):
        return event.level if event.level in ("E", "W") else None
    return _MOMENT_KINDS.get(type(event))


def _call(frame: OcppFrame, at: float, from_device: bool) -> Exchange:
    action = one_line(frame.action) or "CALL"
    return Exchange(from_device, at, None, exchange_words(frame), action, wrong=bool(frame.error))


def _answered(call: OcppFrame, begun: float | None, answer: OcppFrame, at: float) -> Exchange:
    wrong = bool(call.error or answer.error) or answer.message_type == "CALLERROR"
    end = at if begun is None else max(begun, at)
    action = one_line(call.action) or "CALL"
    return Exchange(call.direction == "received", begun, end, exchange_words(call, answer), action, wrong)


def _led_segments(
    start: float, end: float, led: LedPattern | None, levels: Sequence[tuple[float, bool | None]]
) -> Iterable[Segment]:
    """A stretch that was told as one pattern: as that pattern for as long as the LED's level agrees, then the level.

    A pattern is told late, because it takes a while to know: what the LED did meanwhile is not what it showed before.
    """
    longest = _longest(led)
    shown = [_led_segment(start, end, led)]
    agrees = True
    for index in range(bisect_right(levels, start, key=lambda change: change[0]) - 1, len(levels)):
        at, lit = levels[index]
        if at >= end:
            break
        until = levels[index + 1][0] if index + 1 < len(levels) else end
        agrees = agrees and (lit is None or min(end, until) - max(start, at) <= longest[lit])
        if not agrees:
            shown[-1] = replace(shown[-1], end=max(start, at))
            shown.append(_led_segment(max(start, at), end, LedPattern(led="", pattern="on" if lit else "off")))
    return shown


def _longest(led: LedPattern | None) -> tuple[float, float]:
    """For how long an LED with that pattern is dark, and lit, at most."""
    if led is None or led.pattern == "unknown":
        return (0.0, 0.0)
    if led.pattern in ("on", "off"):
        return (0.0, math.inf) if led.pattern == "on" else (math.inf, 0.0)
    if led.rate_hz <= 0:
        return (math.inf, math.inf)
    return (1.5 * (1 - led.duty) / led.rate_hz, 1.5 * led.duty / led.rate_hz)


def _led_segment(start: float, end: float, led: LedPattern | None) -> Segment:
    if led is None:
        return Segment(start, end, None)
    words = led_pattern(led)
    texture: Texture = ""
    if led.pattern == "double_flash":
        texture = "double"
    elif led.pattern == "blink":
        texture = "fast" if led.rate_hz >= 3.5 else "medium" if led.rate_hz >= 1.5 else "slow"
    return Segment(start, end, led.pattern != "off", words, texture)


def _led_order(name: str) -> tuple[int, str]:
    known = ("status", "network", "fault")
    return (known.index(name) if name in known else len(known), name)


def _joined(segments: Iterable[Segment]) -> tuple[Segment, ...]:
    """Segments without those that last no time, neighbours that say the same made one."""
    joined: list[Segment] = []
    for segment in segments:
        if segment.end <= segment.start:
            continue
        last = joined[-1] if joined else None
        if last and (last.on, last.texts, last.texture) == (segment.on, segment.texts, segment.texture):
            joined[-1] = Segment(last.start, segment.end, last.on, last.texts, last.texture)
        else:
            joined.append(segment)
    return tuple(joined)
