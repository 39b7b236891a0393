"""Lanes of stretches: faults as bars, measured times as dimension lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rig.report.canvas import Canvas
from rig.report.colours import GREY, INK, PAPER, RED, WHITE
from rig.report.lanes import Stretch
from rig.report.text import width
from rig.report.timeline_svg.beside import Beside, beside
from rig.report.timeline_svg.shapes import diamond, head
from rig.report.timeline_svg.sheet import LEFT, SIZE, Sheet

_MOST_STRETCHES = 12


def faults(sheet: Sheet, stretches: Sequence[Stretch]) -> None:
    """Draw faults as bars."""
    _rows(sheet, "faults", stretches, _fault)


def measurements(sheet: Sheet, stretches: Sequence[Stretch]) -> None:
    """Draw measured times as dimension lines, and other measurements as figures."""
    _rows(sheet, "measured", stretches, _measurement)


def _rows(
    sheet: Sheet, name: str, stretches: Sequence[Stretch], draw: Callable[[Sheet, Stretch, Beside, float], None]
) -> None:
    """Draw rows of stretches, each with its text beside it or, for bars, inside."""
    worst = sorted(stretches, key=lambda stretch: stretch.ok)[:_MOST_STRETCHES]
    rows: list[list[Beside]] = []
    top = sheet.y + 4
    for stretch in sorted(worst, key=lambda stretch: stretch.start):
        text = stretch.text + ("" if stretch.ok else " OUT OF LIMITS")
        place = beside(sheet, stretch.start, stretch.end, text)
        row = next((i for i, taken in enumerate(rows) if all(place.clear_of(other) for other in taken)), len(rows))
        if row == len(rows):
            rows.append([])
        rows[row].append(place)
        draw(sheet, stretch, place, top + row * 19)
    height = len(rows) * 19.0
    if (more := len(stretches) - len(worst)) > 0:
        sheet.c.text(LEFT, top + height + 11, f"and {more} more", fill=GREY)
        height += 19
    sheet.lane(name, top + height / 2 - 2, height + 7)


def _fault(sheet: Sheet, _: Stretch, at: Beside, top: float) -> None:
    c = sheet.c
    c.rect("lanes", at.left, top, max(at.right - at.left, 3), 15, fill=RED)
    if at.inside is not None:
        c.text(at.inside[0] + 6, top + 11.5, at.text, fill=WHITE)
    else:
        c.text(at.x, top + 11.5, at.text, fill=RED, anchor=at.anchor, halo=True)
    sheet.key("fault", "fault", _fault_key)


def _fault_key(c: Canvas, x: float, y: float) -> None:
    c.rect("front", x, y - 7, 22, 14, fill=RED, fill_opacity="0.25", stroke=RED)


def _measurement(sheet: Sheet, stretch: Stretch, at: Beside, top: float) -> None:
    c, y = sheet.c, top + 8
    colour = INK if stretch.ok else RED
    if not stretch.spans:
        c.path("lanes", diamond(at.right, y), fill=colour)
        sheet.key("figure", "figure measured", _figure_key)
    else:
        for x in (at.left, at.right):
            c.line("lanes", x, y - 6, x, y + 6, stroke=colour, stroke_width=1)
        if at.right - at.left >= 22:
            c.line("lanes", at.left, y, at.right, y, stroke=colour, stroke_width=1)
            c.path("lanes", head(at.right, y, at.left, y) + head(at.left, y, at.right, y), fill=colour)
        else:  # too narrow for arrows inside, so an arrow points at it from outside
            c.line("lanes", at.left - 12, y, at.left, y, stroke=colour, stroke_width=1)
            c.path("lanes", head(at.left - 12, y, at.left, y), fill=colour)
        sheet.key("measured", "time measured from, to", _measured_key)
    if at.inside is None:
        c.text(at.x, top + 12, at.text, fill=colour, anchor=at.anchor, halo=True)
    else:
        middle, half = sum(at.inside) / 2, width(at.text, SIZE) / 2 + 5
        c.rect("lanes", middle - half, top, 2 * half, 16, fill=PAPER)
        c.text(middle, top + 12, at.text, fill=colour, anchor="middle")


def _figure_key(c: Canvas, x: float, y: float) -> None:
    c.path("front", diamond(x + 11, y), fill=INK)


def _measured_key(c: Canvas, x: float, y: float) -> None:
    for at in (x, x + 22):
        c.line("front", at, y - 6, at, y + 6, stroke=INK, stroke_width=1)
    c.line("front", x, y, x + 22, y, stroke=INK, stroke_width=1)
    c.path("front", head(x + 22, y, x, y) + head(x, y, x + 22, y), fill=INK)
