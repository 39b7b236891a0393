"""The width of texts, and texts shortened to a width.

Pictures request Helvetica or a font of the same widths (Arial, Liberation Sans). The `textLength` of every text is the
width that was computed here. A viewer with another font scales the text to that width, so texts never overlap.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from functools import lru_cache
from itertools import accumulate

FONT_FAMILY = "Helvetica, Arial, 'Liberation Sans', sans-serif"

# Advance widths of U+0020 to U+007E in thousandths of the font size: Adobe's published metrics of Helvetica.
_WIDTHS = (
    *(278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278),
    *(556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556),
    *(1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778),
    *(667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556),
    *(333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556),
    *(556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584),
)


class _Advances(dict[str, int]):
    """The advance width of each character, in thousandths of the font size."""

    def __missing__(self, character: str) -> int:
        if unicodedata.combining(character):
            return 0
        return 1000 if unicodedata.east_asian_width(character) in "WF" else 650


_ADVANCES = _Advances({chr(0x20 + i): w for i, w in enumerate(_WIDTHS)})
_ADVANCES.update({"…": 1000, "·": 278, "×": 584, "→": 1000, "≤": 549, "≥": 549})
_BOLD = 1.07
"""The approximate maximum of the width of a word in Helvetica Bold relative to Helvetica."""


@lru_cache(maxsize=1 << 12)
def width(text: str, size: float, *, bold: bool = False) -> float:
    """Return the width of `text` in pixels at a font size in pixels."""
    return sum(map(_ADVANCES.__getitem__, text)) * size / 1000 * (_BOLD if bold else 1.0)


def fit(text: str, room: float, size: float, *, bold: bool = False) -> str:
    """Return `text`, shortened with an ellipsis to at most `room` pixels.

    The result is empty if not even the ellipsis fits.
    """
    if width(text, size, bold=bold) <= room:
        return text
    room -= width("…", size, bold=bold)
    if room < 0:
        return ""
    ends = list(accumulate(map(_ADVANCES.__getitem__, text)))
    return text[: bisect_right(ends, room * 1000 / size / (_BOLD if bold else 1.0))].rstrip() + "…"
