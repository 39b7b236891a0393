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
    """A stream socket with the interface of a serial port. Baud rate and modem lines have no effect."""

    BAUDRATES = (50, 115_200, 4_000_000)

    def open(self) -> None:
        """Open the port. Raises SerialException if it does not exist."""
        scheme, _, name = str(self.portstr).partition("://")
        if scheme != "board":
            raise SerialException(f"{self.portstr} is not of the form board://NAME")
        try:
            self._socket: socket.socket | None = far_end(name)
        except OSError as problem:
            raise SerialException(f"could not open port {self.portstr}: {problem}") from None
        self.is_open = True

    def close(self) -> None:
        """Close the port; do nothing if it is closed."""
        if self.is_open and self._socket is not None:
            self._socket.close()
            self._socket = None
        self.is_open = False

    def fileno(self) -> int:
        """Return the descriptor, to wait for bytes."""
        return self._opened().fileno()

    @property
    def in_waiting(self) -> int:
        """1 if there are bytes to read, else 0; the number of bytes is unknown."""
        return int(bool(select.select([self._opened()], [], [], 0)[0]))

    def read(self, size: int = 1) -> bytes:
        """Read `size` bytes, or fewer after the timeout (None: never)."""
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
        """Write all bytes, or as many as fit if the write timeout is 0. Returns their number."""
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
        """Do nothing: written bytes have arrived."""

    def reset_input_buffer(self) -> None:
        """Drop all received bytes."""
        while self.in_waiting:
            if not self._opened().recv(4096):
                return

    def reset_output_buffer(self) -> None:
        """Do nothing: there is no output buffer."""

    def _opened(self) -> socket.socket:
        if not self.is_open or self._socket is None:
            raise PortNotOpenError
        return self._socket

    def _reconfigure_port(self, force_reconfigure: bool = False) -> None:
        """Do nothing: there are no settings."""

    def _update_dtr_state(self) -> None:
        """Do nothing: there are no modem lines."""

    _update_rts_state = _update_break_state = _update_dtr_state

    @property
    def cts(self) -> bool:
        """True, as for a port without hardware flow control."""
        return True

    dsr = cd = cts

    @property
    def ri(self) -> bool:
        """False: there is no ring indicator."""
        return False
