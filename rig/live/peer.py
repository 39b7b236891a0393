"""The program at the other end of a Unix socket."""

from __future__ import annotations

import asyncio
import socket
import struct


def peer_of(writer: asyncio.StreamWriter) -> tuple[int, int]:
    """Return process and user of the other end of a connection (unix(7), SO_PEERCRED)."""
    connected = writer.get_extra_info("socket")
    pid, user, _group = struct.unpack("3i", connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return pid, user
