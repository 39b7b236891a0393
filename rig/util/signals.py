"""SIGTERM and SIGHUP end a process as Ctrl-C does, so that what it holds is given back: a fault, a board, a wire.

They come from a job that is aborted, and from a terminal that goes away. What gives back is not interrupted by any.
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
"""One wish may come several times: from the kernel and the shell, from the CI server and from make."""


def heard() -> list[signal.Signals]:
    """Which of the three end this process: those that it was not started to ignore, as `nohup` does."""
    return [number for number in _ENDINGS if signal.getsignal(number) != signal.SIG_IGN]


class _Ending:
    """What the signals do, as their handler."""

    def __init__(self) -> None:
        self._last = 0.0  # when a wish was heard
        self._shielded = False
        self._due: KeyboardInterrupt | None = None

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        is_first = not self._last
        if not is_first and (number != signal.SIGINT or now - self._last <= _ECHO_S):
            return
        self._last = now
        wish = KeyboardInterrupt(signal.Signals(number).name)
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

    The first does. What follows does not interrupt what gives back then, whichever signal it is: a terminal may go away
    after Ctrl-C. Only another Ctrl-C more than a second later does: it gives up the step that hangs, and what is to be
    given back after it still is. That is a person's way out; others have SIGKILL.

    Returns:
        What makes the signals mean what they meant before.
    """
    end = _Ending()
    before = {number: signal.signal(number, end) for number in heard()}

    def undo() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    return undo


@contextmanager
def uninterrupted() -> Iterator[None]:
    """For what gives back without having been told to end: a signal that comes meanwhile counts at the block's end.

    Where `end_as_by_ctrl_c` is not in force, or in another thread than the main one, it does nothing.
    """
    ending = next((it for it in map(signal.getsignal, _ENDINGS) if isinstance(it, _Ending)), None)
    if ending is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    with ending.shield():
        yield
