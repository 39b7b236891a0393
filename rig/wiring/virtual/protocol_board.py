"""pyserial's handler of `board://NAME`: the serial port of a virtual board of this process.

pyserial finds it by its file name, in the packages of `serial.protocol_handler_packages`.
"""

from __future__ import annotations

import select
import socket
import time
from typing import Any

from serial.serialutil import PortNotOpenError, SerialBase, SerialException

from rig.wiring.virtual.stream_port import far_end


class Serial(SerialBase):  # type: ignore[misc]
    """A stream socket that looks like a serial port. Baud rate and modem lines are taken and mean nothing."""

    BAUDRATES = (50, 115_200, 4_000_000)

    def open(self) -> None:
        """Open it. Raises SerialException where there is no such port."""
        scheme, _, name = str(self.portstr).partition("://")
        if scheme != "board":
            raise SerialException(f"{self.portstr} is no board://NAME")
        try:
            self._socket: socket.socket | None = far_end(name)
        except OSError as problem:
            raise SerialException(f"could not open port {self.portstr}: {problem}") from None
        self.is_open = True

    def close(self) -> None:
        """Give the port back; does nothing where it is closed."""
        if self.is_open and self._socket is not None:
            self._socket.close()
            self._socket = None
        self.is_open = False

    def fileno(self) -> int:
        """The descriptor, to wait for bytes."""
        return self._opened().fileno()

    @property
    def in_waiting(self) -> int:
        """Whether anything can be read; not how much."""
        return int(bool(select.select([self._opened()], [], [], 0)[0]))

    def read(self, size: int = 1) -> bytes:
        """Read up to `size` bytes, waiting up to the timeout (None: for ever) until all are there."""
        port = self._opened()
        end = None if self._timeout is None else time.monotonic() + self._timeout
        data = b""
        while len(data) < size:
            left = None if end is None else max(0.0, end - time.monotonic())
            if not select.select([port], [], [], left)[0]:
                break
            part = port.recv(size - len(data))
            if not part:
                raise SerialException("the board is unplugged")
            data += part
            if self._timeout == 0:
                break
        return data

    def write(self, data: Any) -> int:
        """Write all bytes, or as many as fit where the write timeout is 0. Returns how many."""
        port, left = self._opened(), memoryview(bytes(data))
        written = 0
        while left:
            try:
                count = port.send(left)
            except BlockingIOError:
                if self._write_timeout == 0:
                    break
                select.select([], [port], [])
                continue
            except OSError as problem:
                raise SerialException(f"write failed: {problem}") from None
            written += count
            left = left[count:]
        return written

    def flush(self) -> None:
        """Bytes have arrived when they are written."""

    def reset_input_buffer(self) -> None:
        """Drop what has come."""
        while self.in_waiting:
            if not self._opened().recv(4096):
                return

    def reset_output_buffer(self) -> None:
        """There is none."""

    def _opened(self) -> socket.socket:
        if not self.is_open or self._socket is None:
            raise PortNotOpenError
        return self._socket

    def _reconfigure_port(self, force_reconfigure: bool = False) -> None:
        """There is nothing to set."""

    def _update_dtr_state(self) -> None:
        """There is no such line."""

    _update_rts_state = _update_break_state = _update_dtr_state

    @property
    def cts(self) -> bool:
        """As a port without hardware flow control."""
        return True

    dsr = cd = cts

    @property
    def ri(self) -> bool:
        """Nobody calls."""
        return False
