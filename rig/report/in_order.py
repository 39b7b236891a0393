"""Equal distances between the events of a test in which no bench time passed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rig.runs.slicer import Test
from rig.timeline.events import Event, LedPattern, LogLine, Measurement, TelemetrySample

_STEP_NS = 1000
"""Short enough that the picture labels no distance between two events."""


def spread(test: Test) -> Test:
    """Return a copy of the test in which its events follow each other at equal distances.

    Args:
        test: a test in which no bench time passed.
    """
    events = tuple(_spread(test))
    last = events[-1].t if events else test.started
    return replace(test, events=events, ended=last + _STEP_NS)


def _spread(test: Test) -> Iterator[Event]:
    t = test.started
    for event in test.events:
        if not (isinstance(event, TelemetrySample) or (isinstance(event, LogLine) and event.level not in ("E", "W"))):
            t += _STEP_NS  # other events are not drawn
        match event:
            case LedPattern():
                yield replace(event, t=t, began=0)
            case Measurement():
                yield replace(event, t=t, start=None, end=None)
            case _:
                yield replace(event, t=t)
