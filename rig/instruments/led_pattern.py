"""Decodes the pattern of an LED from its edges, without access to hardware or a clock."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

PatternName = Literal["off", "on", "blink", "double_flash", "unknown"]

STEADY_AFTER_S = 1.25
"""An LED is steady after this time without an edge: the slowest pattern repeats every second."""

EDGES_NEEDED = 12
"""The number of latest edges that `decode` uses at most."""

_SAME = 0.2
_ALIKE = 0.15


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern: `rate_hz` repetitions per second, lit for the part `duty` (0 to 1); both are 0 for a steady light."""

    name: PatternName
    rate_hz: float = 0.0
    duty: float = 0.0

    def like(self, other: Pattern, tolerance: float = _ALIKE) -> bool:
        """Return whether two patterns look alike: rates within the fraction `tolerance`, duties within 0.1."""
        return (
            self.name == other.name
            and abs(self.rate_hz - other.rate_hz) <= tolerance * max(self.rate_hz, other.rate_hz)
            and abs(self.duty - other.duty) <= 0.1
        )

    def __str__(self) -> str:
        if self.rate_hz == 0:
            return self.name
        return f"{self.name} {self.rate_hz:.2g} Hz duty {self.duty:.2f}"


@dataclass(frozen=True, slots=True)
class Edge:
    """A change of the LED: its time in seconds, and whether it is lit from then on."""

    t: float
    lit: bool


def decode(edges: Sequence[Edge], now: float) -> Pattern | None:
    """Return the current pattern of the LED.

    Args:
        edges: the latest changes, oldest first, alternately lit and dark. The first can be the start of observation.
        now: the time, in seconds on the edges' clock.

    Returns:
        The pattern; None if there are too few edges: a blink needs two whole periods.
    """
    if not edges:
        return None
    last = edges[-1]
    if now - last.t >= STEADY_AFTER_S:
        return Pattern("on" if last.lit else "off")
    edges = edges[_first_of_flashes(edges) :]
    flashes = [(rise.t, fall.t - rise.t) for rise, fall in itertools.pairwise(edges) if rise.lit]
    starts = [start for start, _ in flashes]
    if last.lit:
        starts.append(last.t)
    widths = [width for _, width in flashes]
    periods = [later - sooner for sooner, later in itertools.pairwise(starts)]
    return _blink(periods, widths) or _double_flash(periods, widths)


def beginning(edges: Sequence[Edge], pattern: Pattern) -> int:
    """Find the first edge of a pattern.

    A steady light begins with its only edge. Flashes begin with the first flash that repeats like all later ones. The
    dark time before this flash can be as short as the dark time between two flashes. The pattern then begins with the
    falling edge before this flash.

    Args:
        edges: the argument of `decode`.
        pattern: the result of `decode`.

    Returns:
        The edge's index.
    """
    step = {"blink": 1, "double_flash": 2}.get(pattern.name)
    if step is None:
        return len(edges) - 1
    offset = _first_of_flashes(edges)
    edges = edges[offset:]
    rises = [index for index, edge in enumerate(edges) if edge.lit]
    starts = [edges[index].t for index in rises]
    periods = [later - sooner for sooner, later in itertools.pairwise(starts)]
    widths = [edges[index + 1].t - edges[index].t for index in rises[: len(periods)]]
    whole = 1 / pattern.rate_hz
    first = len(periods) - 2 if step == 1 else len(periods) - 3  # `decode` needs the last 2 or 3 periods
    while (
        first > 0
        and _same(periods[first - 1], periods[first - 1 + step], whole, _ALIKE)
        and _same(widths[first - 1], widths[first - 1 + step], whole, _ALIKE)
    ):
        first -= 1
    pause = max(period - width for period, width in zip(periods[first:], widths[first:], strict=True))
    begins = rises[first]
    if begins > 0 and edges[begins].t - edges[begins - 1].t <= pause + _SAME * whole:
        begins -= 1
    return offset + begins


def _first_of_flashes(edges: Sequence[Edge]) -> int:
    """Return the index of the first edge after the last steady light, which ends any earlier pattern."""
    for index in range(len(edges) - 1, 0, -1):
        if edges[index].t - edges[index - 1].t >= STEADY_AFTER_S:
            return index
    return 0


def _blink(periods: list[float], widths: list[float]) -> Pattern | None:
    """Recognize two equal periods with equal flashes; earlier periods that match improve the figures."""
    if len(periods) < 2:
        return None
    widths = widths[: len(periods)]
    period, width = periods[-1], widths[-1]
    if not _same(periods[-2], period, period) or not _same(widths[-2], width, period):
        return None
    agreeing = [(p, w) for p, w in list(zip(periods, widths, strict=True))[-4:] if _same(p, period, period)]
    mean = sum(p for p, _ in agreeing) / len(agreeing)
    return Pattern("blink", 1 / mean, sum(w for _, w in agreeing) / len(agreeing) / mean)


def _double_flash(periods: list[float], widths: list[float]) -> Pattern | None:
    """Recognize alternating short and long periods."""
    if len(periods) < 3:
        return None
    first, second, third = periods[-3:]
    whole = second + (first + third) / 2
    if not _same(first, third, whole) or min(first, second) > 0.7 * max(first, second):
        return None
    flashes = widths[: len(periods)][-3:]
    if max(flashes) - min(flashes) > _SAME * whole:
        return None
    return Pattern("double_flash", 1 / whole, 2 * sum(flashes) / len(flashes) / whole)


def _same(one: float, other: float, period: float, tolerance: float = _SAME) -> bool:
    return abs(one - other) <= tolerance * period
