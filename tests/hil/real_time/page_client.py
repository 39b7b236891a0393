"""A client of the device's page over a real socket, as a program of its JSON interface would be."""

from __future__ import annotations

import http.client
import json
import socket
from typing import Any
from urllib.parse import urlsplit

from rig.bench import Bench
from rig.instruments.console import Console
from rig.timeline.events import LogLine

PASSWORD = "a password of the tests"
"""The password that `new_password` sets."""

_LIMIT_S = 20.0
"""The longest wait for an answer, on a busy machine."""


class PageClient:
    """A browser without a page: it keeps the cookie and the CSRF token of its session.

    Args:
        url: the address of the page.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.address = (parts.hostname or "", parts.port or 80)
        self.cookie = ""
        self.csrf = ""

    def send(
        self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        """Send one request and return status, headers and body of its answer.

        Args:
            method: `GET`, `POST` or any other.
            path: the path of the request.
            body: the JSON body; None for none.
            headers: further headers, which replace those of the session.
        """
        connection = http.client.HTTPConnection(*self.address, timeout=_LIMIT_S)
        given = {"Cookie": f"session={self.cookie}"} if self.cookie else {}
        if self.csrf:
            given["X-CSRF-Token"] = self.csrf
        if body is not None:
            given["Content-Type"] = "application/json"
        try:
            connection.request(method, path, None if body is None else json.dumps(body), given | (headers or {}))
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def get(self, path: str) -> Any:
        """Get a JSON value."""
        status, _, content = self.send("GET", path)
        assert status == 200, (path, status, content)
        return json.loads(content)

    def post(self, path: str, body: object) -> tuple[int, Any]:
        """Post a JSON value; return the status and the JSON value of the answer."""
        status, headers, content = self.send("POST", path, body)
        answer = json.loads(content)
        if "Set-Cookie" in headers:
            self.cookie = headers["Set-Cookie"].partition("session=")[2].partition(";")[0]
        self.csrf = answer.get("csrf", self.csrf)
        return status, answer

    def log_in(self, password: str) -> tuple[int, Any]:
        """Log in."""
        return self.post("/api/login", {"password": password})

    def raw(self, data: bytes) -> bytes:
        """Send bytes over a connection of their own, and return everything up to its end."""
        with socket.create_connection(self.address, timeout=_LIMIT_S) as connection:
            answer = b""
            try:
                connection.sendall(data)
                while part := connection.recv(65536):
                    answer += part
            except ConnectionError:
                pass  # the device closes the connection within a request that it rejects
            return answer


def printed_password(bench: Bench, console: Console) -> str:
    """Have the device print a new password, and return it."""
    mark = bench.mark()
    assert console.command("web password") == "ok"
    line = bench.timeline.expect(LogLine, lambda line: "password=" in line.text, since=mark, timeout=10)
    return line.text.rpartition("password=")[2].strip()


def new_password(client: PageClient, bench: Bench, console: Console) -> None:
    """Log in with a printed password and replace it by PASSWORD, as the owner does at first."""
    first = printed_password(bench, console)
    status, session = client.log_in(first)
    assert (status, session["must_change"]) == (200, True)
    status, session = client.post("/api/password", {"old": first, "new": PASSWORD})
    assert (status, session["must_change"]) == (200, False)
