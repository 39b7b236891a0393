"""Bytes that TCP has sent and the peer's kernel has not yet acknowledged."""

from __future__ import annotations

import fcntl
import struct
import termios

_SIOCOUTQNSD = 0x894B
"""linux/sockios.h: bytes in the send queue that have not been sent, because the peer's window is full."""


def is_connection(descriptor: int) -> bool:
    """Return whether a descriptor is a TCP connection. AF_UNIX sockets have no bytes in flight.

    Args:
        descriptor: the descriptor of any file.
    """
    try:
        _queued(descriptor, _SIOCOUTQNSD)
    except OSError:
        return False
    return True


def unacknowledged(descriptor: int) -> bool:
    """Return whether a TCP connection has bytes in flight.

    Args:
        descriptor: the descriptor of any file; False if it is closed or not a TCP connection.
    """
    try:
        unsent = _queued(descriptor, _SIOCOUTQNSD)
        return _queued(descriptor, termios.TIOCOUTQ) > unsent
    except OSError:
        return False


def _queued(descriptor: int, request: int) -> int:
    return int(struct.unpack("i", fcntl.ioctl(descriptor, request, b"\0\0\0\0"))[0])
