"""The gate of the page: it accepts a request only with the token, and not from another web page."""

from __future__ import annotations

import hmac
import ipaddress
from http.cookies import SimpleCookie
from urllib.parse import parse_qs, quote, unquote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_COOKIE = "plugbench-token"


class Gate:
    """Rejects requests without the token, and requests that another web page makes.

    Args:
        app: the page's application.
        token: the text that a request must contain, in its address or its cookie; empty: none.
        is_local: whether the page is offered on loopback only. Then a request must name a loopback address as its host.
            This prevents DNS rebinding.
    """

    def __init__(self, app: ASGIApp, token: str, is_local: bool) -> None:
        self._app = app
        self._token = token
        self._is_local = is_local

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request of ASGI, or reject it with 403."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if problem := self._problem(scope, headers):
            await _refuse(scope, receive, send, problem)
            return
        given = _asked(scope)
        if scope["type"] == "http" and self._token and given:

            async def with_cookie(message: Message) -> None:
                if message["type"] == "http.response.start":
                    cookie = f"{_COOKIE}={quote(self._token)}; Path=/; HttpOnly; SameSite=Strict"
                    MutableHeaders(scope=message).append("set-cookie", cookie)
                await send(message)

            await self._app(scope, receive, with_cookie)
            return
        await self._app(scope, receive, send)

    def _problem(self, scope: Scope, headers: Headers) -> str:
        origin = headers.get("origin", "")
        try:
            host = urlsplit(f"//{headers.get('host', '')}").hostname or ""
            origin_host = urlsplit(origin).netloc
        except ValueError:  # half an IPv6 address
            return "the header Host or Origin is not an address"
        if self._is_local and not is_loopback(host):
            return f"this page is offered on loopback only, not as {host!r}. Open http://127.0.0.1"
        if origin and origin_host != headers.get("host", ""):
            return f"a page of {origin} may not use this bench"
        if not self._token:
            return ""
        cookie = SimpleCookie(headers.get("cookie", "")).get(_COOKIE)
        given = _asked(scope) or (unquote(cookie.value) if cookie is not None else "")
        if hmac.compare_digest(given.encode(), self._token.encode()):
            return ""
        return "the token is missing or wrong. Open the address that `rig console` has printed"


def is_loopback(host: str) -> bool:
    """Return whether a host name or address means this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _asked(scope: Scope) -> str:
    query: bytes = scope.get("query_string", b"")
    return (parse_qs(query.decode("latin-1")).get("token") or [""])[0]


async def _refuse(scope: Scope, receive: Receive, send: Send, problem: str) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": problem[:100]})
        return
    await PlainTextResponse(f"Refused: {problem}.\n", status_code=403)(scope, receive, send)
