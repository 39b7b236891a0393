"""Measures how long bench and device wait for a processor: measured latencies exclude that time."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from rig.util.clock import BenchClock
from rig.util.processor import ProcessorWait

_PERIOD_S = 0.01
_KEPT = 60_000
"""The number of samples kept: ten minutes."""


@dataclass(frozen=True, slots=True)
class _Sample:
    """The interval between two samples.

    Attributes:
        begin, end: stamps in ns.
        held: the part of the interval, in ns, in which device or bench waited for a processor.
    """

    begin: int
    end: int
    held: int


class HeldUp:
    """Samples how long the threads of device and bench have waited for a processor.

    Waits of several threads add up, up to the length of the interval. The kernel counts a wait when it ends, so the
    part of a wait that exceeds an interval belongs to the intervals before it. The sampling thread itself is left out,
    because its waits do not delay the device.

    Args:
        clock: the bench's clock, in real time.
        device_waits: returns the wait of each thread of the device since its last call, in ns.
    """

    def __init__(self, clock: BenchClock, device_waits: Callable[[], Sequence[int]]) -> None:
        self._clock = clock
        self._device_waits = device_waits
        self._bench = ProcessorWait()
        self._samples: deque[_Sample] = deque(maxlen=_KEPT)
        self._lock = threading.Lock()
        self._last = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="held-up", daemon=True)

    def start(self) -> None:
        """Start the sampling thread."""
        self._thread.start()

    def close(self) -> None:
        """Stop the sampling thread and join it."""
        self._ended.set()
        self._thread.join()

    def between(self, start: int, end: int) -> int:
        """Return how long, in ns, device or bench waited for a processor between two stamps.

        Args:
            start, end: stamps in ns of the bench's clock; the end has passed.
        """
        self._sample()
        with self._lock:
            samples = list(self._samples)
        return sum(
            min(sample.held, min(end, sample.end) - max(start, sample.begin))
            for sample in samples
            if sample.end > start and sample.begin < end
        )

    def _run(self) -> None:
        while True:
            self._sample()
            if self._ended.wait(_PERIOD_S):
                return

    def _sample(self) -> None:
        with self._lock:
            now = self._clock.now()
            waits = [*self._device_waits(), *self._bench.latest(os.getpid(), without=self._thread.native_id)]
            if self._last:  # the first sample has no interval before it
                self._cover(now - max(waits, default=0))
                self._samples.append(_Sample(self._last, now, min(now - self._last, sum(waits))))
            self._last = now

    def _cover(self, since: int) -> None:
        """Mark the time since a stamp as held up, in the intervals before the latest one."""
        for index in range(len(self._samples) - 1, -1, -1):
            sample = self._samples[index]
            if sample.end <= since:
                return
            held = max(sample.held, sample.end - max(sample.begin, since))
            self._samples[index] = replace(sample, held=held)
