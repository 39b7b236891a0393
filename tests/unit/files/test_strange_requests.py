"""Requests that no charge point sends: each gets one answer, and the server goes on."""

from __future__ import annotations

import contextlib
import socket

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rig.files import (
    Cut,
    CutUpload,
    Effect,
    Files,
    Redirect,
    Silent,
    Stall,
    Status,
    Truncated,
    WrongLength,
    server,
)
from rig.files import connection as connections
from rig.timeline import Timeline
from rig.timeline.events import BenchTrouble, FileTransfer
from tests.unit.conftest import STEPPED
from tests.unit.files.conftest import IMAGE, LIMIT_S, Client

HOST = b"Host: x\r\n"


@pytest.mark.parametrize(
    ("request_line", "headers", "status"),
    [
        (b"GET /../etc/passwd HTTP/1.1", HOST, 400),
        (b"GET /a/%2e%2e/%2e%2e/etc/passwd HTTP/1.1", HOST, 400),
        (b"GET /..%5cpasswd HTTP/1.1", HOST, 400),
        (b"GET //fw.bin HTTP/1.1", HOST, 400),
        (b"GET /fw.bin%00.txt HTTP/1.1", HOST, 400),
        (b"GET /%ff HTTP/1.1", HOST, 400),
        (b"GET /" + b"a" * 2000 + b" HTTP/1.1", HOST, 400),
        (b"PUT /../escape HTTP/1.1", HOST + b"Content-Length: 0\r\n", 400),
        (b"GET ftp://host/fw.bin HTTP/1.1", HOST, 400),
        (b"GET http://other.host/fw.bin HTTP/1.1", HOST, 200),
        (b"GET /fw.bin?token=1#part HTTP/1.0", b"", 200),
        (b"GET /fw.bin HTTP/1.1", b"", 400),
        (b"CONNECT host:443 HTTP/1.1", HOST, 405),
        (b"OPTIONS * HTTP/1.1", HOST, 405),
        (b"DELETE /fw.bin HTTP/1.1", HOST, 405),
        (b"PRI * HTTP/2.0", b"", 505),
        (b"GET /fw.bin HTTP/1.1", HOST + b"X: " + b"a" * 20_000 + b"\r\n", 431),
        (b"GET /fw.bin HTTP/1.1", HOST + b"Content-Length: 5\r\nContent-Length: 6\r\n", 400),
        (b"PUT /a HTTP/1.1", HOST + b"Content-Length: -1\r\n", 400),
        (b"PUT /a HTTP/1.1", HOST + b"Content-Length: 99999999999999\r\n", 413),
        (b"PUT /a HTTP/1.1", HOST + b"Transfer-Encoding: gzip\r\n", 501),
        (b"PUT /a HTTP/1.1", HOST + b"Content-Range: bytes 0-0/2\r\nContent-Length: 1\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"", 400),
    ],
)
def test_a_strange_request_gets_one_answer(
    client: Client, files: Files, request_line: bytes, headers: bytes, status: int
) -> None:
    answer = client.raw(request_line + b"\r\n" + headers + b"Connection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 %d " % status), answer[:200]
    assert answer.count(b"HTTP/1.1 ") == 1
    assert files.expect_request(timeout=LIMIT_S).status == status
    assert client.get("/fw.bin").body == IMAGE


def test_requests_in_a_row_are_answered_in_order(client: Client, files: Files) -> None:
    files.put("b", b"second")
    answer = client.raw(b"".join(b"GET /%s HTTP/1.1\r\nHost: x\r\n\r\n" % name for name in (b"fw.bin", b"b", b"c")))
    assert answer.index(IMAGE) < answer.index(b"second") < answer.index(b"HTTP/1.1 404 ")


def test_a_refused_body_does_not_become_a_request(client: Client, files: Files, timeline: Timeline) -> None:
    inner = b"GET /fw.bin HTTP/1.1\r\nHost: x\r\n\r\n"
    answer = client.raw(b"PUT /.. HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (len(inner), inner))
    assert answer.count(b"HTTP/1.1 ") == 1
    assert files.expect_request().status == 400
    assert len(timeline.events(FileTransfer)) == 1


def test_a_refused_upload_is_reported_before_its_rest_has_come(client: Client, files: Files) -> None:
    for line, status in ((b"PUT /.. HTTP/1.1", 400), (b"PUT /a HTTP/1.1\r\nTransfer-Encoding: x", 501)):
        with socket.create_connection(client.address, LIMIT_S) as connection:
            connection.sendall(line + b"\r\nHost: x\r\nContent-Length: 100\r\n\r\n")
            assert connection.recv(1)
            assert files.expect_request(timeout=connections.IDLE_TIMEOUT_S / 2).status == status


def test_too_many_connections_end_the_oldest_idle_one(
    client: Client, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "MOST_CONNECTIONS", 2)
    idle = [socket.create_connection(client.address, LIMIT_S) for _ in range(3)]
    files.expect_refused("it sent no request, and 2 connections are open")
    assert idle[0].recv(1) == b""
    for connection in idle:
        connection.close()
    assert client.get("/fw.bin").body == IMAGE


@STEPPED
def test_a_client_that_stops_is_closed(client: Client, files: Files, timeline: Timeline) -> None:
    with socket.create_connection(client.address, LIMIT_S) as silent, socket.create_connection(client.address) as slow:
        slow.sendall(b"PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n1")
        files.expect_refused("it sent no request within 30 s", timeout=connections.IDLE_TIMEOUT_S)
        seen = files.expect_request("a", timeout=1)
        assert (seen.complete, seen.error) == (False, "the client was too slow")
        assert silent.recv(1) == slow.recv(1) == b""


LINES = [
    f"{method} {target} HTTP/1.{minor}".encode()
    for method in ("GET", "HEAD", "PUT", "POST", "CONNECT")
    for target in ("/fw.bin", "/a/", "/../x", "x:1")
    for minor in (0, 1)
]
HEADERS = [
    b"Range: bytes=1-9", b"If-None-Match: *", b'If-Match: "x"', b"Content-Length: 5", b"Transfer-Encoding: chunked",
    b"Expect: 100-continue", b"Connection: Upgrade", b"Upgrade: h2c", b"Content-Type: multipart/form-data; boundary=x",
    b"X: \xff",
]  # fmt: skip
BODIES = [b"", b"hello", b"5\r\nhello\r\n0\r\n\r\n", b"zz\r\n", b"--x\r\n\r\n--x--\r\n"]
EFFECTS = [Status(401), Redirect(), WrongLength(-3), Cut(2, "reset"), Stall(2), Silent(), Truncated(0), CutUpload(1)]


@given(
    requests=st.lists(st.tuples(st.sampled_from(LINES), st.sets(st.sampled_from(HEADERS)), st.sampled_from(BODIES))),
    noise=st.binary(max_size=3),
    effects=st.sets(st.sampled_from(EFFECTS), max_size=2),
    reset=st.booleans(),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_request_makes_the_server_fail(
    client: Client,
    files: Files,
    timeline: Timeline,
    requests: list[tuple[bytes, set[bytes], bytes]],
    noise: bytes,
    effects: set[Effect],
    reset: bool,
) -> None:
    data = b"".join(b"\r\n".join([line, HOST.strip(), *lines, b"", body]) for line, lines, body in requests)
    with contextlib.ExitStack() as stack:
        for effect in effects:
            stack.enter_context(files.fail(effect))
        with contextlib.suppress(OSError):  # a reset
            client.raw(data + noise, reset=reset)
    assert client.get("/fw.bin").body == IMAGE
    assert timeline.events(BenchTrouble) == []
