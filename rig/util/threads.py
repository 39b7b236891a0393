"""The place where a thread is, and the end of a thread that does not end by itself."""

from __future__ import annotations

import ctypes
import sys
import sysconfig
import threading
import time
import traceback
from types import FrameType

_STANDARD_LIBRARY = sysconfig.get_path("stdlib")
_PACKAGES = "site-packages"

_LOOK_S = 0.5
"""Real seconds within which a thread that spins gets a processor `_STEPS` times, on a busy computer too."""
_STEPS = 3
"""A thread that is about to wait uses a processor once more."""


def place_of(thread: threading.Thread) -> str:
    """Return where a thread is, as `function (file:line)`.

    Returns:
        The innermost frame outside of Python's own library and of installed packages; empty if there is none. In the
            thread of an event loop, a frame of the loop's work.
    """
    frame = sys._current_frames().get(thread.ident or 0)
    for caller, line in traceback.walk_stack(frame) if frame is not None else ():
        file = caller.f_code.co_filename
        if caller.f_code.co_name == "run_forever":
            break
        if not file.startswith(("<", _STANDARD_LIBRARY)) and _PACKAGES not in file:
            return place(caller, line)
    return ""


def place(frame: FrameType, line: int | None = None) -> str:
    """Return a frame as `function (file:line)`.

    Args:
        frame: the frame.
        line: the line, if it is not the present one of the frame.
    """
    return f"{frame.f_code.co_name} ({frame.f_code.co_filename}:{frame.f_lineno if line is None else line})"


def end(thread: threading.Thread) -> None:
    """Raise SystemExit in a thread that spins, at its next step in Python. Leave a thread that waits.

    A thread that waits for a lock would never take the exception, and Python 3.11 interrupts the other threads at each
    step until it is taken: a thread that is traced (coverage, a debugger) then repeats its next call for ever.
    """
    if _works(thread):
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(SystemExit))


def _works(thread: threading.Thread) -> bool:
    """Return whether a thread uses a processor again and again."""
    if not thread.is_alive() or thread.ident is None:
        return False
    clock = time.pthread_getcpuclockid(thread.ident)
    until = time.monotonic() + _LOOK_S
    steps = 0
    try:
        last = time.clock_gettime_ns(clock)
        while time.monotonic() < until and steps < _STEPS:
            time.sleep(0.01)  # gives the thread the interpreter
            now = time.clock_gettime_ns(clock)
            steps += now > last
            last = now
    except OSError:  # the thread has ended
        return False
    return steps == _STEPS
