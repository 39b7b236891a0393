"""Expectations of more than one call, and the text of failures."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from rig.csms import Csms, messages
from rig.util.errors import ExpectationError
from tests.unit.csms.conftest import LIMIT_S, Peer

START = {"connectorId": 1, "idTag": "TAG", "meterStart": 100, "timestamp": "2024-01-01T00:00:00Z"}


def test_a_typed_request_is_expected_by_the_fields_it_gives(csms: Csms, peer: Peer) -> None:
    peer.call("StartTransaction", START)
    with pytest.raises(ExpectationError, match="connectorId: expected 2, got 1"):
        csms.expect(messages.start_transaction(connector_id=2), timeout=0)
    csms.expect(messages.start_transaction(1, lambda tag: tag == "TAG"), meterStart=100, timeout=0)


def test_a_typed_request_is_sent(csms: Csms, peer: Peer) -> None:
    csms.expect_connected()
    with ThreadPoolExecutor() as pool:
        call = pool.submit(csms.call, messages.remote_start_transaction("TAG", connector_id=1), timeout=LIMIT_S)
        request = peer.receive()
        assert request[2:] == ["RemoteStartTransaction", {"idTag": "TAG", "connectorId": 1}]
        peer.send(f'[3,"{request[1]}",{{"status":"Accepted"}}]')
        assert call.result(LIMIT_S) == {"status": "Accepted"}


def test_a_request_that_only_fits_an_expectation_is_not_sent(csms: Csms, peer: Peer) -> None:
    csms.expect_connected()
    with pytest.raises(ValueError, match="send for DataTransfer is not JSON"):
        csms.call(messages.data_transfer(vendor_id=str.isupper))


def test_all_come_in_any_order(csms: Csms, peer: Peer) -> None:
    peer.status("Charging")
    peer.call("StartTransaction", START)
    peer.status("Preparing")
    start, preparing, charging = csms.expect_all(
        "StartTransaction",
        messages.status_notification("Preparing"),
        messages.status_notification("Charging"),
        timeout=0,
    )
    assert charging.id < start.id < preparing.id
    with pytest.raises(ExpectationError):
        csms.expect("StartTransaction", timeout=0)


def test_each_expectation_gets_its_own_frame(csms: Csms, peer: Peer) -> None:
    peer.status("Available")
    peer.status("Charging")
    any_status, available = csms.expect_all("StatusNotification", messages.status_notification("Available"), timeout=0)
    assert any_status.payload["status"] == "Charging"
    assert available.payload["status"] == "Available"


def test_later_frames_are_awaited(csms: Csms, peer: Peer) -> None:
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(csms.expect_all, "Heartbeat", "Authorize", "Heartbeat", timeout=LIMIT_S)
        peer.call("Heartbeat", {})
        peer.call("Authorize", {"idTag": "T"})
        peer.call("Heartbeat", {})
        assert [frame.action for frame in waiting.result(LIMIT_S)] == ["Heartbeat", "Authorize", "Heartbeat"]


def test_a_failure_lists_the_calls_that_came_and_consumes_none(csms: Csms, peer: Peer) -> None:
    peer.status("Available")
    peer.status("Preparing")
    with pytest.raises(ExpectationError) as failed:
        csms.expect_all(messages.status_notification("Charging"), messages.status_notification("Available"), timeout=0)
    lines = str(failed.value).splitlines()
    assert lines[:4] == [
        "expected within 0 s: all of these, in any order (0 s for all)",
        "  missing: StatusNotification of CP-1 with status='Charging'",
        "  came: StatusNotification of CP-1 with status='Available'",
        "nearest miss: status: expected 'Charging', got 'Preparing', in StatusNotification [m2]",
    ]
    csms.expect_status("Available", timeout=0)


def test_all_come_in_order(csms: Csms, peer: Peer) -> None:
    for status in ("Available", "Preparing", "Charging"):
        peer.status(status)
    wanted = [messages.status_notification("Available"), messages.status_notification("Charging")]
    csms.expect_all(*wanted, in_order=True, timeout=0)
    with pytest.raises(ExpectationError, match="StatusNotification of CP-1 with status='Charging' "):
        csms.expect_all(messages.status_notification("Preparing"), wanted[1], in_order=True, timeout=0)


def test_an_earlier_frame_is_not_in_order(csms: Csms, peer: Peer) -> None:
    peer.call("Heartbeat", {})
    peer.boot()
    with pytest.raises(ExpectationError, match=r"Heartbeat of CP-1 \(2 of 2 in order, 0 s for all\)"):
        csms.expect_all("BootNotification", "Heartbeat", in_order=True, timeout=0)


def test_exactly_once(csms: Csms, peer: Peer) -> None:
    peer.boot()
    peer.call("Heartbeat", {})
    assert csms.expect_once("Heartbeat", within=0.01).action == "Heartbeat"
    peer.call("Heartbeat", {})
    peer.call("Heartbeat", {})
    with pytest.raises(ExpectationError, match=r"(?s)expected exactly once, but it came again: Heartbeat.*>.*>"):
        csms.expect_once("Heartbeat", within=0.01)
    with pytest.raises(ExpectationError, match=r"expected within 0\.01 s: Authorize"):
        csms.expect_once("Authorize", within=0.01)


def shown(csms: Csms, **fields: Any) -> list[str]:
    """Return the line of the nearest miss in the exchange, and the line below it."""
    with pytest.raises(ExpectationError) as failed:
        csms.expect("MeterValues", timeout=0, **fields)
    lines = str(failed.value).splitlines()
    (marked,) = (number for number, line in enumerate(lines) if line.startswith("  >"))
    return lines[marked : marked + 2]


def marked_text(lines: list[str]) -> str:
    return lines[0][lines[1].index("^") :]


def values(*sampled: str) -> dict[str, Any]:
    each = [{"value": value, "unit": "Wh"} for value in sampled]
    return {"connectorId": 1, "meterValue": [{"timestamp": "2024-01-01T00:00:00Z", "sampledValue": each}]}


def test_the_first_difference_is_marked(csms: Csms, peer: Peer) -> None:
    peer.call("MeterValues", values("100", "200"))
    lines = shown(csms, meterValue=[{"sampledValue": [{"value": "100"}, {"value": "201"}]}])
    assert marked_text(lines).startswith('"200"')
    assert lines[1].endswith("^ expected '201'")


def test_a_missing_field_is_marked_at_its_place(csms: Csms, peer: Peer) -> None:
    peer.call("MeterValues", values("100"))
    lines = shown(csms, transactionId=1)
    assert marked_text(lines) == "}"
    assert lines[1].endswith("^ expected 1 as transactionId, but it is missing")
    lines = shown(csms, meterValue=[{"sampledValue": [{"phase": "L1"}]}])
    assert marked_text(lines) == "}]}]}"


def test_a_long_payload_is_cut_around_the_difference(csms: Csms, peer: Peer) -> None:
    peer.call("MeterValues", values(*map(str, range(100, 200))))
    wanted = [{"value": str(number)} for number in range(100, 200)]
    wanted[70] = {"value": "x"}
    lines = shown(csms, meterValue=[{"sampledValue": wanted}])
    assert marked_text(lines).startswith('"170"')
    assert "MeterValues …" in lines[0]
    assert lines[0].endswith("characters)")
    assert len(lines[0]) < 250


def test_an_old_nearest_miss_is_shown(csms: Csms, peer: Peer) -> None:
    peer.call("MeterValues", values("100"))
    for _ in range(15):
        peer.call("Heartbeat", {})
    assert marked_text(shown(csms, connectorId=2)).startswith("1,")
