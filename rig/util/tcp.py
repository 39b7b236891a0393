"""TCP as the bench needs it: ports that stay its own also while they refuse, and connections ended by a reset."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import struct
from pathlib import Path

from rig.util.errors import BenchError

_LINGER_ZERO = struct.pack("ii", 1, 0)  # SO_LINGER on, zero seconds: closing sends RST instead of FIN (socket(7))


class Port:
    """A TCP port on one address, kept from construction to `close`.

    A socket that is bound but does not listen holds the number: while no `listener` is open, connections are
    refused (RST), and the kernel gives the number to nobody else.

    Args:
        host: the address to bind, e.g. `127.0.0.1`.
        number: the port; 0 takes a free one.
        purpose: what it is for, for messages: `CSMS`.

    Raises:
        BenchError: the port is taken (names the process that holds it where /proc tells), or cannot be bound.
    """

    def __init__(self, host: str, number: int, purpose: str) -> None:
        self.host = host
        self.purpose = purpose
        self._family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._reservation = self._bind(number)
        self.number: int = self._reservation.getsockname()[1]

    def listener(self, backlog: int = 128) -> socket.socket:
        """A listening, non-blocking socket on the port. Closing it makes the port refuse again.

        Args:
            backlog: how many connections may wait to be accepted, less one.
        """
        listener = self._bind(self.number)
        try:
            listener.listen(backlog)
        except OSError as error:
            listener.close()
            raise self._refused(self.number, error) from error
        return listener

    def close(self) -> None:
        """Give the port back."""
        self._reservation.close()

    def _bind(self, number: int) -> socket.socket:
        if not 0 <= number <= 65535:
            raise BenchError(
                f"{self.purpose}: {number} is no TCP port", "Give a port from 1 to 65535, or 0 for a free one"
            )
        # Named TCP, or asyncio would not switch Nagle off (TCP_NODELAY) on what is accepted: a frame behind another
        # would wait for a delayed acknowledgement, some 40 ms.
        bound = socket.socket(self._family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.setblocking(False)
            bound.bind((self.host, number))
        except OSError as error:
            bound.close()
            raise self._refused(number, error) from error
        return bound

    def _refused(self, number: int, error: OSError) -> BenchError:
        where = f"{self.host} port {number}"
        if error.errno == errno.EADDRINUSE:
            holder = holder_of(number)
            by = f" by {holder}" if holder else ""
            return BenchError(
                f"{self.purpose}: {where} is taken{by}", "End that program, or choose another port (0: a free one)"
            )
        if error.errno == errno.EACCES:
            return BenchError(f"{self.purpose}: {where} needs privileges", "Choose a port above 1023")
        return BenchError(
            f"{self.purpose}: cannot listen on {where}: {error.strerror or error}",
            "Is the address one of this machine's?",
        )


def reset(transport: asyncio.WriteTransport) -> None:
    """End a TCP connection with RST, at once and without a goodbye, as when a router forgets it."""
    endpoint: socket.socket | None = transport.get_extra_info("socket")
    if endpoint is not None:
        with contextlib.suppress(OSError):  # closed already
            endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
    transport.abort()


def acknowledge(transport: asyncio.BaseTransport) -> None:
    """Acknowledge now what a TCP connection has received.

    The kernel delays acknowledgements by up to 40 ms (RFC 1122 section 4.2.3.2), to send them along with data. Stepped
    time waits for them. Linux takes TCP_QUICKACK back by itself: call this after each read.
    """
    endpoint: socket.socket | None = transport.get_extra_info("socket")
    if endpoint is not None:
        with contextlib.suppress(OSError):  # closed meanwhile
            endpoint.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


def holder_of(port: int) -> str:
    """The process that listens on a TCP port, as `name (pid n)`; empty where /proc does not tell."""
    inodes: set[str] = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        try:
            lines = table.read_text().splitlines()[1:]
        except OSError:
            continue
        for columns in map(str.split, lines):
            if columns[3] == "0A" and int(columns[1].rpartition(":")[2], 16) == port:
                inodes.add(f"socket:[{columns[9]}]")
    if not inodes:
        return ""
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # gone meanwhile, or not ours to look into
            for descriptor in (process / "fd").iterdir():
                if _target(descriptor) in inodes:
                    return f"{(process / 'comm').read_text().strip()} (pid {process.name})"
    return ""


def _target(descriptor: Path) -> str:
    """What an entry of /proc/<pid>/fd stands for; empty where it was closed since the folder was listed."""
    try:
        return str(descriptor.readlink())
    except OSError:
        return ""
