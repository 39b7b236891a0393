"""The pictures and the log of a test, drawn once for the report and for other users such as Allure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rig.report import sequence_svg, timeline_svg
from rig.report.lanes import Lanes
from rig.report.verdict_words import VERDICT_WORDS
from rig.runs.slicer import Test
from rig.timeline.words import log_line
from rig.util.text import clean, one_line


@dataclass(frozen=True, slots=True)
class Drawn:
    """The picture and the OCPP exchange of a test as SVG, and its log as text; empty if there is nothing to draw."""

    picture: str
    exchange: str
    log: str


Taker = Callable[[Test, Drawn], None]
"""A function that gets the pictures and the log of a test."""


def draw(test: Test, lanes: Lanes) -> Drawn:
    """Draw a test without the text that the page shows around its picture.

    Args:
        test: a test of a record, with secrets masked.
        lanes: the result of `lanes_of`.
    """
    return Drawn(
        timeline_svg.render(test, lanes, head=False),
        sequence_svg.render(test) if sequence_svg.has_exchange(test) else "",
        full_log(test),
    )


def full_log(test: Test) -> str:
    """Return all events of a test as text, one event per line."""
    head = f"{test.nodeid}: {VERDICT_WORDS[test.outcome]}\nseconds since the test began, source, event\n\n"
    rows = (f"{test.at(e.t):12.6f}  {one_line(e.source) or '-':<10}  {log_line(e)}\n" for e in test.events)
    message = f"\n{clean(test.message)}\n" if test.message else ""
    return clean(head + "".join(rows)) + message
