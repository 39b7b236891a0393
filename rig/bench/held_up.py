"""For how long the machine had no processor for bench and device: what a measurement in real time must not count."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from rig.util.clock import BenchClock
from rig.util.loop import run_on
from rig.util.processor import ProcessorWait

_PERIOD_S = 0.01
_TOLERANCE_NS = 2_000_000
"""How late a timer may be on an idle machine: what is within it says nothing about other work."""
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
    """Samples how long the threads of device and bench have waited for a processor, and how late the bench's loop is.

    Waits of several threads add up, but no stretch of time is held up for longer than it lasted.

    Args:
        clock: the bench's clock, in real time.
        loop: the bench's loop.
        device_waits: how long the device's threads have waited so far, in ns.
    """

    def __init__(self, clock: BenchClock, loop: asyncio.AbstractEventLoop, device_waits: Callable[[], int]) -> None:
        self._clock = clock
        self._loop = loop
        self._device_waits = device_waits
        self._bench = ProcessorWait()
        self._samples: deque[_Sample] = deque(maxlen=_KEPT)
        self._timer: asyncio.TimerHandle | None = None
        self._last = self._due = clock.now()
        self._waited_device = self._waited_bench = 0

    def start(self) -> None:
        """Begin, from any thread."""
        self._loop.call_soon_threadsafe(self._begin)

    def close(self) -> None:
        """End, from any thread."""

        def cancel() -> None:
            if self._timer is not None:
                self._timer.cancel()

        self._loop.call_soon_threadsafe(cancel)

    def between(self, start: int, end: int) -> int:
        """Say for how long, in ns, the machine had no processor for device or bench between two stamps.

        Args:
            start, end: stamps in ns of the bench's clock; the end has passed.
        """

        async def look() -> int:
            self._sample()
            return sum(
                min(sample.held, min(end, sample.end) - max(start, sample.begin))
                for sample in self._samples
                if sample.end > start and sample.begin < end
            )

        return run_on(self._loop, look(), "the time without a processor")

    def _begin(self) -> None:
        self._sample()
        self._samples.clear()
        self._wait()

    def _tick(self) -> None:
        self._sample()
        self._wait()

    def _wait(self) -> None:
        self._due = self._clock.now() + round(_PERIOD_S * 1e9)
        self._timer = self._loop.call_later(_PERIOD_S, self._tick)

    def _sample(self) -> None:
        now = self._clock.now()
        device, bench = self._device_waits(), self._bench.of(os.getpid())
        late = now - self._due
        of_bench = max(bench - self._waited_bench, late if late > _TOLERANCE_NS else 0)
        held = min(now - self._last, device - self._waited_device + of_bench)
        self._samples.append(_Sample(self._last, now, held))
        self._last, self._waited_device, self._waited_bench = now, device, bench
