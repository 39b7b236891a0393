"""Shapes in layers, written as SVG by a template.

Only presentation attributes, no style sheet and no script: a picture shows the same under Jenkins' content security
policy, in an `<img>`, opened alone, and in print.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache, lru_cache
from html import escape
from typing import Any, Literal

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from rig.report.text import FONT_FAMILY, width
from rig.util.text import clean

INK, GREY, FAINT, PAPER = "#1a1a1a", "#5f5f5f", "#e3e3e3", "#ffffff"
# Okabe and Ito's palette: told apart with every common colour blindness; red means wrong and nothing else.
BLUE, GREEN, ORANGE, PURPLE = "#0072b2", "#009e73", "#e69f00", "#cc79a7"
RED, VIOLET = "#c62a12", "#6f3fa0"
"""Trouble of the firmware, and trouble of the bench."""

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


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, 1 to 21 (WCAG 2.2, contrast ratio); text wants 4.5.

    Args:
        one, other: as `#rrggbb`.
    """
    darker, lighter = sorted(_luminance(colour) for colour in (one, other))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    """The relative luminance of a colour (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@cache
def text_on(colour: str) -> str:
    """What text is written in on a colour: ink or paper, whichever is read more easily."""
    return max(INK, PAPER, key=lambda text: contrast(text, colour))


# Pictures have few numbers and fewer attributes, each many times: a lookup takes a fifth of the time of writing one.
@lru_cache(maxsize=1 << 14)
def px(value: float) -> str:
    """A coordinate with at most one decimal."""
    text = f"{value:.1f}"
    return "0" if text in ("-0.0", "0.0") else text.removesuffix(".0")


@lru_cache(maxsize=1 << 12)
def _attribute(item: tuple[str, Any]) -> str:
    name, value = item
    return f' {name.replace("_", "-")}="{escape(value) if isinstance(value, str) else px(value)}"'


@dataclass(frozen=True, slots=True)
class Stripes:
    """A pattern of stripes for an LED that blinks: `on` of every `period` pixels, twice where it flashes twice."""

    name: str
    colour: str
    period: float
    on: tuple[tuple[float, float], ...]


@dataclass(slots=True)
class Canvas:
    """A picture under way, `width` pixels wide. Each layer holds its elements as they stand in the file."""

    width: float
    layers: dict[Layer, list[str]] = field(default_factory=lambda: {name: [] for name in LAYERS})
    stripes: dict[str, Stripes] = field(default_factory=dict)

    def rect(self, layer: Layer, x: float, y: float, w: float, h: float, **look: Any) -> None:
        """A rectangle. `look` are SVG attributes, underscores for hyphens."""
        place = f'x="{px(x)}" y="{px(y)}" width="{px(max(w, 0.0))}" height="{px(max(h, 0.0))}"'
        self.layers[layer].append(f"<rect {place}{_attributes(look)}/>")

    def line(self, layer: Layer, x1: float, y1: float, x2: float, y2: float, **look: Any) -> None:
        """A straight line."""
        place = f'x1="{px(x1)}" y1="{px(y1)}" x2="{px(x2)}" y2="{px(y2)}"'
        self.layers[layer].append(f"<line {place}{_attributes(look)}/>")

    def path(self, layer: Layer, d: str, **look: Any) -> None:
        """A path; `d` as SVG writes it."""
        self.layers[layer].append(f'<path d="{escape(d)}"{_attributes(look)}/>')

    def polyline(self, layer: Layer, points: list[tuple[float, float]], **look: Any) -> None:
        """An open line through points."""
        place = " ".join([f"{px(x)},{px(y)}" for x, y in points])
        self.layers[layer].append(f'<polyline points="{place}" fill="none"{_attributes(look)}/>')

    def circle(self, layer: Layer, x: float, y: float, r: float, **look: Any) -> None:
        """A circle."""
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
        """A text on its base line, as wide as computed whatever the viewer's font. Returns its width."""
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
        """The fill for an LED that blinks in a texture of `lanes.Texture`."""
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
        """The finished picture. `title` and `description` are what a screen reader says."""
        return _TEMPLATE.render(
            width=px(self.width),
            height=px(height),
            title=clean(title),
            description=clean(description),
            font=FONT_FAMILY,
            paper=PAPER,
            stripes=[self.stripes[name] for name in sorted(self.stripes)],
            layers={name: Markup("".join([f"{shape}\n" for shape in shapes])) for name, shapes in self.layers.items()},
        )


def _attributes(look: dict[str, Any]) -> str:
    return "".join(map(_attribute, look.items()))


_TEMPLATE = environment.get_template("picture.svg.j2")
