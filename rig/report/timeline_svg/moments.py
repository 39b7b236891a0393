"""Lanes of events without duration: boots, panics and notes of the board; errors and warnings of its log."""

from __future__ import annotations

from collections.abc import Sequence

from rig.report.canvas import Canvas
from rig.report.colours import AMBER, BLUE, GREY, INK, PAPER, RED, VIOLET
from rig.report.flags import Flag
from rig.report.lanes import Moment, Stretch
from rig.report.timeline_svg import missed
from rig.report.timeline_svg.shapes import cross, triangle
from rig.report.timeline_svg.sheet import ROW, Sheet

_COLOURS = {
    "boot": INK, "flash": BLUE, "panic": RED, "trouble": VIOLET, "note": GREY,
    "E": RED, "W": AMBER,
}  # fmt: skip


def board(sheet: Sheet, moments: Sequence[Moment], end: str) -> None:
    """Draw the events of the board. `end` is the colour of the test's end."""
    flags = [Flag(sheet.axis.x(m.at), m.text, m.short, m.kind in ("panic", "trouble", "end")) for m in moments]
    labels = sheet.place(flags, 5)
    line = sheet.y + 6 + ROW * (1 + max(label.row for label in labels)) + 6
    colours = {flag.x: colour_of(m, end) for flag, m in zip(flags, moments, strict=True)}
    _markers(sheet, moments, line, end)
    for label in labels:
        sheet.flag(label, line, -1, colours[label.x])
    sheet.lane("board", line, line + 8 - sheet.y)


def log(sheet: Sheet, moments: Sequence[Moment], expected: Sequence[Stretch] = ()) -> None:
    """Draw errors and warnings, and missed lines of the log."""
    flags = [Flag(sheet.axis.x(m.at), m.text, m.short, m.kind == "E") for m in moments]
    labels = sheet.place(flags, 3)
    line = sheet.y + 6 + ROW * (1 + max(label.row for label in labels)) + 6
    _markers(sheet, moments, line)
    for label in labels:
        sheet.flag(label, line, -1, RED if label.loud else AMBER)
    below = missed.rows(sheet, line + 8, expected)
    sheet.lane("log", line, line + 8 + below - sheet.y)


def colour_of(moment: Moment, end: str) -> str:
    """Return a moment's colour. `end` is the colour of the test's end."""
    return end if moment.kind == "end" else _COLOURS[moment.kind]


def _markers(sheet: Sheet, moments: Sequence[Moment], y: float, end: str = "") -> None:
    """Draw at most one symbol per pixel and kind."""
    for (x, _), moment in {(round(sheet.axis.x(m.at)), m.kind): m for m in moments}.items():
        _marker(sheet, moment, x, y, colour_of(moment, end))


def _marker(sheet: Sheet, moment: Moment, x: float, y: float, colour: str) -> None:
    c = sheet.c
    match moment.kind:
        case "boot":
            c.circle("lanes", x, y, 4, fill=PAPER, stroke=INK, stroke_width=2)
            sheet.key("boot", "boot", _boot_key)
        case "panic" | "trouble" | "end":
            c.path("lanes", cross(x, y, 4.5), stroke=colour, stroke_width=2.5, fill="none")
        case "E":
            c.path("lanes", cross(x, y, 4), stroke=colour, stroke_width=2, fill="none")
            sheet.key("E", "log: error", _error_key)
        case "W":
            c.path("lanes", triangle(x, y), fill=colour)
            sheet.key("W", "log: warning", _warning_key)
        case _:
            c.circle("lanes", x, y, 3, fill=colour)


def _boot_key(c: Canvas, x: float, y: float) -> None:
    c.line("front", x + 11, y - 8, x + 11, y + 8, stroke=INK, stroke_width=1.2, stroke_dasharray="5 4")
    c.circle("front", x + 11, y, 4, fill=PAPER, stroke=INK, stroke_width=2)


def _error_key(c: Canvas, x: float, y: float) -> None:
    c.path("front", cross(x + 11, y, 4), stroke=RED, stroke_width=2)


def _warning_key(c: Canvas, x: float, y: float) -> None:
    c.path("front", triangle(x + 11, y), fill=AMBER)
