"""The clock of a fleet: many devices and one event loop in stepped time, driven by that loop's own thread.

`SteppedClock` serves a bench, whose threads wait for one device. Here only the loop waits. When the loop has nothing to
do, it lets the devices work until they are idle. Then it advances time to the earliest deadline.
"""

from __future__ import annotations

import asyncio
import heapq
import select
import time

from rig.util.clock import BenchClock
from rig.util.errors import BenchError
from rig.wiring.virtual.stepping.clock import EPOCH, START_NS
from rig.wiring.virtual.stepping.device_clock import ClockPage, DeviceClock
from rig.wiring.virtual.stepping.event_loop import SteppedEventLoop
from rig.wiring.virtual.stepping.in_flight import unacknowledged

_GRACE_S = 0.0002
"""Real seconds between two checks for bytes that the kernel has not delivered."""
_IDLE_LIMIT_S = 300.0
"""The time limit, in real seconds, for a device to become idle. It detects hangs: a busy machine needs far less."""


class FleetClock(BenchClock):
    """Bench time from `START_NS`. Only the thread of its event loop uses it.

    At one moment, all due devices work, then the loop. So the order of events is the same in each run if the devices do
    not affect each other.

    Attributes:
        page: the time in shared memory, for the devices.
    """

    steps = True

    def __init__(self) -> None:
        self._now = START_NS
        super().__init__()
        self._utc_at_start = EPOCH
        self.page = ClockPage(self._now)
        self._devices: list[DeviceClock] = []
        self._dues: list[tuple[int, int]] = []  # a heap of deadlines and places; outdated entries are skipped
        self._unknown: set[int] = set()  # places of devices that may have work
        self._abandoned = False

    def now(self) -> int:
        """Return the bench time, in ns."""
        return self._now

    def event_loop(self, name: str) -> SteppedEventLoop:
        """Return the event loop that drives the devices. There is only one."""
        return SteppedEventLoop(self, name)

    def attach(self, device: DeviceClock) -> None:
        """Add a device. It counts as working until it reports that it is idle."""
        self._devices.append(device)
        self._unknown.add(len(self._devices) - 1)

    def detach(self, device: DeviceClock) -> None:
        """Mark a device as ended. Its place stays, so that the order of the others stays."""
        device.ended = True

    def abandon(self) -> None:
        """Leave the devices alone from now on: only the loop's timers are served, so that its tasks can end."""
        self._abandoned = True

    def close(self) -> None:
        """Release the memory of the time."""
        self.page.close()

    # -- for its event loop -------------------------------------------------------------------------------------

    def leave(self, loop: asyncio.AbstractEventLoop) -> None:
        """Accept that the loop is closed."""

    def loop_works(self, loop: SteppedEventLoop) -> None:  # noqa: ARG002
        """Note that the loop may send to any device."""
        self._unknown.update(range(len(self._devices)))

    def loop_is_idle(self, loop: SteppedEventLoop, timeout: float | None) -> None:
        """Let the devices work and time pass until the loop has something to do.

        Raises:
            BenchError: a device does not become idle, or nothing will ever happen.
        """
        due_of_loop = loop.due_after(timeout)
        ready = select.poll()
        ready.register(loop.epoll(), select.POLLIN)
        while True:
            self._settle(loop, ready)
            if ready.poll(0):
                return
            due = None if self._abandoned else self._earliest_device()
            if due is None and due_of_loop is None:
                raise BenchError(
                    "the fleet stands still: no device and no timer has a deadline", "Look at the devices' consoles"
                )
            self._now = max(self._now, min(at for at in (due, due_of_loop) if at is not None))
            self.page.set(self._now)
            if not self._abandoned:
                self._wake_devices()
            if due_of_loop is not None and due_of_loop <= self._now:
                self._settle(loop, ready)
                loop.wake()
                return

    def _settle(self, loop: SteppedEventLoop, ready: select.poll) -> None:
        """Return when all devices are idle and no byte is in flight, or the loop has something to do."""
        while not self._abandoned:
            under_way = any(unacknowledged(descriptor) for descriptor in loop.connections())
            asked = sorted(self._unknown)
            self._unknown.clear()
            for place in asked:
                self._devices[place].ask()
            for place in asked:
                self._take_report(place)
            if ready.poll(0):
                return
            if under_way:
                # Bytes may have arrived after the reports.
                self._unknown.update(range(len(self._devices)))
            if not self._unknown:
                return
            time.sleep(_GRACE_S)

    def _take_report(self, place: int) -> None:
        device = self._devices[place]
        end = time.monotonic() + _IDLE_LIMIT_S
        # A report that answers an earlier query also ends the wait of `receive`.
        while not device.ended and not device.receive(end - time.monotonic()):
            if time.monotonic() >= end:
                raise BenchError(
                    f"device {place + 1} of the fleet is not idle after {_IDLE_LIMIT_S:g} s", "Look at its console"
                )
        if device.ended or device.idle is None:
            return
        if not device.idle.is_at_rest(ignores_syn=False):
            self._unknown.add(place)
        elif device.idle.due is not None:
            heapq.heappush(self._dues, (device.idle.due, place))

    def _earliest_device(self) -> int | None:
        while self._dues:
            due, place = self._dues[0]
            idle = None if self._devices[place].ended else self._devices[place].idle
            if idle is not None and idle.due == due:
                return due
            heapq.heappop(self._dues)
        return None

    def _wake_devices(self) -> None:
        while self._dues and self._dues[0][0] <= self._now:
            due, place = heapq.heappop(self._dues)
            device = self._devices[place]
            if not device.ended and device.idle is not None and device.idle.due == due:
                device.wake()
                self._unknown.add(place)
