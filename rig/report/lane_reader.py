"""The lanes of a picture, made from a test's slice of the timeline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rig.config.signal import Signal
from rig.report.curves import curves_of, telemetry_lines
from rig.report.exchange_lanes import exchanges_of
from rig.report.in_order import spread
from rig.report.lanes import Band, Kind, Lanes, Moment, MomentKind, Stretch
from rig.report.led_lanes import led_bands
from rig.report.segments import switched
from rig.report.verdict_words import VERDICT_ENDS
from rig.runs.slicer import Test
from rig.timeline.events import (
    AccessPointChange,
    BenchTrouble,
    Boot,
    ClientRefused,
    Event,
    FaultInjected,
    FaultLifted,
    FileTransfer,
    Flashed,
    HandAct,
    HandActFailed,
    LinkChange,
    LogLine,
    Measurement,
    Missed,
    Note,
    Panic,
    PinEdge,
    PowerChange,
)
from rig.timeline.words import LEVELS, fault_words, measured, moment
from rig.util.text import one_line

_MOST_LINKS = 4
"""The maximum number of WebSocket lanes. Those of further charge points are omitted."""
_NO_HEAP = 1e9
"""A larger sample of free heap is noise on the serial line. It is dropped, because it would flatten the curve."""


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
        self.lanes.exchanges = exchanges_of(self.test)
        self._faults()
        self._moments()
        self._missed()
        self.lanes.heap = list(telemetry_lines(self.test, "heap_free", least=0, below=_NO_HEAP))
        self.lanes.curves = curves_of(self.test)

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
        edges = {s: found for s, found in edges.items() if s.section != "power"}  # see PowerChange
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
        for name in sorted(links)[:_MOST_LINKS]:
            title = "WebSocket" if len(links) == 1 else f"WebSocket {one_line(name)}"
            self._switch("link", title, before.links.get(name, False), links[name], ("closed", "open"), signal="link")

    def _moved(self, signal: Signal, edges: Sequence[PinEdge]) -> bool:
        """Return whether a signal changed. The first edge of a wire can be a mere report of its initial level."""
        return len({self._levels_before.get(signal, edges[0].level), *(edge.level for edge in edges)}) > 1

    def _pin(self, kind: Kind, signal: Signal, edges: Sequence[PinEdge]) -> None:
        words = LEVELS.get(signal.name, ("", ""))
        title, before = one_line(signal.name).replace("_", " "), self._levels_before.get(signal)
        changes = [(self.at(e.t), e.level) for e in edges]
        self._switch(kind, title, before, changes, words, signal=str(signal))

    def _switch(
        self,
        kind: Kind,
        name: str,
        before: bool | None,
        changes: Iterable[tuple[float, bool]],
        words: tuple[str, str],
        what: str = "",
        signal: str = "",
    ) -> None:
        segments = switched(before, changes, self.lanes.duration, words)
        if segments:
            self.lanes.bands.append(Band(kind, name, segments, what, signal))

    def _leds(self, edges: dict[Signal, list[PinEdge]]) -> None:
        of_leds = {signal: found for signal, found in edges.items() if signal.section == "leds"}
        self.lanes.bands += led_bands(self.test, [edge for found in of_leds.values() for edge in found])
        shown = {band.what for band in self.lanes.bands}
        for signal in sorted(of_leds):
            if signal.name not in shown and not any(e.driven for e in of_leds[signal]):
                # The time is too short to recognize a pattern.
                self._switch(
                    "led", f"LED {one_line(signal.name)}", self._levels_before.get(signal),
                    [(self.at(e.t), e.level) for e in of_leds[signal]], ("dark", "lit"), signal.name, str(signal),
                )  # fmt: skip

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
        if end := VERDICT_ENDS.get(self.test.outcome):
            board.append(Moment(lanes.duration, "end", end, end))
        board.sort(key=lambda moment: moment.at)
        log.sort(key=lambda moment: moment.at)

    def _measurement(self, event: Measurement) -> Stretch:
        text = measured(event)
        end = self.at(event.t if event.end is None else event.end)
        if event.start is None:
            return Stretch(end, end, text, event.ok, spans=False)
        start = self.at(event.start)
        return Stretch(min(start, end), max(start, end), text, event.ok)

    def _missed(self) -> None:
        """Put each missed expectation into its lane, or into a lane of its own if that lane is missing."""
        known = {band.signal for band in self.lanes.bands}
        known |= {"ocpp"} if self.lanes.exchanges else set()
        known |= {"log"} if self.lanes.log else set()
        for event in self.test.events:
            if isinstance(event, Missed):
                lane = event.lane if event.lane in known else ""
                end = self.at(event.t)
                stretch = Stretch(min(self.at(event.since), end), end, f"expected: {one_line(event.what)}", ok=False)
                self.lanes.missed.setdefault(lane, []).append(stretch)


_MOMENT_KINDS: Mapping[type[Event], MomentKind] = {
    Boot: "boot",
    Flashed: "flash",
    Panic: "panic",
    BenchTrouble: "trouble",
    ClientRefused: "note",
    FileTransfer: "note",
    HandAct: "note",
    HandActFailed: "note",
    Note: "note",
}


def _kind(event: Event) -> MomentKind | None:
    """Return the kind of moment of an event; None if it is not drawn."""
    if isinstance(event, LogLine):
        return event.level if event.level in ("E", "W") else None
    return _MOMENT_KINDS.get(type(event))
