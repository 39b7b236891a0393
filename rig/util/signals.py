"""SIGTERM and SIGHUP end a process as Ctrl-C does, so that what it holds is given back: a fault, a board, a wire.

They come from a job that is aborted, and from a terminal that goes away. None of them interrupts a cleanup.
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
"""The same request may arrive as several signals: from kernel and shell, from the CI server and from make."""


def heard() -> list[signal.Signals]:
    """Which of the three end this process: those that it was not started to ignore, as `nohup` does."""
    return [number for number in _ENDINGS if signal.getsignal(number) != signal.SIG_IGN]


class _Ending:
    """The handler of the signals."""

    def __init__(self) -> None:
        self.first = ""
        """The name of the first signal that came."""
        self._last = 0.0  # when the last one came that had an effect
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
        wish = KeyboardInterrupt(name)
        if is_first and self._shielded:
            self._due = wish
            return
        raise wish

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
    """Let SIGINT, SIGTERM and SIGHUP raise KeyboardInterrupt in the main thread, which calls this, once.

    The first does. None that follows interrupts the cleanup that begins then, whichever signal it is: a terminal may go
    away after Ctrl-C. The exception is another Ctrl-C more than a second later: it gives up the step that hangs, and
    the cleanup goes on with the next. That is a person's way out; others have SIGKILL.

    Returns:
        A function that restores the handlers from before.
    """
    end = _Ending()
    before = {number: signal.signal(number, end) for number in heard()}

    def undo() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    return undo


def ending_signal() -> str:
    """Return the name of the first signal that was to end this process; empty where none came.

    Raising KeyboardInterrupt does not always end it: code may catch that, and Python ignores it in a `__del__`.
    """
    ending = _in_force()
    return ending.first if ending is not None else ""


def _in_force() -> _Ending | None:
    return next((it for it in map(signal.getsignal, _ENDINGS) if isinstance(it, _Ending)), None)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold a signal back during a cleanup that no signal has begun; it takes effect at the block's end.

    Where `end_as_by_ctrl_c` is not in force, or in another thread than the main one, it does nothing.
    """
    ending = _in_force()
    if ending is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    with ending.shield():
        yield
