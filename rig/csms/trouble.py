"""Trouble of the CSMS itself, as an event and for the test that waits."""

from __future__ import annotations

from rig.timeline import Timeline
from rig.timeline.events import BenchTrouble
from rig.util.errors import BenchError


def report_trouble(timeline: Timeline, what: str, fix: str) -> None:
    """Put trouble of the CSMS on the timeline, and raise it in every test that waits there."""
    trouble = BenchError(what, fix)
    timeline.append(BenchTrouble(source="csms", what=str(trouble)))
    timeline.interrupt(trouble)
