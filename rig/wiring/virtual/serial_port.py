"""The board's serial port in real time: a pseudo-terminal that outlives every reboot of the device."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import termios
import tty

from rig.wiring.virtual.uart_master import UartMaster

_SLIP_END = b"\xc0"
_LONGEST_FRAME = 65_536
"""The longest frame of esptool, in bytes; it has at most 16 KB of data."""


class PtyPort(UartMaster):
    """A pty in raw mode. The master is the chip's UART; the bench opens the slave.

    The board also keeps the slave open. So when the bench closes its end, the port neither hangs up nor loses its
    settings.
    """

    def __init__(self) -> None:
        master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(master, False)
        super().__init__(master, os.ttyname(self._slave))
        self._is_there = True

    def drop_input(self) -> None:
        """Drop the bytes that were sent to the chip while it was not running."""
        # Bytes in transit are in the slave's output queue. The base class reads the bytes that the master has received.
        with contextlib.suppress(termios.error):
            termios.tcflush(self._slave, termios.TCOFLUSH)
        super().drop_input()

    def close(self) -> None:
        """Close the port; do nothing the second time."""
        if self._is_there:
            self._is_there = False
            os.close(self.master)
            os.close(self._slave)


class RomUart:
    """The master as a blocking connection for the ROM, with the interface of esp32-mock-bootloader."""

    def __init__(self, master: int) -> None:
        self._master = master
        self._stopped, self._stop = os.pipe()

    def stop(self) -> None:
        """End the connection: wake threads in `recv` and `sendall`."""
        os.write(self._stop, b"x")

    def set_timeout(self, timeout: float) -> None:
        """Ignore the timeout: `stop` ends every wait."""

    def recv(self, size: int) -> bytes:
        """Return received bytes up to the end of a SLIP frame; empty when stopped.

        If it returned parts of a frame, the handler would decode the first parts again with each further part.
        """
        data = b""
        while not data.endswith(_SLIP_END) and len(data) < _LONGEST_FRAME:
            ready, _, _ = select.select([self._master, self._stopped], [], [])
            if self._stopped in ready:
                return b""
            with contextlib.suppress(BlockingIOError):
                data += os.read(self._master, size)
        return data

    def sendall(self, data: bytes) -> None:
        """Write all bytes. Raises OSError when stopped."""
        while data:
            ready, writable, _ = select.select([self._stopped], [self._master], [])
            if ready:
                raise OSError("the ROM was stopped")
            if writable:
                with contextlib.suppress(BlockingIOError):
                    data = data[os.write(self._master, data) :]

    def abort_empty_session(self) -> bool:
        """Return False: an end of file always ends the session."""
        return False

    def ignore_eof_for_disconnect(self) -> bool:
        """Return False, as `abort_empty_session`."""
        return False

    def close(self) -> None:
        """Do nothing at the end of the command handler; the board calls `dispose`."""

    def dispose(self) -> None:
        """Close the pipe, after the end of all waits."""
        os.close(self._stopped)
        os.close(self._stop)
