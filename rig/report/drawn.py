"""All that a report shows of a test apart from words on a page: drawn once, for whoever has a place for it."""

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
    """The picture and the OCPP exchange of a test as SVG, and its log as text; empty where there is nothing to draw."""

    picture: str
    exchange: str
    log: str


Taker = Callable[[Test, Drawn], None]
"""Takes what was drawn of a test."""


def draw(test: Test, lanes: Lanes) -> Drawn:
    """Draw a test, without the words that stand around its picture anyhow.

    Args:
        test: of a record: its secrets are masked.
        lanes: what `lanes_of` makes of it.
    """
    return Drawn(
        timeline_svg.render(test, lanes, head=False),
        sequence_svg.render(test) if sequence_svg.has_exchange(test) else "",
        full_log(test),
    )


def full_log(test: Test) -> str:
    """Everything that stands on the timeline of a test as text, one event a line."""
    head = f"{test.nodeid}: {VERDICT_WORDS[test.outcome]}\nseconds since the test began, source, event\n\n"
    rows = (f"{test.at(e.t):12.6f}  {one_line(e.source) or '-':<10}  {log_line(e)}\n" for e in test.events)
    message = f"\n{clean(test.message)}\n" if test.message else ""
    return clean(head + "".join(rows)) + message
