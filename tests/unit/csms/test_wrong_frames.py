"""Invalid frames are recorded with the reason and answered with the right CALLERROR."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from rig.csms import Csms
from rig.csms.judge import GIVEN_UP_AFTER_S
from rig.csms.server import MAX_FRAME_BYTES
from rig.timeline import Timeline
from rig.timeline.events import LinkChange, Note, OcppFrame
from rig.util.errors import ExpectationError
from tests.unit.conftest import STEPPED
from tests.unit.csms.conftest import IDENTITY, LIMIT_S, Peer

TIME = "2024-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("action", "payload", "code", "error"),
    [
        ("BootNotification", {"chargePointModel": "M"}, "OccurenceConstraintViolation", '"chargePointVendor"'),
        ("Authorize", {"idTag": 5}, "TypeConstraintViolation", 'idTag: 5 is not of type "string"'),
        ("Authorize", {"idTag": "x" * 21}, "PropertyConstraintViolation", "longer than 20"),
        ("Authorize", {"idTag": "x", "more": 1}, "FormationViolation", "'more'"),
        ("Authorize", [], "FormationViolation", "must be a JSON object"),
        ("FirmwareStatusNotification", {"status": "Fine"}, "PropertyConstraintViolation", "status:"),
        (
            "StopTransaction",
            {"transactionId": 1, "meterStop": 1, "timestamp": "yesterday"},
            "PropertyConstraintViolation",
            'timestamp: "yesterday" is not a "date-time"',
        ),
        (
            "MeterValues",
            {"connectorId": 1, "meterValue": [{"timestamp": TIME, "sampledValue": [{"value": 1}]}]},
            "TypeConstraintViolation",
            "meterValue[0].sampledValue[0].value",
        ),
        ("MeterValues", {"connectorId": 1, "meterValue": []}, "OccurenceConstraintViolation", "meterValue"),
        ("Nonsense", {}, "NotImplemented", "no action 'Nonsense'"),
        ("RemoteStopTransaction", {"transactionId": 1}, "NotSupported", "a call of the CSMS"),
    ],
)
def test_an_invalid_call_is_answered_with_the_right_code(
    csms: Csms, peer: Peer, action: str, payload: Any, code: str, error: str
) -> None:
    unique_id = peer.start_call(action, payload)
    answer = peer.receive()
    assert answer[:3] == [4, unique_id, code]
    assert isinstance(answer[4], dict)
    (frame,) = csms.violations()
    assert error in frame.error
    assert frame.payload == payload


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "no JSON"),
        ("hello", "no JSON"),
        ("{}", "a JSON array is expected, not an object"),
        ("[]", "an empty array"),
        ("[5]", "message type 5"),
        ('["2","a","Heartbeat",{}]', 'message type "2"'),
        ("[true]", "message type true"),
        ('[2,7,"Heartbeat",{}]', "the unique id must be a string"),
        ('[2,"","Heartbeat",{}]', "the unique id must be a string of 1 to 36 characters"),
        (f'[2,"{"x" * 37}","Heartbeat",{{}}]', "not a string of 37 characters"),
        ('[3,"nobody-asked",{}]', "no open call"),
        ('[4,"nobody-asked","GenericError","",{}]', "no open call"),
        ('[4,"a","GenericError"]', "3 elements where message type 4 has 5"),
    ],
)
def test_an_invalid_frame_is_recorded_and_not_answered(csms: Csms, peer: Peer, text: str, error: str) -> None:
    peer.send(text)
    peer.call("Heartbeat", {}, unique_id="next")  # the answer to this call is the first that arrives
    (frame,) = csms.violations()
    assert error in frame.error
    assert frame.raw == text


@pytest.mark.parametrize("text", ['[2,"a","Heartbeat"]', '[2,"a",5,{}]', '[2,"a","Heartbeat",{},1]'])
def test_a_malformed_call_with_a_readable_id_is_answered(peer: Peer, text: str) -> None:
    peer.send(text)
    assert peer.receive()[:3] == [4, "a", "FormationViolation"]


@pytest.mark.parametrize("levels", [200, 250, 260, 600, 5_000])
def test_deep_nesting_in_a_call_is_a_violation(csms: Csms, timeline: Timeline, peer: Peer, levels: int) -> None:
    """The frame breaks the schema or is invalid, is recorded as such, and the connection stays open."""
    peer.send(f'[2,"a","DataTransfer",{{"vendorId":"V","data":{"[" * levels}"AuthorizationKey"{"]" * levels}}}]')
    frame = csms.expect_violation()
    if levels <= 250:
        assert peer.receive()[:3] == [4, "a", "TypeConstraintViolation"]
    else:
        assert "nested too deeply" in frame.error or "depth limit" in frame.error
    assert peer.call("Heartbeat", {})["currentTime"]
    assert timeline.trouble is None


def test_a_binary_message_is_recorded_as_hex(csms: Csms, peer: Peer) -> None:
    peer.socket.send(b"\x01\xff")
    peer.boot()
    (frame,) = csms.violations()
    assert frame.raw == "01ff"
    assert "binary" in frame.error


def test_a_reused_unique_id_is_wrong_but_resending_is_not(csms: Csms, peer: Peer) -> None:
    peer.call("Heartbeat", {}, unique_id="a")
    peer.call("Heartbeat", {}, unique_id="a")
    assert csms.violations() == []
    peer.call("Authorize", {"idTag": "T"}, unique_id="a")
    (frame,) = csms.violations()
    assert frame.action == "Authorize"
    assert "was used for another Heartbeat" in frame.error


def test_unique_ids_may_repeat_on_a_new_connection(csms: Csms, new_peer: Callable[..., Peer]) -> None:
    new_peer().call("Heartbeat", {}, unique_id="a")
    new_peer().call("Authorize", {"idTag": "T"}, unique_id="a")
    assert csms.violations() == []


def test_a_call_is_answered_once(csms: Csms, peer: Peer) -> None:
    csms.expect_connected()
    with pytest.raises(ExpectationError):
        csms.call("ClearCache", timeout=0)
    unique_id = peer.receive()[1]
    for _ in range(2):
        peer.send(f'[3,"{unique_id}",{{"status":"Accepted"}}]')
    peer.call("Heartbeat", {})
    (frame,) = csms.violations()
    assert "no open call" in frame.error


def test_a_call_ends_with_its_connection(csms: Csms, new_peer: Callable[..., Peer]) -> None:
    first = new_peer()
    csms.expect_connected()
    with pytest.raises(ExpectationError):
        csms.call("ClearCache", timeout=0)
    unique_id = first.receive()[1]
    second = new_peer()
    second.send(f'[3,"{unique_id}",{{"status":"Accepted"}}]')
    second.call("Heartbeat", {})
    (frame,) = csms.violations()
    assert "no open call" in frame.error


def test_an_invalid_call_does_not_fulfil_an_expectation(csms: Csms, peer: Peer) -> None:
    peer.start_call("Authorize", {"idTag": "T", "more": 1})
    peer.receive()
    with pytest.raises(ExpectationError, match=r"nearest miss: it is invalid: .*'more'"):
        csms.expect("Authorize", idTag="T", timeout=0)


def test_frames_of_a_test_are_validated_too(csms: Csms, timeline: Timeline, peer: Peer) -> None:
    csms.expect_connected()
    csms.send_raw('[2,"x","Reset",{"type":"Tepid"}]')
    assert peer.receive() == [2, "x", "Reset", {"type": "Tepid"}]
    frame = timeline.last(OcppFrame)
    assert frame is not None
    assert (frame.direction, frame.action) == ("sent", "Reset")
    assert "Tepid" in frame.error
    csms.send_raw("garbage")
    assert peer.socket.recv(LIMIT_S) == "garbage"


def test_an_oversized_message_is_rejected_with_1009(csms: Csms, peer: Peer) -> None:
    peer.send("x" * (MAX_FRAME_BYTES + 1))
    with pytest.raises(ConnectionClosed) as closed:
        peer.socket.recv(LIMIT_S)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009
    assert csms.expect_disconnected().code in (1006, 1009)


def test_a_url_without_identity_is_refused_with_a_reason(csms: Csms) -> None:
    with pytest.raises(InvalidStatus) as refused:
        Peer(f"ws://127.0.0.1:{csms.port}/")
    assert refused.value.response.status_code == 404
    assert b"identity" in (refused.value.response.body or b"")


@pytest.mark.parametrize("offered", [None, ["ocpp1.5"]])
def test_without_the_sub_protocol_the_connection_is_closed(
    csms: Csms, timeline: Timeline, new_peer: Callable[..., Peer], offered: list[str] | None
) -> None:
    peer = new_peer(subprotocols=offered)
    assert peer.socket.subprotocol is None
    with pytest.raises(ConnectionClosed):
        peer.socket.recv(LIMIT_S)
    change = timeline.expect(LinkChange, timeout=LIMIT_S)
    assert (change.charge_point, change.connected, change.code) == (IDENTITY, False, 1002)
    assert "ocpp1.6" in change.reason
    assert not csms.connected


def test_a_second_connection_without_the_sub_protocol_does_not_touch_the_first(
    csms: Csms, timeline: Timeline, new_peer: Callable[..., Peer]
) -> None:
    first = new_peer()
    csms.expect_connected()
    with ThreadPoolExecutor() as pool:
        call = pool.submit(csms.call, "Reset", {"type": "Soft"}, timeout=LIMIT_S)
        unique_id = first.receive()[1]
        with pytest.raises(ConnectionClosed) as closed:
            new_peer(subprotocols=None).socket.recv(LIMIT_S)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1002
        first.send(f'[3,"{unique_id}",{{"status":"Accepted"}}]')
        assert call.result(LIMIT_S) == {"status": "Accepted"}
    assert csms.connected
    assert [change.connected for change in timeline.events(LinkChange)] == [True]
    (note,) = timeline.events(Note)
    assert note.text == (
        "CP-1: a second connection was closed with 1002, no accepted sub-protocol was offered "
        "(ocpp1.6, ocpp2.0.1, ocpp2.1); the first one stays"
    )


# -- one CALL at a time (OCPP-J 1.6 section 4.1.1) --------------------------------------------------------------------


def test_a_call_while_another_is_unanswered_is_a_violation(csms: Csms, peer: Peer) -> None:
    with csms.hold("Authorize") as held:
        peer.start_call("Authorize", {"idTag": "T"}, "a")
        held.wait()
        peer.call("Heartbeat", {}, "b")  # a violation, but it is answered
        violation = csms.expect_violation("sent while Authorize [a] is unanswered", timeout=0)
        assert (violation.unique_id, violation.action) == ("b", "Heartbeat")
    assert peer.receive()[:2] == [3, "a"]
    assert csms.violations() == [violation]
    assert csms.violations(unexpected=True) == []
    peer.call("Heartbeat", {})
    assert csms.violations() == [violation]


@STEPPED
def test_a_call_after_a_long_wait_is_no_violation(csms: Csms, peer: Peer) -> None:
    with csms.hold("Authorize") as held:
        peer.start_call("Authorize", {"idTag": "T"}, "a")
        held.wait()
        csms.expect_none("Heartbeat", within=GIVEN_UP_AFTER_S)
        peer.call("Heartbeat", {}, "b")
    assert csms.violations() == []


def test_calls_of_a_closed_connection_are_no_longer_open(csms: Csms, new_peer: Callable[..., Peer]) -> None:
    first = new_peer()
    with csms.hold("Authorize") as held:
        first.start_call("Authorize", {"idTag": "T"}, "a")
        held.wait()
        assert [call.unique_id for call in csms.state.open_calls] == ["a"]
        second = new_peer()
        second.boot()
        assert csms.state.open_calls == ()
    assert csms.violations() == []


def test_a_violation_that_does_not_come_is_a_failure(csms: Csms, peer: Peer) -> None:
    peer.boot()
    with pytest.raises(ExpectationError, match=r"(?s)a frame of CP-1 that breaks OCPP \(idTag\).*BootNotification"):
        csms.expect_violation("idTag", timeout=0)
