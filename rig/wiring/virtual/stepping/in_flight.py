"""Bytes that TCP has sent and the peer's kernel has not yet acknowledged."""

from __future__ import annotations

import fcntl
import struct
import termios

_SIOCOUTQNSD = 0x894B
"""linux/sockios.h: bytes in the send queue that have not been sent, because the peer's window is full."""


def is_connection(descriptor: int) -> bool:
    """Say whether a file is a TCP connection. Of what is none nothing is under way: AF_UNIX delivers within the call.

    Args:
        descriptor: of any file.
    """
    try:
        _queued(descriptor, _SIOCOUTQNSD)
    except OSError:
        return False
    return True


def unacknowledged(descriptor: int) -> bool:
    """Say whether a TCP connection has bytes under way.

    Args:
        descriptor: of any file; of one that is closed, or is no TCP connection, nothing is under way.
    """
    try:
        unsent = _queued(descriptor, _SIOCOUTQNSD)
        return _queued(descriptor, termios.TIOCOUTQ) > unsent
    except OSError:
        return False


def _queued(descriptor: int, request: int) -> int:
    return int(struct.unpack("i", fcntl.ioctl(descriptor, request, b"\0\0\0\0"))[0])
