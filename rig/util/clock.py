"""The bench's clock: the only source of time for stamps, timeouts and delays."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from rig.util.arguments import validate_number
from rig.util.waits import SCOPES, WaitScope

T = TypeVar("T")

SIGNAL_LATENCY_S = 1.0
"""The longest single wait: a signal that arrives just before a wait is handled when that wait ends."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A deadline in bench time, made by `BenchClock.deadline`. Every wait with a timeout has one.

    Attributes:
        timeout: the requested timeout in bench seconds, for messages.
        end: the moment of the deadline: a stamp in ns.
    """

    timeout: float
    end: int
    _clock: BenchClock
    _scopes: tuple[WaitScope, ...] = ()

    def left(self) -> float:
        """Return the bench seconds until the deadline; 0 after it."""
        return max(0.0, (self.end - self._clock.now()) / 1e9)

    @property
    def passed(self) -> bool:
        """Whether the deadline is reached, and all events of that moment have occurred."""
        return self._clock.has_passed(self.end)

    def wait(self, condition: threading.Condition) -> None:
        """Wait until `condition`, which the caller holds, is notified, or until the deadline passes.

        It may return early, for example after a signal: check your condition, and `passed`, in a loop.

        Args:
            condition: made by `BenchClock.condition`.

        Raises:
            WaitEndedError: the test in which the deadline was made has ended, or the task was cancelled.
        """
        if self.passed:
            return
        with contextlib.ExitStack() as stack:
            for scope in self._scopes:
                stack.enter_context(scope.waiting(condition))
            try:
                self._clock.wait(condition, self.end)
            except BaseException:
                # A signal handler may raise after the wait but before `Condition.wait` has reacquired the lock.
                if not condition._is_owned():  # type: ignore[attr-defined]
                    condition.acquire()
                raise

    def check(self) -> None:
        """Check that the waits for this deadline have not been ended.

        Raises:
            WaitEndedError: as for `wait`.
        """
        for scope in self._scopes:
            scope.check()

    def result(self, future: concurrent.futures.Future[T]) -> T:
        """Wait for the result of a future; raises `TimeoutError` when the deadline passes first."""
        changed = self._clock.condition()

        def done(_: object) -> None:
            with changed:
                changed.notify_all()

        future.add_done_callback(done)
        with changed:
            while not future.done() and not self.passed:
                self.wait(changed)
        return future.result(0)

    def wait_out(self) -> None:
        """Wait until the deadline has passed: a plain delay."""
        condition = self._clock.condition()
        with condition:
            while not self.passed:
                self.wait(condition)


class BenchClock:
    """The bench's clock, by default in real time: stamps of CLOCK_MONOTONIC.

    Wired benches use it, and so do a console or a CSMS without a bench. All durations in the rig's interfaces
    (timeouts, LED rates, delays) are in bench time, which the clock defines. The clock of stepped time is
    `rig.wiring.virtual.stepping.SteppedClock`.

    Attributes:
        steps: whether bench time is stepped: it stops while a thread or the device works.
        ignores_syn: whether the bench deliberately leaves SYNs unanswered. If not, a stepped clock waits for the answer
            to each attempt to connect.
    """

    steps = False
    ignores_syn = False

    def __init__(self) -> None:
        self._waits = WaitScope()
        self._utc_at_start = datetime.now(UTC)
        self._start = self.now()

    def now(self) -> int:
        """Return the current time in nanoseconds: the stamp of an event."""
        return time.monotonic_ns()

    def utc(self) -> datetime:
        """Return the current date and time, which advance with bench time."""
        return self._utc_at_start + timedelta(seconds=self.between(self._start, self.now()))

    def deadline(self, timeout: float, *, before: Deadline | None = None) -> Deadline:
        """Return the deadline `timeout` bench seconds from now.

        Args:
            timeout: the timeout in bench seconds.
            before: an outer deadline; the result is not later than it.

        Raises:
            AuthorError: the timeout is not a finite number of at least 0.
        """
        validate_number("a timeout in bench seconds", timeout, least=0)
        end = self.now() + round(timeout * 1e9)
        scopes = (self._waits, *SCOPES.get())
        return Deadline(timeout, end if before is None else min(end, before.end), self, scopes)

    def end_waits(self) -> None:
        """End all waits, in any thread, for deadlines made so far: their test has ended."""
        ended, self._waits = self._waits, WaitScope()
        ended.end()

    @staticmethod
    def between(start: int, end: int) -> float:
        """Return the bench seconds between two stamps in nanoseconds."""
        return (end - start) / 1e9

    def condition(self, lock: threading.RLock | threading.Lock | None = None) -> threading.Condition:
        """Return a new condition for `Deadline.wait`."""
        return threading.Condition(lock)

    def wait(self, condition: threading.Condition, end: int) -> None:
        """Wait for a condition, which the caller holds, until a stamp. May return early: see `Deadline.wait`."""
        condition.wait(min((end - self.now()) / 1e9, SIGNAL_LATENCY_S))

    def has_passed(self, end: int) -> bool:
        """Return whether a stamp, in ns, is reached and all events of that moment have occurred.

        A real clock has no two events at one time, and returns whether the stamp is reached.
        """
        return self.now() >= end

    def settle(self) -> None:
        """Wait, in stepped time, until all threads and the device are idle, without advancing time.

        A real clock cannot detect that and returns at once.
        """

    def holdup(self) -> str:
        """Describe why bench time is stopped, for a message; empty if it is not. Real time never stops."""
        return ""

    def event_loop(self, name: str) -> asyncio.AbstractEventLoop:  # noqa: ARG002
        """Return a new event loop whose `time()` is bench time, in seconds.

        Args:
            name: the loop's name in messages.
        """
        return asyncio.new_event_loop()

    def leave(self, loop: asyncio.AbstractEventLoop) -> None:
        """Do not wait any more for a loop that is closed or blocked. Only stepped time waits for loops."""

    def never_rests(self, loop: asyncio.AbstractEventLoop, seconds: float) -> bool:  # noqa: ARG002
        """Return whether a loop stays busy for `seconds` and so stops stepped time; False in real time.

        Args:
            loop: the loop.
            seconds: the timeout in real seconds.
        """
        return False
