"""A CSMS on its own loop, as on the bench, and charge points that connect to it."""

from __future__ import annotations

import asyncio
import contextlib
import select
import socket
import threading
from collections.abc import Callable, Iterator
from ssl import SSLContext, SSLSocket, SSLWantReadError
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest
from websockets.sync.client import ClientConnection, connect

from rig.csms import Csms
from rig.timeline import Timeline

IDENTITY = "CP-1"
LIMIT_S = 60.0
"""Real seconds for operations that take milliseconds. Only a hang takes longer."""


class Peer:
    """A charge point on a plain WebSocket that sends any text, valid or not.

    Args:
        url: the URL of the CSMS.
        ssl: the TLS context, if the URL begins with wss://.
        options: those of `websockets.sync.client.connect`.
    """

    def __init__(self, url: str, *, ssl: SSLContext | None = None, **options: Any) -> None:
        options.setdefault("subprotocols", ["ocpp1.6"])
        options.setdefault("open_timeout", LIMIT_S)
        if ssl is not None:
            options["sock"] = over_tls(url, ssl)
            url = url.replace("wss://", "ws://")
        self.socket: ClientConnection = connect(url, compression=None, **options).__enter__()
        self._last = 0

    def send(self, text: str) -> None:
        self.socket.send(text)

    def receive(self, timeout: float | None = LIMIT_S) -> Any:
        return orjson.loads(self.socket.recv(timeout))

    def receive_raw(self) -> str | bytes:
        return self.socket.recv(LIMIT_S)

    def start_call(self, action: str, payload: Any, unique_id: str = "") -> str:
        self._last += 1
        unique_id = unique_id or f"m{self._last}"
        self.send(orjson.dumps([2, unique_id, action, payload]).decode())
        return unique_id

    def call(self, action: str, payload: Any, unique_id: str = "") -> Any:
        unique_id = self.start_call(action, payload, unique_id)
        answer = self.receive()
        assert answer[:2] == [3, unique_id], answer
        return answer[2]

    def boot(self) -> Any:
        return self.call("BootNotification", {"chargePointModel": "M", "chargePointVendor": "V"})

    def status(self, status: str, connector: int = 1) -> Any:
        return self.call("StatusNotification", {"connectorId": connector, "errorCode": "NoError", "status": status})


def over_tls(url: str, context: SSLContext) -> socket.socket:
    """Connect over TLS, and return a plain socket for what TLS carries.

    The client of websockets would read in one thread and write in another one. Python 3.11 does not lock the OpenSSL
    object that both would use: a message is lost if it is written while the session tickets of the server are read.
    Here one thread uses the object.
    """
    parts = urlsplit(url)
    assert parts.hostname
    connection = socket.create_connection((parts.hostname, parts.port or 443), LIMIT_S)
    try:
        tls = context.wrap_socket(connection, server_hostname=parts.hostname)
    except BaseException:
        connection.close()
        raise
    near, far = socket.socketpair()
    threading.Thread(target=_relay, args=(tls, far), name="TLS of a peer", daemon=True).start()
    return near


def _relay(tls: SSLSocket, plain: socket.socket) -> None:
    """Carry bytes in both directions, until one of the sockets ends."""
    with tls, plain, contextlib.suppress(OSError):
        while True:
            ready, _, _ = select.select([tls, plain], [], [])
            if plain in ready:
                sent = plain.recv(65_536)
                if not sent:
                    return
                tls.settimeout(LIMIT_S)
                tls.sendall(sent)
            # Written bytes may have made TLS read: `select` does not see what TLS holds already.
            tls.settimeout(0)
            with contextlib.suppress(SSLWantReadError):
                while received := tls.recv(65_536):
                    plain.sendall(received)
                return


def handshake(path: str, *, without: str = "", **headers: str) -> bytes:
    """Make a client's opening handshake (RFC 6455 section 4.1).

    Args:
        path: of the URL.
        without: a header to leave out.
        headers: headers that replace the valid ones, with `_` for `-`.
    """
    right = {
        "Host": "localhost",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Protocol": "ocpp1.6",
    }
    given = right | {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{name}: {value}" for name, value in given.items() if name != without]
    return "\r\n".join([f"GET {path} HTTP/1.1", *lines, "", ""]).encode()


@pytest.fixture
def csms(timeline: Timeline, loop: asyncio.AbstractEventLoop) -> Iterator[Csms]:
    csms = Csms(timeline, loop, identity=IDENTITY)
    csms.start()
    yield csms
    csms.shut_down()


@pytest.fixture
def new_peer(csms: Csms) -> Iterator[Callable[..., Peer]]:
    peers: list[Peer] = []

    def make(identity: str = IDENTITY, **options: Any) -> Peer:
        peers.append(Peer(csms.url(identity), **options))
        return peers[-1]

    yield make
    for peer in peers:
        peer.socket.close()


@pytest.fixture
def peer(new_peer: Callable[..., Peer]) -> Peer:
    return new_peer()
