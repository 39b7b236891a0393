"""The bench's clock: the one source of time for stamps, limits and delays."""

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
"""The longest single wait. Python handles a signal that arrives just before a wait only when that wait ends."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A limit in bench time, made by `BenchClock.deadline`. All waits with a limit use it.

    Attributes:
        timeout: the bench seconds that were asked for, for messages.
        end: the stamp at which it passes, in ns.
    """

    timeout: float
    end: int
    _clock: BenchClock
    _scopes: tuple[WaitScope, ...] = ()

    def left(self) -> float:
        """Bench seconds until it passes, 0 when it has passed."""
        return max(0.0, (self.end - self._clock.now()) / 1e9)

    @property
    def passed(self) -> bool:
        """Whether no time is left."""
        return self._clock.now() >= self.end

    def wait(self, condition: threading.Condition) -> None:
        """Wait until `condition`, which the caller holds, is notified, or until the deadline passes.

        It may return sooner without a reason, as after a signal: check what you wait for, and `passed`, in a loop.

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
                # A signal's exception may come after the wait and before `Condition.wait` has the lock again.
                if not condition._is_owned():  # type: ignore[attr-defined]
                    condition.acquire()
                raise

    def check(self) -> None:
        """Make sure that whoever waits up to it may go on.

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
        """Wait until it has passed: for a delay that no event ends."""
        condition = self._clock.condition()
        with condition:
            while not self.passed:
                self.wait(condition)


class BenchClock:
    """Real time: stamps of CLOCK_MONOTONIC. A wired bench has this clock, and so have a console and a CSMS alone.

    Every duration in the rig's interfaces (timeouts, LED rates, delays) is in bench time, which the clock defines.
    `rig.wiring.virtual.stepping.SteppedClock` defines another.

    Attributes:
        steps: whether bench time stands still while anybody works: latencies of the computer are not in it.
        ignores_syn: whether the bench leaves SYNs unanswered on purpose. A stepped clock, which waits for the answer to
            each attempt to connect, does not wait then.
    """

    steps = False
    ignores_syn = False

    def __init__(self) -> None:
        self._waits = WaitScope()
        self._utc_at_start = datetime.now(UTC)
        self._start = self.now()

    def now(self) -> int:
        """Now, in nanoseconds: the stamp of every event."""
        return time.monotonic_ns()

    def utc(self) -> datetime:
        """Now, as a date that runs with bench time."""
        return self._utc_at_start + timedelta(seconds=self.between(self._start, self.now()))

    def deadline(self, timeout: float, *, before: Deadline | None = None) -> Deadline:
        """The moment `timeout` bench seconds from now.

        Args:
            timeout: in bench seconds.
            before: a deadline that this one must not pass.

        Raises:
            AuthorError: the timeout is no finite number of 0 or more.
        """
        validate_number("a timeout in bench seconds", timeout, least=0)
        end = self.now() + round(timeout * 1e9)
        scopes = (self._waits, *SCOPES.get())
        return Deadline(timeout, end if before is None else min(end, before.end), self, scopes)

    def end_waits(self) -> None:
        """End all waits up to a deadline that was made before, in any thread: their test has ended."""
        ended, self._waits = self._waits, WaitScope()
        ended.end()

    @staticmethod
    def between(start: int, end: int) -> float:
        """Bench seconds between two stamps in nanoseconds."""
        return (end - start) / 1e9

    def condition(self, lock: threading.RLock | threading.Lock | None = None) -> threading.Condition:
        """A condition that `Deadline.wait` can wait for."""
        return threading.Condition(lock)

    def wait(self, condition: threading.Condition, end: int) -> None:
        """Wait for a condition, which the caller holds, up to a stamp; it may return sooner. See `Deadline.wait`."""
        condition.wait(min((end - self.now()) / 1e9, SIGNAL_LATENCY_S))

    def settle(self) -> None:
        """Wait until everything that was set in motion has come to rest, where the clock knows that; time stands still.

        A real clock never knows, and returns at once.
        """

    def holdup(self) -> str:
        """Say why bench time does not pass, for a message; empty where it does, as real time always does."""
        return ""

    def event_loop(self, name: str) -> asyncio.AbstractEventLoop:  # noqa: ARG002
        """A new event loop whose `time()` is bench time, in seconds.

        Args:
            name: whose it is, for messages.
        """
        return asyncio.new_event_loop()
