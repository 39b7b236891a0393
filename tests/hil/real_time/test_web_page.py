"""The device's page over its socket (docs/device-page.md)."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from rig.bench import Bench
from rig.csms import Csms
from rig.device import Device
from rig.instruments.console import Console
from rig.instruments.power import Power
from tests.hil.real_time.page_client import PASSWORD, PageClient, new_password, printed_password

pytestmark = pytest.mark.needs("page", "commands")

READ = (
    "/api/session",
    "/api/status",
    "/api/events",
    "/api/config",
    "/api/networks",
    "/api/scan",
    "/api/log",
    "/api/transactions",
    "/api/diagnostics",
)
WRITE = (
    "/api/logout",
    "/api/password",
    "/api/config",
    "/api/networks",
    "/api/networks/remove",
    "/api/scan",
    "/api/firmware",
    "/api/restart",
)


@pytest.fixture
def client(device: Device, bench: Bench, console: Console) -> PageClient:
    """A client that is logged in with a password of its own."""
    found = PageClient(bench.page_url)
    new_password(found, bench, console)
    return found


@pytest.fixture
def stranger(device: Device, bench: Bench) -> PageClient:
    """A client that is not logged in."""
    return PageClient(bench.page_url)


def test_the_page_is_compressed_and_small(stranger: PageClient) -> None:
    """The page is one gzip document of at most 40 KB, with a policy that admits its own script only."""
    status, headers, content = stranger.send("GET", "/")
    assert status == 200
    assert headers["Content-Encoding"] == "gzip"
    assert len(content) <= 40 * 1024
    assert b"<!doctype html>" in gzip.decompress(content)
    assert "script-src 'sha256-" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]


def test_a_value_is_kept_over_a_power_cycle(
    client: PageClient, device: Device, power: Power, console: Console, bench: Bench
) -> None:
    """A setting of the page survives a power cut after its answer, and so does the password."""
    status, _ = client.post("/api/config", {"key": "nominal_voltage_v", "value": 240})
    assert status == 200
    with device.expecting_reboot():
        power.off()
        mark = bench.mark()
        power.on()
        device.wait_ready(since=mark)
    assert json.loads(console.command("config"))["nominal_voltage_v"] == 240
    assert client.log_in(PASSWORD)[0] == 200
    values = {entry["setting"]["key"]: entry["value"] for entry in client.get("/api/config")}
    assert values["nominal_voltage_v"] == "240"
    assert client.post("/api/config", {"key": "nominal_voltage_v", "value": 230})[0] == 200


def test_a_wrong_value_is_rejected_with_its_reason(client: PageClient) -> None:
    """The answer names the key and the reason."""
    status, answer = client.post("/api/config", {"key": "nominal_voltage_v", "value": 5000})
    assert (status, answer) == (422, {"error": "nominal_voltage_v", "message": "is too large"})


def test_the_status_is_that_of_the_console(client: PageClient, device: Device) -> None:
    """The page and the console show the same state."""
    shown, status = client.get("/api/status")["status"], device.status()
    for name in ("state", "accepted", "connected", "energy_wh", "security_profile"):
        assert shown[name] == status[name]


def test_live_values_come_as_events(client: PageClient) -> None:
    """An event a second has the status."""
    with socket.create_connection(client.address, timeout=20) as connection:
        connection.sendall(f"GET /api/events HTTP/1.1\r\nHost: h\r\nCookie: session={client.cookie}\r\n\r\n".encode())
        stream = connection.makefile("rb")
        uptimes: list[int] = []
        for line in stream:
            if line.startswith(b"data: "):
                uptimes.append(json.loads(line[6:])["uptime_ms"])
            if len(uptimes) == 3:
                break
    assert uptimes[2] - uptimes[0] >= 1900


def test_the_diagnostics_have_settings_and_log_without_secrets(
    client: PageClient, console: Console, bench: Bench
) -> None:
    """The file has all parts; the printed password and the network's key are not in it."""
    first = printed_password(bench, console)
    client.log_in(first)
    client.post("/api/password", {"old": first, "new": PASSWORD})
    status, headers, content = client.send("GET", "/api/diagnostics")
    text = content.decode()
    assert status == 200
    assert headers["Content-Disposition"] == 'attachment; filename="diagnostics.txt"'
    for part in ("# overview", "# telemetry", "# transactions", "# settings", "# log", '"key":"wifi_psk"', "boot: "):
        assert part in text
    # A bench without Wi-Fi has no key.
    for secret in filter(None, (first, PASSWORD, bench.description.psk())):
        assert secret not in text


# ---- the scanner


@pytest.mark.parametrize("path", READ)
def test_reading_needs_a_login(stranger: PageClient, path: str) -> None:
    """Without a session each route answers 401, also with an invented cookie."""
    assert stranger.send("GET", path)[0] == 401
    stranger.cookie = "0" * 32
    assert stranger.send("GET", path)[0] == 401


@pytest.mark.parametrize("path", WRITE)
def test_writing_needs_login_token_and_origin(client: PageClient, path: str) -> None:
    """A change without session, CSRF token, or from another site's page is rejected."""
    assert client.send("POST", path, {}, {"Cookie": ""})[0] == 401
    assert client.send("POST", path, {}, {"X-CSRF-Token": ""})[0] == 403
    assert client.send("POST", path, {}, {"X-CSRF-Token": client.cookie})[0] == 403
    assert client.send("POST", path, {}, {"Origin": "http://other.example"})[0] == 403


@pytest.mark.parametrize(
    "path",
    ["/../config.json", "/%2e%2e/config.json", "/api/../api/status", "/api/status/", "/api//status", "/\\..\\config"],
)
def test_no_path_leads_elsewhere(client: PageClient, path: str) -> None:
    """Only the routes of the table exist; nothing is decoded."""
    assert client.send("GET", path)[0] in (400, 404)


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: h\r\nX: a\nSet-Cookie: b\r\n\r\n", 400),
        (b"GET /\r\nX: HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost : h\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n", 400),
        (b"POST /api/login HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}", 501),
        (b"POST /api/login HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400),
        (b"GET / HTTP/1.1\r\nHost: h\r\nX: " + b"a" * (1 << 20) + b"\r\n\r\n", 431),
        (b"GET /" + b"a" * 1000 + b" HTTP/1.1\r\nHost: h\r\n\r\n", 414),
        (b"POST /api/login HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n", 413),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    ],
)
def test_malformed_requests_are_rejected(stranger: PageClient, request_bytes: bytes, status: int) -> None:
    """Header injection, smuggling, and requests without end get a status, and the connection ends."""
    answer = stranger.raw(request_bytes)
    # The answer to a megabyte may be lost when the device closes on the rest of it.
    assert answer.startswith(f"HTTP/1.1 {status} ".encode()) or (not answer and len(request_bytes) > 1000)
    assert b"\r\nSet-Cookie" not in answer
    assert stranger.send("GET", "/")[0] == 200


def test_every_answer_has_the_security_headers(client: PageClient) -> None:
    """Pages, errors and streams cannot be framed, sniffed, stored or read by another site."""
    for method, path in (("GET", "/"), ("GET", "/api/config"), ("GET", "/none"), ("PUT", "/"), ("GET", "/api/status")):
        headers = client.send(method, path)[1]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Cache-Control"] == "no-store"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "Access-Control-Allow-Origin" not in headers


def test_guessing_passwords_is_slowed_down(client: PageClient) -> None:
    """After three wrong passwords the right one has to wait, too."""
    guesser = PageClient(f"http://{client.address[0]}:{client.address[1]}/")
    statuses = [guesser.log_in(f"guess {i}")[0] for i in range(4)]
    assert statuses == [401, 401, 401, 429]
    assert guesser.log_in(PASSWORD)[0] == 429


# ---- OCPP goes first


@pytest.fixture
def crowd(bench: Bench, stranger: PageClient) -> Iterator[list[socket.socket]]:
    """Twenty clients that connect and send nothing, and one that sends its request byte by byte."""
    with ExitStack() as stack:
        clients = [stack.enter_context(socket.create_connection(stranger.address, timeout=20)) for _ in range(21)]
        clients[20].sendall(b"GET / HTTP/1.1\r\nHost: ")
        yield clients


def test_idle_and_slow_clients_do_not_disturb_ocpp(
    crowd: list[socket.socket], device: Device, csms: Csms, bench: Bench, console: Console, stranger: PageClient
) -> None:
    """While such clients hold every connection of the page, each call of the CSMS is answered, in order."""
    mark = bench.mark()
    for _ in range(50):
        connections = json.loads(console.command("web"))["web"]["connections"]
        if connections == 4:
            break
        device.let_time_pass(0.1)
    assert connections == 4
    for number in range(20):
        with contextlib.suppress(ConnectionError):  # its deadline has passed
            crowd[20].sendall(b"h")
        answer = csms.call("GetConfiguration", {"key": ["HeartbeatInterval", f"Unknown{number}"]})
        assert answer["unknownKey"] == [f"Unknown{number}"]
    csms.call("TriggerMessage", {"requestedMessage": "Heartbeat"})
    csms.expect("Heartbeat", since=mark)
    # Each connection is closed at its deadline, so the page can be reached again. Until then an emulator accepts a
    # connection that the device rejects, and resets it.
    for _ in range(30):
        with contextlib.suppress(ConnectionError):
            assert stranger.send("GET", "/")[0] == 200
            break
        device.let_time_pass(1)
    else:
        pytest.fail("the page is not reached again")
