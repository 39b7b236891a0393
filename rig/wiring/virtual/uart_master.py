"""The chip's end of the board's serial port, whatever the port is made of."""

from __future__ import annotations

import contextlib
import os


class UartMaster:
    """The descriptor that is the chip's UART. It does not block: what nobody reads at the other end is dropped.

    Args:
        master: the descriptor; whoever makes it closes it.
        url: by which the bench opens the other end.
    """

    def __init__(self, master: int, url: str) -> None:
        self.master = master
        self.url = url

    def drop_input(self) -> None:
        """Forget what was sent to the chip while it could not listen."""
        with contextlib.suppress(OSError):
            while os.read(self.master, 4096):
                pass

    def print(self, line: str) -> None:
        """Print a line as the chip's ROM does; what does not fit is lost."""
        with contextlib.suppress(OSError):
            os.write(self.master, line.encode() + b"\r\n")
