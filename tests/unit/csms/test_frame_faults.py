"""Faults of single frames, as a charge point and the timeline see them."""

from __future__ import annotations

import random
import socket
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from websockets.exceptions import ConnectionClosed

from rig.csms import Csms
from rig.csms.frame_effects import (
    Binary,
    BreakSchema,
    CloseInstead,
    Delay,
    DisconnectInstead,
    Drop,
    Duplicate,
    Effect,
    ErrorInstead,
    Fragments,
    Huge,
    Reorder,
    TcpEnd,
    Truncate,
    WrongMessageType,
    WrongUniqueId,
)
from rig.csms.wire import Selection
from rig.ocpp import schemas
from rig.ocpp.breaking import KEYWORDS, break_payload, breakable
from rig.ocpp.versions import VERSIONS, Version
from rig.timeline.events import LinkChange, Note, OcppFrame
from rig.util.errors import AuthorError, ExpectationError
from tests.unit.conftest import STEPPED
from tests.unit.csms.conftest import LIMIT_S, Peer, handshake

HEARTBEATS = Selection(action="Heartbeat")


def heartbeat(peer: Peer) -> Any:
    """Send a Heartbeat and return the next message of the CSMS."""
    peer.start_call("Heartbeat", {})
    return peer.receive()


def notes(csms: Csms) -> list[str]:
    return [note.text for note in csms.timeline.events(Note)]


# -- selection ------------------------------------------------------------------------------------------------------


def test_only_the_selected_occurrences_change(csms: Csms, peer: Peer) -> None:
    """The second and third answer to Heartbeat have a wrong id; other answers are normal."""
    with csms.tamper(WrongUniqueId(), Selection(action="Heartbeat", first=2, times=2)) as fault:
        peer.status("Available")
        ids = [heartbeat(peer)[1] for _ in range(4)]
    assert [name.startswith("no-") for name in ids] == [False, True, True, False]
    assert (fault.matched, fault.changed) == (4, 2)


def test_the_direction_selects(csms: Csms, peer: Peer) -> None:
    """A fault of received frames leaves the answers alone."""
    with csms.tamper(Drop(), Selection(direction="received", action="Heartbeat", times=1)):
        peer.start_call("Heartbeat", {}, "lost")
        assert heartbeat(peer)[1] == "m2"
    assert notes(csms) == ["frame fault: Heartbeat [lost] of CP-1 was dropped"]


def test_a_chance_repeats_with_its_seed(csms: Csms, new_peer: Callable[..., Peer]) -> None:
    """The same seed changes the same frames, another seed others."""

    def changed(seed: int) -> list[bool]:
        peer = new_peer()
        with csms.tamper(WrongUniqueId(), Selection(action="Heartbeat", chance=50, seed=seed)):
            return [heartbeat(peer)[1].startswith("no-") for _ in range(20)]

    first = changed(1)
    assert first == changed(1)
    assert first != changed(2)
    assert 0 < sum(first) < 20


def test_the_latest_fault_changes_a_frame_and_all_count_it(csms: Csms, peer: Peer) -> None:
    with csms.tamper(WrongMessageType(9), HEARTBEATS) as outer:
        with csms.tamper(WrongUniqueId(), HEARTBEATS) as inner:
            assert heartbeat(peer)[:2] == [3, "no-m1"]
        assert heartbeat(peer)[0] == 9
    assert (outer.matched, inner.matched) == (2, 1)


def test_an_unknown_action_is_rejected(csms: Csms) -> None:
    with pytest.raises(AuthorError, match=r"not 'Heartbeet'\. Did you mean 'Heartbeat'"):
        Selection(action="Heartbeet")


# -- delivery -------------------------------------------------------------------------------------------------------


def test_a_dropped_call_of_the_csms_gets_no_answer(csms: Csms, peer: Peer) -> None:
    with (
        csms.tamper(Drop(), Selection(action="ClearCache")),
        pytest.raises(ExpectationError, match=r"ClearCache \[csms-1\] to CP-1 was dropped|expected within"),
    ):
        csms.call("ClearCache", timeout=0.05)
    assert "ClearCache [csms-1] to CP-1 was dropped" in notes(csms)[0]


@STEPPED
def test_a_delayed_answer_comes_after_its_time(csms: Csms, peer: Peer) -> None:
    """Other frames overtake the answer, which is on the timeline when it is sent."""
    with csms.tamper(Delay(20.0), Selection(action="Heartbeat", times=1)):
        peer.start_call("Heartbeat", {}, "late")
        csms.expect("Heartbeat")
        csms.send_raw("early")
        csms.expect_none("Heartbeat", within=30)  # lets bench time pass
        assert peer.socket.recv(LIMIT_S) == "early"
        assert peer.receive()[1] == "late"
    call, answer = (frame for frame in csms.timeline.events(OcppFrame) if frame.unique_id == "late")
    assert 20 <= csms.timeline.clock.between(call.t, answer.t) < 21


def test_the_end_of_a_fault_delivers_what_it_holds(csms: Csms, peer: Peer) -> None:
    with csms.tamper(Delay(3600.0), HEARTBEATS):
        peer.start_call("Heartbeat", {}, "held")
        csms.expect("Heartbeat")
        peer.status("Available")
    assert peer.receive()[1] == "held"


def test_a_reordered_answer_comes_after_the_next_frame(csms: Csms, peer: Peer) -> None:
    with csms.tamper(Reorder(), Selection(action="Heartbeat", times=1)):
        peer.start_call("Heartbeat", {}, "first")
        peer.start_call("StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Available"}, "next")
        assert [peer.receive()[1] for _ in range(2)] == ["next", "first"]


def test_what_is_held_is_forgotten_with_its_connection(csms: Csms, new_peer: Callable[..., Peer]) -> None:
    """A held answer never reaches the next connection of the charge point."""
    with csms.tamper(Delay(3600.0), HEARTBEATS):
        first = new_peer()
        first.start_call("Heartbeat", {}, "held")
        csms.expect("Heartbeat")
        first.socket.close()
        csms.expect_disconnected()
        second = new_peer()
    second.status("Available")  # its answer is the first message on this connection


def test_a_repeated_call_is_no_violation_and_matches_once(csms: Csms, peer: Peer) -> None:
    with csms.tamper(Duplicate(2), Selection(direction="received", action="Heartbeat")):
        peer.start_call("Heartbeat", {})
        assert {peer.receive()[1] for _ in range(3)} == {"m1"}
    csms.expect_once("Heartbeat", within=0.01)
    assert csms.violations() == []
    assert [f.fault for f in csms.timeline.events(OcppFrame) if f.direction == "received"] == [
        "",
        "frame fault",
        "frame fault",
    ]


@pytest.mark.parametrize("code", [1001, 1006, 0, 999, 4999, 65535])
def test_a_frame_closes_the_connection_with_any_code(csms: Csms, peer: Peer, code: int) -> None:
    """Codes that must not be on the wire (RFC 6455 section 7.4) are sent all the same."""
    with csms.tamper(CloseInstead(code, "why"), HEARTBEATS):
        peer.start_call("Heartbeat", {})
        with pytest.raises(ConnectionClosed) as closed:
            peer.socket.recv(LIMIT_S)
    if code in (1001, 4999):
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (code, "why")
    else:  # the client's own library rejects it
        assert closed.value.sent is not None
        assert closed.value.sent.code == 1002
    csms.expect_disconnected()


@pytest.mark.parametrize(("end", "note"), [("reset", "was reset"), ("close", "was closed")])
def test_a_frame_ends_the_tcp_connection(csms: Csms, peer: Peer, end: TcpEnd, note: str) -> None:
    with csms.tamper(DisconnectInstead(end), HEARTBEATS):
        peer.start_call("Heartbeat", {})
        with pytest.raises(ConnectionClosed) as closed:
            peer.socket.recv(LIMIT_S)
    assert closed.value.rcvd is None
    assert f"did not arrive: the connection {note}" in notes(csms)[0]
    assert csms.expect_disconnected().code == 1006


# -- content --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("effect", "arrives"),
    [
        (Truncate(4), '[3,"'),
        (WrongUniqueId("empty"), '[3,"",{}]'),
        (WrongUniqueId("too-long"), f'[3,"m1{"x" * 35}",{{}}]'),
        (WrongMessageType(7), '[7,"m1",{}]'),
        (ErrorInstead("NoSuchCode", "said"), '[4,"m1","NoSuchCode","said",{}]'),
        (Fragments(3), '[3,"m1",{}]'),
        (Huge(100), f'[3,"m1",{{}}{" " * 89}]'),
        (Binary(), b'[3,"m1",{}]'),
        (BreakSchema("additionalProperties"), '[3,"m1",{"plugbenchUnknown":true}]'),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Effect) else "",
)
def test_an_answer_arrives_altered(csms: Csms, peer: Peer, effect: Effect, arrives: str | bytes) -> None:
    """The charge point receives the altered frame, and the timeline names the fault with it."""
    with csms.tamper(effect, Selection("sent", "StatusNotification"), name="frame-x"):
        peer.start_call("StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Available"})
        assert peer.socket.recv(LIMIT_S) == arrives
    sent = csms.timeline.events(OcppFrame)[-1]
    assert sent.fault == "frame-x"


@pytest.mark.parametrize("effect", [Truncate(), WrongMessageType(), WrongUniqueId("number"), Binary(), BreakSchema()])
def test_an_altered_call_is_no_violation_of_the_charge_point(csms: Csms, peer: Peer, effect: Effect) -> None:
    """The CSMS judges and answers the altered call, but does not blame the charge point for it."""
    with csms.tamper(effect, Selection("received", "StatusNotification", seed=3), name="frame-x"):
        peer.start_call("StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Available"})
        assert heartbeat(peer)[1] in ("m1", "m2")
    first = csms.timeline.events(OcppFrame)[0]
    assert first.error
    assert first.fault == "frame-x"
    assert csms.violations() == []
    csms.expect_none("StatusNotification", within=0)


def test_an_answer_of_the_charge_point_becomes_an_error(csms: Csms, peer: Peer) -> None:
    """The call of the test gets the CALLERROR that a fault has put in the answer's place."""
    with csms.tamper(ErrorInstead("SecurityError"), Selection("received", "ClearCache", "answer")):
        csms.on_loop(csms._point(None).call("ClearCache", {}), "call")
        _, unique_id, *_ = peer.receive()
        peer.send(orjson.dumps([3, unique_id, {"status": "Accepted"}]).decode())
        csms.timeline.expect(OcppFrame, lambda frame: frame.message_type == "CALLERROR", timeout=LIMIT_S)


def every_break(version: Version) -> list[tuple[str, schemas.Kind, str]]:
    return [
        (action, kind, keyword)
        for action in sorted(schemas.actions(version))
        for kind in ("request", "response")
        for keyword in KEYWORDS
        if breakable(action, kind, keyword, version)  # type: ignore[arg-type]
    ]


def whole(root: Any, schema: Any) -> Any:
    """Make a value that a schema of OCPP allows, with all its properties."""
    if "$ref" in schema:
        return whole(root, root["definitions"][schema["$ref"].rpartition("/")[2]])
    match schema.get("type"):
        case "object":
            return {name: whole(root, inner) for name, inner in schema.get("properties", {}).items()}
        case "array":
            return [whole(root, schema["items"])]
        case "string" if "enum" in schema:
            return schema["enum"][0]
        case "string":
            return {"date-time": "2026-01-01T00:00:00Z", "uri": "ftp://x/y"}.get(schema.get("format"), "x")
        case "boolean":
            return True
        case _:
            return min(1, schema.get("maximum", 1))


@pytest.mark.parametrize("version", VERSIONS.values(), ids=str)
def test_every_keyword_of_every_schema_can_be_broken(version: Version) -> None:
    """A valid payload becomes one that breaks the wanted keyword, and no other one."""
    wanted = every_break(version)
    for action, kind, keyword in wanted:
        schema = schemas.schema(action, kind, version)
        payload = whole(schema, schema)
        assert schemas.check(action, payload, kind, version) is None, (action, kind)
        for seed in range(3):
            broken = break_payload(action, kind, payload, keyword, random.Random(seed), version)  # type: ignore[arg-type]
            keywords = {each.keyword for each in schemas.breaks(action, broken, kind, version)}
            meant = "type" if keyword == "items" else keyword
            # A number in the place of a text is no member of its enumeration either.
            assert meant in keywords <= {meant, "enum" if meant == "type" else meant}, (action, kind, broken)
    assert len(wanted) > 250
    unused = {"maxItems", "maximum", "minimum"} if version.is_16 else {"multipleOf"}
    assert {keyword for _, _, keyword in wanted} == set(KEYWORDS) - unused


# -- connections ----------------------------------------------------------------------------------------------------


def arrives_within(csms: Csms, peer: Peer, seconds: float) -> bool:
    """Let bench time pass, and return whether the peer has received a message then."""
    csms.expect_none("Authorize", within=seconds)
    try:
        peer.socket.recv(0.05)
    except TimeoutError:
        return False
    return True


@STEPPED
def test_a_trickle_delivers_byte_by_byte(csms: Csms, peer: Peer) -> None:
    """An answer of 11 bytes in a frame of 13 takes 6 s at 2 bytes/s."""
    with csms.trickle(2):
        peer.start_call("StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Available"})
        csms.expect("StatusNotification")
        assert not arrives_within(csms, peer, 4)
        assert arrives_within(csms, peer, 4)
    assert peer.boot()["status"] == "Accepted"


@STEPPED
def test_a_trickle_slows_the_opening_handshake_too(csms: Csms) -> None:
    with csms.trickle(10), socket.create_connection(("127.0.0.1", csms.port)) as client:
        client.sendall(handshake("/CP-1"))
        csms.expect_connected(LIMIT_S)
        csms.expect_none("Authorize", within=3)
        client.settimeout(0.05)
        assert 1 <= len(client.recv(1000)) <= 40


def test_the_end_of_a_trickle_sends_what_waits(csms: Csms, peer: Peer) -> None:
    with csms.trickle(0.01):
        peer.start_call("Heartbeat", {}, "slow")
        csms.expect("Heartbeat")
    assert peer.receive()[1] == "slow"


def test_pings_flood_a_client_that_goes_on_working(csms: Csms, peer: Peer) -> None:
    pings = 0

    def count(frame: Any) -> None:
        nonlocal pings
        pings += frame.opcode == 9
        receive(frame)

    receive = peer.socket.protocol.recv_frame
    peer.socket.protocol.recv_frame = count  # type: ignore[method-assign]
    with csms.ping_flood(1000):
        while pings < 50:
            peer.status("Available")
    assert peer.boot()["status"] == "Accepted"


@pytest.mark.parametrize("code", [1000, 1012, 3000, 1015])
def test_all_connections_close_with_a_code(csms: Csms, new_peer: Callable[..., Peer], code: int) -> None:
    peers = [new_peer("CP-1"), new_peer("CP-2")]
    csms.close_all(code, "bye")
    for peer in peers:
        with pytest.raises(ConnectionClosed) as closed:
            peer.socket.recv(LIMIT_S)
        decided = closed.value.rcvd or closed.value.sent
        assert decided is not None
        assert decided.code == (1002 if code == 1015 else code)


def test_dropped_connections_are_reset(csms: Csms, new_peer: Callable[..., Peer]) -> None:
    new_peer("CP-1"), new_peer("CP-2")
    assert csms.drop_connections() == 2
    gone = csms.timeline.expect(LinkChange, lambda link: not link.connected, timeout=LIMIT_S)
    assert gone.code == 1006
