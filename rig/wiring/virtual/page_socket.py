"""The ports of this machine at which a virtual device serves its page and answers DNS queries."""

from __future__ import annotations

import socket

_BACKLOG = 16


class PageSocket:
    """A listening socket and a UDP socket on the loopback interface. They outlive resets of the device.

    While the device is off, connections wait for its next start.
    """

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG)
        self._dns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._dns.bind(("127.0.0.1", 0))

    @property
    def fd(self) -> int:
        """The descriptor, for the device."""
        return self._socket.fileno()

    @property
    def dns_fd(self) -> int:
        """The descriptor of the UDP socket, for the device."""
        return self._dns.fileno()

    @property
    def dns_address(self) -> tuple[str, int]:
        """The host and port of the device's DNS server, which answers while its access point is open."""
        host, port = self._dns.getsockname()
        return host, port

    @property
    def url(self) -> str:
        """The address of the page, such as `http://127.0.0.1:41234/`."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}/"

    def close(self) -> None:
        """Close the ports."""
        self._socket.close()
        self._dns.close()
