"""The board's serial port in stepped time: a pair of stream sockets.

A pseudo-terminal passes bytes on when a worker of the kernel finds the time, and nobody can tell whether any are under
way. AF_UNIX delivers within the call that writes.
"""

from __future__ import annotations

import itertools
import socket

import serial

from rig.wiring.virtual.uart_master import UartMaster

_BUFFER = 32_768
"""Of each direction, by the kernel's own account, in which each write costs some 700 bytes more than it has."""

_HANDLERS = "rig.wiring.virtual"
"""The package in which pyserial finds `protocol_board`."""

_numbers = itertools.count(1)
_far_ends: dict[str, socket.socket] = {}


def far_end(name: str) -> socket.socket:
    """Another handle of the bench's end of a port, to read and write with.

    Args:
        name: what stands behind `board://` in the port's URL.

    Raises:
        FileNotFoundError: there is no such port in this process, or it was unplugged.
    """
    try:
        return _far_ends[name].dup()
    except KeyError:
        raise FileNotFoundError(f"no board of this process has a serial port named {name!r}") from None


class StreamPort(UartMaster):
    """A pair of sockets: one is the chip's UART, the bench opens the other by `url` (`protocol_board.py`).

    The port outlives every reboot of the device.
    """

    def __init__(self) -> None:
        if _HANDLERS not in serial.protocol_handler_packages:
            serial.protocol_handler_packages.append(_HANDLERS)
        self._master, far = socket.socketpair()
        for end in (self._master, far):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
            end.setblocking(False)
        self._name = str(next(_numbers))
        _far_ends[self._name] = far
        super().__init__(self._master.fileno(), f"board://{self._name}")

    def close(self) -> None:
        """Hang up; does nothing the second time."""
        far = _far_ends.pop(self._name, None)
        if far is not None:
            far.close()
            self._master.close()
