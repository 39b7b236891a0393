"""The colours of pictures for readers who prefer dark pages, as a style sheet within the picture.

The attributes of a picture have the light colours. The style sheet replaces them if the reader prefers dark pages, also
in an `<img>`. Printers, and viewers without style sheets, show the light colours.
"""

from __future__ import annotations

from collections.abc import Iterator

from rig.report.colours import AMBER, BLUE, DARK_GREEN, FAINT, GREEN, GREY, INK, PAPER, RED, SLATE, VIOLET

DARK_PAPER = "#181a1b"
"""The background of the pages, as in `templates/report.css`."""

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
"""Dark colours of lines, texts and small shapes, by light colour."""

AREAS = {PAPER: DARK_PAPER, SLATE: "#64707c"}
"""Dark colours of areas, by light colour. Other areas keep their colour, with black or white text in both modes."""


def style() -> str:
    """Return the style sheet."""
    return f"@media screen and (prefers-color-scheme: dark) {{ {' '.join(_rules())} }}"


def _rules() -> Iterator[str]:
    for light, dark in LINES_AND_TEXTS.items():
        yield f':not(rect)[fill="{light}"] {{ fill: {dark} }}'
        # The coloured edge of a filled rectangle keeps its colour. Every other edge changes like a line.
        edge = "" if light in (INK, GREY) else ':not(rect:not([fill="none"]))'
        yield f'[stroke="{light}"]{edge} {{ stroke: {dark} }}'
    for light, dark in AREAS.items():
        yield f':not(text)[fill="{light}"] {{ fill: {dark} }}'
        yield f'[stroke="{light}"] {{ stroke: {dark} }}'
