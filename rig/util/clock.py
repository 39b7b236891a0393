"""The bench's clock: real stamps, scaled durations."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Iterable
from math import inf

_LEAST_PATIENCE_S = 5.0


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

    def patience(self, seconds: float) -> float:
        """Real seconds to wait at most for what should take at most `seconds` of bench time.

        On a clock that runs fast they are five all the same, where that many were asked for: the host does not run
        faster, and a limit of milliseconds would measure its scheduler.
        """
        return max(self.real(seconds), min(seconds, _LEAST_PATIENCE_S))

    def between(self, start: int, end: int) -> float:
        """Bench seconds between two stamps in nanoseconds, whatever the scale was meanwhile."""
        return (self._bench_ns(end) - self._bench_ns(start)) / 1e9

    def _bench_ns(self, stamp: int) -> float:
        changes = self._changes
        since, bench_ns, scale = changes[max(0, bisect_right(changes, (stamp, inf, inf)) - 1)]
        return bench_ns + (stamp - since) * scale
