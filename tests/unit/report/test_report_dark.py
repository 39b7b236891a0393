"""Pictures in the colours of dark pages."""

from __future__ import annotations

from importlib.resources import files

import pytest
from picture_geometry import SVG, parse

from rig.report import dark, sequence_svg, timeline_svg
from rig.report.colours import BLACK, WHITE, contrast
from rig.runs import load


@pytest.mark.parametrize("colour", dark.LINES_AND_TEXTS.values())
def test_lines_are_visible_on_dark_pages(colour: str) -> None:
    """WCAG 2.2 requires a contrast of 3 for graphics and 4.5 for text. Grid lines are faint on purpose."""
    faint = dark.LINES_AND_TEXTS[dark.FAINT]
    assert contrast(colour, dark.DARK_PAPER) >= (1.4 if colour == faint else 4.5)


def test_every_line_colour_has_a_dark_one_or_is_visible_on_both(run: load.Run) -> None:
    for test in run.tests:
        for svg in (timeline_svg.render(test), sequence_svg.render(test)):
            for element in parse(svg).iter():
                colour = element.get("stroke", "none")
                if element.tag == SVG + "text" and element.get("fill") in (BLACK, WHITE):
                    continue  # on an area, which keeps its colour
                if colour.startswith("#") and colour not in dark.LINES_AND_TEXTS and colour not in dark.AREAS:
                    assert contrast(colour, dark.DARK_PAPER) >= 3, (test.name, colour)


def test_the_background_is_that_of_the_pages() -> None:
    sheet = files("rig.report").joinpath("templates/report.css").read_text()
    assert f"--paper: {dark.DARK_PAPER}" in sheet
