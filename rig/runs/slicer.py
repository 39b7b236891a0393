"""Cuts a timeline into tests, each with its events and the state of the bench at its start."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from rig.runs.state import State
from rig.timeline.events import Event, LogLine, Outcome, RunStarted, TestEnded, TestStarted

Verdict = Outcome | Literal["cut off", "retried", "recorded"]
VERDICTS: tuple[Verdict, ...] = (
    "failed",
    "error",
    "broken",
    "interrupted",
    "cut off",
    "not measurable",
    "retried",
    "passed",
    "skipped",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """A test that ended or was cut off.

    Attributes:
        nodeid: its pytest node id.
        doc: the first line of its docstring.
        attempt: 1, or more if the test was retried (only after an error of the bench).
        outcome: its verdict; `cut off` if the record ends, or another test begins, before its end; `retried` for an
            error of the bench after which the test ran again; `recorded` for a record without tests.
        wall_seconds: its duration in real seconds, from the test runner.
        message: why it did not pass, or was skipped.
        excerpt: the failing line of the test with its values, and the lines before it.
        started, ended: stamps in ns of bench time.
        wall_started: when it began, in ns of real time, which all workers share.
        events: its events, in order.
        before: the state of the bench at its start.
        number: the id of its `TestStarted` on the timeline of its worker.
        worker: the name of its worker; empty if the run had one bench only.
        stepped: whether bench time was stepped time.
        stamp_error: the error of a time between two edges, in ms; None if it was not measured.
        duration: the time from its start to its end in seconds of bench time.
    """

    __test__ = False

    nodeid: str
    doc: str
    attempt: int
    outcome: Verdict
    wall_seconds: float
    message: str
    started: int
    ended: int
    wall_started: int
    events: tuple[Event, ...]
    before: State
    number: int = 0
    worker: str = ""
    stepped: bool = False
    stamp_error: float | None = None
    excerpt: str = ""
    duration: float = field(init=False)

    def __post_init__(self) -> None:
        """Compute the duration once: the picture uses it for the position of every event."""
        object.__setattr__(self, "duration", max(0.0, (self.ended - self.started) / 1e9))

    @property
    def name(self) -> str:
        """The test's name without the path of its file."""
        return self.nodeid.rpartition("::")[2] or self.nodeid

    @property
    def file(self) -> str:
        """The file of the test; empty if the name does not contain it."""
        return self.nodeid.partition("::")[0] if "::" in self.nodeid else ""

    def at(self, stamp: int) -> float:
        """Convert a stamp to seconds of bench time since the test's start, limited to the test's duration."""
        return min(max(0.0, (stamp - self.started) / 1e9), self.duration)


class Slicer:
    """Cuts a stream of events into tests.

    `feed` is fast enough for a listener of the bench's timeline.
    """

    def __init__(self) -> None:
        self._state = State()
        self._attempts: dict[str, int] = {}
        self._begun: TestStarted | None = None
        self._before = State()
        self._worker = ""
        self._stepped = False
        self._stamp_error: float | None = None
        self._events: list[Event] = []
        self._last = self._wall_started = self._wall_last = 0

    @property
    def in_test(self) -> bool:
        """Whether a test is running."""
        return self._begun is not None

    def feed(self, event: Event, wall: int = 0) -> Test | None:
        """Add the next event. Returns the test that it ends, if any.

        Args:
            event: the event.
            wall: when it was written, in ns of real time; 0 if unknown: then its stamp is used.
        """
        wall = wall or event.t
        done: Test | None = None
        if isinstance(event, LogLine):  # nearly all events, none of which changes the state
            if self._begun is not None:
                self._events.append(event)
        elif isinstance(event, TestStarted):
            done = self.cut_off()
            self._begun = event
            self._wall_started = wall
            self._before = self._state.copy()
            self._events = []
        elif isinstance(event, TestEnded):
            if self._begun is not None and self._begun.nodeid == event.nodeid:
                return self._test(event.outcome, event.seconds, event.message, event.t, event.excerpt)
        else:
            if isinstance(event, RunStarted):
                self._worker, self._stepped = event.worker, event.clock == "stepped"
                self._stamp_error = event.stamp_error
            if self._begun is not None:
                self._events.append(event)
            self._state.apply(event)
        if event.t > self._last:
            self._last = event.t
        if wall > self._wall_last:
            self._wall_last = wall
        return done

    def cut_off(self) -> Test | None:
        """Return the test that has not ended, if any. Call it after the last event."""
        if self._begun is None:
            return None
        end = max(self._last, self._begun.t)
        message = "the record ends, or continues with another test, before the end of this one"
        wall_seconds = max(0, self._wall_last - self._wall_started) / 1e9
        return self._test("cut off", wall_seconds, message, end)

    def _test(self, outcome: Verdict, wall_seconds: float, message: str, ended: int, excerpt: str = "") -> Test:
        begun = self._begun
        assert begun is not None
        self._begun = None
        attempt = self._attempts[begun.nodeid] = self._attempts.get(begun.nodeid, 0) + 1
        return Test(
            nodeid=begun.nodeid,
            doc=begun.doc,
            attempt=attempt,
            outcome=outcome,
            wall_seconds=wall_seconds,
            message=message,
            started=begun.t,
            ended=max(ended, begun.t),
            wall_started=self._wall_started,
            events=tuple(self._events),
            before=self._before,
            number=begun.id,
            worker=self._worker,
            stepped=self._stepped,
            stamp_error=self._stamp_error,
            excerpt=excerpt,
        )
