"""The versions of OCPP: the sub-protocol decides schemas, answers, error codes and frames."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import pytest
from websockets.exceptions import ConnectionClosed

from rig.csms import Csms
from rig.csms.behaviour import Behaviour
from rig.ocpp import schemas
from rig.ocpp.versions import V21, V201, Version
from rig.timeline import Timeline
from rig.timeline.events import LinkChange, OcppFrame
from rig.util.errors import AuthorError
from tests.unit.csms.conftest import IDENTITY, LIMIT_S, Peer
from tests.unit.csms.station_peer import BOOT, STATUS, boot
from tests.unit.csms.test_frame_faults import whole


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (["ocpp2.0.1", "ocpp1.6"], "ocpp2.0.1"),
        (["ocpp1.6", "ocpp2.0.1"], "ocpp1.6"),
        (["ocpp9", "ocpp2.1"], "ocpp2.1"),
    ],
)
def test_the_first_choice_of_the_client_is_taken(
    csms: Csms, new_peer: Callable[..., Peer], offered: list[str], chosen: str
) -> None:
    assert new_peer(subprotocols=offered).socket.subprotocol == chosen
    assert csms.expect_connected().protocol == chosen


@pytest.fixture
def only_201(timeline: Timeline, loop: asyncio.AbstractEventLoop) -> Iterator[Csms]:
    csms = Csms(timeline, loop, identity=IDENTITY, protocols=["ocpp2.0.1"])
    csms.start()
    yield csms
    csms.shut_down()


def test_a_restricted_csms_accepts_no_other_protocol(only_201: Csms) -> None:
    old = Peer(only_201.url(), subprotocols=["ocpp1.6"])
    with pytest.raises(ConnectionClosed):
        old.socket.recv(LIMIT_S)
    assert "ocpp2.0.1" in only_201.expect_disconnected().reason
    new = Peer(only_201.url(), subprotocols=["ocpp1.6", "ocpp2.0.1"])
    assert new.socket.subprotocol == "ocpp2.0.1"
    new.socket.close()


def test_an_unknown_protocol_is_an_error_of_the_author(timeline: Timeline, loop: asyncio.AbstractEventLoop) -> None:
    with pytest.raises(AuthorError, match=r"ocpp2\.0\.1"):
        Csms(timeline, loop, protocols=["ocpp2.0"])


@pytest.mark.parametrize("version", [V201, V21], ids=str)
def test_the_normal_answers_follow_the_schemas(timeline: Timeline, version: Version) -> None:
    """Each call of a charging station with all its properties gets a valid answer."""
    behaviour = Behaviour(timeline.clock)
    for action in version.from_charge_point:
        schema = schemas.schema(action, "request", version)
        answer = behaviour.answer("CP", action, whole(schema, schema), version)
        assert schemas.check(action, answer, "response", version) is None, action


@pytest.mark.parametrize("protocol", ["ocpp2.0.1", "ocpp2.1"])
def test_a_station_boots_and_reports_its_status(csms: Csms, new_peer: Callable[..., Peer], protocol: str) -> None:
    peer = new_peer(subprotocols=[protocol])
    csms.expect_connected()
    assert boot(peer)["status"] == "Accepted"
    assert peer.call("StatusNotification", STATUS) == {}
    assert peer.call("Heartbeat", {})["currentTime"]
    csms.expect_status("Available", evseId=1)
    assert csms.violations() == []
    with pytest.raises(AuthorError, match="chargePointModel"):
        csms.expect("BootNotification", chargePointModel="M")


def test_a_payload_of_another_version_is_a_violation_with_a_code_of_its_own(
    csms: Csms, new_peer: Callable[..., Peer]
) -> None:
    peer = new_peer(subprotocols=["ocpp2.0.1"])
    unique_id = peer.start_call("BootNotification", {"chargePointModel": "M", "chargePointVendor": "V"})
    assert peer.receive()[:2] == [4, unique_id]
    for payload, code in (
        (BOOT | {"x": 1}, "FormatViolation"),
        ({"reason": "PowerUp"}, "OccurrenceConstraintViolation"),
    ):
        peer.start_call("BootNotification", payload)
        assert peer.receive()[2] == code
    peer.start_call("StartTransaction", {})
    assert peer.receive()[2] == "NotImplemented"
    assert len(csms.violations()) == 4


def test_a_corrupt_message_is_answered_with_the_id_minus_one(csms: Csms, new_peer: Callable[..., Peer]) -> None:
    """OCPP-J 2.0.1 section 4.2.3."""
    peer = new_peer(subprotocols=["ocpp2.0.1"])
    peer.send("{")
    assert peer.receive()[:3] == [4, "-1", "RpcFrameworkError"]
    peer.send('[2,"' + "x" * 37 + '","Heartbeat",{}]')
    assert peer.receive()[:3] == [4, "-1", "RpcFrameworkError"]
    csms.send_raw("{")
    assert peer.receive_raw() == "{"
    peer.send('[4,"-1","RpcFrameworkError","",{}]')
    boot(peer)
    assert len(csms.violations()) == 2


def test_an_unknown_message_type_is_ignored(csms: Csms, new_peer: Callable[..., Peer]) -> None:
    """OCPP-J 2.1 section 4.1.3: the payload is ignored, and the connection stays."""
    peer = new_peer(subprotocols=["ocpp2.1"])
    peer.send('[7,"a","Heartbeat",{}]')
    boot(peer)
    assert "2, 3, 4, 5 and 6 exist" in csms.expect_violation(timeout=0).error
    assert csms.connected


def test_a_send_has_no_answer(csms: Csms, timeline: Timeline, new_peer: Callable[..., Peer]) -> None:
    """OCPP-J 2.1 section 4.2.4."""
    peer = new_peer(subprotocols=["ocpp2.1"])
    boot(peer)
    stream = '{"id":1,"pending":0,"basetime":"2026-01-01T00:00:00Z","data":[{"t":0,"v":"230.4"}]}'
    peer.send(f'[6,"s1","NotifyPeriodicEventStream",{stream}]')
    assert peer.call("Heartbeat", {})
    frames = timeline.events(OcppFrame, where=lambda frame: frame.unique_id == "s1")
    assert [frame.message_type for frame in frames] == ["SEND"]
    assert csms.violations() == []
    peer.send('[6,"s2","Heartbeat",{}]')
    peer.start_call("NotifyPeriodicEventStream", {})
    assert peer.receive()[2] == "RpcFrameworkError"
    assert [frame.action for frame in csms.violations()] == ["Heartbeat", "NotifyPeriodicEventStream"]


def test_errors_of_results(csms: Csms, timeline: Timeline, new_peer: Callable[..., Peer]) -> None:
    """A CALLRESULTERROR of the station names a result of the CSMS; that of the CSMS answers an invalid result."""
    peer = new_peer(subprotocols=["ocpp2.1"])
    boot(peer)
    peer.send('[5,"m1","FormatViolation","no interval",{}]')
    peer.send('[5,"other","FormatViolation","",{}]')
    csms.on_loop(csms._point(None).call("ClearCache", {}), "call")
    _, unique_id, *_ = peer.receive()
    peer.send(f'[3,"{unique_id}",{{"status":"Perhaps"}}]')
    assert peer.receive()[:3] == [5, unique_id, "PropertyConstraintViolation"]
    first, second, third = timeline.events(
        OcppFrame, where=lambda frame: frame.direction == "received" and frame.message_type != "CALL"
    )
    assert (first.message_type, first.action, first.error) == ("CALLRESULTERROR", "BootNotification", "")
    assert "no CALLRESULT of the CSMS" in second.error
    assert third.error


def test_a_reconnection_may_change_the_version(csms: Csms, timeline: Timeline, new_peer: Callable[..., Peer]) -> None:
    boot(new_peer(subprotocols=["ocpp2.0.1"]))
    new_peer().boot()
    assert csms.violations() == []
    links = timeline.events(LinkChange, where=lambda link: link.connected)
    assert [link.protocol for link in links] == ["ocpp2.0.1", "ocpp1.6"]
