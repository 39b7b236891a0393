"""Lanes of power, radio, pins, LEDs and links: on, off, blinking."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from rig.report.canvas import Canvas
from rig.report.colours import BLUE, GREEN, GREY, INK, ORANGE, PAPER, PURPLE, SLATE, text_on
from rig.report.lanes import Band, Segment, Stretch
from rig.report.text import width
from rig.report.timeline_svg import missed
from rig.report.timeline_svg.sheet import SIZE, Sheet

_LED_COLOURS = {"status": GREEN, "network": BLUE, "fault": "#d55e00"}
_BAND_COLOURS = {
    "power": SLATE,
    "radio": BLUE,
    "input": ORANGE,
    "control": GREY,
    "output": PURPLE,
    "link": GREEN,
    "led": ORANGE,
}
_TINTED = {"power", "radio", "link"}
"""Signals that are nearly always on are drawn in light colours, so that changes are more visible."""
_KIND_WORDS = {"input": "input", "control": "control", "output": "output"}
_FLASH_PX = 6.0
"""The minimum average width of a flash with the dark time after it, in pixels. Narrower ones are drawn as stripes."""
_BUSY_PX = 3.0
"""Neighbouring segments narrower than this many pixels are drawn as one, with a count."""


def draw(sheet: Sheet, band: Band, expected: Sequence[Stretch] = ()) -> None:
    """Draw one lane with its missed expectations."""
    top, height = sheet.y + 4, 15.0
    below = missed.rows(sheet, sheet.y + 23, expected)
    sheet.lane(band.name, top + height / 2, 23 + below, _KIND_WORDS.get(band.kind, ""))
    colour = _LED_COLOURS.get(band.what, _BAND_COLOURS[band.kind])
    for left, right, shown in _condensed(sheet, band.segments):
        if isinstance(shown, int):
            _busy(sheet, left, right, top, colour, shown, "pulses" if band.kind == "input" else "changes")
        elif shown.on is None:
            sheet.c.line("lanes", left, top + height / 2, right, top + height / 2, stroke=GREY, stroke_dasharray="1 4")
            sheet.key("unknown", "not known yet", _unknown_key)
        elif shown.texture and shown.on:
            _blinking(sheet, left, right, top, colour, shown)
        elif shown.on:
            look = {"fill": colour, "stroke": colour}
            tinted = band.kind in _TINTED
            if tinted:
                look["fill_opacity"] = "0.22"
            sheet.c.rect("lanes", left, top, max(right - left, 1.2), height, stroke_width=1, **look)
            _within(sheet, left, right, top, shown, INK if tinted else text_on(colour))
        else:
            sheet.c.line("lanes", left, top + height, right, top + height, stroke=colour, stroke_width=1.5)
            _within(sheet, left, right, top, shown, GREY)


def _blinking(sheet: Sheet, left: float, right: float, top: float, colour: str, segment: Segment) -> None:
    """Draw a blinking LED: flashes to scale if there is room, else stripes. Breaks have stripes."""
    c = sheet.c
    flashes = [(sheet.axis.x(start), sheet.axis.x(end)) for start, end in segment.flashes]
    in_scale = len(flashes) * _FLASH_PX <= right - left
    fill = colour if flashes and in_scale else c.blink(colour, segment.texture)
    if flashes and in_scale:
        c.rect("lanes", left, top, max(right - left, 1.2), 15, fill="none", stroke=colour, stroke_width=1)
        for lit, dark in flashes:
            c.rect("lanes", lit, top, max(dark - lit, 1.2), 15, fill=fill)
        sheet.key("flashes", "LED lit, to scale", partial(_flash_key, colour))
    else:
        c.rect("lanes", left, top, max(right - left, 1.2), 15, fill=fill, stroke=colour, stroke_width=1)
        sheet.key("blinks", "LED blinks (stripes, not to scale)", _blink_key)
    for quiet in sheet.axis.breaks:
        begin, end = max(left, quiet.left + 4), min(right, quiet.right - 4)
        if begin < end:
            c.rect("front", begin, top, end - begin, 15, fill=c.blink(colour, segment.texture), fill_opacity="0.6")
    _within(sheet, left, right, top, segment, INK)


def _condensed(sheet: Sheet, segments: Sequence[Segment]) -> list[tuple[float, float, Segment | int]]:
    """Return segments with their pixels. A run of narrow segments becomes one, with the count of its lit parts."""
    drawn: list[tuple[float, float, Segment | int]] = []
    run: list[tuple[float, float, Segment]] = []

    def end_run() -> None:
        if len(run) > 3:
            drawn.append((run[0][0], run[-1][1], sum(bool(segment.on) for _, _, segment in run)))
        else:
            drawn.extend(run)
        run.clear()

    for segment in segments:
        left, right = sheet.axis.x(segment.start), sheet.axis.x(segment.end)
        if right - left < _BUSY_PX:
            run.append((left, right, segment))
        else:
            end_run()
            drawn.append((left, right, segment))
    end_run()
    return drawn


def _busy(sheet: Sheet, left: float, right: float, top: float, colour: str, count: int, noun: str) -> None:
    fill = sheet.c.blink(colour, "fast")
    sheet.c.rect("lanes", left, top, max(right - left, 1.2), 15, fill=fill, stroke=colour, stroke_width=1)
    _within(sheet, left, right, top, Segment(0, 0, True, (f"{count} {noun}", f"×{count}"), "fast"), INK)


def _within(sheet: Sheet, left: float, right: float, top: float, segment: Segment, fill: str) -> None:
    """Draw the segment's text, if there is room beside the breaks."""
    left, right = sheet.unbroken(left, right)
    for text in segment.texts:
        wide = width(text, SIZE)
        if wide + 8 <= right - left:
            if segment.texture and segment.on:
                sheet.c.rect("lanes", left + 3, top + 1.5, wide + 6, 12, rx=2, fill=PAPER, fill_opacity="0.9")
                fill = INK
            sheet.c.text(left + 6, top + 11.5, text, fill=fill, layer="lanes")
            return


def _blink_key(c: Canvas, x: float, y: float) -> None:
    c.rect("front", x, y - 7, 22, 14, fill=c.blink(GREEN, "medium"), stroke=GREEN, stroke_width=1)


def _flash_key(colour: str, c: Canvas, x: float, y: float) -> None:
    c.rect("front", x, y - 7, 22, 14, fill="none", stroke=colour, stroke_width=1)
    c.rect("front", x + 6, y - 7, 7, 14, fill=colour)


def _unknown_key(c: Canvas, x: float, y: float) -> None:
    c.line("front", x, y, x + 22, y, stroke=GREY, stroke_dasharray="1 4")
