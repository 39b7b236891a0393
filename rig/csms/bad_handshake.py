"""Malformed answers to opening handshakes, as broken servers and proxies send them (RFC 6455 section 4.2.2)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Literal

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response
from websockets.utils import accept_key

from rig.ocpp.versions import V16, VERSIONS

BadHandshake = Literal["half", "garbage", "close", "wrong-key", "other-subprotocol", "no-subprotocol"]
"""The ways to malform the answer to an opening handshake:

- `half`: the server sends half of the HTTP answer and keeps the connection open;
- `garbage`: the answer is not HTTP;
- `close`: the server closes the TCP connection without an answer;
- `wrong-key`: Sec-WebSocket-Accept is computed from another key;
- `other-subprotocol`: the server chooses the newest version that the client did not offer, such as `ocpp2.1`;
- `no-subprotocol`: the server chooses none.
"""


def bad_handshake(kind: BadHandshake, request: Request) -> bytes:
    """Return the malformed answer to an opening handshake; empty for `close`."""
    if kind == "garbage":
        return b"SSH-2.0-OpenSSH_9.2\r\n"
    if kind == "close":
        return b""
    lines = [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {accept_key('' if kind == 'wrong-key' else request.headers['Sec-WebSocket-Key'])}",
    ]
    offered = [name.strip() for name in request.headers.get("Sec-WebSocket-Protocol", V16.subprotocol).split(",")]
    if kind != "no-subprotocol":
        other = next((name for name in reversed(list(VERSIONS)) if name not in offered), "none")
        lines.append(f"Sec-WebSocket-Protocol: {other if kind == 'other-subprotocol' else offered[0]}")
    answer = "\r\n".join([*lines, "", ""]).encode()
    return answer[: len(answer) // 2] if kind == "half" else answer


async def malform_handshakes(connection: ServerConnection, request: Request, kind: BadHandshake) -> Response:
    """Send a malformed answer, bypassing the WebSocket library, and wait until the client closes the connection."""
    connection.transport.write(bad_handshake(kind, request))
    if kind == "close":
        connection.transport.close()
    await connection.wait_closed()
    return connection.respond(HTTPStatus.BAD_REQUEST, "")  # the library needs a response; the connection is gone
