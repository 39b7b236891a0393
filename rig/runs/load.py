"""Reads the record of a run: its tests, and the data for the head of its report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rig.runs.slicer import VERDICTS, Slicer, Test, Verdict
from rig.runs.state import State
from rig.timeline.codec import Recorded, UnreadableLineError, decode_line
from rig.timeline.events import Boot, Event, RunEnded, RunStarted
from rig.util.errors import PlugbenchError

__all__ = ["VERDICTS", "ReportError", "Run", "Slicer", "State", "Test", "Verdict", "from_events", "read_run"]


class ReportError(PlugbenchError):
    """No report can be made of a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run, from its record.

    Attributes:
        name: its id.
        date, bench, commit, seed: from `RunStarted`, empty if the record lacks it.
        links: other reports of the run by name, relative to its folder.
        workers: the names of the workers that recorded it; empty if it had one bench only.
        firmware: the versions and builds that booted, in order of first appearance.
        tests: the tests in the order of their start.
        began, ended: when its first and its last line were written, in ns of real time.
        seconds: from its first stamp to its last, in seconds of bench time, added up over all workers.
        stepped: whether any of its benches had stepped time.
        stamp_errors: for each bench with real time, the error of a time between two edges in ms and the date of its
            measurement (ISO 8601); None if it was not measured.
        cut_off: why the run or its record is incomplete; empty if both are complete.
        skipped_lines: the numbers of unreadable lines, with the reason.
        whole: the whole record as one test, if it has no tests.
    """

    name: str
    date: str = ""
    bench: str = ""
    commit: str = ""
    seed: str = ""
    links: Mapping[str, Any] = field(default_factory=dict)
    workers: tuple[str, ...] = ()
    firmware: tuple[str, ...] = ()
    tests: tuple[Test, ...] = ()
    began: int = 0
    ended: int = 0
    seconds: float = 0.0
    stepped: bool = False
    stamp_errors: Mapping[str, tuple[float, str] | None] = field(default_factory=dict)
    cut_off: str = ""
    skipped_lines: tuple[tuple[int, str], ...] = ()
    whole: Test | None = None

    @property
    def wall_seconds(self) -> float:
        """The time from its first line to its last, in real seconds."""
        return max(0, self.ended - self.began) / 1e9

    @property
    def totals(self) -> Mapping[Verdict, int]:
        """The number of tests by verdict; all verdicts, worst first."""
        return {verdict: sum(test.outcome == verdict for test in self.tests) for verdict in VERDICTS}


def from_events(events: Iterable[Event], name: str = "") -> Run:
    """Create a run from a stream of events. `name` is its id if there is no `RunStarted`."""
    return _run((Recorded(event, 0) for event in events), name, cut_off="", skipped=[])


def read_run(path: Path) -> Run:
    """Read the record of a run, including the records of its workers and of other sessions of the run.

    A truncated last line, and lines of unknown types, are skipped and noted in the run.

    Args:
        path: the record; or the run's folder, which contains it as `run.jsonl`, a folder for each worker, or both.

    Raises:
        ReportError: the record is missing or has no events, or the folders do not belong to the workers of one run.
    """
    record = path / "run.jsonl" if path.is_dir() else path
    parts = sorted(path.glob("*/run.jsonl"), key=lambda part: (len(part.parent.name), part.parent.name))
    if not parts:
        return _read(record)
    return _of_workers(path, [record, *parts] if record.exists() else parts)


def _of_workers(folder: Path, records: list[Path]) -> Run:
    parts: list[Run] = []
    troubles: list[ReportError] = []
    for record in records:
        try:
            parts.append(_read(record))
        except ReportError as trouble:  # a worker that was killed before its first line must not hide the others
            troubles.append(trouble)
    if not parts:
        raise troubles[0]
    # A record without its first line does not name its run: it counts as a part of the other records' run.
    runs = sorted({part.name for part in parts if part.date or part.workers})
    if len(runs) != 1:
        found = f"the records of {len(runs)} runs, {runs[0]} to {runs[-1]}" if runs else "records that belong to no run"
        raise ReportError(f"{folder} holds {found}, not the workers of one. Name the folder of a run, or a record")
    merged = _merged(parts)
    return replace(merged, cut_off="; ".join(filter(None, [merged.cut_off, *map(str, troubles)])))


def _merged(parts: list[Run]) -> Run:
    """Merge the runs of several workers, each with its own bench. Tests are in the order of real time."""
    names = [", ".join(part.workers) or part.name for part in parts]
    tests = sorted((test for part in parts for test in part.tests), key=lambda test: test.wall_started)
    return Run(
        name=parts[0].name,
        date=min((part.date for part in parts if part.date), default=""),
        bench=", ".join(dict.fromkeys(part.bench for part in parts if part.bench)),
        commit=", ".join(dict.fromkeys(part.commit for part in parts if part.commit)),
        seed=", ".join(dict.fromkeys(part.seed for part in parts if part.seed)),
        links={name: target for part in parts for name, target in part.links.items()},
        workers=tuple(names),
        firmware=tuple(dict.fromkeys(booted for part in parts for booted in part.firmware)),
        tests=_in_attempts(tests),
        began=min(part.began for part in parts),
        ended=max(part.ended for part in parts),
        seconds=sum(part.seconds for part in parts),
        stepped=any(part.stepped for part in parts),
        stamp_errors={bench: error for part in parts for bench, error in part.stamp_errors.items()},
        cut_off="; ".join(f"{name}: {part.cut_off}" for name, part in zip(names, parts, strict=True) if part.cut_off),
        skipped_lines=tuple(
            (line, f"{why} ({name})")
            for name, part in zip(names, parts, strict=True)
            for line, why in part.skipped_lines
        ),
    )


def _in_attempts(tests: list[Test]) -> tuple[Test, ...]:
    """Count attempts. An error was retried if the same bench then ran the same test again."""
    seen: Counter[str] = Counter()
    following: dict[str, str] = {}
    retried = []
    for test in reversed(tests):
        retried.append(test.outcome == "error" and following.get(test.worker) == test.nodeid)
        following[test.worker] = test.nodeid
    counted = []
    for test, again in zip(tests, reversed(retried), strict=True):
        seen[test.nodeid] += 1
        counted.append(replace(test, attempt=seen[test.nodeid], outcome="retried" if again else test.outcome))
    return tuple(counted)


def _read(record: Path) -> Run:
    try:
        data = record.read_bytes()
    except OSError as error:
        raise ReportError(
            f"no record of a run at {record}: {error.strerror}. A run writes it to reports/runs/<id>/run.jsonl"
        ) from None
    lines = data.split(b"\n")
    tail = lines.pop()
    skipped: list[tuple[int, str]] = []
    found: list[Recorded] = []
    for index, line in enumerate(lines, 1):
        if line.strip():
            try:
                found.append(decode_line(line))
            except UnreadableLineError as error:
                skipped.append((index, str(error)))
    cut_off = ""
    if tail.strip():
        try:
            found.append(decode_line(tail))
        except UnreadableLineError:
            cut_off = f"the record stops in the middle of line {len(lines) + 1}"
    if not found:
        why = skipped[0][1] if skipped else cut_off or "it is empty"
        raise ReportError(
            f"{record} is not a record of a run: none of its lines can be read ({why}). A run writes it to "
            "reports/runs/<id>/run.jsonl"
        )
    return _run(found, _name_of(record), cut_off, skipped)


def _name_of(record: Path) -> str:
    """Return the name of a run whose record does not contain it: the name of the folder, or of the file."""
    return record.resolve().parent.name if record.name == "run.jsonl" else record.stem


def _run(lines: Iterable[Recorded], name: str, cut_off: str, skipped: list[tuple[int, str]]) -> Run:
    slicer = Slicer()
    tests: list[Test] = []
    firmware: dict[str, None] = {}
    begun: RunStarted | None = None
    ended = False
    stamps: list[int] = []
    walls: list[int] = []
    seen: list[Recorded] = []
    for event, wall in lines:
        if not tests and not slicer.in_test:
            seen.append(Recorded(event, wall))
        stamps.append(event.t)
        walls.append(wall or event.t)
        if isinstance(event, RunStarted):
            begun = begun or event
        elif isinstance(event, RunEnded):
            ended = True
            if event.interrupted:
                cut_off = cut_off or "the session was interrupted"
        elif isinstance(event, Boot):
            firmware[f"{event.version} build {event.build}"] = None
        if (test := slicer.feed(event, wall)) is not None:
            tests.append(test)
    if (test := slicer.cut_off()) is not None:
        tests.append(test)
        cut_off = cut_off or f"the record ends while {test.nodeid} runs"
    if begun is not None and not ended:
        cut_off = cut_off or "the record has a start and no end"
    return Run(
        name=begun.run if begun else name,
        date=begun.date if begun else "",
        bench=begun.bench if begun else "",
        commit=begun.commit if begun else "",
        seed=begun.seed if begun else "",
        links=begun.links if begun else {},
        workers=(begun.worker,) if begun and begun.worker else (),
        firmware=tuple(firmware),
        tests=_in_attempts(tests),
        began=walls[0] if walls else 0,
        ended=max(walls, default=0),
        seconds=(max(stamps) - stamps[0]) / 1e9 if stamps else 0.0,
        stepped=begun is not None and begun.clock == "stepped",
        stamp_errors=_stamp_errors(begun),
        cut_off=cut_off,
        skipped_lines=tuple(skipped),
        whole=None if tests else _whole(name, seen),
    )


def _stamp_errors(begun: RunStarted | None) -> Mapping[str, tuple[float, str] | None]:
    if begun is None or begun.clock == "stepped":
        return {}
    return {begun.bench: None if begun.stamp_error is None else (begun.stamp_error, begun.stamp_error_date)}


def _whole(name: str, events: Sequence[Recorded]) -> Test | None:
    """Return a record without tests, such as one of `rig csms serve --record`, as one test; None if it is empty."""
    happened = [event for event, _ in events if not isinstance(event, RunStarted | RunEnded)]
    if not happened:
        return None
    walls = [wall or event.t for event, wall in events]
    return Test(
        nodeid=name or "record",
        doc="Everything in the record: it has no tests.",
        attempt=1,
        outcome="recorded",
        wall_seconds=(max(walls) - walls[0]) / 1e9,
        message="",
        started=happened[0].t,
        ended=max(event.t for event in happened),
        wall_started=walls[0],
        events=tuple(happened),
        before=State(),
    )
