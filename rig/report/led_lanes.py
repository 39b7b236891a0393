"""The lanes of LEDs, made from their patterns and edges."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace

from rig.config.signal import Signal
from rig.report.lanes import Band, Segment, Texture
from rig.report.segments import joined
from rig.runs.slicer import Test
from rig.timeline.events import LedPattern, PinEdge
from rig.timeline.words import led_pattern
from rig.util.text import one_line

Level = tuple[float, bool | None]


def led_bands(test: Test, edges: Sequence[PinEdge]) -> Iterable[Band]:
    """Make the lanes of the LEDs that have shown a pattern.

    Args:
        test: the test.
        edges: the edges of its LEDs, in order.
    """
    patterns: dict[str, list[LedPattern]] = {name: [] for name in test.before.leds}
    for event in test.events:
        if isinstance(event, LedPattern):
            patterns.setdefault(Signal.parse(event.led).name, []).append(event)
    levels: dict[str, list[tuple[float, bool]]] = {}
    for edge in edges:
        levels.setdefault(Signal.parse(edge.signal).name, []).append((test.at(edge.t), edge.level))
    for name in sorted(patterns, key=_order):
        signal = f"leds.{name}"
        shown: list[tuple[float, LedPattern | None]] = [(0.0, test.before.leds.get(name))]
        begun = sorted(patterns[name], key=lambda led: (led.began or led.t, led.t))
        shown += [(test.at(led.began or led.t), led) for led in begun]
        found: list[Level] = [(0.0, test.before.pins.get(signal)), *sorted(levels.get(name, ()))]
        segments = [
            segment
            for (start, led), end in zip(shown, [t for t, _ in shown[1:]] + [test.duration], strict=True)
            for segment in _segments(start, end, led, found)
        ]
        with_flashes = tuple(_with_flashes(segment, found) for segment in joined(segments))
        yield Band("led", f"LED {one_line(name)}", with_flashes, what=name, signal=signal)


def _segments(start: float, end: float, led: LedPattern | None, levels: Sequence[Level]) -> Iterable[Segment]:
    """Yield the segments of a reported pattern: the pattern while the LED's level agrees with it, then the level.

    A pattern is reported late, because the bench needs some periods to recognize it. In the meantime the LED no longer
    shows the previous pattern.
    """
    longest = _longest(led)
    shown = [_segment(start, end, led)]
    agrees = True
    for index in range(bisect_right(levels, start, key=lambda change: change[0]) - 1, len(levels)):
        at, lit = levels[index]
        if at >= end:
            break
        until = levels[index + 1][0] if index + 1 < len(levels) else end
        agrees = agrees and (lit is None or min(end, until) - max(start, at) <= longest[lit])
        if not agrees:
            shown[-1] = replace(shown[-1], end=max(start, at))
            shown.append(_segment(max(start, at), end, LedPattern(led="", pattern="on" if lit else "off")))
    return shown


def _longest(led: LedPattern | None) -> tuple[float, float]:
    """Return the longest dark time and the longest lit time of a pattern, in seconds."""
    if led is None or led.pattern == "unknown":
        return (0.0, 0.0)
    if led.pattern in ("on", "off"):
        return (0.0, math.inf) if led.pattern == "on" else (math.inf, 0.0)
    if led.rate_hz <= 0:
        return (math.inf, math.inf)
    return (1.5 * (1 - led.duty) / led.rate_hz, 1.5 * led.duty / led.rate_hz)


def _segment(start: float, end: float, led: LedPattern | None) -> Segment:
    if led is None:
        return Segment(start, end, None)
    texture: Texture = ""
    if led.pattern == "double_flash":
        texture = "double"
    elif led.pattern == "blink":
        texture = "fast" if led.rate_hz >= 3.5 else "medium" if led.rate_hz >= 1.5 else "slow"
    return Segment(start, end, led.pattern != "off", led_pattern(led), texture)


def _with_flashes(segment: Segment, levels: Sequence[Level]) -> Segment:
    """Add to a blinking segment the times at which it was lit, as far as its edges are known."""
    if not segment.texture:
        return segment
    first = bisect_right(levels, segment.start, key=lambda change: change[0]) - 1
    last = bisect_left(levels, segment.end, key=lambda change: change[0])
    within = levels[max(0, first) : last]
    ends = [at for at, _ in within[1:]] + [segment.end]
    flashes = tuple(
        (max(at, segment.start), end) for (at, lit), end in zip(within, ends, strict=True) if lit and end > at
    )
    return replace(segment, flashes=flashes)


def _order(name: str) -> tuple[int, str]:
    known = ("status", "network", "fault")
    return (known.index(name) if name in known else len(known), name)
