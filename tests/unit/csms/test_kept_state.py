"""The parts of the state that follow from accepted answers: reservations, lists, profiles, certificates."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
import pytest

from rig.csms import Csms
from tests.unit.csms.conftest import LIMIT_S, Peer

ACCEPTED = {"status": "Accepted"}
RESERVATION = {"connectorId": 1, "expiryDate": "2026-12-01T00:00:00Z", "idTag": "TAG", "reservationId": 7}
HASH = {"hashAlgorithm": "SHA256", "issuerNameHash": "aa", "issuerKeyHash": "bb", "serialNumber": "1"}


def call(csms: Csms, peer: Peer, action: str, payload: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
    """Let the CSMS call the charge point, which gives an answer."""
    with ThreadPoolExecutor() as pool:
        calling = pool.submit(csms.call, action, payload, timeout=LIMIT_S)
        unique_id = peer.receive()[1]
        peer.send(orjson.dumps([3, unique_id, answer]).decode())
        calling.result(LIMIT_S)


def profile(number: int, level: int = 0, purpose: str = "TxDefaultProfile", **more: Any) -> dict[str, Any]:
    schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16}]}
    fixed = {"chargingProfileKind": "Relative", "chargingSchedule": schedule, "chargingProfilePurpose": purpose}
    return {"chargingProfileId": number, "stackLevel": level, **fixed, **more}


def set_profile(csms: Csms, peer: Peer, connector: int, wanted: dict[str, Any], status: str = "Accepted") -> None:
    request = {"connectorId": connector, "csChargingProfiles": wanted}
    call(csms, peer, "SetChargingProfile", request, {"status": status})


def test_a_reservation_lasts_until_it_is_cancelled_or_used(csms: Csms, peer: Peer) -> None:
    call(csms, peer, "ReserveNow", RESERVATION, {"status": "Occupied"})
    assert csms.state.reservations == {}
    call(csms, peer, "ReserveNow", RESERVATION, ACCEPTED)
    assert csms.state.reservations == {7: RESERVATION}
    call(csms, peer, "CancelReservation", {"reservationId": 7}, {"status": "Rejected"})
    assert list(csms.state.reservations) == [7]
    call(csms, peer, "CancelReservation", {"reservationId": 7}, ACCEPTED)
    assert csms.state.reservations == {}
    call(csms, peer, "ReserveNow", RESERVATION, ACCEPTED)
    start = {"connectorId": 1, "idTag": "TAG", "meterStart": 0, "timestamp": "2026-01-01T00:00:00Z"}
    peer.call("StartTransaction", {**start, "reservationId": 7})
    assert csms.state.reservations == {}


def test_the_local_list_is_replaced_and_updated(csms: Csms, peer: Peer) -> None:
    def send(version: int, kind: str, entries: list[Any], status: str = "Accepted") -> None:
        request = {"listVersion": version, "updateType": kind, "localAuthorizationList": entries}
        call(csms, peer, "SendLocalList", request, {"status": status})

    blocked = {"status": "Blocked"}
    send(1, "Full", [{"idTag": "A", "idTagInfo": ACCEPTED}, {"idTag": "B", "idTagInfo": ACCEPTED}])
    send(2, "Differential", [{"idTag": "A"}, {"idTag": "C", "idTagInfo": blocked}])
    assert (csms.state.local_list_version, csms.state.local_list) == (2, {"B": ACCEPTED, "C": blocked})
    send(9, "Full", [], "VersionMismatch")
    assert csms.state.local_list_version == 2
    call(csms, peer, "GetLocalListVersion", {}, {"listVersion": 0})
    assert csms.state.local_list_version == 0


def test_a_profile_replaces_that_of_its_id_and_of_its_level(csms: Csms, peer: Peer) -> None:
    set_profile(csms, peer, 1, profile(1))
    set_profile(csms, peer, 1, profile(2))  # the same purpose and level
    set_profile(csms, peer, 2, profile(3))
    set_profile(csms, peer, 1, profile(4, level=1))
    set_profile(csms, peer, 1, profile(5, level=2), "Rejected")
    assert list(csms.state.charging_profiles) == [(1, 2), (2, 3), (1, 4)]


@pytest.mark.parametrize(
    ("request_", "left"),
    [
        ({}, []),
        ({"id": 2}, [(1, 1), (2, 3)]),
        ({"connectorId": 1}, [(2, 3)]),
        ({"connectorId": 1, "stackLevel": 1}, [(1, 1), (2, 3)]),
        ({"chargingProfilePurpose": "ChargePointMaxProfile"}, [(1, 1), (1, 2), (2, 3)]),
    ],
)
def test_profiles_are_cleared_by_what_the_request_names(
    csms: Csms, peer: Peer, request_: dict[str, Any], left: list[tuple[int, int]]
) -> None:
    for connector, wanted in ((1, profile(1)), (1, profile(2, level=1)), (2, profile(3))):
        set_profile(csms, peer, connector, wanted)
    call(csms, peer, "ClearChargingProfile", request_, ACCEPTED)
    assert list(csms.state.charging_profiles) == left


def test_a_profile_of_a_transaction_ends_with_it(csms: Csms, peer: Peer) -> None:
    start = {"connectorId": 1, "idTag": "TAG", "meterStart": 0, "timestamp": "2026-01-01T00:00:00Z"}
    number = peer.call("StartTransaction", start)["transactionId"]
    set_profile(csms, peer, 1, profile(1, purpose="TxProfile", transactionId=number))
    set_profile(csms, peer, 1, profile(2))
    peer.call("StopTransaction", {"transactionId": number, "meterStop": 1, "timestamp": "2026-01-01T00:01:00Z"})
    assert list(csms.state.charging_profiles) == [(1, 2)]


def test_certificates_are_those_that_the_charge_point_lists(csms: Csms, peer: Peer) -> None:
    kind = {"certificateType": "CentralSystemRootCertificate"}
    call(csms, peer, "GetInstalledCertificateIds", kind, {"status": "Accepted", "certificateHashData": [HASH]})
    assert csms.state.certificates == {"CentralSystemRootCertificate": (HASH,)}
    call(csms, peer, "DeleteCertificate", {"certificateHashData": HASH}, {"status": "Failed"})
    assert csms.state.certificates["CentralSystemRootCertificate"] == (HASH,)
    call(csms, peer, "DeleteCertificate", {"certificateHashData": HASH}, ACCEPTED)
    assert len(csms.state.certificates["CentralSystemRootCertificate"]) == 0


def test_the_latest_progress_is_kept(csms: Csms, peer: Peer) -> None:
    for status in ("Downloading", "Installed"):
        peer.call("FirmwareStatusNotification", {"status": status})
    peer.call("DiagnosticsStatusNotification", {"status": "Uploaded"})
    assert csms.state.progress == {
        "FirmwareStatusNotification": "Installed",
        "DiagnosticsStatusNotification": "Uploaded",
    }
