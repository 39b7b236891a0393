"""The two grades of violations: against the specification, and tolerated by real CSMSs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rig.csms import Csms
from rig.csms.deviations import DEVIATIONS, LARGEST_PAYLOAD
from rig.timeline.frame_words import frame_line
from tests.unit.csms.conftest import Peer
from tests.unit.csms.station_peer import boot

DOCS = Path(__file__).parents[3] / "docs/csms.md"
STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
TIME = "2026-01-01T00:00:00Z"
BOOT = {"chargePointModel": "M", "chargePointVendor": "V"}


def sampled(**sample: Any) -> dict[str, Any]:
    return {"connectorId": 1, "meterValue": [{"timestamp": TIME, "sampledValue": [{"value": "1", **sample}]}]}


TOLERATED = [
    ("long-text", "BootNotification", BOOT | {"chargePointSerialNumber": "x" * 26}),
    ("null-for-absent", "StatusNotification", STATUS | {"info": None}),
    ("extra-property", "Heartbeat", {"uptime": 1}),
    ("number-for-text", "MeterValues", sampled(value=1.5)),
    ("time-zone", "StatusNotification", STATUS | {"timestamp": "2026-01-01T00:00:00"}),
    ("time-zone", "StatusNotification", STATUS | {"timestamp": "2026-01-01T00:00:00+02"}),
    ("sample-words", "MeterValues", sampled(unit="Hz")),
]
NOT_TOLERATED = [
    ("BootNotification", BOOT | {"chargePointSerialNumber": "x" * 256}),
    ("StatusNotification", STATUS | {"status": None}),
    ("StatusNotification", STATUS | {"errorCode": "Error"}),
    ("StatusNotification", STATUS | {"connectorId": "1"}),
    ("StatusNotification", STATUS | {"timestamp": "today"}),
    ("Heartbeat", []),
    ("MeterValues", {"connectorId": 1, "meterValue": sampled()["meterValue"][0]}),
    ("StatusNotification", {"connectorId": 1, "info": None, "errorCode": "NoError"}),
    ("Heartbeat", {"log": "x" * LARGEST_PAYLOAD}),
]


@pytest.mark.parametrize(("name", "action", "payload"), TOLERATED)
def test_a_deviation_is_a_violation_unless_the_csms_is_tolerant(
    csms: Csms, peer: Peer, name: str, action: str, payload: dict[str, Any]
) -> None:
    unique_id = peer.start_call(action, payload)
    assert peer.receive()[:2] == [4, unique_id]
    (strictly,) = csms.violations()
    assert strictly.grade == "tolerated"
    assert f"(real CSMSs tolerate it: {name})" in frame_line(strictly)

    csms.behaviour.strict = False
    peer.call(action, payload)
    csms.expect(action)
    assert len(csms.violations()) == 1
    noted = csms.deviations()[-1]
    assert noted.deviation.startswith(f"{name}: ")
    assert f"! tolerated: {name}: " in frame_line(noted)


@pytest.mark.parametrize(("action", "payload"), NOT_TOLERATED)
def test_other_violations_stay_violations(csms: Csms, peer: Peer, action: str, payload: Any) -> None:
    csms.behaviour.strict = False
    unique_id = peer.start_call(action, payload)
    assert peer.receive()[:2] == [4, unique_id]
    assert [frame.grade for frame in csms.violations()] == ["specification"]
    assert csms.deviations() == []


def test_a_tolerant_csms_reads_what_is_meant(csms: Csms, peer: Peer) -> None:
    """Numbers become texts, nulls are left out, and a time without a zone is UTC."""
    csms.behaviour.strict = False
    start = {"connectorId": 1, "idTag": 17, "meterStart": 0, "timestamp": "2026-01-01T00:00:00", "reservationId": None}
    csms.behaviour.tags["17"] = "Blocked"
    answer = peer.call("StartTransaction", start)
    assert answer["idTagInfo"]["status"] == "Blocked"
    number = answer["transactionId"]
    peer.call("MeterValues", sampled(value=5) | {"transactionId": number})
    stop = {"transactionId": number, "meterStop": 9, "timestamp": "2026-01-01T00:01:00+00", "idTag": None}
    assert peer.call("StopTransaction", stop) == {}
    (transaction,) = csms.transactions
    transaction.check()
    assert [sample.value for sample in transaction.samples()] == [5]
    assert csms.violations() == []
    csms.reset()
    assert csms.behaviour.strict


def test_deviations_of_the_exchange(csms: Csms, new_peer: Callable[..., Peer]) -> None:
    """Messages while Pending, an early CALL, and the CALLERROR code of another version."""
    csms.behaviour.strict = False
    csms.behaviour.registration = "Pending"
    peer = new_peer()
    peer.boot()
    peer.status("Available")
    with csms.hold("Heartbeat"):
        peer.start_call("Heartbeat", {})
        peer.call("Authorize", {"idTag": "T"})
    peer.receive()
    csms.on_loop(csms._point(None).call("ClearCache", {}), "call")
    peer.send(f'[4,"{peer.receive()[1]}","FormatViolation","",{{}}]')
    peer.boot()
    found = [frame.deviation.partition(":")[0] for frame in csms.deviations()]
    assert [name for name in found if name != "early-message"] == ["error-code"]
    assert found.count("early-message") == 3
    csms.behaviour.registration = "Rejected"
    peer.boot()
    peer.status("Available")
    assert [frame.grade for frame in csms.violations()] == ["specification"]


def test_a_tolerant_csms_answers_a_pending_station_of_2_0_1(csms: Csms, new_peer: Callable[..., Peer]) -> None:
    csms.behaviour.strict = False
    csms.behaviour.registration = "Pending"
    peer = new_peer(subprotocols=["ocpp2.0.1"])
    boot(peer)
    assert peer.call("Heartbeat", {})["currentTime"]
    assert [frame.grade for frame in csms.deviations()] == ["tolerated"]


def test_the_page_lists_every_deviation() -> None:
    rows = [line for line in DOCS.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    listed = {tuple(cell.strip() for cell in row.strip("|").split("|")) for row in rows}
    for name, deviation in DEVIATIONS.items():
        assert (f"`{name}`", deviation.what, deviation.reason) in listed
