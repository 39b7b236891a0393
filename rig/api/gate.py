"""Limits each HTTP request, and requires the token: an ASGI middleware before everything else."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import orjson

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LARGEST_BODY = 1 << 20
"""The largest body of a request in bytes: the longest line of the live socket."""


class Gate:
    """Passes to an application the requests with the token and an allowed body.

    Args:
        app: the application.
        token: the bearer token (RFC 6750 section 2.1).
    """

    def __init__(self, app: App, token: str) -> None:
        self._app = app
        self._expected = f"bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        scheme, _, rest = headers.get(b"authorization", b"").partition(b" ")
        if not hmac.compare_digest(scheme.lower() + b" " + rest.strip(), self._expected):
            await _refuse(send, 401, "the header Authorization must be `Bearer` and the token of this API")
            return
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length) > LARGEST_BODY:
            await _refuse(send, 413, _TOO_LARGE)
            return
        try:
            body = await _whole_body(receive)
        except _ClientGoneError:
            return
        if body is None:
            await _refuse(send, 413, _TOO_LARGE)
            return
        is_read = False

        async def receive_body() -> MutableMapping[str, Any]:
            nonlocal is_read
            if is_read:
                return await receive()
            is_read = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, receive_body, send)


class _ClientGoneError(Exception):
    """The client closed the connection before the end of its request."""


_TOO_LARGE = f"the body of a request has at most {LARGEST_BODY} bytes"


async def _whole_body(receive: Receive) -> bytes | None:
    """Return the body of a request, which may be chunked; None if it is too large.

    Raises:
        _ClientGoneError: the connection closed before the end of the body.
    """
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _ClientGoneError
        body += message.get("body", b"")
        if len(body) > LARGEST_BODY:
            return None
        if not message.get("more_body"):
            return bytes(body)


async def _refuse(send: Send, status: int, message: str) -> None:
    kind = {401: "token", 413: "request"}[status]
    body = orjson.dumps({"error": {"kind": kind, "message": message}})
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
