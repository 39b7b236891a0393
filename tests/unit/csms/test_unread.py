"""Limits for clients that do not read, and for the number of clients. Each refusal has a reason."""

from __future__ import annotations

import contextlib
import socket
import struct

import pytest

import rig.csms.server
from rig.csms import Csms
from rig.timeline import Timeline
from rig.timeline.events import ClientRefused, LinkChange
from tests.unit.csms.conftest import LIMIT_S, Peer, handshake

PING = b"\x89\xfd" + bytes(4) + bytes(125)
CALL = b'[2,"1","Heartbeat",{}]'


def masked(text: bytes) -> bytes:
    """Make a text frame of a client, with mask 0."""
    return b"\x81" + struct.pack("!B", 0x80 | len(text)) + bytes(4) + text


def open_unreading(csms: Csms, path: str) -> socket.socket:
    """Connect a client that stops reading after its opening handshake."""
    client = socket.socket()
    client.settimeout(LIMIT_S)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)  # little is sent before the CSMS has to wait
    client.connect(("127.0.0.1", csms.port))
    client.sendall(handshake(path))
    assert b"101" in client.recv(65536)
    return client


def test_a_client_that_pings_and_never_reads_is_reset_with_a_reason(csms: Csms, timeline: Timeline) -> None:
    """Pongs would fill the memory: they bypass the queue of messages, which has its own limit."""
    with open_unreading(csms, "/CP-DEAF") as client:
        with contextlib.suppress(ConnectionError):
            for _ in range(1000):
                client.sendall(PING * 1000)
        gone = timeline.expect(LinkChange, lambda link: not link.connected, timeout=LIMIT_S)
    assert gone.code == 1006
    assert gone.reason == "reset: it keeps sending but has not read 2 MiB sent to it"
    Peer(csms.url("CP-1")).boot()


def test_a_client_that_calls_and_never_reads_delays_only_itself(csms: Csms) -> None:
    """The answers wait until the client reads, and the CSMS reads no more of its calls."""
    with open_unreading(csms, "/CP-DEAF") as client:
        client.settimeout(0.5)
        with pytest.raises(TimeoutError):
            client.sendall(masked(CALL) * 2_000_000)
        Peer(csms.url("CP-1")).boot()


def test_one_connection_too_many_is_reset_with_a_reason(
    csms: Csms, timeline: Timeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rig.csms.server, "MOST_CONNECTIONS", 2)
    peers = [Peer(csms.url(f"CP-{number}")) for number in range(2)]
    with contextlib.suppress(ConnectionError), socket.create_connection(("127.0.0.1", csms.port), LIMIT_S) as client:
        client.recv(1)
    refused = timeline.expect(ClientRefused, timeout=LIMIT_S)
    assert refused.reason == "2 connections are open, and the CSMS accepts no more: close some"
    for peer in peers:
        peer.boot()
