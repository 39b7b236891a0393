"""The picture of a test as text."""

from __future__ import annotations

from rig.report.lane_reader import lanes_of
from rig.report.lanes import Lanes
from rig.report.verdict_words import VERDICT_WORDS
from rig.runs.slicer import Test
from rig.util.text import kilobytes, number, one_line, seconds


def timing(test: Test) -> str:
    """Return the duration of the test; in stepped time, both device time and real time."""
    took = seconds(test.duration)
    return f"{took} of device time in {seconds(test.wall_seconds)} of real time" if test.stepped else took


def summary(test: Test, lanes: Lanes | None = None) -> str:
    """Describe the picture in one sentence, as its text alternative."""
    lanes = lanes or lanes_of(test)
    parts = []
    if lanes.faults:
        parts.append(_count(len(lanes.faults), "fault") + ": " + ", ".join(s.text for s in lanes.faults[:4]))
    boots = [moment for moment in lanes.board if moment.kind == "boot"]
    if boots:
        parts.append(f"{_count(len(boots), 'boot')}: " + ", ".join(moment.text for moment in boots[:4]))
    exchanges = [e for frames in lanes.exchanges.values() for e in frames]
    if exchanges:
        wrong = sum(e.wrong for e in exchanges)
        parts.append(_count(len(exchanges), "OCPP exchange") + (f", {wrong} wrong" if wrong else ""))
    unseen = [s.text for found in lanes.missed.values() for s in found]
    if unseen:
        parts.append("; ".join(unseen[:4]))
    heap = [value for line in lanes.heap for _, value in line]
    if heap:
        parts.append(f"free heap {kilobytes(min(heap))} to {kilobytes(max(heap))}")
    for curve in lanes.curves:
        values = [value for line in curve.lines for _, value in line]
        parts.append(f"{curve.name} {number(min(values))} to {number(max(values))} {curve.unit}".rstrip())
    said = "; ".join(parts) or "nothing on the timeline"
    return one_line(f"Timeline of {test.name}: {VERDICT_WORDS[test.outcome]} after {seconds(test.duration)}; {said}.")


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
