"""Outlines that the picture uses repeatedly, as SVG paths."""

from __future__ import annotations

from rig.report.canvas import px


def head(x1: float, y1: float, x2: float, y2: float) -> str:
    """Return the head of an arrow that ends at (`x2`, `y2`), as a path."""
    length = ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5 or 1.0
    ux, uy = (x2 - x1) / length, (y2 - y1) / length
    bx, by = x2 - 7 * ux, y2 - 7 * uy
    return f"M{px(x2)} {px(y2)}L{px(bx - 3 * uy)} {px(by + 3 * ux)}L{px(bx + 3 * uy)} {px(by - 3 * ux)}Z"


def cross(x: float, y: float, r: float) -> str:
    return f"M{px(x - r)} {px(y - r)}L{px(x + r)} {px(y + r)}M{px(x - r)} {px(y + r)}L{px(x + r)} {px(y - r)}"


def triangle(x: float, y: float) -> str:
    return f"M{px(x)} {px(y - 5)}L{px(x + 5)} {px(y + 4)}L{px(x - 5)} {px(y + 4)}Z"


def diamond(x: float, y: float) -> str:
    return f"M{px(x)} {px(y - 5)}L{px(x + 5)} {px(y)}L{px(x)} {px(y + 5)}L{px(x - 5)} {px(y)}Z"


def zigzag(x: float, top: float, bottom: float) -> str:
    path, y, side = f"M{px(x)} {px(top)}", top, 1
    while y < bottom:
        y = min(y + 6, bottom)
        path += f"L{px(x + 2.5 * side)} {px(y)}"
        side = -side
    return path
