"""The curves of the figures that a test asserts on, made from its slice of the timeline."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TypeGuard

from rig.report.lanes import Curve
from rig.runs.slicer import Test
from rig.timeline.events import Boot, CurrentSample, Event, FigureJudged, PowerChange, TelemetrySample
from rig.util.text import one_line

CURRENT = "current"
_MOST_CURVES = 6
"""The maximum number of curves of a picture. Further figures are omitted."""
_NO_FIGURE = 1e12
"""A larger value is noise on the serial line, and would flatten the curve."""


def curves_of(test: Test) -> list[Curve]:
    """Return a curve for each figure that the test asserts on and that has a value in the test."""
    judged: dict[str, list[FigureJudged]] = {}
    for event in test.events:
        if isinstance(event, FigureJudged):
            judged.setdefault(event.figure, []).append(event)
    found = []
    for figure, assertions in judged.items():
        lines = _current(test) if figure == CURRENT else tuple(telemetry_lines(test, figure))
        if lines:
            bounds = (b for a in assertions if not a.growth for b in (a.low, a.high) if _is_figure(b))
            limits = tuple(dict.fromkeys(map(float, bounds)))
            found.append(Curve(one_line(figure), one_line(assertions[0].unit), lines, limits, figure == CURRENT))
    return found[:_MOST_CURVES]


def telemetry_lines(
    test: Test, figure: str, *, least: float = -math.inf, below: float = math.inf
) -> Iterator[tuple[tuple[float, float], ...]]:
    """Yield the samples of a figure as points of time in s and value, in order; a new line after each reboot.

    Args:
        test: the test.
        figure: the figure's name in the telemetry.
        least, below: the range of values; others are noise on the serial line.
    """
    line: list[tuple[float, float]] = []
    for event in test.events:
        if _ends_line(event):
            if line:
                yield tuple(sorted(line))
            line = []
        elif isinstance(event, TelemetrySample):
            value = event.values.get(figure)
            if _is_figure(value) and least <= value < below:
                line.append((test.at(event.t), float(value)))
    if line:
        yield tuple(sorted(line))


def _current(test: Test) -> tuple[tuple[tuple[float, float], ...], ...]:
    before = test.before.current
    line = [(0.0, before.milliamperes)] if before is not None and _is_figure(before.milliamperes) else []
    line += [
        (test.at(event.t), event.milliamperes)
        for event in test.events
        if isinstance(event, CurrentSample) and _is_figure(event.milliamperes)
    ]
    return (tuple(sorted(line, key=lambda point: point[0])),) if line else ()


def _ends_line(event: Event) -> bool:
    return isinstance(event, Boot) or (isinstance(event, PowerChange) and not event.on)


def _is_figure(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and math.isfinite(value) and abs(value) < _NO_FIGURE
