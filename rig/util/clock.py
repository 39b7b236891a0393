"""The bench's clock: real stamps, scaled durations."""

from __future__ import annotations

import concurrent.futures
import threading
import time
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from math import inf
from typing import TypeVar

T = TypeVar("T")

_LEAST_PATIENCE_S = 5.0
_SIGNAL_LATENCY_S = 1.0
"""The longest single wait. Python handles a signal that arrives just before a wait only when that wait ends."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A limit in bench time, made by `BenchClock.deadline`. Every wait for it goes through its methods.

    Attributes:
        timeout: the bench seconds that were asked for, for messages.
    """

    timeout: float
    _clock: BenchClock
    _end: int  # a stamp, in ns

    def left(self) -> float:
        """Bench seconds until it passes, 0 when it has passed; more than `timeout` at first on a fast clock."""
        return self._real_left() * self._clock.scale

    @property
    def passed(self) -> bool:
        """Whether no time is left."""
        return self._real_left() <= 0

    def wait(self, condition: threading.Condition) -> None:
        """Wait until `condition`, which the caller holds, is notified, or until the deadline passes.

        It may return sooner without a reason, as after a signal: check what you wait for, and `passed`, in a loop.
        """
        left = self._real_left()
        if left > 0:
            condition.wait(min(left, _SIGNAL_LATENCY_S))

    def result(self, future: concurrent.futures.Future[T]) -> T:
        """Wait for the result of a future; raises `TimeoutError` when the deadline passes first."""
        return future.result(self._real_left())

    def wait_out(self) -> None:
        """Wait until it has passed: for a delay that no event ends."""
        condition = threading.Condition()
        with condition:
            while not self.passed:
                self.wait(condition)

    def _real_left(self) -> float:
        return max(0.0, (self._end - self._clock.now()) / 1e9)


class BenchClock:
    """CLOCK_MONOTONIC stamps, and *bench time*: durations as the device lives them.

    On real wires bench time is real time. The virtual bench can run both device and rig faster; every duration in
    the rig's interfaces (time limits, LED rates, delays) is in bench time.
    """

    def __init__(self) -> None:
        # (stamp of the change in ns, bench nanoseconds at that stamp, scale from then on); the origin is arbitrary.
        start = time.monotonic_ns()
        self._changes: list[tuple[int, float, float]] = [(start, 0.0, 1.0)]

    @classmethod
    def recorded(cls, changes: Iterable[tuple[int, float]]) -> BenchClock:
        """The clock of a finished run, for `between`.

        Args:
            changes: the stamps (ns) of its changes of scale, and the scale (above 0) from then on; 1 before the first.
        """
        clock = cls()
        clock._changes = [(0, 0.0, 1.0)]
        for stamp, scale in sorted(changes):
            clock._changes.append((stamp, clock._bench_ns(stamp), scale))
        return clock

    @property
    def scale(self) -> float:
        """How many bench seconds pass in one real second."""
        return self._changes[-1][2]

    @staticmethod
    def now() -> int:
        """Now, in nanoseconds of CLOCK_MONOTONIC: the stamp of every event."""
        return time.monotonic_ns()

    def set_scale(self, scale: float) -> None:
        """Make bench time run `scale` (above 0) times as fast as real time from now on."""
        if scale <= 0:
            raise ValueError(f"a clock scale is above 0, not {scale}")
        now = self.now()
        self._changes = [*self._changes, (now, self._bench_ns(now), scale)]

    def real(self, seconds: float) -> float:
        """Real seconds that `seconds` of bench time take at today's scale."""
        return seconds / self.scale

    def deadline(self, timeout: float, *, patient: bool = True, before: Deadline | None = None) -> Deadline:
        """The moment `timeout` bench seconds from now.

        Args:
            timeout: in bench seconds.
            patient: on a clock that runs fast, allow 5 real seconds all the same where that many bench seconds were
                asked for: the host does not run faster, and a limit of milliseconds would measure its scheduler. False
                where the span itself is what counts.
            before: a deadline that this one must not pass.
        """
        real = self.real(timeout)
        if patient:
            real = max(real, min(timeout, _LEAST_PATIENCE_S))
        end = self.now() + int(real * 1e9)
        return Deadline(timeout, self, end if before is None else min(end, before._end))

    def between(self, start: int, end: int) -> float:
        """Bench seconds between two stamps in nanoseconds, whatever the scale was meanwhile."""
        return (self._bench_ns(end) - self._bench_ns(start)) / 1e9

    def _bench_ns(self, stamp: int) -> float:
        changes = self._changes
        since, bench_ns, scale = changes[max(0, bisect_right(changes, (stamp, inf, inf)) - 1)]
        return bench_ns + (stamp - since) * scale
