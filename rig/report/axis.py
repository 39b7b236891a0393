"""The time axis: it maps bench seconds to pixels and replaces long quiet stretches by visible breaks."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from rig.report.text import width

BREAK_PX = 56.0
"""The width of a break, in pixels."""
_MOST_BREAKS = 3
_SHORTEST_QUIET = 1.0
_WORTH = 0.4
"""A break replaces a quiet stretch of at least 1 s if the stretch takes at least this share of the time not yet
replaced. The breaks together must at least double the scale; otherwise the axis stays linear."""
_QUIET_MARGIN = 0.04
"""The part of a shortened stretch that stays to scale on each side of a break, as a share of the drawn time."""
_TICK_PX = 84.0
_TICK_SIZE = 11.0
_TICK_GAP = 12.0


@dataclass(frozen=True, slots=True)
class Break:
    """A replaced quiet stretch, in seconds and pixels."""

    start: float
    end: float
    left: float
    right: float


@dataclass(frozen=True, slots=True)
class Tick:
    """A label on the axis."""

    x: float
    text: str


class Axis:
    """A map from seconds since the test's start to x.

    Args:
        duration: the test's length in seconds.
        times: the seconds of all events; the time between them is quiet.
        left, right: the pixels of the test's start and end.
    """

    def __init__(self, duration: float, times: Iterable[float], left: float, right: float) -> None:
        self.duration = max(duration, 1e-6)
        self.left, self.right = left, right
        quiet = _quiet(self.duration, times)
        self.scale = (right - left - BREAK_PX * len(quiet)) / (self.duration - sum(end - start for start, end in quiet))
        """Pixels per second outside breaks."""
        self._from, self._x, self._scales = [0.0], [left], [self.scale]
        self.breaks: list[Break] = []
        for start, end in quiet:
            x = self.x(start)
            self.breaks.append(Break(start, end, x, x + BREAK_PX))
            self._from += [start, end]
            self._x += [x, x + BREAK_PX]
            self._scales += [BREAK_PX / (end - start), self.scale]

    def x(self, seconds: float) -> float:
        """Return the x of a moment, limited to the plot."""
        at = max(0, bisect_right(self._from, seconds) - 1)
        return min(max(self._x[at] + (seconds - self._from[at]) * self._scales[at], self.left), self.right)

    @property
    def unit(self) -> str:
        """The unit of the tick labels: `ms` for short tests, else `s`."""
        return "ms" if self.duration < 1 else "s"

    def ticks(self) -> list[Tick]:
        """Return ticks at round moments outside breaks, with enough distance for their labels."""
        step = _nice(_TICK_PX / self.scale)
        factor = 1000.0 if self.unit == "ms" else 1.0
        decimals = max(0, -math.floor(math.log10(step * factor) + 1e-9))
        ticks: list[Tick] = []
        taken = -math.inf
        edges = [0.0, *(t for b in self.breaks for t in (b.start, b.end)), self.duration]
        for start, end in zip(edges[::2], edges[1::2], strict=True):
            for index in range(math.ceil(start / step - 1e-9), math.floor(end / step + 1e-9) + 1):
                x, text = self.x(index * step), f"{index * step * factor:.{decimals}f}"
                half = width(text, _TICK_SIZE) / 2
                in_break = any(b.left < x + half and x - half < b.right for b in self.breaks)
                if x - half >= taken + _TICK_GAP and not in_break:
                    ticks.append(Tick(x, text))
                    taken = x + half
        return ticks


def _quiet(duration: float, times: Iterable[float]) -> list[tuple[float, float]]:
    moments = sorted({0.0, duration, *(min(max(t, 0.0), duration) for t in times)})
    gaps = sorted(
        ((end - start, start) for start, end in pairwise(moments)),
        key=lambda gap: (-gap[0], gap[1]),
    )
    drawn = duration
    chosen: list[tuple[float, float]] = []
    worth = 0
    for length, start in gaps[:_MOST_BREAKS]:
        if length < max(_SHORTEST_QUIET, _WORTH * drawn) or drawn - length <= 0:
            break
        chosen.append((start, start + length))
        drawn -= length
        if drawn <= duration * 0.5 ** len(chosen):
            worth = len(chosen)
    chosen = chosen[:worth]
    drawn = duration - sum(end - start for start, end in chosen)
    if not chosen:
        return []
    drawn = max(drawn, duration * 1e-6)
    margins = ((start, end, min(_QUIET_MARGIN * drawn, (end - start) / 8)) for start, end in sorted(chosen))
    return [(start + margin, end - margin) for start, end, margin in margins]


def _nice(least: float) -> float:
    """Return the smallest of 1, 2, 5 times a power of ten that is at least `least`."""
    power = 10.0 ** math.floor(math.log10(least))
    return next((m * power for m in (1, 2, 5) if m * power >= least), 10 * power)
