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
"""Of esptool's frames; they carry at most 16 KB of data."""


class PtyPort(UartMaster):
    """A pty in raw mode. The master is the chip's UART, the slave what the bench opens.

    The board holds a slave descriptor of its own, so that the port neither hangs up nor loses its settings when the
    bench closes it.
    """

    def __init__(self) -> None:
        master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(master, False)
        super().__init__(master, os.ttyname(self._slave))
        self._is_there = True

    def drop_input(self) -> None:
        """Forget what was sent to the chip while it could not listen."""
        # What is on its way is in the slave's output queue, what has arrived must be read away.
        with contextlib.suppress(termios.error):
            termios.tcflush(self._slave, termios.TCOFLUSH)
        super().drop_input()

    def close(self) -> None:
        """Hang up; does nothing the second time."""
        if self._is_there:
            self._is_there = False
            os.close(self.master)
            os.close(self._slave)


class RomUart:
    """The master as a blocking connection for the ROM, in the shape that esp32-mock-bootloader expects of one."""

    def __init__(self, master: int) -> None:
        self._master = master
        self._stopped, self._stop = os.pipe()

    def stop(self) -> None:
        """Wake who waits in `recv` or `sendall`: the connection is at its end."""
        os.write(self._stop, b"x")

    def set_timeout(self, timeout: float) -> None:
        """Nothing waits for a time here: `stop` ends every wait."""

    def recv(self, size: int) -> bytes:
        """What came, up to the end of a SLIP frame; empty when stopped.

        Of a frame in pieces the handler would decode the first pieces again with each further one.
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
        """Write everything. Raises OSError when stopped meanwhile."""
        while data:
            ready, writable, _ = select.select([self._stopped], [self._master], [])
            if ready:
                raise OSError("the ROM was stopped")
            if writable:
                with contextlib.suppress(BlockingIOError):
                    data = data[os.write(self._master, data) :]

    def abort_empty_session(self) -> bool:
        """Whether an end of file may be ignored: never, it means stop."""
        return False

    def ignore_eof_for_disconnect(self) -> bool:
        """As `abort_empty_session`."""
        return False

    def close(self) -> None:
        """Called by the command handler at its end; the board closes the pipe itself."""

    def dispose(self) -> None:
        """Give the pipe back, once nobody waits any more."""
        os.close(self._stopped)
        os.close(self._stop)
