"""The port of this machine at which a virtual device serves its page."""

from __future__ import annotations

import socket

_BACKLOG = 16


class PageSocket:
    """A listening socket on the loopback interface. It outlives resets of the device, which accepts its connections.

    While the device is off, connections wait for its next start.
    """

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG)

    @property
    def fd(self) -> int:
        """The descriptor, for the device."""
        return self._socket.fileno()

    @property
    def url(self) -> str:
        """The address of the page, such as `http://127.0.0.1:41234/`."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}/"

    def close(self) -> None:
        """Close the port."""
        self._socket.close()
