"""OCPP 2.0.1: authorization, transactions, variables, and the calls that the registration forbids."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rig.csms import CallError, Csms
from rig.csms.station import Variable
from rig.timeline import Timeline
from rig.timeline.events import OcppFrame
from rig.util.errors import ExpectationError
from tests.unit.csms.conftest import Peer
from tests.unit.csms.station_peer import BOOT, STATUS, TOKEN, answered, boot, transaction_event


@pytest.fixture
def station(csms: Csms, new_peer: Callable[..., Peer]) -> Peer:
    peer = new_peer(subprotocols=["ocpp2.0.1"])
    csms.expect_connected()
    return peer


def test_the_list_of_tags_authorizes_id_tokens(csms: Csms, station: Peer) -> None:
    csms.behaviour.tags["card"] = "Blocked"
    assert station.call("Authorize", {"idToken": TOKEN}) == {"idTokenInfo": {"status": "Blocked"}}
    other = {"idToken": "other", "type": "Central"}
    assert station.call("Authorize", {"idToken": other}) == {"idTokenInfo": {"status": "Accepted"}}
    started = transaction_event("Started", 0, idToken=TOKEN)
    assert station.call("TransactionEvent", started) == {"idTokenInfo": {"status": "Blocked"}}
    assert station.call("TransactionEvent", transaction_event("Updated", 1)) == {}


def test_a_test_replaces_answers_and_calls_the_station(csms: Csms, station: Peer) -> None:
    csms.answer("Authorize", {"idTokenInfo": {"status": "NoCredit"}}, times=1)
    assert station.call("Authorize", {"idToken": TOKEN}) == {"idTokenInfo": {"status": "NoCredit"}}
    with csms.answer("Heartbeat", CallError("RpcFrameworkError")):
        station.start_call("Heartbeat", {})
        assert station.receive()[2] == "RpcFrameworkError"
    request = {"idToken": TOKEN, "remoteStartId": 1, "evseId": 1}
    assert answered(csms, station, "RequestStartTransaction", request, {"status": "Accepted"})
    assert csms.violations() == []


def test_a_transaction_is_followed_and_checked(csms: Csms, station: Peer) -> None:
    station.call("TransactionEvent", transaction_event("Started", 0, 100))
    assert list(csms.station.transactions) == ["T-1"]
    # The event of a time without a connection arrives late.
    station.call("TransactionEvent", transaction_event("Updated", 2, 300))
    station.call("TransactionEvent", transaction_event("Updated", 1, 200, offline=True))
    station.call("TransactionEvent", transaction_event("Updated", 1, 200, offline=True))
    (transaction,) = csms.station_transactions
    assert transaction.running
    station.call("TransactionEvent", transaction_event("Ended", 3, 400))
    (transaction,) = csms.station_transactions
    transaction.check()
    assert not transaction.running
    assert transaction.energy_wh == 300
    assert [sample.value for sample in transaction.samples()] == [100, 200, 300, 400]
    assert csms.station.transactions == {}
    csms.expect("TransactionEvent", eventType="Ended", transactionInfo={"transactionId": "T-1"})


@pytest.mark.parametrize(
    ("events", "wrong"),
    [
        ([("Started", 0, 5), ("Updated", 2, 6), ("Ended", 3, 7)], "seqNo 1 is missing among 0, 2, 3"),
        ([("Started", 0, 5), ("Ended", 1, 4)], "goes back from 5 Wh to 4 Wh"),
        ([("Started", 0, 5), ("Updated", 1, 6)], "it has 0 events Ended"),
        ([("Updated", 0, 5), ("Started", 1, 5), ("Ended", 2, 5)], "Started is first"),
        (
            [("Started", 0, 5), ("Updated", 1, 6), ("Updated", 1, 7), ("Ended", 2, 8)],
            "two different events have seqNo 1",
        ),
    ],
)
def test_a_wrong_transaction_is_named(
    csms: Csms, station: Peer, events: list[tuple[str, int, float]], wrong: str
) -> None:
    for kind, number, wh in events:
        station.call("TransactionEvent", transaction_event(kind, number, wh))
    (transaction,) = csms.station_transactions
    with pytest.raises(ExpectationError, match=wrong):
        transaction.check()


def entry(component: dict[str, Any], variable: str, **more: Any) -> dict[str, Any]:
    return {"component": component, "variable": {"name": variable}, **more}


CONTROLLER = {"name": "AlignedDataCtrlr"}


def test_variables_follow_from_reports_reads_and_writes(csms: Csms, station: Peer) -> None:
    connector = {"name": "Connector", "evse": {"id": 1, "connectorId": 2}}
    report = [
        entry(CONTROLLER, "Interval", variableAttribute=[{"value": "60", "mutability": "ReadWrite"}]),
        entry(connector, "AvailabilityState", variableAttribute=[{"value": "Available", "mutability": "ReadOnly"}]),
    ]
    boot(station)
    answered(csms, station, "GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"}, {"status": "Accepted"})
    notify = {"requestId": 1, "generatedAt": "2026-01-01T00:00:00Z", "seqNo": 0, "reportData": report}
    station.call("NotifyReport", notify)
    interval = ("AlignedDataCtrlr", "Interval")
    assert csms.station.variables["Connector@1.2", "AvailabilityState"].value == "Available"
    assert csms.station.variables[interval] == Variable({"Actual": "60"}, {"Actual": "ReadWrite"})

    wanted = [entry(CONTROLLER, "Interval", attributeValue="30"), entry(CONTROLLER, "Enabled", attributeValue="x")]
    results = [
        entry(CONTROLLER, "Interval", attributeStatus="Accepted"),
        entry(CONTROLLER, "Enabled", attributeStatus="Rejected"),
    ]
    answered(csms, station, "SetVariables", {"setVariableData": wanted}, {"setVariableResult": results})
    assert csms.station.variables[interval].value == "30"
    assert ("AlignedDataCtrlr", "Enabled") not in csms.station.variables

    read = [entry(CONTROLLER, "Enabled", attributeStatus="Accepted", attributeValue="true")]
    wanted = [entry(CONTROLLER, "Enabled")]
    answered(csms, station, "GetVariables", {"getVariableData": wanted}, {"getVariableResult": read})
    assert csms.station.variables["AlignedDataCtrlr", "Enabled"].value == "true"
    assert csms.violations() == []


def test_a_reported_password_is_masked(csms: Csms, timeline: Timeline, station: Peer) -> None:
    secret = [{"value": "hunter2-hunter2", "mutability": "ReadWrite"}]
    report = [entry({"name": "SecurityCtrlr"}, "BasicAuthPassword", variableAttribute=secret)]
    notify = {"requestId": 1, "generatedAt": "2026-01-01T00:00:00Z", "seqNo": 0, "reportData": report}
    station.call("NotifyReport", notify)
    (frame,) = timeline.events(OcppFrame, where=lambda frame: frame.action == "NotifyReport" and bool(frame.payload))
    assert frame.payload == notify
    assert "hunter2" not in str(frame.record())
    assert "hunter2" not in str(csms.station)


@pytest.mark.parametrize(("status", "rule"), [("Pending", "B02.FR.02"), ("Rejected", "B03.FR.02")])
def test_a_call_without_registration_is_rejected(csms: Csms, station: Peer, status: Any, rule: str) -> None:
    """The CSMS answers with SecurityError (OCPP 2.0.1 part 2 section 3, FR.04)."""
    csms.behaviour.registration = status
    boot(station)
    unique_id = station.start_call("StatusNotification", STATUS)
    assert station.receive()[:3] == [4, unique_id, "SecurityError"]
    assert rule in csms.expect_violation(timeout=0).error
    assert csms.station.connectors == {}
    boot(station)
    assert csms.violations(unexpected=True) == []


def test_pending_allows_triggered_and_reported_messages(csms: Csms, station: Peer) -> None:
    csms.behaviour.registration = "Pending"
    boot(station)
    trigger = {"requestedMessage": "StatusNotification", "evse": {"id": 1}}
    answered(csms, station, "TriggerMessage", trigger, {"status": "Accepted"})
    station.call("StatusNotification", STATUS)
    station.call("StatusNotification", STATUS | {"connectorId": 2})
    answered(csms, station, "GetBaseReport", {"requestId": 7, "reportBase": "FullInventory"}, {"status": "Accepted"})
    notify = {"requestId": 7, "generatedAt": "2026-01-01T00:00:00Z", "seqNo": 0}
    station.call("NotifyReport", notify | {"tbc": True})
    station.call("NotifyReport", notify | {"seqNo": 1})
    assert csms.violations() == []
    for action, payload in (("NotifyReport", notify | {"seqNo": 2}), ("StatusNotification", STATUS | {"evseId": 2})):
        station.start_call(action, payload)
        assert station.receive()[2] == "SecurityError"
    csms.behaviour.registration = "Accepted"
    assert station.call("BootNotification", BOOT)["status"] == "Accepted"
    station.call("StatusNotification", STATUS | {"evseId": 2})
    assert len(csms.violations()) == 2


def test_a_unique_id_stays_used_over_connections(csms: Csms, new_peer: Callable[..., Peer]) -> None:
    """OCPP-J 2.0.1 section 4.1.4, unlike 1.6."""
    new_peer(subprotocols=["ocpp2.0.1"]).call("Heartbeat", {}, "a")
    again = new_peer(subprotocols=["ocpp2.0.1"])
    again.call("Heartbeat", {}, "a")  # the same message may be sent again
    again.call("BootNotification", BOOT, "a")
    frame = csms.expect_violation("on an earlier connection", timeout=0)
    assert frame.grade == "tolerated"
