"""Bytes that TCP has sent and the peer's kernel has not yet acknowledged."""

from __future__ import annotations

import fcntl
import struct
import termios

_SIOCOUTQNSD = 0x894B
"""linux/sockios.h: bytes in the send queue that have not been sent, because the peer's window is full."""


def unacknowledged(descriptor: int) -> bool:
    """Say whether a TCP socket has bytes under way.

    Args:
        descriptor: of any file. Of what is no TCP socket nothing is under way: AF_UNIX delivers within the call.
    """
    try:
        # This one first: it fails on everything but TCP.
        unsent = _queued(descriptor, _SIOCOUTQNSD)
        return _queued(descriptor, termios.TIOCOUTQ) > unsent
    except OSError:
        return False


def _queued(descriptor: int, request: int) -> int:
    return int(struct.unpack("i", fcntl.ioctl(descriptor, request, b"\0\0\0\0"))[0])
