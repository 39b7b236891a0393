"""The frame around the lanes: the test's name and verdict, the time axis, and lines through all lanes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rig.report.canvas import Canvas
from rig.report.colours import FAINT, GREY, INK, PAPER, RED, WHITE
from rig.report.lanes import Stretch
from rig.report.text import fit, width
from rig.report.timeline_svg.shapes import zigzag
from rig.report.timeline_svg.sheet import EDGE, LEFT, NAME_X, RIGHT, SIZE, Sheet
from rig.report.verdict_words import VERDICT_COLOURS, VERDICT_WORDS
from rig.runs.slicer import Test
from rig.util.text import one_line


def title(sheet: Sheet, test: Test, took: str) -> None:
    """Draw the test's name, verdict, duration and message."""
    c = sheet.c
    verdict = VERDICT_WORDS[test.outcome] + (f", attempt {test.attempt}" if test.attempt > 1 else "")
    pill = width(verdict, 12, bold=True) + 18
    c.rect("lanes", NAME_X, 10, pill, 20, rx=10, fill=VERDICT_COLOURS[test.outcome])
    c.text(NAME_X + 9, 24, verdict, size=12, fill=WHITE, bold=True)
    took_width = width(took, 12)
    c.text(EDGE, 24, took, size=12, fill=GREY, anchor="end")
    name_x = NAME_X + pill + 10
    c.text(name_x, 25, fit(one_line(test.name), EDGE - took_width - 16 - name_x, 16, bold=True), size=16, bold=True)
    sheet.y = 34.0
    if test.doc:
        c.text(NAME_X, sheet.y + 13, fit(one_line(test.doc), EDGE - NAME_X, 12), size=12, fill=GREY)
        sheet.y += 18
    if test.message:
        first = one_line(test.message.strip().split("\n", 1)[0])
        colour = VERDICT_COLOURS[test.outcome]
        c.text(NAME_X, sheet.y + 13, fit(first, EDGE - NAME_X, 12), size=12, fill=colour)
        sheet.y += 18


def axis_labels(sheet: Sheet) -> None:
    """Draw the labels of the time axis and the durations of the breaks."""
    c, y = sheet.c, sheet.y + 22
    c.text(NAME_X, y, "order" if sheet.in_order else f"time ({sheet.axis.unit})", fill=GREY)
    if sheet.in_order:
        c.text(LEFT, y, "all at one moment: device time stood still", fill=GREY)
    for tick in sheet.ticks:
        c.text(tick.x, y, tick.text, fill=GREY, anchor="middle")
    for quiet in sheet.axis.breaks:
        said = fit(_short_seconds(quiet.end - quiet.start), quiet.right - quiet.left - 8, SIZE)
        c.text((quiet.left + quiet.right) / 2, y, said, fill=INK, anchor="middle")
    sheet.y = y + 6
    c.line("lanes", LEFT, sheet.y, RIGHT, sheet.y, stroke=GREY, stroke_width=1)


def across(sheet: Sheet, top: float, faults: Sequence[Stretch], moments: Iterable[tuple[float, str]]) -> None:
    """Draw the grid, faults, moments and breaks through all lanes, down to the current position of the sheet.

    Args:
        sheet: the sheet to draw on.
        top: the y of the first lane.
        faults: the stretches to tint.
        moments: the time of each line in seconds, and its colour.
    """
    bottom = sheet.y
    c, axis = sheet.c, sheet.axis
    for left, right in dict.fromkeys((round(axis.x(s.start)), round(axis.x(s.end))) for s in faults):
        c.rect("back", left, top, max(right - left, 2), bottom - top, fill=RED, fill_opacity="0.10")
        for edge in (left, right):
            c.line("back", edge, top, edge, bottom, stroke=RED, stroke_width=1, stroke_opacity="0.5")
    for tick in sheet.ticks:
        c.line("back", tick.x, top - 4, tick.x, bottom, stroke=FAINT, stroke_width=1)
    for x, colour in dict.fromkeys((round(axis.x(at)), colour) for at, colour in moments):
        c.line("back", x, top, x, bottom, stroke=colour, stroke_width=1.2, stroke_dasharray="5 4")
    for quiet in axis.breaks:
        c.rect("breaks", quiet.left + 4, top - 5, quiet.right - quiet.left - 8, bottom - top + 5, fill=PAPER)
        for side in (quiet.left + 4, quiet.right - 4):
            c.path("breaks", zigzag(side, top - 5, bottom), fill="none", stroke=GREY, stroke_width=1)
        sheet.key("quiet", "quiet time left out, this long", _quiet_key)


def _quiet_key(c: Canvas, x: float, y: float) -> None:
    for at in (x + 6, x + 15):
        c.path("front", zigzag(at, y - 8, y + 6), fill="none", stroke=GREY, stroke_width=1)


def _short_seconds(value: float) -> str:
    return f"{value:.0f} s" if value >= 10 else f"{value:.1f} s" if value >= 1 else f"{value * 1000:.0f} ms"
