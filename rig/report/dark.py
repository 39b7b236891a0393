"""The colours of pictures for readers who prefer dark pages, as a style sheet within the picture.

A picture is drawn in the colours of light by attributes. The style sheet replaces them where the reader prefers dark,
also in an `<img>`. Viewers that apply no style sheet, and printers, show the colours of light.
"""

from __future__ import annotations

from collections.abc import Iterator

from rig.report.colours import AMBER, BLUE, DARK_GREEN, FAINT, GREEN, GREY, INK, PAPER, RED, SLATE, VIOLET

DARK_PAPER = "#181a1b"
"""As of the pages, in `templates/report.css`."""

LINES_AND_TEXTS = {
    INK: "#e8e6e3",
    GREY: "#a8a5a0",
    FAINT: "#3d3d3d",
    BLUE: "#5fb4f0",
    GREEN: "#5fcfa8",
    DARK_GREEN: "#5fcfa8",
    RED: "#ff9a86",
    VIOLET: "#cdaef0",
    AMBER: "#e8b85a",
}
"""Colours of lines, texts and small shapes by those of light."""

AREAS = {PAPER: DARK_PAPER, SLATE: "#64707c"}
"""Colours of areas by those of light. All others stay: the text on them is black or white in both."""


def style() -> str:
    """Return the style sheet."""
    return f"@media screen and (prefers-color-scheme: dark) {{ {' '.join(_rules())} }}"


def _rules() -> Iterator[str]:
    for light, dark in LINES_AND_TEXTS.items():
        yield f':not(rect)[fill="{light}"] {{ fill: {dark} }}'
        # The edge of an area goes with the area; that of one in a neutral colour, or of none, is a line.
        edge = "" if light in (INK, GREY) else ':not(rect:not([fill="none"]))'
        yield f'[stroke="{light}"]{edge} {{ stroke: {dark} }}'
    for light, dark in AREAS.items():
        yield f':not(text)[fill="{light}"] {{ fill: {dark} }}'
        yield f'[stroke="{light}"] {{ stroke: {dark} }}'
