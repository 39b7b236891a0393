"""Messages that arrive just before their connection ends."""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import Iterator

import pytest

from rig.csms import Csms
from rig.csms.authority import Authority
from rig.csms.security import Security
from rig.timeline import Timeline
from rig.timeline.events import BenchTrouble, LinkChange, OcppFrame

from .conftest import LIMIT_S, Peer, handshake
from .test_unread import CALL, masked

CLOSE = b"\x88\x82" + bytes(4) + struct.pack("!H", 1000)
BROKEN_RECORD = b"\x17\x03\x03\x00\x20" + bytes(32)


class TlsClient:
    """A client that chooses which TLS records a TCP segment holds."""

    def __init__(self, csms: Csms, context: ssl.SSLContext) -> None:
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out, server_hostname="127.0.0.1")
        self.socket = socket.create_connection(("127.0.0.1", csms.port), LIMIT_S)
        while True:
            try:
                self._tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self.socket.sendall(self._out.read())
                self._in.write(self.socket.recv(65536))

    def records(self, data: bytes) -> bytes:
        self._tls.write(data)
        return self._out.read()

    def receive(self) -> bytes:
        while True:
            try:
                return self._tls.read(65536)
            except ssl.SSLWantReadError:
                self._in.write(self.socket.recv(65536))


@pytest.fixture
def tls_client(csms: Csms) -> Iterator[TlsClient]:
    authority = Authority()
    with csms.secured(Security(certificate=authority.server())):
        client = TlsClient(csms, ssl.create_default_context(cadata=authority.root))
        client.socket.sendall(client.records(handshake("/CP-1")))
        assert b"101" in client.receive()
        yield client
        client.socket.close()


def sent(timeline: Timeline) -> list[str]:
    return [frame.unique_id for frame in timeline.events(OcppFrame) if frame.direction == "sent"]


def test_a_broken_tls_record_behind_a_call_ends_only_the_connection(timeline: Timeline, tls_client: TlsClient) -> None:
    tls_client.socket.sendall(tls_client.records(masked(CALL)) + BROKEN_RECORD)
    timeline.expect(LinkChange, lambda link: not link.connected, timeout=LIMIT_S)
    assert [frame.direction for frame in timeline.events(OcppFrame)] == ["received"]
    assert timeline.events(BenchTrouble) == []
    assert timeline.trouble is None


def test_an_answer_that_cannot_leave_is_not_on_the_timeline(csms: Csms, timeline: Timeline) -> None:
    with socket.create_connection(("127.0.0.1", csms.port), LIMIT_S) as client:
        client.sendall(handshake("/CP-1"))
        assert b"101" in client.recv(65536)
        client.sendall(masked(CALL) + CLOSE)
        timeline.expect(LinkChange, lambda link: not link.connected, timeout=LIMIT_S)
    (frame,) = timeline.events(OcppFrame)
    assert (frame.direction, frame.error) == ("received", "")


def test_calls_of_a_replaced_connection_are_not_answered_on_the_new_one(csms: Csms, timeline: Timeline) -> None:
    with socket.create_connection(("127.0.0.1", csms.port), LIMIT_S) as first:
        first.sendall(handshake("/CP-1"))
        assert b"101" in first.recv(65536)
        calls = [masked(b'[2,"old%d","Heartbeat",{}]' % number) for number in range(3000)]
        first.sendall(b"".join(calls))
        second = Peer(csms.url("CP-1"))
        for number in range(3):
            second.call("Heartbeat", {}, f"old{2990 + number}")  # asserts that the answer is the one to this call
        second.socket.close()
    assert [frame.error for frame in timeline.events(OcppFrame) if frame.error] == []
    assert sent(timeline)[-3:] == ["old2990", "old2991", "old2992"]
