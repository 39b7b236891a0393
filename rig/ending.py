"""SIGTERM and SIGHUP end a process as Ctrl-C does, so that what it holds is given back: a fault, a board, a wire.

They come from a job that is aborted, and from a terminal that goes away.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from types import FrameType

_ECHO_S = 1.0
"""One wish may come several times: from the kernel and the shell, from the CI server and from make."""


def heard() -> list[signal.Signals]:
    """Which of the two end this process: those that it was not started to ignore, as `nohup` does."""
    return [number for number in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) != signal.SIG_IGN]


def end_as_by_ctrl_c() -> Callable[[], None]:
    """Let SIGTERM and SIGHUP raise KeyboardInterrupt in the main thread, which calls this.

    The first does. One that comes more than a second later ends the process at once, whatever it is giving back: that
    is the way out where it hangs.

    Returns:
        What makes the signals mean what they meant before.
    """
    first = 0.0

    def end(number: int, _frame: FrameType | None) -> None:
        nonlocal first
        now = time.monotonic()
        if not first:
            first = now
            raise KeyboardInterrupt(signal.Signals(number).name)
        if now - first > _ECHO_S:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)

    before = {number: signal.signal(number, end) for number in heard()}

    def undo() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    return undo
