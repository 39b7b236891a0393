"""TCP ports that stay reserved while they refuse connections, and connections that end with a reset."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import struct
from pathlib import Path

from rig.util.errors import BenchError

_LINGER_ZERO = struct.pack("ii", 1, 0)  # SO_LINGER on, zero seconds: closing sends RST instead of FIN (socket(7))


BACKLOG = 128
"""The maximum number of connections that the kernel queues until a server accepts them (listen(2))."""

ACCEPTED_AT_ONCE = 8
"""The maximum number of connections that a server accepts in one round of its loop: the `backlog` of asyncio.

Each of them needs a file descriptor before the server can count it.
"""


class Port:
    """A TCP port on one address, reserved from construction to `close`.

    A socket that is bound but does not listen reserves the number. While no `listener` is open, the kernel refuses
    connections (RST) and assigns the number to no other process.

    Args:
        host: the address to bind, e.g. `127.0.0.1`.
        number: the port; 0 selects a free one.
        purpose: the port's use in messages, such as `CSMS`.

    Raises:
        BenchError: the port is taken (the message names the process if /proc shows it), or cannot be bound.
    """

    def __init__(self, host: str, number: int, purpose: str) -> None:
        self.host = host
        self.purpose = purpose
        self._family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._reservation = self._bind(number)
        self.number: int = self._reservation.getsockname()[1]

    def listener(self, backlog: int = BACKLOG) -> socket.socket:
        """Open a listening, non-blocking socket on the port. When the socket closes, the port refuses connections.

        Args:
            backlog: the backlog of listen(2); Linux queues one connection more.
        """
        listener = self._bind(self.number)
        try:
            listener.listen(backlog)
        except OSError as error:
            listener.close()
            raise self._refused(self.number, error) from error
        return listener

    def close(self) -> None:
        """Release the port."""
        self._reservation.close()

    def _bind(self, number: int) -> socket.socket:
        if not 0 <= number <= 65535:
            raise BenchError(
                f"{self.purpose}: {number} is not a TCP port", "Give a port from 1 to 65535, or 0 for a free one"
            )
        # asyncio sets TCP_NODELAY on accepted sockets only if the protocol is named. Without TCP_NODELAY, a frame that
        # follows another one waits some 40 ms for a delayed acknowledgement.
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
            "Check that the address belongs to this machine",
        )


def reachable_address(host: str) -> str:
    """Return an address at which others reach a server that listens on `host`.

    0.0.0.0 and `::` are no addresses of a server. They are replaced by the address of the interface with the default
    route, or by the loopback address if there is no such route.
    """
    families = {"0.0.0.0": (socket.AF_INET, "192.0.2.1"), "::": (socket.AF_INET6, "2001:db8::1")}
    if host not in families:
        return host
    family, documentation = families[host]
    with socket.socket(family, socket.SOCK_DGRAM) as probe:  # connecting a UDP socket sends nothing
        try:
            probe.connect((documentation, 9))
        except OSError:
            return "127.0.0.1" if family == socket.AF_INET else "::1"
        address: str = probe.getsockname()[0]
    return address


def reset(transport: asyncio.WriteTransport) -> None:
    """End a TCP connection at once with RST, as a router that lost its state does."""
    endpoint: socket.socket | None = transport.get_extra_info("socket")
    if endpoint is not None:
        with contextlib.suppress(OSError):  # closed already
            endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
    transport.abort()


def acknowledge(transport: asyncio.BaseTransport) -> None:
    """Acknowledge the data that a TCP connection has received, without a delay.

    The kernel delays acknowledgements by up to 40 ms (RFC 1122 section 4.2.3.2), to send them along with data. Stepped
    time waits for acknowledgements. Linux clears TCP_QUICKACK on its own: call this after each read.
    """
    endpoint: socket.socket | None = transport.get_extra_info("socket")
    if endpoint is not None:
        with contextlib.suppress(OSError):  # closed meanwhile
            endpoint.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


def holder_of(port: int) -> str:
    """Return the process that listens on a TCP port, as `name (pid n)`; empty if /proc does not show it."""
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
        with contextlib.suppress(OSError):  # the process has ended, or belongs to another user
            for descriptor in (process / "fd").iterdir():
                if _target(descriptor) in inodes:
                    return f"{(process / 'comm').read_text().strip()} (pid {process.name})"
    return ""


def _target(descriptor: Path) -> str:
    """Return the target of an entry of /proc/<pid>/fd; empty if it was closed after the folder was listed."""
    try:
        return str(descriptor.readlink())
    except OSError:
        return ""
