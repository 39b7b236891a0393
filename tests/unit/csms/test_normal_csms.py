"""A normal CSMS: it answers a whole charge, and its frames are on the timeline."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from websockets.exceptions import ConnectionClosed

from rig.csms import Csms
from rig.timeline import Timeline
from rig.timeline.events import LinkChange, OcppFrame
from rig.util.clock import BenchClock
from rig.util.errors import ExpectationError
from tests.unit.conftest import STEPPED
from tests.unit.csms.conftest import IDENTITY, LIMIT_S, Peer

METER_START = {"connectorId": 1, "idTag": "TAG", "meterStart": 100, "timestamp": "2024-01-01T00:00:00Z"}


def meter_values(transaction: int, minute: int, energy: int) -> dict[str, object]:
    return {
        "connectorId": 1,
        "transactionId": transaction,
        "meterValue": [{"timestamp": f"2024-01-01T00:{minute:02}:00Z", "sampledValue": [{"value": str(energy)}]}],
    }


def test_a_charge_point_boots_and_is_accepted(csms: Csms, peer: Peer) -> None:
    answer = peer.boot()
    assert answer["status"] == "Accepted"
    assert answer["interval"] == 300
    assert answer["currentTime"].endswith("Z")
    frame = csms.expect("BootNotification", chargePointModel="M")
    assert frame.payload == {"chargePointModel": "M", "chargePointVendor": "V"}
    assert frame.error == ""


def test_every_frame_is_on_the_timeline_with_the_action_it_answers(timeline: Timeline, peer: Peer) -> None:
    peer.call("Heartbeat", {}, unique_id="abc")
    frames = timeline.events(OcppFrame)
    assert [(f.direction, f.message_type, f.unique_id, f.action) for f in frames] == [
        ("received", "CALL", "abc", "Heartbeat"),
        ("sent", "CALLRESULT", "abc", "Heartbeat"),
    ]
    assert [f.error for f in frames] == ["", ""]
    assert frames[0].raw == '[2,"abc","Heartbeat",{}]'
    assert frames[0].id < frames[1].id


def test_a_whole_charge_is_read_back_as_one_transaction(csms: Csms, peer: Peer) -> None:
    peer.boot()
    assert peer.call("Authorize", {"idTag": "TAG"}) == {"idTagInfo": {"status": "Accepted"}}
    started = peer.call("StartTransaction", METER_START)
    number = started["transactionId"]
    for minute, energy in ((1, 200), (2, 300)):
        assert peer.call("MeterValues", meter_values(number, minute, energy)) == {}
    stop = {"transactionId": number, "meterStop": 400, "timestamp": "2024-01-01T00:03:00Z", "idTag": "TAG"}
    assert peer.call("StopTransaction", stop) == {"idTagInfo": {"status": "Accepted"}}

    (transaction,) = csms.transactions
    assert transaction.transaction_id == number
    assert [sample.value for sample in transaction.samples()] == [200, 300]
    assert transaction.energy_wh == 300
    transaction.check()
    transaction.check_gapless(60)
    with pytest.raises(ExpectationError, match="60 s without a sample"):
        transaction.check_gapless(30)


def test_a_resent_start_is_the_same_transaction(csms: Csms, peer: Peer) -> None:
    first = peer.call("StartTransaction", METER_START)
    again = peer.call("StartTransaction", METER_START)
    other = peer.call("StartTransaction", METER_START | {"meterStart": 101})
    assert first["transactionId"] == again["transactionId"] != other["transactionId"]
    assert len(csms.transactions) == 2


def test_a_charge_like_an_ended_one_is_another_transaction(csms: Csms, peer: Peer) -> None:
    stop = {"meterStop": 100, "timestamp": METER_START["timestamp"]}
    with csms.answer("StopTransaction", {}):  # also if a test answers the stop
        numbers = []
        for _ in range(3):
            numbers.append(peer.call("StartTransaction", METER_START)["transactionId"])
            peer.call("StopTransaction", stop | {"transactionId": numbers[-1]})
    assert len(set(numbers)) == 3
    assert [transaction.transaction_id for transaction in csms.transactions] == numbers


def test_tags_are_compared_case_insensitively(csms: Csms, peer: Peer) -> None:
    csms.behaviour.tags["bad"] = "Blocked"
    assert peer.call("Authorize", {"idTag": "BAD"})["idTagInfo"]["status"] == "Blocked"
    csms.behaviour.unlisted_tag = "Invalid"
    assert peer.call("Authorize", {"idTag": "ANY"})["idTagInfo"]["status"] == "Invalid"
    csms.reset()
    assert peer.call("Authorize", {"idTag": "BAD"})["idTagInfo"]["status"] == "Accepted"


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("DataTransfer", {"vendorId": "V"}),
        ("DiagnosticsStatusNotification", {"status": "Idle"}),
        ("FirmwareStatusNotification", {"status": "Idle"}),
        ("LogStatusNotification", {"status": "Idle"}),
        ("SecurityEventNotification", {"type": "X", "timestamp": "2024-01-01T00:00:00Z"}),
        ("SignCertificate", {"csr": "X"}),
        ("SignedFirmwareStatusNotification", {"status": "Idle"}),
    ],
)
def test_every_other_answer_is_valid(timeline: Timeline, peer: Peer, action: str, payload: dict[str, str]) -> None:
    peer.call(action, payload)
    sent = timeline.last(OcppFrame)
    assert sent is not None
    assert sent.direction == "sent"
    assert sent.error == ""


def test_two_charge_points_are_distinguished(csms: Csms, new_peer: Callable[..., Peer]) -> None:
    one, two = new_peer("CP-1"), new_peer("CP 2/x")
    one.status("Available")
    two.status("Charging")
    csms.expect_status("Charging", charge_point="CP 2/x")
    csms.expect_status("Available")
    assert csms.charge_points == ("CP-1", "CP 2/x")


def test_a_new_connection_replaces_the_old_one(csms: Csms, timeline: Timeline, new_peer: Callable[..., Peer]) -> None:
    first = new_peer()
    csms.expect_connected()
    second = new_peer()
    csms.expect_connected()
    second.boot()
    with pytest.raises(ConnectionClosed):
        first.socket.recv(LIMIT_S)
    changes = timeline.events(LinkChange, where=lambda change: change.charge_point == IDENTITY)
    assert [change.connected for change in changes] == [True, False, True]
    assert "replaced" in changes[1].reason


def test_closing_is_on_the_timeline_with_code_and_reason(csms: Csms, peer: Peer) -> None:
    csms.expect_connected()
    assert csms.connected
    peer.socket.close(1001, "bye")
    change = csms.expect_disconnected()
    assert (change.code, change.reason) == (1001, "bye")
    assert not csms.connected


@STEPPED
def test_the_csms_clock_runs_with_the_bench_clock(csms: Csms, clock: BenchClock, peer: Peer) -> None:
    first = datetime.fromisoformat(peer.call("Heartbeat", {})["currentTime"])
    clock.deadline(3600).wait_out()
    later = datetime.fromisoformat(peer.call("Heartbeat", {})["currentTime"])
    assert later - first == timedelta(hours=1)
    assert csms.violations() == []
