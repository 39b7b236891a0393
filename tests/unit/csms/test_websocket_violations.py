"""Violations of RFC 6455: the timeline has the close code that the CSMS sent, its reason, and a violation."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterator

import pytest
from websockets.exceptions import ConnectionClosed

from rig.csms import Csms
from rig.csms.server import MAX_FRAME_BYTES
from rig.timeline import Timeline
from rig.timeline.events import LinkChange, OcppFrame
from tests.unit.csms.conftest import IDENTITY, LIMIT_S, Peer, handshake

FIN, TEXT, CONTINUATION, CLOSE, PING = 0x80, 0x1, 0x0, 0x8, 0x9


def frame(first: int, payload: bytes = b"", masked: bool = True) -> bytes:
    """Make a client's frame (RFC 6455 section 5.2), masked with zeros."""
    assert len(payload) < 126
    return bytes((first, (0x80 if masked else 0) | len(payload))) + (bytes(4) if masked else b"") + payload


@pytest.mark.parametrize(
    ("wire", "code", "reason"),
    [
        (frame(FIN | TEXT, b"{}", masked=False), 1002, "incorrect masking"),
        (frame(FIN | 0x40 | TEXT, b"{}"), 1002, "reserved bits must be 0"),
        (frame(FIN | 0x3, b""), 1002, "invalid opcode"),
        (frame(PING, b""), 1002, "fragmented control frame"),
        (frame(FIN | CONTINUATION, b"{}"), 1002, "unexpected continuation frame"),
        (frame(TEXT, b"[2,") + frame(FIN | CLOSE, struct.pack("!H", 1000)), 1002, "incomplete fragmented message"),
        (frame(FIN | CLOSE, struct.pack("!H", 1005)), 1002, "invalid status code"),
        (frame(FIN | TEXT, b"\xff\xfe"), 1007, "invalid start byte at position 0"),
        (frame(TEXT, b"a\xc3") + frame(FIN | CONTINUATION, b"("), 1007, "at position"),
        (frame(FIN | TEXT)[:1] + b"\xff" + struct.pack("!Q", MAX_FRAME_BYTES + 1), 1009, "exceeds limit"),
    ],
)
def test_a_violation_is_recorded_with_the_close_code_that_was_sent(
    csms: Csms, timeline: Timeline, peer: Peer, wire: bytes, code: int, reason: str
) -> None:
    csms.expect_connected()
    peer.socket.socket.sendall(wire)
    with pytest.raises(ConnectionClosed) as closed:
        peer.socket.recv(LIMIT_S)
    assert closed.value.rcvd is not None
    change = csms.expect_disconnected(LIMIT_S)
    assert (change.code, change.reason) == (closed.value.rcvd.code, closed.value.rcvd.reason)
    assert change.code == code
    assert reason in change.reason
    violation = csms.expect_violation(f"breaks RFC 6455: {change.reason} (close code {code})", timeout=0)
    assert violation.id < change.id
    assert timeline.events(OcppFrame) == [violation]


def test_messages_before_the_violation_are_answered_first(csms: Csms, peer: Peer) -> None:
    csms.expect_connected()
    peer.socket.socket.sendall(frame(FIN | TEXT, b'[2,"a","Heartbeat",{}]') + frame(FIN | 0x3))
    violation = csms.expect_violation("invalid opcode", timeout=LIMIT_S)
    assert csms.expect("Heartbeat", timeout=0).id < violation.id


@pytest.fixture
def stubborn(csms: Csms) -> Iterator[socket.socket]:
    """A charge point that never closes its half of the TCP connection."""
    with socket.create_connection(("127.0.0.1", csms.port), LIMIT_S) as client:
        client.sendall(handshake(f"/{IDENTITY}"))
        csms.expect_connected()
        yield client


def test_a_violation_is_recorded_if_the_peer_does_not_close(csms: Csms, stubborn: socket.socket) -> None:
    stubborn.sendall(frame(FIN | 0x3))
    assert csms.expect_disconnected(LIMIT_S).code == 1002
    csms.expect_violation("breaks RFC 6455: invalid opcode (close code 1002)", timeout=0)


def test_a_violation_is_kept_if_the_charge_point_reconnects_early(
    csms: Csms, stubborn: socket.socket, new_peer: Callable[..., Peer]
) -> None:
    stubborn.sendall(frame(FIN | 0x3))
    while stubborn.recv(4096):  # until the CSMS has closed its half
        pass
    new_peer().boot()
    assert "replaced" in csms.expect_disconnected(timeout=0).reason
    csms.expect_violation("breaks RFC 6455: invalid opcode (close code 1002)", timeout=0)


def test_silence_sends_no_close_code(csms: Csms, peer: Peer) -> None:
    csms.expect_connected()
    with csms.silence():
        peer.socket.socket.sendall(frame(FIN | 0x3))
        peer.socket.socket.close()
        change = csms.expect_disconnected(LIMIT_S)
    assert (change.code, change.reason) == (1006, "")
    csms.expect_violation("breaks RFC 6455: invalid opcode", timeout=0)


@pytest.mark.parametrize("code", [1000, 1001, 1007])
def test_a_close_of_the_charge_point_is_no_violation(csms: Csms, peer: Peer, code: int) -> None:
    csms.expect_connected()
    peer.socket.close(code, "its own")
    change: LinkChange = csms.expect_disconnected(LIMIT_S)
    assert (change.code, change.reason, change.charge_point) == (code, "its own", IDENTITY)
    assert csms.violations() == []


def test_an_abrupt_disconnect_is_no_violation(csms: Csms, peer: Peer) -> None:
    csms.expect_connected()
    peer.socket.socket.sendall(frame(FIN | TEXT, b"{}")[:5])
    peer.socket.socket.close()
    assert csms.expect_disconnected(LIMIT_S).code == 1006
    assert csms.violations() == []
