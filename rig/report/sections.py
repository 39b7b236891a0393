"""The sections of the report, one for each test: its text, and the names of its files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rig.report import timeline_svg
from rig.report.drawn import Taker, draw
from rig.report.lane_reader import lanes_of
from rig.report.message import shown_message
from rig.report.verdict_words import VERDICT_HEADINGS, VERDICT_WORDS
from rig.runs.slicer import Test, Verdict
from rig.timeline.events import BenchTrouble, LogLine, Measurement, TelemetrySample
from rig.timeline.log_tail import without_telemetry
from rig.timeline.words import figure, limits
from rig.util.text import clean, one_line, plus_minus, seconds

_TAIL = 30


@dataclass(frozen=True, slots=True)
class Figure:
    """A measurement as text."""

    name: str
    value: str
    limits: str
    ok: bool
    judged: bool
    """False if stepped time or a busy machine makes the value meaningless."""
    verdict: str


@dataclass(frozen=True, slots=True)
class LogRow:
    """A line of the console with its bench time."""

    at: str
    level: str
    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """The location of a test: the page of its file, and the anchor there."""

    page: str
    anchor: str
    name: str


@dataclass(frozen=True, slots=True)
class Section:
    """The content of a test on a page. File names are relative to the page."""

    link: Link
    began: str
    after: Link | None
    file: str
    attempt: int
    worker: str
    doc: str
    verdict: Verdict
    word: str
    heading: str
    took: str
    wall: str
    timing: str
    message: str
    first_line: str
    excerpt: str
    picture: str
    alt: str
    sequence: str
    figures: list[Figure]
    key_figure: Figure | None
    trouble: list[str]
    tail: list[LogRow]
    lines: int
    log: str

    @property
    def is_red(self) -> bool:
        """Whether a person must look at the test."""
        return self.verdict not in ("passed", "skipped", "recorded")


def write_section(
    test: Test, link: Link, stem: str, folder: Path, began: str, after: Link | None, taker: Taker | None
) -> Section:
    """Write a test's pictures and log, and return its section.

    Args:
        test: the test.
        link: the test's location.
        stem: the beginning of the names of its files.
        folder: the folder of its files.
        began: the test's start relative to the run's start, as text.
        after: the previous test on the same bench.
        taker: called with the pictures and the log of the test.
    """
    lanes = lanes_of(test)
    drawn = draw(test, lanes)
    (folder / f"{stem}.svg").write_text(drawn.picture, encoding="utf-8")
    if drawn.exchange:
        (folder / f"{stem}-ocpp.svg").write_text(drawn.exchange, encoding="utf-8")
    (folder / f"{stem}.txt").write_text(drawn.log, encoding="utf-8")
    if taker is not None:
        taker(test, drawn)
    samples = (event for event in test.events if isinstance(event, TelemetrySample))
    console = without_telemetry((event for event in test.events if isinstance(event, LogLine)), samples)
    figures = [_figure(event, test.stamp_error) for event in test.events if isinstance(event, Measurement)]
    message = shown_message(test.message)
    return Section(
        link=link,
        began=began,
        after=after,
        file=one_line(test.file),
        attempt=test.attempt,
        worker=one_line(test.worker),
        doc=one_line(test.doc),
        verdict=test.outcome,
        word=VERDICT_WORDS[test.outcome],
        heading=VERDICT_HEADINGS[test.outcome],
        took=seconds(test.duration),
        wall=seconds(test.wall_seconds),
        timing=timeline_svg.timing(test),
        message=message,
        first_line=one_line(message.partition("\n")[0]),
        excerpt=clean(test.excerpt),
        picture=f"{stem}.svg",
        alt=timeline_svg.summary(test, lanes),
        sequence=f"{stem}-ocpp.svg" if drawn.exchange else "",
        figures=figures,
        key_figure=min(figures, key=lambda f: (f.ok, not f.judged), default=None),
        trouble=_trouble(test),
        tail=list(_rows(test, console[-_TAIL:])),
        lines=len(console),
        log=f"{stem}.txt",
    )


def _rows(test: Test, lines: Iterable[LogLine]) -> Iterable[LogRow]:
    return (LogRow(f"{test.at(line.t):.3f}", line.level or "none", clean(line.text)) for line in lines)


def _figure(event: Measurement, stamp_error: float | None) -> Figure:
    if not event.ok:
        verdict = "out of limits"
    elif not event.measurable:
        verdict = "not measurable"
    else:
        verdict = "only waits checked" if event.no_latency else "within"
    return Figure(
        name=one_line(event.name).replace("_", " "),
        value=f"{figure(event)}{_error(event, stamp_error)}",
        limits=one_line(limits(event)),
        ok=event.ok,
        judged=verdict in ("within", "out of limits"),
        verdict=verdict,
    )


def _error(event: Measurement, stamp_error: float | None) -> str:
    """Return the error of a measured time as text; empty for another figure, or if the error is unknown."""
    is_time = event.start is not None and not event.no_latency
    return f" {plus_minus(stamp_error)}" if is_time and stamp_error is not None else ""


def _trouble(test: Test) -> list[str]:
    """Return the errors of the bench that the test's message does not contain."""
    told = one_line(test.message)
    found = (one_line(event.what) for event in test.events if isinstance(event, BenchTrouble))
    return [what for what in dict.fromkeys(found) if what not in told]
