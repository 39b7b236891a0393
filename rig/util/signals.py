"""Makes SIGTERM and SIGHUP end a process as Ctrl-C does: it lifts faults and releases the bench.

A CI server sends SIGTERM to abort a job; the kernel sends SIGHUP when a terminal closes. Neither interrupts a cleanup.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_ECHO_S = 1.0
"""The same request may arrive as several signals: from kernel and shell, from CI server and make."""


def handled_signals() -> list[signal.Signals]:
    """Return the signals that end this process, except those that were ignored at its start (`nohup`)."""
    return [number for number in _ENDINGS if signal.getsignal(number) != signal.SIG_IGN]


class _Ending:
    """The handler of the signals."""

    def __init__(self) -> None:
        self.first = ""
        """The name of the first signal."""
        self._last = 0.0  # time of the last signal that had an effect
        self._shielded = False
        self._due: KeyboardInterrupt | None = None

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        is_first = not self.first
        if not is_first and (number != signal.SIGINT or now - self._last <= _ECHO_S):
            return
        self._last = now
        name = signal.Signals(number).name
        self.first = self.first or name
        interrupt = KeyboardInterrupt(name)
        if is_first and self._shielded:
            self._due = interrupt
            return
        raise interrupt

    @contextmanager
    def shield(self) -> Iterator[None]:
        outer, self._shielded = self._shielded, True
        try:
            yield
        finally:
            self._shielded = outer
            if not outer and self._due is not None:
                due, self._due = self._due, None
                raise due


def end_as_by_ctrl_c() -> Callable[[], None]:
    """Make the first SIGINT, SIGTERM or SIGHUP raise KeyboardInterrupt. Call it in the main thread.

    Later signals do not interrupt the cleanup that follows: a terminal may close after Ctrl-C. The exception is a
    Ctrl-C more than a second later. It aborts the current step, which may hang, and the cleanup continues with the next
    step.

    Returns:
        A function that restores the previous handlers.
    """
    end = _Ending()
    before = {number: signal.signal(number, end) for number in handled_signals()}

    def undo() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    return undo


def ending_signal() -> str:
    """Return the name of the first signal that requested the end of this process; empty if there was none.

    The process may still run: code may catch KeyboardInterrupt, and Python ignores it in a `__del__`.
    """
    ending = _in_force()
    return ending.first if ending is not None else ""


def _in_force() -> _Ending | None:
    return next((it for it in map(signal.getsignal, _ENDINGS) if isinstance(it, _Ending)), None)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Defer the first signal to the end of the block, so that it does not interrupt a cleanup.

    It has no effect outside the main thread, or if `end_as_by_ctrl_c` was not called.
    """
    ending = _in_force()
    if ending is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    with ending.shield():
        yield
