"""Parse pictures: the texts of a picture, with their positions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from lxml import etree

SVG = "{http://www.w3.org/2000/svg}"
_PARSER = etree.XMLParser(resolve_entities=False, huge_tree=True)


@dataclass(frozen=True, slots=True)
class Box:
    """The box around a text, in pixels."""

    text: str
    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: Box) -> bool:
        return (
            self.left < other.right - 0.3
            and other.left < self.right - 0.3
            and self.top < other.bottom - 0.3
            and other.top < self.bottom - 0.3
        )


def parse(svg: str) -> etree._Element:
    """Parse a picture. Raises XMLSyntaxError if it is not well-formed."""
    return etree.fromstring(svg.encode(), _PARSER)


def boxes(root: etree._Element) -> list[Box]:
    """Return the boxes of all texts."""
    return list(_boxes(root))


def _boxes(root: etree._Element) -> Iterator[Box]:
    for element in root.iter(SVG + "text"):
        x, y = float(element.get("x")), float(element.get("y"))
        size, wide = float(element.get("font-size")), float(element.get("textLength"))
        left = x - {"start": 0.0, "middle": wide / 2, "end": wide}[element.get("text-anchor", "start")]
        yield Box(element.text or "", left, y - 0.75 * size, left + wide, y + 0.22 * size)


def collisions(root: etree._Element) -> list[tuple[str, str]]:
    """Return the pairs of texts that overlap, and the texts that leave the picture."""
    found = boxes(root)
    width, height = float(root.get("width")), float(root.get("height"))
    bad = [(a.text, b.text) for a, b in combinations(found, 2) if a.overlaps(b)]
    bad += [(str(value), "not a number") for e in root.iter() for value in e.attrib.values() if "nan" in value]
    bad += [(b.text, "the edge") for b in found if b.left < 0 or b.top < 0 or b.right > width or b.bottom > height]
    return bad


def texts(root: etree._Element) -> list[str]:
    """Return all texts in the order of drawing."""
    return [element.text or "" for element in root.iter(SVG + "text")]
