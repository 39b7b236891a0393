"""The chip's end of the board's serial port: the base class of `PtyPort` and `StreamPort`."""

from __future__ import annotations

import contextlib
import os


class UartMaster:
    """The descriptor of the chip's UART. Writing never blocks: bytes that do not fit are dropped.

    Args:
        master: the descriptor; the caller closes it.
        url: the URL by which the bench opens the other end.
    """

    def __init__(self, master: int, url: str) -> None:
        self.master = master
        self.url = url

    def drop_input(self) -> None:
        """Drop the bytes that were sent to the chip while it was not running."""
        with contextlib.suppress(OSError):
            while os.read(self.master, 4096):
                pass

    def print(self, line: str) -> None:
        """Print a line as the chip's ROM does; bytes that do not fit are dropped."""
        with contextlib.suppress(OSError):
            os.write(self.master, line.encode() + b"\r\n")
