"""The requests that reach the page."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("starlette", reason="needs the extra console: make setup-console")

from rig.console.gate import Gate, is_loopback


async def answer(gate: Gate, *, kind: str = "http", query: str = "", **headers: str) -> tuple[int, dict[str, str]]:
    """Return the status of a request and the headers of its answer; 0 and 1008 are those of a WebSocket."""
    sent: list[Any] = []
    scope = {
        "type": kind,
        "method": "GET",
        "path": "/",
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }

    async def receive() -> Any:
        return {"type": f"{kind}.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await gate(scope, receive, send)
    first = sent[0]
    return first.get("status", first.get("code", 0)), {k.decode(): v.decode() for k, v in first.get("headers", [])}


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Accept every request."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
    else:
        await send({"type": "http.response.start", "status": 200, "headers": []})


@pytest.mark.parametrize("host", ["127.0.0.1:8070", "localhost:8070", "[::1]:8070"])
async def test_loopback_needs_no_token(host: str) -> None:
    """Without a token, a request for a loopback address is served."""
    assert (await answer(Gate(application, "", True), host=host))[0] == 200


async def test_other_name_for_loopback_is_rejected() -> None:
    """A name that was made to point here (DNS rebinding) is rejected."""
    assert (await answer(Gate(application, "", True), host="evil.example"))[0] == 403


@pytest.mark.parametrize(("kind", "rejection"), [("http", 403), ("websocket", 1008)])
async def test_request_of_another_page_is_rejected(kind: str, rejection: int) -> None:
    """A request whose origin is another page is rejected, also for a WebSocket, which browsers do not restrict."""
    gate = Gate(application, "", True)
    assert (await answer(gate, kind=kind, host="127.0.0.1:8070", origin="http://evil.example"))[0] == rejection


@pytest.mark.parametrize("headers", [{"host": "["}, {"host": "127.0.0.1:8070", "origin": "http://[::1"}])
async def test_header_without_an_address_is_rejected(headers: dict[str, str]) -> None:
    """Half an IPv6 address is no error of the server."""
    assert (await answer(Gate(application, "", True), **headers))[0] == 403


@pytest.mark.parametrize("query", ["", "token=wrong", "token=s", "token="])
async def test_wrong_token_is_rejected(query: str) -> None:
    """A request without the token, or with another one, is rejected."""
    assert (await answer(Gate(application, "secret", False), query=query, host="pi:8070"))[0] == 403


async def test_token_of_the_address_becomes_a_cookie() -> None:
    """The first request has the token in its address, the later ones in a cookie that scripts cannot read."""
    gate = Gate(application, "secret", False)
    status, headers = await answer(gate, query="token=secret", host="pi:8070")
    assert status == 200
    assert "HttpOnly" in headers["set-cookie"]
    assert (await answer(gate, host="pi:8070", cookie=headers["set-cookie"].split(";")[0]))[0] == 200


@pytest.mark.parametrize(("host", "is_local"), [("127.0.0.2", True), ("::1", True), ("0.0.0.0", False), ("pi", False)])
def test_loopback_addresses_are_known(host: str, is_local: bool) -> None:
    """Only addresses that no other machine reaches are loopback."""
    assert is_loopback(host) is is_local
