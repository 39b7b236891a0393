"""An asyncio event loop in stepped time."""

from __future__ import annotations

import asyncio
import selectors
import threading
from typing import TYPE_CHECKING, Any, Protocol

from rig.util.threads import place_of
from rig.wiring.virtual.stepping.in_flight import is_connection

if TYPE_CHECKING:
    from _typeshed import FileDescriptorLike

_RESOLUTION_S = 1e-6
"""Timers that are due within this time run at once: a float of seconds cannot hold every nanosecond."""


class LoopClock(Protocol):
    """The part of a clock that its event loops use."""

    def now(self) -> int:
        """Return the bench time, in ns."""

    def loop_is_idle(self, loop: SteppedEventLoop, timeout: float | None) -> None:
        """Mark a loop as idle for `timeout` bench seconds; None for forever."""

    def loop_works(self, loop: SteppedEventLoop) -> None:
        """Mark a loop as working."""

    def leave(self, loop: asyncio.AbstractEventLoop) -> None:
        """Remove a loop that is closed or blocked."""


class _Selector(selectors.EpollSelector):
    """Reports to the clock when its loop becomes idle until its next timer, and when it works again."""

    def __init__(self, loop: SteppedEventLoop) -> None:
        super().__init__()
        self._loop = loop
        self.connections: frozenset[int] = frozenset()
        """The registered descriptors of TCP connections. The set is replaced, so that any thread may read it."""

    def register(self, fileobj: FileDescriptorLike, events: int, data: Any = None) -> selectors.SelectorKey:
        """Register a descriptor."""
        key = super().register(fileobj, events, data)
        if is_connection(key.fd):
            self.connections |= {key.fd}
        return key

    def unregister(self, fileobj: FileDescriptorLike) -> selectors.SelectorKey:
        """Unregister a descriptor."""
        key = super().unregister(fileobj)
        self.connections -= {key.fd}
        return key

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait for descriptors, without a timeout: the clock wakes the loop when a timer is due."""
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        self._loop.clock.loop_is_idle(self._loop, timeout)
        ready = super().select(None)
        self._loop.clock.loop_works(self._loop)
        # By now, everything that the other participants have sent has arrived.
        return super().select(0) or ready


class SteppedEventLoop(asyncio.SelectorEventLoop):
    """A loop that participates in stepped time: `time()` and its timers are in bench time.

    Args:
        clock: the clock, which advances only while this loop is idle.
        name: the loop's name in messages.

    Attributes:
        idle: whether nothing is ready; set by the clock under its lock.
        due: the bench time of its next timer, in ns; None if it has none.
        thread: the thread that runs it; None before it is idle for the first time.
    """

    def __init__(self, clock: LoopClock, name: str) -> None:
        self.clock = clock
        self.name = name
        self.thread: threading.Thread | None = None
        self.idle = False
        self.due: int | None = None
        self._poller = _Selector(self)
        super().__init__(self._poller)
        self._clock_resolution = _RESOLUTION_S

    def time(self) -> float:
        """Return the bench time, in seconds."""
        return self.clock.now() / 1e9

    def close(self) -> None:
        """Close the loop, and remove it from the clock."""
        self.clock.leave(self)
        super().close()

    # -- for the clock ------------------------------------------------------------------------------------------

    def due_after(self, timeout: float | None) -> int | None:
        """Return the bench time, in ns, at which a wait of `timeout` seconds from now ends."""
        return None if timeout is None else self.clock.now() + round(timeout * 1e9)

    def described(self) -> str:
        """Return the loop's name, and where its thread is, for a message."""
        place = place_of(self.thread) if self.thread is not None else ""
        return f"{self.name}, which is in {place}," if place else self.name

    def epoll(self) -> int:
        """Return the descriptor that is readable while any of the loop's descriptors is ready."""
        return self._poller.fileno()

    def connections(self) -> frozenset[int]:
        """Return the descriptors of the TCP connections that the loop waits for."""
        return self._poller.connections

    def wake(self) -> None:
        """End the wait of a loop whose timer is due."""
        self.call_soon_threadsafe(_nothing)


def _nothing() -> None:
    """Do nothing. The loop checks its timers after any call."""
