"""The sheet of a picture: the canvas, the time axis, the current height, and the legend so far."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rig.report.axis import Axis, Tick
from rig.report.canvas import Canvas
from rig.report.colours import FAINT, GREY
from rig.report.flags import POLE_GAP, Flag, Label, place
from rig.report.lanes import Lanes
from rig.report.text import fit, width

WIDTH = 1200.0
LEFT, RIGHT = 150.0, 970.0
"""The start and end of the time axis. Labels may reach EDGE, which leaves room for the longest StatusNotification."""
EDGE = WIDTH - 10
NAME_X = 12.0
SIZE = 11.0
ROW = 14.0


@dataclass(frozen=True, slots=True)
class _Key:
    """An entry of the legend: `draw(canvas, x, y)` draws its symbol, 22 pixels wide, around the line y."""

    text: str
    draw: Callable[[Canvas, float, float], None]


class Sheet:
    """The unfinished picture. Lanes are drawn from top to bottom, each at `y`, and `lane` increases `y`.

    Args:
        lanes: the content. The axis replaces stretches in which all lanes are quiet.
    """

    def __init__(self, lanes: Lanes) -> None:
        self.c = Canvas(WIDTH)
        self.axis = Axis(lanes.duration, lanes.times(), LEFT, RIGHT)
        self.ticks: list[Tick] = [] if lanes.in_order else self.axis.ticks()
        self.in_order = lanes.in_order
        self.y = 0.0
        self._keys: dict[str, _Key] = {}

    def lane(self, name: str, middle: float, height: float, kind: str = "") -> None:
        """Draw the lane's name, the kind of its wire, and the line below it."""
        room = LEFT - NAME_X - 10
        if kind:
            room -= self.c.text(LEFT - 8, middle + 4, kind, size=10, fill=GREY, anchor="end") + 6
        self.c.text(NAME_X, middle + 4, fit(name, room, 12), size=12)
        self.y += height
        self.c.line("back", NAME_X, self.y, RIGHT, self.y, stroke=FAINT, stroke_width=1)

    def place(self, flags: Sequence[Flag], rows: int) -> list[Label]:
        """Place the labels of flags in at most `rows` rows."""
        return place(flags, EDGE, rows, SIZE)

    def flag(self, label: Label, line: float, side: int, colour: str) -> None:
        """Draw a label and its pole. `side` is -1 above the line, 1 below it."""
        end = line + side * (8 + ROW * label.row)
        self.c.line("lanes", label.x, line + side * 2, label.x, end + side * 7, stroke=colour, stroke_width=0.8)
        base = end if side < 0 else end + 8
        self.c.text(label.x + POLE_GAP, base, label.text, fill=colour, halo=True)

    def unbroken(self, left: float, right: float) -> tuple[float, float]:
        """Return the widest part of a stretch without a break."""
        edges = [left]
        for quiet in self.axis.breaks:
            edges += [min(max(quiet.left, left), right), min(max(quiet.right, left), right)]
        edges.append(right)
        return max(zip(edges[::2], edges[1::2], strict=True), key=lambda part: part[1] - part[0])

    def key(self, name: str, text: str, draw: Callable[[Canvas, float, float], None]) -> None:
        """Add an entry to the legend, once. `draw(canvas, x, y)` draws its symbol, 22 pixels wide."""
        self._keys.setdefault(name, _Key(text, draw))

    def legend(self) -> None:
        """Draw the entries of the legend."""
        x, y = LEFT, self.y + 22
        if self._keys:
            self.c.text(NAME_X, y + 4, "legend", fill=GREY)
        for key in self._keys.values():
            needed = 28 + width(key.text, SIZE)
            if x + needed > EDGE:
                x, y = LEFT, y + 20
            key.draw(self.c, x, y)
            self.c.text(x + 28, y + 4, key.text, fill=GREY)
            x += needed + 22
        self.y = y + 18 if self._keys else self.y + 12
