"""The clock of a virtual bench: a conservative discrete-event simulation.

The participants are the event loops of bench and board, the device, and the threads that wait in a call of the bench.
Time stops while a participant works. It jumps to the earliest deadline when all are idle and a thread waits for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import select
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from rig.util.clock import SIGNAL_LATENCY_S, BenchClock
from rig.util.errors import BenchError, PlugbenchError
from rig.wiring.virtual.stepping.device_clock import ClockPage, DeviceClock
from rig.wiring.virtual.stepping.event_loop import SteppedEventLoop
from rig.wiring.virtual.stepping.in_flight import unacknowledged
from rig.wiring.virtual.stepping.stall import Stall, holdup, stopped

START_NS = 1_000_000_000
"""Bench time at the start. Not 0, which means no stamp in events."""
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
"""The date at the start: the same in each run, so that runs have the same output."""
_GRACE_S = 0.0002
"""Real seconds between two checks for work that the kernel finishes by itself."""
_LOOK_S = 0.05
"""Real seconds to wait for an answer of the device before checking everything again."""
_TURN_S = 2.0
"""Real seconds that a loop waits for a device that does not become idle."""


class _Waiter:
    """A thread that waits in a call of the bench.

    Attributes:
        condition: notified when the thread must check its condition.
        end: the stamp until which it waits, in ns; None waits until all are idle, without advancing time.
        woken: whether it was notified but does not run yet: time stops until it does.
        trouble: the error that it must raise.
        thread: the waiting thread.
    """

    def __init__(self, condition: threading.Condition, end: int | None) -> None:
        self.condition = condition
        self.end = end
        self.woken = False
        self.trouble: PlugbenchError | None = None
        self.thread = threading.current_thread()


class _Condition(threading.Condition):
    """A condition that reports to the clock which threads it wakes."""

    def __init__(self, clock: SteppedClock, lock: Any = None) -> None:
        super().__init__(lock)
        self._clock = clock

    def notify(self, n: int = 1) -> None:
        """Wake waiting threads; from now on the clock counts them as working."""
        self._clock.woken(self)
        super().notify(n)


class SteppedClock(BenchClock):
    """Bench time from `START_NS`, in steps. All methods may be called from any thread.

    Attributes:
        page: the time in shared memory, for the device; it exists while any loop participates.
    """

    steps = True
    page: ClockPage

    def __init__(self) -> None:
        self._now = START_NS
        self._rested = 0  # the latest time at which all were idle: all events due then have occurred
        super().__init__()
        self._utc_at_start = EPOCH
        self._changed = threading.Condition()
        self._activity = 0  # incremented by anything that may give the device work
        self._progress = 0  # incremented by any progress
        self._loops: list[SteppedEventLoop] = []
        self._device: DeviceClock | None = None
        self._waiters: set[_Waiter] = set()
        self._stall = Stall()
        self._conductor: threading.Thread | None = None
        self._broken: PlugbenchError | None = None
        self._turn = threading.Condition()
        self._has_turn: object = None  # the loop or conductor that may act, besides the device and the tests

    # -- for all threads ----------------------------------------------------------------------------------------

    def now(self) -> int:
        """Return the bench time, in ns."""
        return self._now

    def has_passed(self, end: int) -> bool:
        """Return whether the time is past a stamp, or all participants have been idle at the stamp.

        At the stamp itself, the time has not passed while a participant works: a message that the device sends at that
        stamp is in time.
        """
        if self._now != end:
            return self._now > end
        if self._rested >= end or self._conductor is None:
            return True
        return threading.current_thread() in [loop.thread for loop in self._loops]  # a deadlock otherwise

    def condition(self, lock: Any = None) -> threading.Condition:
        """Return a condition whose notified threads run before time advances."""
        return _Condition(self, lock)

    def wait(self, condition: threading.Condition, end: int) -> None:
        """Let time pass until `end`, or until the condition is notified.

        Raises:
            BenchError, DeviceError: a participant is stuck, and time cannot pass.
        """
        with self._changed:
            if self._conductor is None:  # without participants, nothing can occur before the end
                self._now = max(self._now, end)
                return
        waiter = _Waiter(condition, end)
        with self._waiting(waiter):
            condition.wait(SIGNAL_LATENCY_S)

    def settle(self) -> None:
        """Wait until all participants are idle, without advancing time. Return at once in a participant.

        Raises:
            BenchError, DeviceError: a participant is stuck.
        """
        if self._conductor is None or threading.current_thread() in [loop.thread for loop in self._loops]:
            return
        waiter = _Waiter(threading.Condition(), None)
        with waiter.condition, self._waiting(waiter):
            while not waiter.woken and self._conductor is not None:
                waiter.condition.wait(SIGNAL_LATENCY_S)

    def holdup(self) -> str:
        """Describe why bench time is stopped: a participant works, or no thread waits. Empty if time runs."""
        with self._changed:
            if self._conductor is None:
                return ""
            if not any(waiter.end is not None for waiter in self._waiters):
                return f"bench time stands still: no call of the bench waits for it{stopped(self._device)}"
            return holdup(self._device, self._busy())

    @contextlib.contextmanager
    def _waiting(self, waiter: _Waiter) -> Iterator[None]:
        try:
            with self._changed:
                if self._broken is not None:
                    raise self._broken
                # An exception of a signal handler may have prevented the removal of this thread's last wait.
                self._waiters = {other for other in self._waiters if other.thread is not waiter.thread} | {waiter}
                # The thread may have given the device work since its last wait.
                self._activity += 1
                self._changed.notify_all()
            yield
        finally:
            with self._changed:
                self._waiters.discard(waiter)
                if self._waiters:  # otherwise the conductor has nothing to do
                    self._changed.notify_all()
        if waiter.trouble is not None:
            raise waiter.trouble

    def woken(self, condition: threading.Condition) -> None:
        """Mark the threads that wait for a condition as working from now on."""
        with self._changed:
            for waiter in self._waiters:
                if waiter.condition is condition:
                    waiter.woken = True

    def event_loop(self, name: str) -> SteppedEventLoop:
        """Return a new event loop that participates until it is closed."""
        loop = SteppedEventLoop(self, name)
        with self._changed:
            self._loops = [*self._loops, loop]
            self._activity += 1
            if self._conductor is None:
                self.page = ClockPage(self._now)
                self._broken = None
                self._conductor = threading.Thread(target=self._conduct, name="clock", daemon=True)
                self._conductor.start()
        return loop

    # -- for participants ---------------------------------------------------------------------------------------

    def leave(self, loop: asyncio.AbstractEventLoop) -> None:
        """Remove a loop that is closed or blocked.

        With the last one, the conductor ends, and time stops until another is created.
        """
        with self._changed:
            self._loops = [other for other in self._loops if other is not loop]
            self._activity += 1
            conductor = None if self._loops else self._conductor
            if conductor is not None:
                self._conductor = None
            self._changed.notify_all()
        self._end_turn(loop)  # a stopped loop still has its turn
        if conductor is not None:
            conductor.join()
            self.page.close()

    def never_rests(self, loop: asyncio.AbstractEventLoop, seconds: float) -> bool:
        """Return whether a loop is not idle at any moment within `seconds` of real time."""
        end = time.monotonic() + seconds
        with self._changed:
            while any(each is loop and not each.idle for each in self._loops):
                if time.monotonic() > end:
                    return True
                self._changed.wait(_GRACE_S)
        return False

    def loop_is_idle(self, loop: SteppedEventLoop, timeout: float | None) -> None:
        """Mark a loop as idle for `timeout` bench seconds (None: forever), and release its turn."""
        with self._changed:
            loop.thread = threading.current_thread()
            loop.due = loop.due_after(timeout)
            loop.idle = True
            # Each notification costs a thread switch. The conductor needs only the notification of the last loop.
            if self._waiters and all(other.idle for other in self._loops):
                self._changed.notify_all()
        self._end_turn(loop)

    def loop_works(self, loop: SteppedEventLoop) -> None:
        """Wait for a loop's turn, and mark it as working.

        One participant acts at a time: the device until it is idle, then the loops in order of their creation. So the
        order of events does not depend on the computer.
        """
        end = time.monotonic() + _TURN_S
        while True:
            self._take(loop)
            with self._changed:
                before = self._loops[: self._loops.index(loop)] if loop in self._loops else []
                activity, device = self._activity, self._device
            if time.monotonic() > end:
                break  # the bench must be able to end a device that never becomes idle
            if (device is None or self._device_is_idle(device, activity)) and not _any_ready(before):
                break
            self._end_turn(loop)
            with self._turn:
                self._turn.wait(_GRACE_S)
        with self._changed:
            loop.idle = False
            self._activity += 1
            self._progress += 1

    def _take(self, who: object, seconds: float | None = None) -> bool:
        """Wait for the turn for at most `seconds` of real time (None: forever). Returns whether it is granted."""
        with self._turn:
            if not self._turn.wait_for(lambda: self._has_turn is None, seconds):
                return False
            self._has_turn = who
            return True

    def _end_turn(self, who: object) -> None:
        with self._turn:
            if self._has_turn is who:
                self._has_turn = None
                self._turn.notify_all()

    def attach(self, device: DeviceClock) -> None:
        """Add a device. It counts as working until it reports that it is idle."""
        with self._changed:
            self._device = device
            self._activity += 1
            self._changed.notify_all()

    def detach(self, device: DeviceClock) -> None:
        """Remove a device that has ended."""
        with self._changed:
            if self._device is device:
                self._device = None
            self._activity += 1
            self._changed.notify_all()

    # -- the conductor ------------------------------------------------------------------------------------------

    def _conduct(self) -> None:
        try:
            self._move()
        except Exception as error:  # a bug, which must not make threads wait forever
            trouble = BenchError(f"the bench's clock is broken: {type(error).__name__}: {error}", "Reopen the bench")
            with self._changed:
                self._broken = trouble
                self._give_up(trouble)
            raise

    def _move(self) -> None:
        with self._changed:
            while self._conductor is threading.current_thread():
                if not self._is_wanted():
                    self._changed.wait()
                    continue
                if not all(loop.idle for loop in self._loops):
                    self._changed.wait(_LOOK_S)
                    self._watch()
                    continue
                activity, device, loops = self._activity, self._device, self._loops
                self._changed.release()
                try:
                    at_rest = self._is_at_rest(loops, device, activity)
                finally:
                    self._changed.acquire()
                if activity != self._activity or not self._is_wanted():
                    continue
                if not at_rest:
                    self._changed.wait(_GRACE_S)
                    self._watch()
                    continue
                self._stall.clear()
                self._rested = self._now
                if not self._release():
                    self._step(device)

    def _is_wanted(self) -> bool:
        """Return whether a thread waits, and all woken threads run."""
        return bool(self._waiters) and not any(waiter.woken for waiter in self._waiters)

    def _is_at_rest(self, loops: list[SteppedEventLoop], device: DeviceClock | None, activity: int) -> bool:
        """Return whether the device is idle and nothing is in flight. All loops are idle already."""
        if not self._take(self, _LOOK_S):
            return False
        try:
            if _any_ready(loops):
                return False
            if device is None:
                return not _any_under_way(loops)
            were_under_way = _any_under_way(loops)
            if not self._device_is_idle(device, activity) or device.idle is None:
                return False  # or the device has ended, and the board does not know that yet
            if were_under_way or not device.idle.is_at_rest(ignores_syn=self.ignores_syn):
                device.forget()  # bytes may have arrived after its report
                if _any_under_way(loops) or not self._device_is_idle(device, activity) or device.idle is None:
                    return False
            # By now, everything that the device did before it was idle has arrived.
            return device.idle.is_at_rest(ignores_syn=self.ignores_syn) and not _any_ready(loops)
        finally:
            self._end_turn(self)

    def _device_is_idle(self, device: DeviceClock, activity: int) -> bool:
        """Return whether the device is idle; query it if its report is outdated. The caller has the turn."""
        if device.ended:
            return True
        if device.settled == activity:
            return device.receive(0)
        if device.asked != activity:
            device.ask()
            device.asked = activity
        if not device.receive(_LOOK_S):
            return device.ended
        device.settled = activity
        return True

    def _release(self) -> bool:
        """Wake the threads that wait for idleness or for the current time. Returns whether there were any."""
        released = [w for w in self._waiters if not w.woken and (w.end is None or w.end <= self._now)]
        self._wake(released)
        return bool(released)

    def _wake(self, waiters: list[_Waiter]) -> None:
        for waiter in waiters:
            waiter.woken = True
        self._changed.release()
        try:
            for waiter in waiters:
                with waiter.condition:
                    # Not `_Condition.notify`, because the threads are marked already.
                    threading.Condition.notify_all(waiter.condition)
        finally:
            self._changed.acquire()

    def _step(self, device: DeviceClock | None) -> None:
        """Advance to the earliest deadline, and wake the loops and the device that are due."""
        due_of_device = device.idle.due if device is not None and device.idle is not None else None
        dues = [waiter.end for waiter in self._waiters if waiter.end is not None]
        dues += [loop.due for loop in self._loops if loop.due is not None]
        if due_of_device is not None:
            dues.append(due_of_device)
        now = max(self._now, min(dues))
        self._now = now
        self.page.set(now)
        self._activity += 1
        for loop in self._loops:
            if loop.due is not None and loop.due <= now:
                loop.idle = False
                loop.wake()
        if device is not None and due_of_device is not None and due_of_device <= now:
            device.wake()

    def _busy(self) -> list[SteppedEventLoop]:
        return [loop for loop in self._loops if not loop.idle]

    def _watch(self) -> None:
        """On a stall, make all waiting threads raise an error that names its cause."""
        trouble = self._stall.look(self._progress, self._device, self._busy())
        if trouble is not None:
            self._give_up(trouble)

    def _give_up(self, trouble: PlugbenchError) -> None:
        for waiter in self._waiters:
            waiter.trouble = trouble
        self._wake(list(self._waiters))


def _any_under_way(loops: list[SteppedEventLoop]) -> bool:
    """Return whether bytes are in flight to a TCP peer."""
    return any(unacknowledged(fd) for loop in loops for fd in loop.connections())


def _any_ready(loops: list[SteppedEventLoop]) -> bool:
    """Return whether a descriptor of one of the loops is ready."""
    poller = select.poll()
    for loop in loops:
        poller.register(loop.epoll(), select.POLLIN)
    return bool(poller.poll(0))
