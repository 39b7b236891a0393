"""The picture of a test: all events of the board on one time axis."""

from __future__ import annotations

from rig.report.colours import GREY
from rig.report.lane_reader import lanes_of
from rig.report.lanes import Lanes
from rig.report.timeline_svg import bands, curves, exchanges, frame, missed, moments, stretches
from rig.report.timeline_svg.sheet import LEFT, Sheet
from rig.report.timeline_svg.words import summary, timing
from rig.report.verdict_words import VERDICT_COLOURS, VERDICT_WORDS
from rig.runs.slicer import Test

__all__ = ["render", "summary", "timing"]


def render(test: Test, lanes: Lanes | None = None, *, head: bool = True) -> str:
    """Return the picture as SVG. The same test gives the same bytes.

    Args:
        test: the test to draw.
        lanes: the result of `lanes_of`, if it exists already.
        head: whether it begins with the test's name, verdict and message; False if the page shows them around it.
    """
    lanes = lanes or lanes_of(test)
    sheet = Sheet(lanes)
    if head:
        frame.title(sheet, test, timing(test))
    frame.axis_labels(sheet)
    top = sheet.y
    end = VERDICT_COLOURS[test.outcome]
    if lanes.faults:
        stretches.faults(sheet, lanes.faults)
    if lanes.board:
        moments.board(sheet, lanes.board, end)
    for band in lanes.bands:
        bands.draw(sheet, band, lanes.missed.get(band.signal, ()) if band.signal else ())
    expected = lanes.missed.get("ocpp", [])
    for charge_point in sorted(lanes.exchanges):
        exchanges.draw(sheet, charge_point, lanes.exchanges[charge_point], expected)
        expected = []
    if lanes.heap:
        curves.heap(sheet, lanes.heap)
    for curve in lanes.curves:
        curves.draw(sheet, curve, lanes.duration)
    if lanes.log:
        moments.log(sheet, lanes.log, lanes.missed.get("log", ()))
    if lanes.measurements:
        stretches.measurements(sheet, lanes.measurements)
    if "" in lanes.missed:
        missed.lane(sheet, lanes.missed[""])
    if sheet.y == top:
        sheet.c.text(LEFT, sheet.y + 20, "This test has no events.", fill=GREY, size=12)
        sheet.y += 34
    through = (moment for moment in lanes.board if moment.kind in ("boot", "panic", "trouble", "end"))
    frame.across(sheet, top, lanes.faults, ((moment.at, moments.colour_of(moment, end)) for moment in through))
    sheet.legend()
    return sheet.c.svg(sheet.y, f"{test.name}: {VERDICT_WORDS[test.outcome]}", summary(test, lanes))
