"""The CSMS's state of a charge point."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson

from rig.csms import CallError, Connector, Csms, Setting, State, messages
from rig.ocpp.messages import Request
from tests.unit.csms.conftest import LIMIT_S, Peer

START = {"connectorId": 1, "idTag": "TAG", "meterStart": 100, "timestamp": "2024-01-01T00:00:00Z"}


def stop(transaction: int) -> dict[str, Any]:
    return {"transactionId": transaction, "meterStop": 100, "timestamp": "2024-01-01T00:01:00Z"}


def answered(csms: Csms, peer: Peer, request: Request, answer: Mapping[str, Any]) -> None:
    with ThreadPoolExecutor() as pool:
        call = pool.submit(csms.call, request, timeout=LIMIT_S)
        unique_id = peer.receive()[1]
        assert [frame.unique_id for frame in csms.state.open_calls] == [unique_id]
        peer.send(orjson.dumps([3, unique_id, answer]).decode())
        call.result(LIMIT_S)
    assert csms.state.open_calls == ()


def test_the_state_of_an_unknown_charge_point_is_empty(csms: Csms) -> None:
    assert csms.state == State()


def test_boot_and_registration(csms: Csms, peer: Peer) -> None:
    csms.behaviour.registration = "Pending"
    peer.boot()
    assert csms.state.boot == {"chargePointModel": "M", "chargePointVendor": "V"}
    assert csms.state.registration == "Pending"
    csms.behaviour.registration = "Accepted"
    peer.boot()
    assert csms.state.registration == "Accepted"
    csms.answer("BootNotification", CallError("InternalError"))
    peer.start_call("BootNotification", {"chargePointModel": "M", "chargePointVendor": "V"})
    peer.receive()
    assert csms.state.registration == ""


def test_the_number_of_connectors_and_transactions_is_limited(csms: Csms, peer: Peer) -> None:
    for connector in range(300):
        peer.status("Available", connector)
        peer.call("StartTransaction", START | {"connectorId": connector})
    assert list(csms.state.connectors) == list(range(300 - 256, 300))
    assert [start["connectorId"] for start in csms.state.transactions.values()] == list(range(300 - 256, 300))


def test_connectors_by_their_latest_status(csms: Csms, peer: Peer) -> None:
    peer.status("Available", connector=0)
    peer.status("Available")
    peer.status("Preparing")
    peer.start_call("StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Wrong"})
    peer.receive()
    assert csms.state.connectors == {0: Connector("Available", "NoError"), 1: Connector("Preparing", "NoError")}


def test_configuration_as_read_and_changed(csms: Csms, peer: Peer) -> None:
    csms.expect_connected()
    read = [{"key": "A", "readonly": False, "value": "1"}, {"key": "B", "readonly": True}]
    answered(csms, peer, messages.get_configuration(), {"configurationKey": read})
    assert csms.state.configuration == {"A": Setting("1", False), "B": Setting(None, True)}
    answered(csms, peer, messages.change_configuration("A", "2"), {"status": "RebootRequired"})
    answered(csms, peer, messages.change_configuration("B", "2"), {"status": "Rejected"})
    assert csms.state.configuration == {"A": Setting("2", False), "B": Setting(None, True)}
    answered(csms, peer, messages.get_configuration("B"), {"unknownKey": ["B"]})
    assert csms.state.configuration == {"A": Setting("2", False)}


def test_running_transactions(csms: Csms, peer: Peer) -> None:
    first = peer.call("StartTransaction", START)["transactionId"]
    second = peer.call("StartTransaction", START | {"connectorId": 2})["transactionId"]
    assert csms.state.transactions == {first: START, second: START | {"connectorId": 2}}
    peer.call("StopTransaction", stop(first))
    assert list(csms.state.transactions) == [second]


def test_an_answer_on_a_later_connection_counts(csms: Csms, new_peer: Callable[..., Peer]) -> None:
    with csms.hold("StartTransaction") as held:
        new_peer().start_call("StartTransaction", START, "a")
        held.wait()
        second = new_peer()
        second.boot()
        assert held.release() == 1
        second.receive()
    assert list(csms.state.transactions.values()) == [START]


def test_the_state_is_kept_over_connections_and_a_reset(csms: Csms, peer: Peer) -> None:
    peer.boot()
    csms.expect_connected()
    peer.socket.close()
    csms.expect_disconnected()
    csms.reset()
    assert csms.state.boot is not None
