"""Missed expectations: an empty box in the lane where the event should have been."""

from __future__ import annotations

from collections.abc import Sequence

from rig.report.canvas import Canvas
from rig.report.colours import RED
from rig.report.lanes import Stretch
from rig.report.timeline_svg.beside import beside
from rig.report.timeline_svg.sheet import LEFT, Sheet

_ROW = 19.0
_MOST = 4


def rows(sheet: Sheet, top: float, missed: Sequence[Stretch]) -> float:
    """Draw a row for each missed expectation, from `top` on. Return the height of all rows."""
    for index, stretch in enumerate(missed[:_MOST]):
        at = beside(sheet, stretch.start, stretch.end, stretch.text)
        y = top + index * _ROW
        look = {"fill": "none", "stroke": RED, "stroke_width": 1.5, "stroke_dasharray": "4 3"}
        sheet.c.rect("lanes", at.left, y, max(at.right - at.left, 3), 15, **look)
        x, anchor = (at.x, at.anchor) if at.inside is None else (at.inside[0] + 6, "start")
        sheet.c.text(x, y + 11.5, at.text, fill=RED, anchor=anchor, halo=True)
        sheet.key("missed", "expected here, did not come", _key)
    shown = min(len(missed), _MOST)
    if len(missed) > shown:
        sheet.c.text(LEFT, top + shown * _ROW + 11, f"and {len(missed) - shown} more", fill=RED)
        shown += 1
    return shown * _ROW


def lane(sheet: Sheet, missed: Sequence[Stretch]) -> None:
    """Draw a lane for missed expectations that belong to no other lane."""
    height = rows(sheet, sheet.y + 4, missed)
    sheet.lane("expected", sheet.y + 4 + height / 2, height + 7)


def _key(c: Canvas, x: float, y: float) -> None:
    c.rect("front", x, y - 7, 22, 14, fill="none", stroke=RED, stroke_width=1.5, stroke_dasharray="4 3")
