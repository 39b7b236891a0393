"""Failures of the file server: each effect as a client sees it, its selection, and its end."""

from __future__ import annotations

import http.client
import socket
import ssl
import urllib.error
import urllib.request

import pytest

from rig.files import (
    Changed,
    Cut,
    CutUpload,
    Files,
    FlippedByte,
    Redirect,
    Selection,
    Silent,
    SlowUpload,
    Stall,
    Status,
    Trickle,
    Truncated,
    WrongLength,
)
from rig.timeline import Timeline
from rig.timeline.events import FileTransfer
from tests.unit.conftest import STEPPED
from tests.unit.files.conftest import IMAGE, LIMIT_S, Client, rest_of


@pytest.mark.parametrize("status", [401, 404, 503, 599])
def test_status(client: Client, files: Files, status: int) -> None:
    with files.fail(Status(status, retry_after_s=7), name="file-status"):
        answer = client.get("/fw.bin")
        assert (answer.status, answer.headers["retry-after"]) == (status, "7")
        assert client.request("PUT", "/cp.log", b"x").status == status
    assert [files.expect_request().fault for _ in range(2)] == ["file-status"] * 2
    assert (client.get("/fw.bin").body, files.uploads) == (IMAGE, [])


def test_redirects(client: Client, files: Files) -> None:
    with files.fail(Redirect(308)), pytest.raises(urllib.error.HTTPError, match="infinite loop"):
        urllib.request.urlopen(files.url("fw.bin"), timeout=LIMIT_S)
    with files.fail(Redirect(to="http"), Selection(times=1)):
        trusting = ssl.create_default_context(cadata=files.root)
        with urllib.request.urlopen(files.url("fw.bin", tls=True), context=trusting, timeout=LIMIT_S) as response:
            assert (response.url, response.read()) == (files.url("fw.bin"), IMAGE)
    with files.fail(Redirect(307, location="http://elsewhere.invalid/x")):
        assert client.get("/fw.bin").headers["location"] == "http://elsewhere.invalid/x"


def test_a_wrong_length(client: Client, files: Files) -> None:
    with files.fail(WrongLength(5)):
        longer = client.get("/fw.bin")
    assert (longer.headers["content-length"], longer.body, longer.is_whole) == (str(len(IMAGE) + 5), IMAGE, False)
    with files.fail(WrongLength(-5)):
        assert client.get("/fw.bin").body == IMAGE[:-5]
        assert client.raw(b"GET /fw.bin HTTP/1.1\r\nHost: x\r\n\r\n").endswith(IMAGE)


def test_a_cut(client: Client, files: Files) -> None:
    with files.fail(Cut(1000)):
        cut = client.get("/fw.bin")
    assert (cut.body, cut.is_whole) == (IMAGE[:1000], False)
    seen = files.expect_request()
    assert (seen.sent, seen.complete) == (1000, False)
    with files.fail(Cut(1000, "reset")), pytest.raises((ConnectionResetError, http.client.HTTPException)):
        client.get("/fw.bin")


def test_a_file_with_an_error_in_it(client: Client, files: Files) -> None:
    with files.fail(FlippedByte(10)):
        assert client.get("/fw.bin").body == IMAGE[:10] + b"\xf5" + IMAGE[11:]
        assert client.get("/fw.bin", Range="bytes=8-12").body == b"\x08\x09\xf5\x0b\x0c"
    with files.fail(Truncated(100)):
        short = client.get("/fw.bin")
        assert (short.body, short.headers["content-length"]) == (IMAGE[:100], "100")


def test_a_file_that_changes_between_two_requests(client: Client, files: Files) -> None:
    with files.fail(Changed(), Selection(first=2)):
        first, second, third = (client.get("/fw.bin") for _ in range(3))
    assert first.body == IMAGE
    assert len(second.body) == len(IMAGE)
    assert second.body != IMAGE
    assert first.headers["etag"] != second.headers["etag"]
    assert (third.body, third.headers["etag"]) == (second.body, second.headers["etag"])  # it has changed once


@pytest.mark.parametrize("effect", [FlippedByte(), Truncated(), Changed()])
def test_the_same_seed_gives_the_same_error(client: Client, files: Files, effect: Changed) -> None:
    def bodies(seed: int) -> list[bytes]:
        with files.fail(effect, Selection(seed=seed, chance=60)):
            return [client.get("/fw.bin").body for _ in range(6)]

    assert bodies(3) == bodies(3) != bodies(4)


def test_a_selection(client: Client, files: Files) -> None:
    files.put("v2/fw.bin", IMAGE)
    with files.fail(Status(404), Selection("v2/*.bin", "download", first=2, times=1)) as failure:
        paths = ["/fw.bin", "/v2/fw.bin", "/v2/fw.bin", "/v2/fw.bin"]
        assert [client.get(path).status for path in paths] == [200, 200, 404, 200]
        assert client.request("PUT", "/v2/fw.bin", b"x").status == 201
    assert (failure.matched, failure.changed) == (3, 1)


def test_several_failures_change_a_request_together(client: Client, files: Files) -> None:
    with files.fail(FlippedByte(0), name="a"), files.fail(Cut(5), name="b"):
        assert client.get("/fw.bin").body == b"\xff\x01\x02\x03\x04"
    assert files.expect_request().fault == "a, b"


@STEPPED
def test_a_stall_and_silence_last_until_the_client_leaves(client: Client, files: Files, timeline: Timeline) -> None:
    for effect, method, sent in ((Stall(1000), b"GET", 1000), (Silent(), b"GET", 0), (Silent(), b"HEAD", 0)):
        with files.fail(effect), socket.create_connection(client.address, LIMIT_S) as connection:
            connection.sendall(method + b" /fw.bin HTTP/1.1\r\nHost: x\r\n\r\n")
            assert files.expect_request().sent == sent
            timeline.clock.deadline(3600).wait_out()
            connection.setblocking(False)
            assert not sent or connection.recv(len(IMAGE)).endswith(IMAGE[:sent])
            with pytest.raises(BlockingIOError):
                connection.recv(1)


@STEPPED
def test_a_trickle_takes_its_time(client: Client, files: Files, timeline: Timeline) -> None:
    files.put("small", bytes(100))
    with files.fail(Trickle(10)), socket.create_connection(client.address, LIMIT_S) as connection:
        connection.sendall(b"GET /small HTTP/1.1\r\nHost: x\r\n\r\n")
        start = timeline.clock.now()
        seen = files.expect_request("small", timeout=11)
    assert (seen.sent, timeline.clock.between(start, seen.t)) == (100, pytest.approx(10, abs=0.2))


def test_a_reset_ends_a_transfer(client: Client, files: Files, timeline: Timeline) -> None:
    with files.fail(Trickle(1)), socket.create_connection(client.address, LIMIT_S) as connection:
        connection.sendall(b"GET /fw.bin HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(1)
        files.reset()
        (seen,) = timeline.events(FileTransfer)
        assert (seen.complete, seen.error) == (False, "the server ended its connections")
        with pytest.raises(ConnectionResetError):
            rest_of(connection)


@STEPPED
def test_a_slow_upload_takes_its_time(client: Client, files: Files, timeline: Timeline) -> None:
    with files.fail(SlowUpload(10)), socket.create_connection(client.address, LIMIT_S) as connection:
        connection.sendall(b"PUT /log HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n" + bytes(100))
        start = timeline.clock.now()
        seen = files.expect_request("log", timeout=11)
    assert (seen.status, timeline.clock.between(start, seen.t)) == (201, pytest.approx(10, abs=0.2))


def test_an_upload_that_is_cut(client: Client, files: Files) -> None:
    with files.fail(CutUpload(1000), Selection(times=1)):
        with pytest.raises((ConnectionError, http.client.HTTPException)):
            client.request("PUT", "/log", IMAGE)
        seen = files.expect_request("log")
        assert (seen.complete, seen.received >= 1000, files.uploads) == (False, True, [])
        assert client.request("PUT", "/log", IMAGE).status == 201


@pytest.mark.parametrize(
    ("kind", "problem"),
    [("expired", "has expired"), ("unknown-root", "verify failed"), ("wrong-name", "mismatch")],
)
def test_bad_certificates(files: Files, kind: str, problem: str) -> None:
    trusting = ssl.create_default_context(cadata=files.root)
    with files.certificate(kind):  # type: ignore[arg-type]  # the parameters are of that kind
        with pytest.raises(urllib.error.URLError, match=problem):
            urllib.request.urlopen(files.url("fw.bin", tls=True), context=trusting, timeout=LIMIT_S)
        assert files.expect_refused("the client rejected the server's certificate", timeout=LIMIT_S).how == "TLS"
    urllib.request.urlopen(files.url("fw.bin", tls=True), context=trusting, timeout=LIMIT_S).close()
