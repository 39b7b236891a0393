"""For how long the machine had no processor for bench and device: what a measurement in real time must not count."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from rig.util.clock import BenchClock
from rig.util.processor import ProcessorWait

_PERIOD_S = 0.01
_KEPT = 60_000
"""How many samples are kept: ten minutes."""


@dataclass(frozen=True, slots=True)
class _Sample:
    """The time from the last sample to this one.

    Attributes:
        begin, end: stamps in ns.
        held: of that, in ns, for which device or bench waited for a processor.
    """

    begin: int
    end: int
    held: int


class HeldUp:
    """Samples how long the threads of device and bench have waited for a processor.

    Waits of several threads add up, but no stretch of time is held up for longer than it lasted. The bench is late only
    where it has something to do: the sampler, which has nothing to do with the device, is a thread of its own and left
    out.

    Args:
        clock: the bench's clock, in real time.
        device_waits: how long the device's threads have waited so far, in ns.
    """

    def __init__(self, clock: BenchClock, device_waits: Callable[[], int]) -> None:
        self._clock = clock
        self._device_waits = device_waits
        self._bench = ProcessorWait()
        self._samples: deque[_Sample] = deque(maxlen=_KEPT)
        self._lock = threading.Lock()
        self._last = self._waited = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="held-up", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """End, and wait until the thread has."""
        self._ended.set()
        self._thread.join()

    def between(self, start: int, end: int) -> int:
        """Say for how long, in ns, the machine had no processor for device or bench between two stamps.

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
            waited = self._device_waits() + self._bench.of(os.getpid(), without=self._thread.native_id)
            if self._last:  # the first one only says where the next begins
                self._samples.append(_Sample(self._last, now, min(now - self._last, waited - self._waited)))
            self._last, self._waited = now, waited
