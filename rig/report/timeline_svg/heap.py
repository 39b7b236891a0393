"""The lane of free heap: a curve with its highest and its lowest value."""

from __future__ import annotations

from collections.abc import Sequence

from rig.report.axis import Axis
from rig.report.colours import BLUE, GREY, PAPER
from rig.report.timeline_svg.sheet import LEFT, RIGHT, Sheet
from rig.util.text import kilobytes


def draw(sheet: Sheet, lines: Sequence[Sequence[tuple[float, float]]]) -> None:
    """Draw one curve for each boot, all to one scale."""
    c, height = sheet.c, 44.0
    top = sheet.y + 8
    points = [point for line in lines for point in line]
    low = min(points, key=lambda point: (point[1], point[0]))
    high = max(value for _, value in points)
    span = high - low[1]

    def y_of(value: float) -> float:
        return top + height - (value - low[1]) / span * height if span > 0 else top + height / 2

    for line in lines:
        along = [(sheet.axis.x(at), y_of(value)) for at, value in _thinned(line, sheet.axis)]
        if len(along) > 1:
            c.polyline("lanes", along, stroke=BLUE, stroke_width=1.5)
        else:
            c.circle("lanes", *along[0], 2, fill=BLUE)
    if span > 0:
        c.circle("lanes", sheet.axis.x(low[0]), y_of(low[1]), 3, fill=PAPER, stroke=BLUE, stroke_width=1.5)
        c.text(RIGHT + 8, top + 5, f"max {kilobytes(high)}", fill=GREY)
        c.text(RIGHT + 8, top + height + 3, f"min {kilobytes(low[1])}", fill=GREY)
    else:
        c.text(RIGHT + 8, top + height / 2 + 4, f"flat, {kilobytes(high)}", fill=GREY)
    sheet.lane("heap free", top + height / 2, height + 16)


def _thinned(line: Sequence[tuple[float, float]], axis: Axis) -> list[tuple[float, float]]:
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
