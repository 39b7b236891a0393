"""index.html and what stands beside it: works from a folder, a zip, a web server, and under Jenkins' content policy.

No script, no inline style, nothing from elsewhere.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from rig.report import sequence_svg, timeline_svg
from rig.report.canvas import environment
from rig.report.lane_reader import lanes_of
from rig.report.verdict_words import VERDICT_HEADINGS, VERDICT_WORDS
from rig.runs.load import VERDICTS, Run, Test, Verdict, read_run
from rig.timeline.events import BenchTrouble, LogLine, Measurement
from rig.timeline.words import figure, limits, log_line
from rig.util.folders import unwritable
from rig.util.text import clean, one_line, seconds

FILES = "index_files"
"""The folder beside index.html that holds everything it shows. It belongs to the report: a new one replaces it."""
_TAIL = 30
_ERROR_CLASS = re.compile(r"^rig\.(?:util\.)?errors\.\w+: ")
"""What pytest puts before the words of our own errors. Whose fault they are, the page says otherwise.

Records from before the errors were in `rig/util` have it without `util`."""


@dataclass(frozen=True, slots=True)
class _Figure:
    """A measurement in words."""

    name: str
    value: str
    limits: str
    ok: bool
    judged: bool
    """False where stepped time, or a busy machine, leaves no figure."""


@dataclass(frozen=True, slots=True)
class _LogRow:
    """A line of the console, with the bench time at which it came."""

    at: str
    level: str
    text: str


@dataclass(frozen=True, slots=True)
class _Link:
    """Where on the page a test is."""

    anchor: str
    name: str


@dataclass(frozen=True, slots=True)
class _Section:
    """All that the page says about a test."""

    anchor: str
    began: str
    after: _Link | None
    name: str
    file: str
    attempt: int
    worker: str
    doc: str
    verdict: Verdict
    word: str
    took: str
    wall: str
    timing: str
    message: str
    first_line: str
    picture: str
    alt: str
    sequence: str
    figures: list[_Figure]
    key_figure: _Figure | None
    trouble: list[str]
    tail: list[_LogRow]
    lines: int
    log: str


def build(run: Path | Run, out_dir: Path) -> Path:
    """Make the report of a run.

    Args:
        run: its folder, which holds `run.jsonl`, or one in a folder for each worker, and nothing else is read; or what
            `read_run` makes of it.
        out_dir: where `index.html` and its folder `index_files` go; made where it is not there.

    Returns:
        The path of `index.html`.

    Raises:
        ReportError: there is no record at `run`.
        BenchError: `out_dir` cannot be written to.
    """
    try:
        return write(read_run(run) if isinstance(run, Path) else run, out_dir)
    except OSError as problem:
        raise unwritable(out_dir, problem) from None


def write(run: Run, out_dir: Path) -> Path:
    """Write the report of a run that was read already. Arguments and return as for `build`."""
    beside = out_dir / FILES
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    (beside / "report.css").write_bytes(files("rig.report").joinpath("templates/report.css").read_bytes())
    sections = [
        _section(index, test, beside, seconds(max(0, test.wall_started - run.began) / 1e9), after)
        for index, (test, after) in enumerate(_in_order(run), 1)
    ]
    page = environment.get_template("index.html.j2").render(
        run=run,
        files=FILES,
        sections=sections,
        headings=VERDICT_HEADINGS,
        groups=_groups(sections),
        totals=[(verdict, VERDICT_WORDS[verdict], run.totals[verdict]) for verdict in VERDICTS],
        took=seconds(run.wall_seconds),
        device_time=seconds(run.seconds),
    )
    index = out_dir / "index.html"
    index.write_text(clean(page), encoding="utf-8")
    return index


def _in_order(run: Run) -> list[tuple[Test, _Link | None]]:
    """The tests as the page has them, the same in every run: what did not pass, then by file and name.

    With each the one before it on the same bench, which may have left something behind.
    """
    order = sorted(run.tests, key=lambda t: (_passed(t.outcome), t.file, _natural(t.name), t.attempt))
    anchors = {(test.nodeid, test.attempt): f"test-{index}" for index, test in enumerate(order, 1)}
    before: dict[tuple[str, int], _Link | None] = {}
    last: dict[str, _Link] = {}
    for test in run.tests:
        key = (test.nodeid, test.attempt)
        before[key] = last.get(test.worker)
        last[test.worker] = _Link(anchors[key], one_line(test.name))
    return [(test, before[test.nodeid, test.attempt]) for test in order]


def _passed(verdict: Verdict) -> bool:
    return verdict in ("passed", "skipped")


def _natural(name: str) -> list[tuple[int, str]]:
    """For sorting: numbers by their value."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]


def _groups(sections: list[_Section]) -> dict[str, list[_Section]]:
    """The rows of the table by heading."""
    groups: dict[str, list[_Section]] = {}
    for section in sections:
        heading = (section.file or "elsewhere") if _passed(section.verdict) else "not passed"
        groups.setdefault(heading, []).append(section)
    return groups


def _section(index: int, test: Test, beside: Path, began: str, after: _Link | None) -> _Section:
    stem = f"{index:03d}-{_slug(test.name)}"
    lanes = lanes_of(test)
    (beside / f"{stem}.svg").write_text(timeline_svg.render(test, lanes, head=False), encoding="utf-8")
    sequence = ""
    if sequence_svg.has_exchange(test):
        sequence = f"{FILES}/{stem}-ocpp.svg"
        (beside / f"{stem}-ocpp.svg").write_text(sequence_svg.render(test), encoding="utf-8")
    (beside / f"{stem}.txt").write_text(full_log(test), encoding="utf-8")
    console = [event for event in test.events if isinstance(event, LogLine)]
    figures = [_figure(event) for event in test.events if isinstance(event, Measurement)]
    message = _ERROR_CLASS.sub("", clean(test.message).strip())
    return _Section(
        anchor=f"test-{index}",
        began=began,
        after=after,
        name=one_line(test.name),
        file=one_line(test.file),
        attempt=test.attempt,
        worker=one_line(test.worker),
        doc=one_line(test.doc),
        verdict=test.outcome,
        word=VERDICT_WORDS[test.outcome],
        took=seconds(test.duration),
        wall=seconds(test.wall_seconds),
        timing=timeline_svg.timing(test),
        message=message,
        first_line=one_line(message.partition("\n")[0]),
        picture=f"{FILES}/{stem}.svg",
        alt=timeline_svg.summary(test, lanes),
        sequence=sequence,
        figures=figures,
        key_figure=min(figures, key=lambda f: (f.ok, not f.judged), default=None),
        trouble=_trouble(test),
        tail=[_LogRow(f"{test.at(e.t):.3f}", e.level or "none", clean(e.text)) for e in console[-_TAIL:]],
        lines=len(console),
        log=f"{FILES}/{stem}.txt",
    )


def full_log(test: Test) -> str:
    """Everything that stands on the timeline of a test as text, one event a line."""
    head = f"{test.nodeid}: {VERDICT_WORDS[test.outcome]}\nbench seconds since its start, source, event\n\n"
    rows = (f"{test.at(e.t):12.6f}  {one_line(e.source) or '-':<10}  {log_line(e)}\n" for e in test.events)
    message = f"\n{clean(test.message)}\n" if test.message else ""
    return clean(head + "".join(rows)) + message


def _figure(event: Measurement) -> _Figure:
    judged = event.measurable and not (event.no_latency and event.ok)
    return _Figure(one_line(event.name).replace("_", " "), figure(event), one_line(limits(event)), event.ok, judged)


def _trouble(test: Test) -> list[str]:
    """What was wrong with the bench, as far as the test's message does not say it already."""
    told = one_line(test.message)
    found = (one_line(event.what) for event in test.events if isinstance(event, BenchTrouble))
    return [what for what in dict.fromkeys(found) if what not in told]


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:60] or "test"
