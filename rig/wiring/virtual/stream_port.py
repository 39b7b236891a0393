"""The board's serial port in stepped time: a pair of stream sockets.

The kernel forwards the bytes of a pseudo-terminal in the background, and a program cannot detect whether any are in
flight. AF_UNIX delivers within the call that writes.
"""

from __future__ import annotations

import itertools
import socket

import serial

from rig.wiring.virtual.uart_master import UartMaster

_BUFFER = 32_768
"""The send buffer of each direction in bytes; the kernel counts some 700 bytes of overhead per write."""

_HANDLERS = "rig.wiring.virtual"
"""The package in which pyserial finds `protocol_board`."""

_numbers = itertools.count(1)
_far_ends: dict[str, socket.socket] = {}


def far_end(name: str) -> socket.socket:
    """Return a new socket of the bench's end of a port.

    Args:
        name: the part of the port's URL after `board://`.

    Raises:
        FileNotFoundError: this process has no such port, or it was unplugged.
    """
    try:
        return _far_ends[name].dup()
    except KeyError:
        raise FileNotFoundError(f"no board of this process has a serial port named {name!r}") from None


class StreamPort(UartMaster):
    """A pair of sockets: the chip's UART, and the bench's end, opened by `url` (`protocol_board.py`).

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
        """Close the port; do nothing the second time."""
        far = _far_ends.pop(self._name, None)
        if far is not None:
            far.close()
            self._master.close()
