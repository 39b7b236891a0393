"""The place where a thread is, and the end of a thread that does not end by itself."""

from __future__ import annotations

import ctypes
import sys
import sysconfig
import threading
import traceback
from types import FrameType

_STANDARD_LIBRARY = sysconfig.get_path("stdlib")
_PACKAGES = "site-packages"


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
    """Raise SystemExit in a thread, at its next step in Python. A thread that waits for a lock does not step."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(SystemExit))
