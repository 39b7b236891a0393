"""The lanes of figures: a curve with its highest and its lowest value, and the limits of the test."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rig.report.axis import Axis
from rig.report.canvas import Canvas
from rig.report.colours import AMBER, BLUE, GREY, PAPER
from rig.report.lanes import Curve
from rig.report.text import fit
from rig.report.timeline_svg.sheet import EDGE, LEFT, RIGHT, SIZE, Sheet
from rig.util.text import kilobytes, number

_HEIGHT = 44.0

Points = Sequence[tuple[float, float]]


def heap(sheet: Sheet, lines: Sequence[Points]) -> None:
    """Draw the free heap: one curve for each boot, all to one scale."""
    _draw(sheet, "heap free", lines, kilobytes, ())


def draw(sheet: Sheet, curve: Curve, duration: float) -> None:
    """Draw a figure that the test asserts on, with dashed lines for its limits.

    Args:
        sheet: the sheet to draw on.
        curve: the figure.
        duration: the duration of the test in seconds: a value that holds is drawn up to its end.
    """
    lines: Sequence[Points] = curve.lines
    if curve.is_stepped:
        lines = [_stepped(line, duration) for line in lines]
    unit = f" {curve.unit}" if curve.unit else ""
    _draw(sheet, curve.name.replace("_", " "), lines, lambda value: f"{number(value)}{unit}", curve.limits)


def _draw(
    sheet: Sheet, name: str, lines: Sequence[Points], worded: Callable[[float], str], limits: Sequence[float]
) -> None:
    c, height = sheet.c, _HEIGHT
    top = sheet.y + 8
    points = [point for line in lines for point in line]
    lowest = min(points, key=lambda point: (point[1], point[0]))
    highest = max(value for _, value in points)
    low, high = min(lowest[1], *limits, lowest[1]), max(highest, *limits, highest)
    span = high - low

    def y_of(value: float) -> float:
        return top + height - (value - low) / span * height if span > 0 else top + height / 2

    for limit in limits:
        c.line("back", LEFT, y_of(limit), RIGHT, y_of(limit), stroke=AMBER, stroke_width=1, stroke_dasharray="4 3")
        sheet.key("limit", "limit of the test", _limit_key)
    for line in lines:
        along = [(sheet.axis.x(at), y_of(value)) for at, value in _thinned(line, sheet.axis)]
        if len(along) > 1:
            c.polyline("lanes", along, stroke=BLUE, stroke_width=1.5)
        else:
            c.circle("lanes", *along[0], 2, fill=BLUE)
    if highest > lowest[1]:
        c.circle("lanes", sheet.axis.x(lowest[0]), y_of(lowest[1]), 3, fill=PAPER, stroke=BLUE, stroke_width=1.5)
        c.text(RIGHT + 8, top + 5, _beside(f"max {worded(highest)}"), fill=GREY)
        c.text(RIGHT + 8, top + height + 3, _beside(f"min {worded(lowest[1])}"), fill=GREY)
    else:
        c.text(RIGHT + 8, top + height / 2 + 4, _beside(f"flat, {worded(highest)}"), fill=GREY)
    sheet.lane(name, top + height / 2, height + 16)


def _beside(text: str) -> str:
    return fit(text, EDGE - RIGHT - 8, SIZE)


def _stepped(line: Points, end: float) -> list[tuple[float, float]]:
    """Return the corners of a curve whose values hold until the next one, the last value until the end."""
    corners = [line[0]]
    for at, value in line[1:]:
        corners += [(at, corners[-1][1]), (at, value)]
    return [*corners, (max(end, corners[-1][0]), corners[-1][1])]


def _limit_key(c: Canvas, x: float, y: float) -> None:
    c.line("front", x, y, x + 22, y, stroke=AMBER, stroke_width=1, stroke_dasharray="4 3")


def _thinned(line: Points, axis: Axis) -> list[tuple[float, float]]:
    """Keep only the lowest and the highest sample of each pixel."""
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
