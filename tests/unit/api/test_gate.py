"""The gate of the API, without a server."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest

pytest.importorskip("orjson", reason="needs the extra api: make setup-api")

from rig.api.gate import Gate

TOKEN = "a-token-of-this-test"


def pass_through(*messages: MutableMapping[str, Any]) -> list[MutableMapping[str, Any]]:
    """Send the messages of one request to a gate. Return the messages that its application receives."""
    sent = iter(messages)
    received: list[MutableMapping[str, Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        received.append(await receive())

    async def receive() -> MutableMapping[str, Any]:
        return next(sent)

    async def send(message: MutableMapping[str, Any]) -> None:
        raise AssertionError(f"the gate answered {message}")

    scope = {"type": "http", "headers": [(b"authorization", f"Bearer {TOKEN}".encode())]}
    asyncio.run(Gate(app, TOKEN)(scope, receive, send))
    return received


def test_a_body_in_parts_is_passed_on_as_one() -> None:
    """The application receives the whole body."""
    parts = [
        {"type": "http.request", "body": b"on", "more_body": True},
        {"type": "http.request", "body": b"e", "more_body": False},
    ]
    assert pass_through(*parts) == [{"type": "http.request", "body": b"one", "more_body": False}]


def test_a_request_that_ends_early_is_dropped() -> None:
    """The client disconnects in the middle of its body: the application never sees the request."""
    first = {"type": "http.request", "body": b"on", "more_body": True}
    assert pass_through(first, {"type": "http.disconnect"}) == []
