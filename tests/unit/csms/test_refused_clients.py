"""Clients that the CSMS refuses, each with one line and the reason, and the limits of opening handshakes."""

from __future__ import annotations

import contextlib
import logging
import re
import socket
from collections.abc import Callable

import pytest

from rig.csms import Csms
from rig.csms.handshakes import HANDSHAKE_TIMEOUT_S, MOST_HANDSHAKES
from rig.timeline import Timeline
from rig.timeline.events import ClientRefused
from rig.timeline.words import refusal_words
from rig.util.clock import BenchClock
from tests.unit.conftest import STEPPED
from tests.unit.csms.conftest import LIMIT_S, Peer, handshake

CLIENT_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(32, 64))


def refusal(timeline: Timeline) -> str:
    return refusal_words(timeline.expect(ClientRefused, timeout=LIMIT_S))


@pytest.mark.parametrize(
    ("request_bytes", "how", "reason"),
    [
        (handshake("/CP-1/"), "HTTP 404", "'/CP-1/' has none"),
        (handshake("/"), "HTTP 404", "'/' has none"),
        (handshake("/ocpp/?id=CP-1"), "HTTP 404", "identity"),
        (handshake("/CP-1", without="Upgrade"), "HTTP 426", "missing Upgrade header"),
        (handshake("/CP-1", without="Connection"), "HTTP 426", "missing Connection header"),
        (handshake("/CP-1", Sec_WebSocket_Version="8"), "HTTP 400", "invalid Sec-WebSocket-Version header: 8"),
        (handshake("/CP-1", Sec_WebSocket_Key="short"), "HTTP 400", "invalid Sec-WebSocket-Key header"),
        (handshake("/CP-1").replace(b"GET", b"POST"), "HTTP 405", "POST"),
        (CLIENT_HELLO, "its connection was closed", "the client uses TLS, and this port does not: its URL must"),
        (b"hello\r\n\r\n", "its connection was closed", "did not receive a valid HTTP request"),
        (b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\n", "its connection was closed", "read 20016 bytes, expected no mo"),
        (
            handshake("/CP-1") + b"\x83\x80",
            "its connection was closed",
            "opening handshake are not a frame: invalid opcode",
        ),
        (handshake("/\xfcber"), "its connection was closed", "did not receive a valid HTTP request"),
    ],
)
def test_a_refused_client_is_one_line_with_the_reason(
    csms: Csms, timeline: Timeline, request_bytes: bytes, how: str, reason: str
) -> None:
    with socket.create_connection(("127.0.0.1", csms.port), LIMIT_S) as client:
        address = ":".join(map(str, client.getsockname()))
        client.sendall(request_bytes)
        with contextlib.suppress(ConnectionResetError):  # the server closes with unread bytes
            while client.recv(4096):
                pass
    text = refusal(timeline)
    assert text.startswith(f"refused the client {address} ({how}): ")
    assert reason in text
    assert text.isprintable()
    assert len(timeline.events(ClientRefused)) == 1


@pytest.mark.parametrize(
    "frames", [b"\x88\x80\0\0\0\0", b"\x88\x82\0\0\0\0\x03\xe8", b"\x89\x80\0\0\0\0\x88\x80\0\0\0\0", b"\x83\x80"]
)
@pytest.mark.parametrize(
    ("opening", "reason"),
    [
        (handshake("/CP-1"), "before the answer to its opening handshake"),
        (handshake("/CP-1", without="Sec-WebSocket-Protocol"), "before the answer to its opening handshake"),
        (handshake("/CP-1", without="Upgrade"), "missing Upgrade header|before the answer"),
        (handshake("/CP-1", Sec_WebSocket_Key="short"), "invalid Sec-WebSocket-Key|before the answer"),
        (handshake("/"), "'/' has none|before the answer"),
    ],
)
def test_frames_right_after_the_request_of_a_handshake_cause_no_error(
    csms: Csms, timeline: Timeline, caplog: pytest.LogCaptureFixture, opening: bytes, reason: str, frames: bytes
) -> None:
    """The frames end the connection before the CSMS has answered the request. One line says so."""
    with socket.create_connection(("127.0.0.1", csms.port), LIMIT_S) as client:
        client.sendall(opening + frames)
        text = refusal(timeline)
        with contextlib.suppress(ConnectionResetError):
            while client.recv(4096):
                pass
    assert re.search(reason, text)
    Peer(csms.url("CP-2")).boot()
    assert len(timeline.events(ClientRefused)) == 1
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_control_characters_of_a_refused_client_are_escaped(csms: Csms, timeline: Timeline) -> None:
    with socket.create_connection(("127.0.0.1", csms.port), LIMIT_S) as client:
        client.sendall(handshake("/CP-1", Sec_WebSocket_Version="\x1b]0;pwned\x07"))
        while client.recv(4096):
            pass
    assert refusal(timeline).isprintable()


@STEPPED
def test_a_client_that_sends_no_handshake_is_refused_in_time(csms: Csms, timeline: Timeline, clock: BenchClock) -> None:
    with socket.create_connection(("127.0.0.1", csms.port), LIMIT_S) as client:
        client.sendall(b"GET /CP-1 HT")
        refused = timeline.expect(ClientRefused, timeout=2 * HANDSHAKE_TIMEOUT_S)
        assert f"it sent no opening handshake within {HANDSHAKE_TIMEOUT_S:g} s" in refused.reason
        assert clock.between(0, refused.t) == pytest.approx(HANDSHAKE_TIMEOUT_S, abs=1)
        assert client.recv(1) == b""


@STEPPED
def test_an_open_connection_has_no_such_limit(csms: Csms, timeline: Timeline, clock: BenchClock, peer: Peer) -> None:
    clock.deadline(2 * HANDSHAKE_TIMEOUT_S).wait_out()
    peer.boot()
    assert csms.connected
    assert timeline.events(ClientRefused) == []


def test_one_handshake_too_many_closes_the_oldest_client(
    csms: Csms, timeline: Timeline, new_peer: Callable[..., Peer]
) -> None:
    connected = new_peer()
    with contextlib.ExitStack() as stack:
        idle = [
            stack.enter_context(socket.create_connection(("127.0.0.1", csms.port), LIMIT_S))
            for _ in range(MOST_HANDSHAKES + 1)
        ]
        assert idle[0].recv(1) == b""
        assert f"it sent no opening handshake, and {MOST_HANDSHAKES} other clients began one after it" in refusal(
            timeline
        )
        new_peer("CP-2").boot()
        connected.boot()
    assert csms.violations() == []
