"""The lane of OCPP: arrows between charge point and CSMS."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

from rig.report.canvas import Canvas
from rig.report.colours import BLUE, GREY, INK, PAPER, RED
from rig.report.flags import Flag
from rig.report.lanes import Exchange, Stretch
from rig.report.text import fit, width
from rig.report.timeline_svg import missed
from rig.report.timeline_svg.shapes import cross, head
from rig.report.timeline_svg.sheet import LEFT, RIGHT, ROW, SIZE, Sheet
from rig.util.text import one_line, seconds

_ANSWER = "#8c8c8c"
_PENDING_PX = 8.0
"""The least width, in pixels, of the bar of a pending answer."""


def draw(sheet: Sheet, charge_point: str, exchanges: Sequence[Exchange], expected: Sequence[Stretch] = ()) -> None:
    """Draw the exchanges of a charge point: its calls above, the CSMS's below, arrows and missed frames."""
    ordered = sorted(exchanges, key=lambda e: e.at)
    above = [Flag(sheet.axis.x(e.at), e.text, e.action, e.wrong) for e in ordered if e.from_device]
    below = [Flag(sheet.axis.x(e.at), e.text, e.action, e.wrong) for e in ordered if not e.from_device]
    up = sheet.place(above, 7) if above else []
    down = sheet.place(below, 5) if below else []
    device = sheet.y + 8 + (ROW * (1 + max(label.row for label in up)) + 4 if up else 6)
    csms = device + 56
    bottom = csms + 8 + (ROW * (1 + max(label.row for label in down)) + 6 if down else 4)
    c = sheet.c
    for y, name in ((device, one_line(charge_point) or "charge point"), (csms, "CSMS")):
        c.line("lanes", LEFT, y, RIGHT, y, stroke=INK, stroke_width=1.6)
        c.text(LEFT - 8, y + 4, fit(name, 92, SIZE, bold=True), anchor="end", bold=True)
    for side, line, labels in ((-1, device, up), (1, csms, down)):
        for label in labels:
            sheet.flag(label, line, side, RED if label.loud else INK)
    _arrows(sheet, ordered, device, csms)
    bottom += missed.rows(sheet, bottom, expected)
    sheet.lane("OCPP", (device + csms) / 2, bottom - sheet.y)


def _arrows(sheet: Sheet, exchanges: Sequence[Exchange], device: float, csms: float) -> None:
    drawn: set[tuple[int, int, bool, str]] = set()
    in_the_way = [(float(x), float(x)) for x in {round(sheet.axis.x(e.at)) for e in exchanges}]
    for e in exchanges:
        here, there = (device, csms) if e.from_device else (csms, device)
        sent, arrived = _pixels(sheet, e.start, e.arrived, -math.inf)
        answered, ended = _pixels(sheet, e.answered, e.end, -math.inf if arrived is None else arrived + 3)
        if answered is not None and ended is not None:
            if arrived is not None:
                _pending(sheet, drawn, arrived, answered, there)
            _arrow(sheet, drawn, answered, there, ended, here, RED if e.wrong else _ANSWER, "answer")
            if e.arrived is not None and e.answered is not None and arrived is not None and not sheet.in_order:
                _held(sheet, arrived, answered, (device + csms) / 2, e.answered - e.arrived, in_the_way)
        if sent is not None and arrived is not None:
            _arrow(sheet, drawn, sent, here, arrived, there, RED if e.wrong else BLUE, "call")
            unanswered = (round(sent), round(arrived), e.from_device, "no answer")
            if ended is None and not e.wrong and unanswered not in drawn:
                drawn.add(unanswered)
                sheet.c.path("lanes", cross(arrived, there, 4), stroke=INK, stroke_width=2, fill="none")
                sheet.key("no answer", "no answer in this test", _no_answer_key)
        if e.wrong:
            sheet.key("wrong", "wrong, or CALLERROR", partial(_arrow_key, RED))
    sheet.key("call", "CALL", partial(_arrow_key, BLUE))
    sheet.key("answer", "its answer", partial(_arrow_key, _ANSWER))


def _pixels(sheet: Sheet, sent: float | None, arrived: float | None, least: float) -> tuple[float | None, float | None]:
    """Return the x of a frame's sending and of its arrival, at least `least`; None if it is not in this test."""
    if sent is None or arrived is None:
        return None, None
    x = max(sheet.axis.x(sent), least)
    return x, max(x, sheet.axis.x(arrived))


def _pending(
    sheet: Sheet, drawn: set[tuple[int, int, bool, str]], arrived: float, answered: float, line: float
) -> None:
    """Draw a bar for the time in which an answer was pending, on the line of its sender."""
    key = (round(arrived), round(answered), line > 0, f"pending {line}")
    if answered - arrived < _PENDING_PX or key in drawn:
        return
    drawn.add(key)
    sheet.c.rect("lanes", arrived, line - 2.5, answered - arrived, 5, fill=PAPER, stroke=_ANSWER, stroke_width=1)
    sheet.key("pending", "answer pending, this long", _pending_key)


def _held(
    sheet: Sheet, left: float, right: float, y: float, held: float, in_the_way: list[tuple[float, float]]
) -> None:
    """Write the delay of an answer on its arrow, if there is room."""
    text = f"after {seconds(held)}"
    half = width(text, 10) / 2 + 6
    middle = (left + right) / 2
    if right - left <= 2 * half + 20:
        return
    crossed = any(middle - half < end and begin < middle + half for begin, end in in_the_way)
    broken = any(b.left < middle + half and b.right > middle - half for b in sheet.axis.breaks)
    if not crossed and not broken:
        sheet.c.text(middle, y + 4, text, size=10, fill=GREY, anchor="middle", halo=True)
        in_the_way.append((middle - half, middle + half))


def _arrow(
    sheet: Sheet,
    drawn: set[tuple[int, int, bool, str]],
    x1: float,
    y1: float,
    x2: float,
    y2: float,
    colour: str,
    kind: str,
) -> None:
    key = (round(x1), round(x2), y2 > y1, colour + kind)
    if key in drawn:
        return
    drawn.add(key)
    sheet.c.line("lanes", x1, y1, x2, y2, stroke=colour, stroke_width=2.8 if colour == RED else 1.5)
    sheet.c.path("lanes", head(x1, y1, x2, y2), fill=colour)


def _arrow_key(colour: str, c: Canvas, x: float, y: float) -> None:
    c.line("front", x, y, x + 20, y, stroke=colour, stroke_width=2.8 if colour == RED else 1.5)
    c.path("front", head(x, y, x + 22, y), fill=colour)


def _pending_key(c: Canvas, x: float, y: float) -> None:
    c.rect("front", x, y - 2.5, 22, 5, fill=PAPER, stroke=_ANSWER, stroke_width=1)


def _no_answer_key(c: Canvas, x: float, y: float) -> None:
    c.path("front", cross(x + 11, y, 4), stroke=INK, stroke_width=2)
