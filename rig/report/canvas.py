"""Shapes in layers, written as SVG with a template.

Shapes have presentation attributes only, and there is no script. So a picture works under Jenkins' content security
policy, in an `<img>`, opened alone, and in print. The only style sheet replaces colours for dark pages (`dark.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from html import escape
from typing import Any, Literal

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from rig.report import dark
from rig.report.colours import INK, PAPER
from rig.report.text import FONT_FAMILY, width
from rig.util.text import clean

Anchor = Literal["start", "middle", "end"]
Layer = Literal["back", "lanes", "breaks", "front"]
LAYERS: tuple[Layer, ...] = ("back", "lanes", "breaks", "front")

environment = Environment(
    loader=PackageLoader("rig.report"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


# Pictures repeat few numbers and attributes many times, and a cache lookup takes a fifth of the time of formatting.
@lru_cache(maxsize=1 << 14)
def px(value: float) -> str:
    """Return a coordinate with at most one decimal."""
    text = f"{value:.1f}"
    return "0" if text in ("-0.0", "0.0") else text.removesuffix(".0")


@lru_cache(maxsize=1 << 12)
def _attribute(item: tuple[str, Any]) -> str:
    name, value = item
    return f' {name.replace("_", "-")}="{escape(value) if isinstance(value, str) else px(value)}"'


@dataclass(frozen=True, slots=True)
class Stripes:
    """A pattern of stripes for a blinking LED: `on` has start and width of each stripe per `period`, in pixels."""

    name: str
    colour: str
    period: float
    on: tuple[tuple[float, float], ...]


@dataclass(slots=True)
class Canvas:
    """An unfinished picture, `width` pixels wide. Each layer holds its SVG elements as text."""

    width: float
    layers: dict[Layer, list[str]] = field(default_factory=lambda: {name: [] for name in LAYERS})
    stripes: dict[str, Stripes] = field(default_factory=dict)

    def rect(self, layer: Layer, x: float, y: float, w: float, h: float, **look: Any) -> None:
        """Draw a rectangle. `look` are SVG attributes, with underscores for hyphens."""
        place = f'x="{px(x)}" y="{px(y)}" width="{px(max(w, 0.0))}" height="{px(max(h, 0.0))}"'
        self.layers[layer].append(f"<rect {place}{_attributes(look)}/>")

    def line(self, layer: Layer, x1: float, y1: float, x2: float, y2: float, **look: Any) -> None:
        """Draw a straight line."""
        place = f'x1="{px(x1)}" y1="{px(y1)}" x2="{px(x2)}" y2="{px(y2)}"'
        self.layers[layer].append(f"<line {place}{_attributes(look)}/>")

    def path(self, layer: Layer, d: str, **look: Any) -> None:
        """Draw a path. `d` is the path data of SVG."""
        self.layers[layer].append(f'<path d="{escape(d)}"{_attributes(look)}/>')

    def polyline(self, layer: Layer, points: list[tuple[float, float]], **look: Any) -> None:
        """Draw an open line through points."""
        place = " ".join([f"{px(x)},{px(y)}" for x, y in points])
        self.layers[layer].append(f'<polyline points="{place}" fill="none"{_attributes(look)}/>')

    def circle(self, layer: Layer, x: float, y: float, r: float, **look: Any) -> None:
        """Draw a circle."""
        self.layers[layer].append(f'<circle cx="{px(x)}" cy="{px(y)}" r="{px(r)}"{_attributes(look)}/>')

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = 11,
        fill: str = INK,
        anchor: Anchor = "start",
        bold: bool = False,
        halo: bool = False,
        layer: Layer = "front",
    ) -> float:
        """Draw a text on its baseline, stretched to the same width in any font. Return the width in pixels."""
        text = clean(text)
        wide = width(text, size, bold=bold)
        if not text:
            return 0.0
        look: dict[str, Any] = {"font_size": size, "fill": fill, "textLength": wide}
        look["lengthAdjust"] = "spacingAndGlyphs"
        if anchor != "start":
            look["text_anchor"] = anchor
        if bold:
            look["font_weight"] = "bold"
        if halo:
            look |= {"stroke": PAPER, "stroke_width": "3", "stroke_linejoin": "round", "paint_order": "stroke"}
        self.layers[layer].append(
            f'<text x="{px(x)}" y="{px(y)}"{_attributes(look)}>{escape(text, quote=False)}</text>'
        )
        return wide

    def blink(self, colour: str, texture: str) -> str:
        """Return the fill for an LED that blinks in a texture of `lanes.Texture`."""
        name = f"blink-{texture}-{colour.lstrip('#')}"
        period, on = {
            "fast": (4.0, ((0.0, 2.0),)),
            "medium": (9.0, ((0.0, 4.5),)),
            "slow": (18.0, ((0.0, 9.0),)),
            "double": (18.0, ((0.0, 3.0), (6.0, 3.0))),
        }[texture]
        self.stripes[name] = Stripes(name, colour, period, on)
        return f"url(#{name})"

    def svg(self, height: float, title: str, description: str) -> str:
        """Return the finished picture. `title` and `description` are for screen readers."""
        return _TEMPLATE.render(
            width=px(self.width),
            height=px(height),
            title=clean(title),
            description=clean(description),
            font=FONT_FAMILY,
            style=Markup(_DARK),
            paper=PAPER,
            stripes=[self.stripes[name] for name in sorted(self.stripes)],
            layers={name: Markup("".join([f"{shape}\n" for shape in shapes])) for name, shapes in self.layers.items()},
        )


def _attributes(look: dict[str, Any]) -> str:
    return "".join(map(_attribute, look.items()))


_DARK = dark.style()
_TEMPLATE = environment.get_template("picture.svg.j2")
