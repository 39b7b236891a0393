"""The exchange of a test as a sequence chart: one arrow per frame, with time down the left side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rig.report.canvas import Canvas, px
from rig.report.colours import BLUE, FAINT, GREY, INK, PAPER, RED
from rig.report.text import fit, width
from rig.runs.slicer import Test
from rig.timeline.events import (
    AccessPointChange,
    Boot,
    ClientRefused,
    Event,
    FaultInjected,
    FaultLifted,
    FileTransfer,
    LinkChange,
    OcppFrame,
    PowerChange,
)
from rig.timeline.frame_words import frame_fields, frame_name
from rig.timeline.words import log_line
from rig.util.text import one_line

WIDTH = 1200.0
_TIME_X, _LEFT, _RIGHT = 12.0, 170.0, 1110.0
_ROW = 34.0
_NOTE = 26.0
_MOST_ROWS = 120
"""The maximum number of drawn frames. If there are more, the frames in the middle are replaced by their number."""


@dataclass(frozen=True, slots=True)
class _Row:
    at: float
    kind: Literal["frame", "note", "gap"]
    text: str
    fields: str = ""
    to_csms: bool = True
    answer: bool = False
    wrong: bool = False


def has_exchange(test: Test) -> bool:
    """Return whether there is an exchange to draw."""
    return any(isinstance(event, OcppFrame) for event in test.events)


def render(test: Test) -> str:
    """Return the chart as SVG. The same test gives the same bytes."""
    rows = _shortened([row for event in test.events if (row := _row(test, event)) is not None])
    c = Canvas(WIDTH)
    names = sorted({one_line(e.charge_point) for e in test.events if isinstance(e, OcppFrame)})
    device = names[0] if len(names) == 1 else f"{len(names)} charge points"
    top, y = 40.0, 46.0
    precision = 3 if test.duration < 100 else 1
    for row in rows:
        if row.kind == "frame":
            y += _ROW
            c.text(_TIME_X, y + 4, f"{row.at:.{precision}f} s", fill=GREY)
            _frame(c, row, y)
        else:
            y += _NOTE
            if row.kind == "note":
                c.text(_TIME_X, y + 4, f"{row.at:.{precision}f} s", fill=GREY)
            _note(c, row, y)
    bottom = y + 18
    for x, name in ((_LEFT, device or "charge point"), (_RIGHT, "CSMS")):
        c.line("back", x, top, x, bottom, stroke=GREY, stroke_width=1.5)
        shown = fit(name, 156, 12, bold=True)
        wide = width(shown, 12, bold=True)
        c.rect("lanes", x - wide / 2 - 9, 14, wide + 18, 26, rx=4, fill=PAPER, stroke=INK, stroke_width=1.4)
        c.text(x, 31, shown, size=12, anchor="middle", bold=True)
    c.text(_TIME_X, 31, "bench time", fill=GREY, size=10)
    frames = sum(row.kind == "frame" for row in rows)
    return c.svg(bottom + 8, f"OCPP exchange of {test.name}", f"Sequence chart of {frames} OCPP frames of {test.name}.")


def _row(test: Test, event: Event) -> _Row | None:
    at = test.at(event.t)
    match event:
        case OcppFrame():
            answer = event.message_type in ("CALLRESULT", "CALLERROR")
            wrong = bool(event.error) or event.message_type in ("CALLERROR", "CALLRESULTERROR", "INVALID")
            to_csms = event.direction == "received"
            return _Row(at, "frame", frame_name(event), frame_fields(event), to_csms, answer, wrong)
        case FaultInjected() | FaultLifted() | ClientRefused():
            return _Row(at, "note", log_line(event), wrong=True)
        case FileTransfer():
            return _Row(at, "note", log_line(event), wrong=not event.complete or event.status >= 400)
        case PowerChange(rail=True):
            return None
        case Boot() | LinkChange() | AccessPointChange() | PowerChange():
            return _Row(at, "note", log_line(event))
        case _:
            return None


def _shortened(rows: Sequence[_Row]) -> list[_Row]:
    if len(rows) <= _MOST_ROWS:
        return list(rows)
    half = _MOST_ROWS // 2
    left_out = len(rows) - 2 * half
    gap = _Row(rows[half].at, "gap", f"{left_out} more, all in the full log")
    return [*rows[:half], gap, *rows[-half:]]


def _frame(c: Canvas, row: _Row, y: float) -> None:
    colour = RED if row.wrong else "#7a7a7a" if row.answer else BLUE
    x1, x2 = (_LEFT, _RIGHT) if row.to_csms else (_RIGHT, _LEFT)
    look = {"stroke_dasharray": "6 3"} if row.answer else {}
    c.line("lanes", x1, y, x2, y, stroke=colour, stroke_width=1.5, **look)
    back = -8 if x2 > x1 else 8
    c.path("lanes", f"M{px(x2)} {px(y)}L{px(x2 + back)} {px(y - 4)}L{px(x2 + back)} {px(y + 4)}Z", fill=colour)
    room = _RIGHT - _LEFT - 40
    name = fit(row.text, room, 12, bold=not row.answer)
    name_width = width(name, 12, bold=not row.answer)
    fields = fit(row.fields, room - name_width - 12, 11) if row.fields else ""
    total = name_width + (12 + width(fields, 11) if fields else 0)
    x = _LEFT + 20 if row.to_csms else _RIGHT - 20 - total
    c.text(x, y - 6, name, size=12, bold=not row.answer, fill=RED if row.wrong else GREY if row.answer else INK)
    if fields:
        c.text(x + name_width + 12, y - 6, fields, fill=GREY)


def _note(c: Canvas, row: _Row, y: float) -> None:
    colour = RED if row.wrong else GREY
    text = fit(row.text, _RIGHT - _LEFT - 60, 11)
    wide = width(text, 11)
    middle = (_LEFT + _RIGHT) / 2
    c.line("back", _LEFT, y, _RIGHT, y, stroke=FAINT if row.kind == "gap" else colour, stroke_dasharray="2 4")
    c.rect("lanes", middle - wide / 2 - 8, y - 9, wide + 16, 18, rx=9, fill=PAPER, stroke=colour, stroke_width=0.8)
    c.text(middle, y + 4, text, fill=colour, anchor="middle")
