"""The colours of pictures on light pages, and the text colours that are legible on them."""

from __future__ import annotations

from functools import cache

INK, GREY, FAINT, PAPER = "#1a1a1a", "#5f5f5f", "#e3e3e3", "#ffffff"
# Okabe and Ito's palette: distinguishable with every common colour blindness. Red is for errors only.
BLUE, GREEN, ORANGE, PURPLE = "#0072b2", "#009e73", "#e69f00", "#cc79a7"
RED, VIOLET = "#c62a12", "#6f3fa0"
"""Errors of the firmware, and errors of the bench."""
AMBER, DARK_GREEN, SLATE = "#8a5a00", "#00694c", "#3c4650"
BLACK, WHITE = "#000000", "#ffffff"
"""The text colours on coloured areas, on light and on dark pages."""


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, 1 to 21 (WCAG 2.2). Text needs 4.5.

    Args:
        one, other: the colours as `#rrggbb`.
    """
    darker, lighter = sorted(_luminance(colour) for colour in (one, other))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    """Return the relative luminance of a colour (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@cache
def text_on(colour: str) -> str:
    """Return the text colour on a colour: black or white, by the higher contrast."""
    return max(BLACK, WHITE, key=lambda text: contrast(text, colour))
