"""A file server on its own loop, as on the bench, and plain clients."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import socket
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from rig.csms import Csms
from rig.files import Files
from rig.timeline import Timeline

LIMIT_S = 60.0
"""Real seconds for operations that take milliseconds. Only a hang takes longer."""

IMAGE = bytes(range(256)) * 1000


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as a client reads it."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_whole: bool


class Client:
    """A plain client with one connection for each request."""

    def __init__(self, files: Files) -> None:
        self._files = files

    @property
    def address(self) -> tuple[str, int]:
        """The address of HTTP."""
        url = urlsplit(self._files.url())
        assert url.hostname is not None
        assert url.port is not None
        return url.hostname, url.port

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send a request and read its answer, also one that ends early."""
        connection = http.client.HTTPConnection(*self.address, timeout=LIMIT_S)
        with contextlib.closing(connection):
            connection.request(method, path, body, dict(headers or {}))
            response = connection.getresponse()
            whole = True
            try:
                data = response.read()
            except http.client.IncompleteRead as error:
                data, whole = error.partial, False
            found = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, found, data, whole)

    def get(self, path: str, **headers: str) -> Answer:
        """Ask for a file; `_` in the name of a header is `-`."""
        return self.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def raw(self, data: bytes, *, reset: bool = False) -> bytes:
        """Send bytes, and return everything until the server closes the connection; with `reset` reset it at once."""
        with socket.create_connection(self.address, LIMIT_S) as connection:
            connection.sendall(data)
            if reset:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return b""
            connection.shutdown(socket.SHUT_WR)
            return rest_of(connection)


def rest_of(connection: socket.socket) -> bytes:
    """Return everything that still comes, until the server closes the connection."""
    return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.fixture
def files(timeline: Timeline, loop: asyncio.AbstractEventLoop) -> Iterator[Files]:
    files = Files(timeline, loop)
    files.start()
    files.put("fw.bin", IMAGE)
    yield files
    files.shut_down()


@pytest.fixture
def client(files: Files) -> Client:
    return Client(files)


@pytest.fixture
def csms(timeline: Timeline, loop: asyncio.AbstractEventLoop) -> Iterator[Csms]:
    csms = Csms(timeline, loop)
    csms.start()
    yield csms
    csms.shut_down()
