"""The place of a stretch's text: inside or beside the stretch."""

from __future__ import annotations

from dataclasses import dataclass

from rig.report.canvas import Anchor
from rig.report.text import fit, width
from rig.report.timeline_svg.sheet import EDGE, LEFT, SIZE, Sheet


@dataclass(frozen=True, slots=True)
class Beside:
    """The pixels of a stretch, the place of its text, and the room that both take.

    `inside` is the part of the stretch that holds the text; None if the text is beside it, at `x`.
    """

    left: float
    right: float
    text: str
    x: float
    anchor: Anchor
    begin: float
    end: float
    inside: tuple[float, float] | None = None

    def clear_of(self, other: Beside) -> bool:
        """Return whether this and another stretch fit in the same row."""
        return self.begin > other.end + 4 or self.end + 4 < other.begin


def beside(sheet: Sheet, start: float, end: float, text: str) -> Beside:
    """Find the place of a text: inside its stretch, else right, else left, else right and shortened.

    Args:
        sheet: the sheet to draw on.
        start, end: the stretch, in seconds.
        text: one line of text.
    """
    left, right = sheet.axis.x(start), sheet.axis.x(end)
    text = fit(text, 480, SIZE)
    wide = width(text, SIZE)
    inside = sheet.unbroken(left, right)
    if inside[1] - inside[0] >= wide + 44:
        return Beside(left, right, text, left, "start", left - 2, right + 2, inside)
    if right + 8 + wide > EDGE and left - 20 - wide >= LEFT:
        return Beside(left, right, text, left - 18, "end", left - 18 - wide, right + 14)
    text = fit(text, EDGE - right - 8, SIZE)
    return Beside(left, right, text, right + 8, "start", left - 14, right + 8 + width(text, SIZE))
