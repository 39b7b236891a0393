"""The picture of a test: everything that happened to the board, on one time axis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from rig.report.axis import Axis
from rig.report.canvas import (
    BLUE,
    FAINT,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PAPER,
    PURPLE,
    RED,
    VIOLET,
    Canvas,
    px,
    text_on,
)
from rig.report.flags import POLE_GAP, Flag, Label, place
from rig.report.lanes import Band, Exchange, Lanes, Moment, Segment, Stretch, lanes_of
from rig.report.load import Test, Verdict
from rig.report.text import fit, kilobytes, number, one_line, seconds, width

WIDTH = 1200.0
LEFT, RIGHT = 150.0, 970.0
"""Where the time axis begins and ends. Labels may reach on to EDGE: the longest StatusNotification has room there."""
EDGE = WIDTH - 10
NAME_X = 12.0
SIZE = 11.0
ROW = 14.0

VERDICT_WORDS: dict[Verdict, str] = {
    "passed": "passed",
    "failed": "failed",
    "error": "error of the bench",
    "skipped": "skipped",
    "cut off": "cut off",
    "retried": "error of the bench, retried",
}
VERDICT_COLOURS: dict[Verdict, str] = {
    "passed": "#00694c",
    "failed": RED,
    "error": VIOLET,
    "skipped": GREY,
    "cut off": "#8a5a00",
    "retried": VIOLET,
}
_LED_COLOURS = {"status": GREEN, "network": BLUE, "fault": "#d55e00"}
_BAND_COLOURS = {
    "power": "#3c4650",
    "radio": BLUE,
    "input": ORANGE,
    "control": GREY,
    "output": PURPLE,
    "link": GREEN,
    "led": ORANGE,
}
_TINTED = {"power", "radio", "link"}
"""What is on nearly always is drawn light, so that what moves stands out."""
_KIND_WORDS = {"input": "input", "control": "control", "output": "output"}
_MOMENT_COLOURS = {
    "boot": INK, "flash": BLUE, "panic": RED, "trouble": VIOLET, "note": GREY, "clock": GREY,
    "E": RED, "W": "#8a5a00",
}  # fmt: skip
_MOST_STRETCHES = 12
_BUSY_PX = 3.0
"""Neighbouring segments narrower than this are drawn as one, with a count."""


def render(test: Test, lanes: Lanes | None = None, *, head: bool = True) -> str:
    """The picture as SVG. The same test gives the same bytes.

    Args:
        test: whose picture.
        lanes: what `lanes_of` makes of it, where it is at hand.
        head: whether it begins with the test's name, verdict and message; False where they stand around it anyhow.
    """
    return _Picture(test, lanes or lanes_of(test)).draw(head)


def timing(test: Test, lanes: Lanes | None = None) -> str:
    """How long the test took in bench time and, where the clock was scaled, how fast it ran."""
    lanes = lanes or lanes_of(test)
    said = f"{seconds(lanes.duration)} of bench time"
    scales = [scale for scale in lanes.scales if abs(scale - 1) > 1e-6]
    if scales:
        fastest = ", ".join(dict.fromkeys(f"×{number(float(f'{scale:.4g}'))}" for scale in scales[:3]))
        said += f" (clock {fastest}, {seconds(test.seconds)} real)"
    return said


def summary(test: Test, lanes: Lanes | None = None) -> str:
    """What the picture shows in one sentence: its text alternative."""
    lanes = lanes or lanes_of(test)
    parts = []
    if lanes.faults:
        parts.append(_count(len(lanes.faults), "fault") + ": " + ", ".join(s.text for s in lanes.faults[:4]))
    boots = [moment for moment in lanes.board if moment.kind == "boot"]
    if boots:
        parts.append(f"{_count(len(boots), 'boot')}: " + ", ".join(moment.text for moment in boots[:4]))
    exchanges = [e for frames in lanes.exchanges.values() for e in frames]
    if exchanges:
        wrong = sum(e.wrong for e in exchanges)
        parts.append(_count(len(exchanges), "OCPP exchange") + (f", {wrong} wrong" if wrong else ""))
    heap = [value for line in lanes.heap for _, value in line]
    if heap:
        parts.append(f"free heap {kilobytes(min(heap))} to {kilobytes(max(heap))}")
    said = "; ".join(parts) or "nothing on the timeline"
    return one_line(f"Timeline of {test.name}: {VERDICT_WORDS[test.outcome]} after {seconds(test.duration)}; {said}.")


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


@dataclass(frozen=True, slots=True)
class _Key:
    """An entry of the legend: `draw(x, y)` draws its symbol, 22 pixels wide, around the line y."""

    text: str
    draw: Callable[[float, float], None]


@dataclass(frozen=True, slots=True)
class _Beside:
    """A stretch's pixels, where its text stands, and the room that both take.

    `inside` is the part of the stretch that takes the text, None where it stands beside it, at `x`.
    """

    left: float
    right: float
    text: str
    x: float
    anchor: Literal["start", "end"]
    begin: float
    end: float
    inside: tuple[float, float] | None = None

    def clear_of(self, other: _Beside) -> bool:
        return self.begin > other.end + 4 or self.end + 4 < other.begin


class _Picture:
    def __init__(self, test: Test, lanes: Lanes) -> None:
        self.test = test
        self.lanes = lanes
        self.axis = Axis(self.lanes.duration, self.lanes.times(), LEFT, RIGHT)
        self.c = Canvas(WIDTH)
        self.keys: dict[str, _Key] = {}
        self.y = 0.0

    def draw(self, head: bool) -> str:
        if head:
            self._head()
        self._axis_labels()
        top = self.y
        if self.lanes.faults:
            self._stretches("faults", self.lanes.faults, self._fault)
        if self.lanes.board:
            self._board()
        for band in self.lanes.bands:
            self._band(band)
        for charge_point in sorted(self.lanes.exchanges):
            self._ocpp(charge_point, self.lanes.exchanges[charge_point])
        if self.lanes.heap:
            self._heap()
        if self.lanes.log:
            self._log()
        if self.lanes.measurements:
            self._stretches("measured", self.lanes.measurements, self._measurement)
        if self.y == top:
            self.c.text(LEFT, self.y + 20, "Nothing stands on the timeline of this test.", fill=GREY, size=12)
            self.y += 34
        self._across(top, self.y)
        self._legend()
        test = self.test
        return self.c.svg(self.y, f"{test.name}: {VERDICT_WORDS[test.outcome]}", summary(test, self.lanes))

    # -- frame ----------------------------------------------------------------------------------------------------

    def _head(self) -> None:
        test, c = self.test, self.c
        verdict = VERDICT_WORDS[test.outcome] + (f", attempt {test.attempt}" if test.attempt > 1 else "")
        pill = width(verdict, 12, bold=True) + 18
        c.rect("lanes", NAME_X, 10, pill, 20, rx=10, fill=VERDICT_COLOURS[test.outcome])
        c.text(NAME_X + 9, 24, verdict, size=12, fill=PAPER, bold=True)
        took = timing(test, self.lanes)
        took_width = width(took, 12)
        c.text(EDGE, 24, took, size=12, fill=GREY, anchor="end")
        name_x = NAME_X + pill + 10
        c.text(name_x, 25, fit(one_line(test.name), EDGE - took_width - 16 - name_x, 16, bold=True), size=16, bold=True)
        self.y = 34.0
        if test.doc:
            c.text(NAME_X, self.y + 13, fit(one_line(test.doc), EDGE - NAME_X, 12), size=12, fill=GREY)
            self.y += 18
        if test.message:
            first = one_line(test.message.strip().split("\n", 1)[0])
            colour = VERDICT_COLOURS[test.outcome]
            c.text(NAME_X, self.y + 13, fit(first, EDGE - NAME_X, 12), size=12, fill=colour)
            self.y += 18

    def _axis_labels(self) -> None:
        c, y = self.c, self.y + 22
        c.text(NAME_X, y, f"time ({self.axis.unit})", fill=GREY)
        for tick in self.axis.ticks():
            c.text(tick.x, y, tick.text, fill=GREY, anchor="middle")
        for quiet in self.axis.breaks:
            said = fit(_short_seconds(quiet.end - quiet.start), quiet.right - quiet.left - 8, SIZE)
            c.text((quiet.left + quiet.right) / 2, y, said, fill=INK, anchor="middle")
        self.y = y + 6
        c.line("lanes", LEFT, self.y, RIGHT, self.y, stroke=GREY, stroke_width=1)

    def _across(self, top: float, bottom: float) -> None:
        """What goes through all lanes: the grid, faults, boots, breaks and the end."""
        c, axis = self.c, self.axis
        for left, right in dict.fromkeys((round(axis.x(s.start)), round(axis.x(s.end))) for s in self.lanes.faults):
            c.rect("back", left, top, max(right - left, 2), bottom - top, fill=RED, fill_opacity="0.10")
            for edge in (left, right):
                c.line("back", edge, top, edge, bottom, stroke=RED, stroke_width=1, stroke_opacity="0.5")
        for tick in axis.ticks():
            c.line("back", tick.x, top - 4, tick.x, bottom, stroke=FAINT, stroke_width=1)
        through = (m for m in self.lanes.board if m.kind in ("boot", "panic", "trouble", "end"))
        for x, colour in dict.fromkeys((round(axis.x(m.at)), self._moment_colour(m)) for m in through):
            c.line("back", x, top, x, bottom, stroke=colour, stroke_width=1.2, stroke_dasharray="5 4")
        for quiet in axis.breaks:
            c.rect("breaks", quiet.left + 4, top - 5, quiet.right - quiet.left - 8, bottom - top + 5, fill=PAPER)
            for side in (quiet.left + 4, quiet.right - 4):
                c.path("breaks", _zigzag(side, top - 5, bottom), fill="none", stroke=GREY, stroke_width=1)
            self._key("quiet", "quiet time left out, this long", lambda x, y: self._zigzags(x, y))

    def _zigzags(self, x: float, y: float) -> None:
        for at in (x + 6, x + 15):
            self.c.path("front", _zigzag(at, y - 8, y + 6), fill="none", stroke=GREY, stroke_width=1)

    def _lane(self, name: str, middle: float, height: float, kind: str = "") -> None:
        """The lane's name, what kind of wire it is, and the line that ends it."""
        room = LEFT - NAME_X - 10
        if kind:
            room -= self.c.text(LEFT - 8, middle + 4, kind, size=10, fill=GREY, anchor="end") + 6
        self.c.text(NAME_X, middle + 4, fit(name, room, 12), size=12)
        self.y += height
        self.c.line("back", NAME_X, self.y, RIGHT, self.y, stroke=FAINT, stroke_width=1)

    def _key(self, name: str, text: str, draw: Callable[[float, float], None]) -> None:
        self.keys.setdefault(name, _Key(text, draw))

    def _legend(self) -> None:
        x, y = LEFT, self.y + 22
        if self.keys:
            self.c.text(NAME_X, y + 4, "legend", fill=GREY)
        for key in self.keys.values():
            needed = 28 + width(key.text, SIZE)
            if x + needed > EDGE:
                x, y = LEFT, y + 20
            key.draw(x, y)
            self.c.text(x + 28, y + 4, key.text, fill=GREY)
            x += needed + 22
        self.y = y + 18 if self.keys else self.y + 12

    # -- lanes ----------------------------------------------------------------------------------------------------

    def _band(self, band: Band) -> None:
        top, height = self.y + 4, 15.0
        self._lane(band.name, top + height / 2, 23, _KIND_WORDS.get(band.kind, ""))
        colour = _LED_COLOURS.get(band.what, _BAND_COLOURS[band.kind])
        for left, right, shown in self._condensed(band.segments):
            if isinstance(shown, int):
                self._busy(left, right, top, colour, shown, "pulses" if band.kind == "input" else "changes")
            elif shown.on is None:
                self.c.line(
                    "lanes", left, top + height / 2, right, top + height / 2, stroke=GREY, stroke_dasharray="1 4"
                )
                self._key("unknown", "not known yet", self._unknown_key)
            elif shown.on:
                look = {"fill": self.c.blink(colour, shown.texture) if shown.texture else colour, "stroke": colour}
                if shown.texture:
                    self._key("blinks", "LED blinks (stripes, not to scale)", self._blink_key)
                tinted = band.kind in _TINTED
                if tinted:
                    look["fill_opacity"] = "0.22"
                self.c.rect("lanes", left, top, max(right - left, 1.2), height, stroke_width=1, **look)
                self._within(left, right, top, shown, INK if tinted else text_on(colour))
            else:
                self.c.line("lanes", left, top + height, right, top + height, stroke=colour, stroke_width=1.5)
                self._within(left, right, top, shown, GREY)

    def _condensed(self, segments: Sequence[Segment]) -> list[tuple[float, float, Segment | int]]:
        """Segments with their pixels; runs of narrow ones as one, with how often it went on."""
        drawn: list[tuple[float, float, Segment | int]] = []
        run: list[tuple[float, float, Segment]] = []

        def end_run() -> None:
            if len(run) > 3:
                drawn.append((run[0][0], run[-1][1], sum(bool(segment.on) for _, _, segment in run)))
            else:
                drawn.extend(run)
            run.clear()

        for segment in segments:
            left, right = self.axis.x(segment.start), self.axis.x(segment.end)
            if right - left < _BUSY_PX:
                run.append((left, right, segment))
            else:
                end_run()
                drawn.append((left, right, segment))
        end_run()
        return drawn

    def _busy(self, left: float, right: float, top: float, colour: str, count: int, noun: str) -> None:
        fill = self.c.blink(colour, "fast")
        self.c.rect("lanes", left, top, max(right - left, 1.2), 15, fill=fill, stroke=colour, stroke_width=1)
        self._within(left, right, top, Segment(0, 0, True, (f"{count} {noun}", f"×{count}"), "fast"), INK)

    def _within(self, left: float, right: float, top: float, segment: Segment, fill: str) -> None:
        """The segment's words, as far as there is room beside the breaks."""
        left, right = self._unbroken(left, right)
        for text in segment.texts:
            wide = width(text, SIZE)
            if wide + 8 <= right - left:
                if segment.texture and segment.on:
                    self.c.rect("lanes", left + 3, top + 1.5, wide + 6, 12, rx=2, fill=PAPER, fill_opacity="0.9")
                    fill = INK
                self.c.text(left + 6, top + 11.5, text, fill=fill, layer="lanes")
                return

    def _unbroken(self, left: float, right: float) -> tuple[float, float]:
        """The widest part of a stretch that no break cuts."""
        edges = [left]
        for quiet in self.axis.breaks:
            edges += [min(max(quiet.left, left), right), min(max(quiet.right, left), right)]
        edges.append(right)
        return max(zip(edges[::2], edges[1::2], strict=True), key=lambda part: part[1] - part[0])

    def _blink_key(self, x: float, y: float) -> None:
        self.c.rect("front", x, y - 7, 22, 14, fill=self.c.blink(GREEN, "medium"), stroke=GREEN, stroke_width=1)

    def _unknown_key(self, x: float, y: float) -> None:
        self.c.line("front", x, y, x + 22, y, stroke=GREY, stroke_dasharray="1 4")

    def _place(self, flags: Sequence[Flag], rows: int) -> list[Label]:
        return place(flags, EDGE, rows, SIZE)

    def _board(self) -> None:
        moments = self.lanes.board
        flags = [Flag(self.axis.x(m.at), m.text, m.short, m.kind in ("panic", "trouble", "end")) for m in moments]
        labels = self._place(flags, 5)
        line = self.y + 6 + ROW * (1 + max(label.row for label in labels)) + 6
        colours = {flag.x: self._moment_colour(m) for flag, m in zip(flags, moments, strict=True)}
        self._markers(moments, line)
        for label in labels:
            self._flag(label, line, -1, colours[label.x])
        self._lane("board", line, line + 8 - self.y)

    def _moment_colour(self, moment: Moment) -> str:
        return VERDICT_COLOURS[self.test.outcome] if moment.kind == "end" else _MOMENT_COLOURS[moment.kind]

    def _markers(self, moments: Sequence[Moment], y: float) -> None:
        """One symbol a pixel and kind, however many there are."""
        for (x, _), moment in {(round(self.axis.x(m.at)), m.kind): m for m in moments}.items():
            self._marker(moment, x, y)

    def _marker(self, moment: Moment, x: float, y: float) -> None:
        c, colour = self.c, self._moment_colour(moment)
        match moment.kind:
            case "boot":
                c.circle("lanes", x, y, 4, fill=PAPER, stroke=INK, stroke_width=2)
                self._key("boot", "boot", self._boot_key)
            case "panic" | "trouble" | "end":
                c.path("lanes", _cross(x, y, 4.5), stroke=colour, stroke_width=2.5, fill="none")
            case "E":
                c.path("lanes", _cross(x, y, 4), stroke=colour, stroke_width=2, fill="none")
                self._key(
                    "E",
                    "log: error",
                    lambda kx, ky: c.path("front", _cross(kx + 11, ky, 4), stroke=RED, stroke_width=2),
                )
            case "W":
                c.path("lanes", _triangle(x, y), fill=colour)
                self._key("W", "log: warning", lambda kx, ky: c.path("front", _triangle(kx + 11, ky), fill=colour))
            case _:
                c.circle("lanes", x, y, 3, fill=colour)

    def _boot_key(self, x: float, y: float) -> None:
        self.c.line("front", x + 11, y - 8, x + 11, y + 8, stroke=INK, stroke_width=1.2, stroke_dasharray="5 4")
        self.c.circle("front", x + 11, y, 4, fill=PAPER, stroke=INK, stroke_width=2)

    def _flag(self, label: Label, line: float, side: int, colour: str) -> None:
        """A label and its pole; `side` is -1 above the line, 1 below it."""
        end = line + side * (8 + ROW * label.row)
        self.c.line("lanes", label.x, line + side * 2, label.x, end + side * 7, stroke=colour, stroke_width=0.8)
        base = end if side < 0 else end + 8
        self.c.text(label.x + POLE_GAP, base, label.text, fill=colour, halo=True)

    def _log(self) -> None:
        moments = self.lanes.log
        flags = [Flag(self.axis.x(m.at), m.text, m.short, m.kind == "E") for m in moments]
        labels = self._place(flags, 3)
        line = self.y + 6 + ROW * (1 + max(label.row for label in labels)) + 6
        self._markers(moments, line)
        for label in labels:
            self._flag(label, line, -1, RED if label.loud else "#8a5a00")
        self._lane("log", line, line + 8 - self.y)

    # -- OCPP -----------------------------------------------------------------------------------------------------

    def _ocpp(self, charge_point: str, exchanges: Sequence[Exchange]) -> None:
        ordered = sorted(exchanges, key=lambda e: e.at)
        above = [Flag(self.axis.x(e.at), e.text, e.action, e.wrong) for e in ordered if e.from_device]
        below = [Flag(self.axis.x(e.at), e.text, e.action, e.wrong) for e in ordered if not e.from_device]
        up = self._place(above, 7) if above else []
        down = self._place(below, 5) if below else []
        device = self.y + 8 + (ROW * (1 + max(label.row for label in up)) + 4 if up else 6)
        csms = device + 56
        bottom = csms + 8 + (ROW * (1 + max(label.row for label in down)) + 6 if down else 4)
        c = self.c
        for y, name in ((device, one_line(charge_point) or "charge point"), (csms, "CSMS")):
            c.line("lanes", LEFT, y, RIGHT, y, stroke=INK, stroke_width=1.6)
            c.text(LEFT - 8, y + 4, fit(name, 92, SIZE, bold=True), anchor="end", bold=True)
        for side, line, labels in ((-1, device, up), (1, csms, down)):
            for label in labels:
                self._flag(label, line, side, RED if label.loud else INK)
        self._arrows(ordered, device, csms)
        self._lane("OCPP", (device + csms) / 2, bottom - self.y)

    def _arrows(self, exchanges: Sequence[Exchange], device: float, csms: float) -> None:
        drawn: set[tuple[int, int, bool, str]] = set()
        in_the_way = [(float(x), float(x)) for x in {round(self.axis.x(e.at)) for e in exchanges}]
        for e in exchanges:
            here, there = (device, csms) if e.from_device else (csms, device)
            begun = None if e.start is None else self.axis.x(e.start)
            ended = None if e.end is None else self.axis.x(e.end)
            if begun is not None and ended is not None:
                ended = max(ended, begun + 3)
            if ended is not None:
                origin = ended if begun is None else begun
                self._arrow(drawn, origin, there, ended, here, RED if e.wrong else "#8c8c8c", "answer")
                held = e.end - e.start if e.start is not None and e.end is not None else 0.0
                self._held(origin, ended, (device + csms) / 2, held, in_the_way)
            if begun is not None:
                self._arrow(drawn, begun, here, begun, there, RED if e.wrong else BLUE, "call")
                unanswered = (round(begun), round(begun), e.from_device, "no answer")
                if ended is None and not e.wrong and unanswered not in drawn:
                    drawn.add(unanswered)
                    self.c.path("lanes", _cross(begun, there, 4), stroke=INK, stroke_width=2, fill="none")
                    self._key(
                        "no answer",
                        "no answer in this test",
                        lambda x, y: self.c.path("front", _cross(x + 11, y, 4), stroke=INK, stroke_width=2),
                    )
            if e.wrong:
                self._key("wrong", "wrong, or CALLERROR", lambda x, y: self._arrow_key(x, y, RED))
        self._key("call", "CALL", lambda x, y: self._arrow_key(x, y, BLUE))
        self._key("answer", "its answer (slanted: it took that long)", lambda x, y: self._arrow_key(x, y, "#8c8c8c"))

    def _held(self, left: float, right: float, y: float, held: float, in_the_way: list[tuple[float, float]]) -> None:
        """How long an answer was held back, on its arrow, where nothing else is in the way."""
        text = f"after {seconds(held)}"
        half = width(text, 10) / 2 + 6
        middle = (left + right) / 2
        if right - left <= 2 * half + 20:
            return
        crossed = any(middle - half < end and begin < middle + half for begin, end in in_the_way)
        broken = any(b.left < middle + half and b.right > middle - half for b in self.axis.breaks)
        if not crossed and not broken:
            self.c.text(middle, y + 4, text, size=10, fill=GREY, anchor="middle", halo=True)
            in_the_way.append((middle - half, middle + half))

    def _arrow(
        self, drawn: set[tuple[int, int, bool, str]], x1: float, y1: float, x2: float, y2: float, colour: str, kind: str
    ) -> None:
        key = (round(x1), round(x2), y2 > y1, colour + kind)
        if key in drawn:
            return
        drawn.add(key)
        self.c.line("lanes", x1, y1, x2, y2, stroke=colour, stroke_width=2.8 if colour == RED else 1.5)
        self.c.path("lanes", _head(x1, y1, x2, y2), fill=colour)

    def _arrow_key(self, x: float, y: float, colour: str) -> None:
        self.c.line("front", x, y, x + 20, y, stroke=colour, stroke_width=2.8 if colour == RED else 1.5)
        self.c.path("front", _head(x, y, x + 22, y), fill=colour)

    # -- heap -----------------------------------------------------------------------------------------------------

    def _heap(self) -> None:
        c, height = self.c, 44.0
        top = self.y + 8
        points = [point for line in self.lanes.heap for point in line]
        low = min(points, key=lambda point: (point[1], point[0]))
        high = max(value for _, value in points)
        span = high - low[1]

        def y_of(value: float) -> float:
            return top + height - (value - low[1]) / span * height if span > 0 else top + height / 2

        for line in self.lanes.heap:
            along = [(self.axis.x(at), y_of(value)) for at, value in _thinned(line, self.axis)]
            if len(along) > 1:
                c.polyline("lanes", along, stroke=BLUE, stroke_width=1.5)
            else:
                c.circle("lanes", *along[0], 2, fill=BLUE)
        if span > 0:
            c.circle("lanes", self.axis.x(low[0]), y_of(low[1]), 3, fill=PAPER, stroke=BLUE, stroke_width=1.5)
            c.text(RIGHT + 8, top + 5, f"max {kilobytes(high)}", fill=GREY)
            c.text(RIGHT + 8, top + height + 3, f"min {kilobytes(low[1])}", fill=GREY)
        else:
            c.text(RIGHT + 8, top + height / 2 + 4, f"flat, {kilobytes(high)}", fill=GREY)
        self._lane("heap free", top + height / 2, height + 16)

    # -- stretches ------------------------------------------------------------------------------------------------

    def _stretches(
        self, name: str, stretches: Sequence[Stretch], draw: Callable[[Stretch, _Beside, float], None]
    ) -> None:
        """Rows of stretches, each with its text beside it or, for bars, within."""
        worst = sorted(stretches, key=lambda stretch: stretch.ok)[:_MOST_STRETCHES]
        rows: list[list[_Beside]] = []
        top = self.y + 4
        for stretch in sorted(worst, key=lambda stretch: stretch.start):
            beside = self._beside(stretch)
            row = next((i for i, taken in enumerate(rows) if all(beside.clear_of(other) for other in taken)), len(rows))
            if row == len(rows):
                rows.append([])
            rows[row].append(beside)
            draw(stretch, beside, top + row * 19)
        height = len(rows) * 19.0
        if (more := len(stretches) - len(worst)) > 0:
            self.c.text(LEFT, top + height + 11, f"and {more} more", fill=GREY)
            height += 19
        self._lane(name, top + height / 2 - 2, height + 7)

    def _beside(self, stretch: Stretch) -> _Beside:
        """Where a stretch's text goes: inside it where it fits, else right of it, else left, else right, shortened."""
        left, right = self.axis.x(stretch.start), self.axis.x(stretch.end)
        text = fit(stretch.text + ("" if stretch.ok else " OUT OF LIMITS"), 480, SIZE)
        wide = width(text, SIZE)
        inside = self._unbroken(left, right)
        if inside[1] - inside[0] >= wide + 44:
            return _Beside(left, right, text, left, "start", left - 2, right + 2, inside)
        if right + 8 + wide > EDGE and left - 20 - wide >= LEFT:
            return _Beside(left, right, text, left - 18, "end", left - 18 - wide, right + 14)
        text = fit(text, EDGE - right - 8, SIZE)
        return _Beside(left, right, text, right + 8, "start", left - 14, right + 8 + width(text, SIZE))

    def _fault(self, _: Stretch, at: _Beside, top: float) -> None:
        c = self.c
        c.rect("lanes", at.left, top, max(at.right - at.left, 3), 15, fill=RED)
        if at.inside is not None:
            c.text(at.inside[0] + 6, top + 11.5, at.text, fill=PAPER)
        else:
            c.text(at.x, top + 11.5, at.text, fill=RED, anchor=at.anchor, halo=True)
        self._key(
            "fault", "fault", lambda x, y: c.rect("front", x, y - 7, 22, 14, fill=RED, fill_opacity="0.25", stroke=RED)
        )

    def _measurement(self, stretch: Stretch, at: _Beside, top: float) -> None:
        c, y = self.c, top + 8
        colour = INK if stretch.ok else RED
        if not stretch.spans:
            c.path("lanes", _diamond(at.right, y), fill=colour)
            self._key("figure", "figure measured", lambda x, y: c.path("front", _diamond(x + 11, y), fill=INK))
        else:
            for x in (at.left, at.right):
                c.line("lanes", x, y - 6, x, y + 6, stroke=colour, stroke_width=1)
            if at.right - at.left >= 22:
                c.line("lanes", at.left, y, at.right, y, stroke=colour, stroke_width=1)
                c.path("lanes", _head(at.right, y, at.left, y) + _head(at.left, y, at.right, y), fill=colour)
            else:  # as on a drawing: too narrow for arrows within, so one points at it from outside
                c.line("lanes", at.left - 12, y, at.left, y, stroke=colour, stroke_width=1)
                c.path("lanes", _head(at.left - 12, y, at.left, y), fill=colour)
            self._key("measured", "time measured from, to", self._measured_key)
        if at.inside is None:
            c.text(at.x, top + 12, at.text, fill=colour, anchor=at.anchor, halo=True)
        else:
            middle, half = sum(at.inside) / 2, width(at.text, SIZE) / 2 + 5
            c.rect("lanes", middle - half, top, 2 * half, 16, fill=PAPER)
            c.text(middle, top + 12, at.text, fill=colour, anchor="middle")

    def _measured_key(self, x: float, y: float) -> None:
        c = self.c
        for at in (x, x + 22):
            c.line("front", at, y - 6, at, y + 6, stroke=INK, stroke_width=1)
        c.line("front", x, y, x + 22, y, stroke=INK, stroke_width=1)
        c.path("front", _head(x + 22, y, x, y) + _head(x, y, x + 22, y), fill=INK)


def _thinned(line: Sequence[tuple[float, float]], axis: Axis) -> list[tuple[float, float]]:
    """At most the lowest and the highest sample of each pixel."""
    if len(line) <= 2 * (RIGHT - LEFT):
        return list(line)
    columns: dict[int, list[tuple[float, float]]] = {}
    for point in line:
        columns.setdefault(int(axis.x(point[0])), []).append(point)
    kept: list[tuple[float, float]] = []
    for points in columns.values():
        ends = {min(points, key=lambda p: p[1]), max(points, key=lambda p: p[1])}
        kept += sorted(ends)
    return kept


def _short_seconds(value: float) -> str:
    return f"{value:.0f} s" if value >= 10 else f"{value:.1f} s" if value >= 1 else f"{value * 1000:.0f} ms"


def _head(x1: float, y1: float, x2: float, y2: float) -> str:
    """An arrow's head at its end, as a path."""
    length = ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5 or 1.0
    ux, uy = (x2 - x1) / length, (y2 - y1) / length
    bx, by = x2 - 7 * ux, y2 - 7 * uy
    return f"M{px(x2)} {px(y2)}L{px(bx - 3 * uy)} {px(by + 3 * ux)}L{px(bx + 3 * uy)} {px(by - 3 * ux)}Z"


def _cross(x: float, y: float, r: float) -> str:
    return f"M{px(x - r)} {px(y - r)}L{px(x + r)} {px(y + r)}M{px(x - r)} {px(y + r)}L{px(x + r)} {px(y - r)}"


def _triangle(x: float, y: float) -> str:
    return f"M{px(x)} {px(y - 5)}L{px(x + 5)} {px(y + 4)}L{px(x - 5)} {px(y + 4)}Z"


def _diamond(x: float, y: float) -> str:
    return f"M{px(x)} {px(y - 5)}L{px(x + 5)} {px(y)}L{px(x)} {px(y + 5)}L{px(x - 5)} {px(y)}Z"


def _zigzag(x: float, top: float, bottom: float) -> str:
    path, y, side = f"M{px(x)} {px(top)}", top, 1
    while y < bottom:
        y = min(y + 6, bottom)
        path += f"L{px(x + 2.5 * side)} {px(y)}"
        side = -side
    return path
