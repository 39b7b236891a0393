"""Messages that OCPP 1.6 section 4.2 forbids to a charge point that is Pending or Rejected."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
import pytest

from rig.csms import CallError, Csms
from rig.csms.answers import RegistrationStatus
from tests.unit.csms.conftest import LIMIT_S, Peer

STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
START = {"connectorId": 1, "idTag": "T", "meterStart": 0, "timestamp": "2024-01-01T00:00:00Z"}


def booted(csms: Csms, peer: Peer, status: RegistrationStatus) -> None:
    csms.behaviour.registration = status
    assert peer.boot()["status"] == status


def called(csms: Csms, peer: Peer, request: str, payload: dict[str, Any], answer: dict[str, Any]) -> None:
    """Send a call of the CSMS and the charge point's answer."""
    with ThreadPoolExecutor() as pool:
        call = pool.submit(csms.call, request, payload, timeout=LIMIT_S)
        peer.send(orjson.dumps([3, peer.receive()[1], answer]).decode())
        assert call.result(LIMIT_S) == answer


def trigger(csms: Csms, peer: Peer, requested: str, connector: int | None = None, status: str = "Accepted") -> None:
    more = {} if connector is None else {"connectorId": connector}
    called(csms, peer, "TriggerMessage", {"requestedMessage": requested, **more}, {"status": status})


@pytest.mark.parametrize("status", ["Pending", "Rejected"])
@pytest.mark.parametrize(
    ("action", "payload"),
    [("StatusNotification", STATUS), ("Heartbeat", {}), ("Authorize", {"idTag": "T"}), ("StartTransaction", START)],
)
def test_a_call_is_a_violation(
    csms: Csms, peer: Peer, status: RegistrationStatus, action: str, payload: dict[str, Any]
) -> None:
    booted(csms, peer, status)
    peer.call(action, payload)  # a well-formed frame is answered even if it is a violation
    frame = csms.expect_violation(f"{action} was sent while {status}", timeout=0)
    assert "OCPP 1.6 section 4.2" in frame.error
    assert csms.violations(unexpected=True) == []


def test_a_boot_notification_is_allowed_and_accepted_allows_all(csms: Csms, peer: Peer) -> None:
    booted(csms, peer, "Pending")
    booted(csms, peer, "Rejected")
    booted(csms, peer, "Accepted")
    peer.call("StatusNotification", STATUS)
    assert csms.violations() == []


def test_a_charge_point_that_never_booted_here_may_send(csms: Csms, peer: Peer) -> None:
    peer.call("Heartbeat", {})
    assert csms.violations() == []


def test_an_invalid_answer_changes_nothing(csms: Csms, new_peer: Callable[..., Peer]) -> None:
    booted(csms, new_peer(), "Pending")
    peer = new_peer()  # the registration is kept between connections
    with csms.answer("BootNotification", CallError("InternalError")):
        peer.start_call("BootNotification", {"chargePointModel": "M", "chargePointVendor": "V"})
        peer.receive()
    peer.call("Heartbeat", {})
    csms.expect_violation("Heartbeat was sent while Pending", timeout=0)


def test_while_pending_only_triggered_messages_are_allowed(csms: Csms, peer: Peer) -> None:
    booted(csms, peer, "Pending")
    trigger(csms, peer, "StatusNotification", connector=1)
    peer.call("StatusNotification", STATUS)
    assert csms.violations() == []
    peer.call("StatusNotification", STATUS)
    csms.expect_violation("StatusNotification was sent while Pending", timeout=0)


def test_a_trigger_without_connector_is_for_each_connector_once(csms: Csms, peer: Peer) -> None:
    booted(csms, peer, "Pending")
    trigger(csms, peer, "StatusNotification")
    for connector in (0, 1, 2):
        peer.call("StatusNotification", STATUS | {"connectorId": connector})
    assert csms.violations() == []
    peer.call("StatusNotification", STATUS)
    csms.expect_violation("StatusNotification was sent while Pending", timeout=0)


@pytest.mark.parametrize(
    ("requested", "connector", "status"),
    [
        ("StatusNotification", 2, "Accepted"),
        ("MeterValues", None, "Accepted"),
        ("StatusNotification", 1, "Rejected"),
        ("StatusNotification", None, "NotImplemented"),
    ],
)
def test_another_or_a_rejected_trigger_allows_nothing(
    csms: Csms, peer: Peer, requested: str, connector: int | None, status: str
) -> None:
    booted(csms, peer, "Pending")
    trigger(csms, peer, requested, connector, status)
    peer.call("StatusNotification", STATUS)
    csms.expect_violation("StatusNotification was sent while Pending", timeout=0)


def test_an_extended_trigger_allows_the_call_that_it_requests(csms: Csms, peer: Peer) -> None:
    booted(csms, peer, "Pending")
    requested = {"requestedMessage": "SignChargePointCertificate"}
    called(csms, peer, "ExtendedTriggerMessage", requested, {"status": "Accepted"})
    peer.call("SignCertificate", {"csr": "X"})
    assert csms.violations() == []


def test_while_pending_answers_are_allowed(csms: Csms, peer: Peer) -> None:
    booted(csms, peer, "Pending")
    called(csms, peer, "ClearCache", {}, {"status": "Accepted"})
    assert csms.violations() == []


def test_while_rejected_answers_are_violations(csms: Csms, peer: Peer) -> None:
    booted(csms, peer, "Rejected")
    csms.send_raw('[2,"late","ClearCache",{}]')
    peer.send(orjson.dumps([3, peer.receive()[1], {"status": "Accepted"}]).decode())
    csms.expect_violation("ClearCache was answered while Rejected", timeout=LIMIT_S)


def test_an_answer_to_a_call_before_the_rejection_is_no_violation(csms: Csms, peer: Peer) -> None:
    csms.expect_connected()
    csms.send_raw('[2,"early","ClearCache",{}]')
    peer.receive()
    booted(csms, peer, "Rejected")
    peer.send('[3,"early",{"status":"Accepted"}]')
    peer.boot()
    assert csms.violations() == []


def test_each_charge_point_has_its_own_registration(csms: Csms, new_peer: Callable[..., Peer]) -> None:
    booted(csms, new_peer(), "Rejected")
    other = new_peer("CP-2")
    booted(csms, other, "Accepted")
    other.call("Heartbeat", {})
    assert csms.violations(charge_point="CP-2") == []
