"""An asyncio event loop whose time is a stepped clock's."""

from __future__ import annotations

import asyncio
import selectors
import threading
from typing import TYPE_CHECKING, Any, Protocol

from rig.wiring.virtual.stepping.in_flight import is_connection

if TYPE_CHECKING:
    from _typeshed import FileDescriptorLike

_RESOLUTION_S = 1e-6
"""Timers that are due within that run at once: a float of seconds does not hold every nanosecond."""


class LoopClock(Protocol):
    """The part of a clock that its event loops use."""

    def now(self) -> int:
        """Bench time, in ns."""

    def loop_is_idle(self, loop: SteppedEventLoop, timeout: float | None) -> None:
        """The loop has nothing to do for `timeout` bench seconds; None: for ever."""

    def loop_works(self, loop: SteppedEventLoop) -> None:
        """The loop has something to do."""

    def leave(self, loop: SteppedEventLoop) -> None:
        """The loop is closed."""


class _Selector(selectors.EpollSelector):
    """Reports to the clock when its loop has nothing to do until its next timer, and when it has again."""

    def __init__(self, loop: SteppedEventLoop) -> None:
        super().__init__()
        self._loop = loop
        self.connections: frozenset[int] = frozenset()
        """The descriptors of TCP connections among those that are registered; replaced, so that any thread may read."""

    def register(self, fileobj: FileDescriptorLike, events: int, data: Any = None) -> selectors.SelectorKey:
        """Take a descriptor in."""
        key = super().register(fileobj, events, data)
        if is_connection(key.fd):
            self.connections |= {key.fd}
        return key

    def unregister(self, fileobj: FileDescriptorLike) -> selectors.SelectorKey:
        """Forget a descriptor."""
        key = super().unregister(fileobj)
        self.connections -= {key.fd}
        return key

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait for descriptors. The loop's timers are the clock's affair: it wakes the loop when one is due."""
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        self._loop.clock.loop_is_idle(self._loop, timeout)
        ready = super().select(None)
        self._loop.clock.loop_works(self._loop)
        # By now, everything is there that the others have set in motion.
        return super().select(0) or ready


class SteppedEventLoop(asyncio.SelectorEventLoop):
    """A loop that takes part in stepped time: `time()` is bench time, and timers fire when bench time reaches them.

    Args:
        clock: it waits for this loop to be idle before it moves.
        name: whose loop it is, for messages.

    Attributes:
        idle: whether nothing is ready; the clock's, under its lock.
        due: the bench time of its next timer, in ns; None: it has none.
        thread: the one that runs it, once it was idle for the first time.
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
        """Bench time, in seconds."""
        return self.clock.now() / 1e9

    def close(self) -> None:
        """Close the loop, and leave the clock."""
        self.clock.leave(self)
        super().close()

    # -- for the clock ------------------------------------------------------------------------------------------

    def due_after(self, timeout: float | None) -> int | None:
        """The bench time in ns at which a wait of `timeout` seconds from now ends."""
        return None if timeout is None else self.clock.now() + round(timeout * 1e9)

    def epoll(self) -> int:
        """The descriptor that is readable while any of the loop's descriptors is ready."""
        return self._poller.fileno()

    def connections(self) -> frozenset[int]:
        """The descriptors of the TCP connections that the loop waits for."""
        return self._poller.connections

    def wake(self) -> None:
        """End the wait of a loop whose timer is due."""
        self.call_soon_threadsafe(_nothing)


def _nothing() -> None:
    """The loop looks at its timers after any call."""
