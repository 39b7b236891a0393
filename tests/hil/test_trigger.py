"""TriggerMessage (OCPP 1.6 section 5.17): the requested message follows the answer."""

from __future__ import annotations

from typing import Any

import pytest

from rig.bench import Bench
from rig.csms import ConfigurationKeys, Csms
from rig.device import Device, EvDriver
from rig.timeline.events import OcppFrame

ACCEPTED = {"status": "Accepted"}


def trigger(csms: Csms, message: str, connector: int | None = None) -> dict[str, Any]:
    """Send TriggerMessage and return the answer."""
    which = {} if connector is None else {"connectorId": connector}
    return csms.call("TriggerMessage", {"requestedMessage": message, **which})


@pytest.mark.parametrize("message", ["BootNotification", "Heartbeat", "MeterValues", "StatusNotification"])
def test_a_triggered_message_follows_the_answer(device: Device, bench: Bench, csms: Csms, message: str) -> None:
    """The answer Accepted is sent before the message."""
    mark = bench.mark()
    assert trigger(csms, message) == ACCEPTED
    sent = csms.expect(message)
    (answer,) = bench.timeline.events(
        OcppFrame, mark, lambda f: f.action == "TriggerMessage" and f.message_type == "CALLRESULT"
    )
    assert answer.id < sent.id


@pytest.mark.smoke
def test_status_of_every_connector_or_of_one(device: Device, csms: Csms) -> None:
    """A connectorId selects one status; without it the device sends those of connectors 0 and 1."""
    assert trigger(csms, "StatusNotification") == ACCEPTED
    csms.expect_status("Available", connector=0)
    csms.expect_status("Available", connector=1)
    for connector in (1, 0):
        assert trigger(csms, "StatusNotification", connector) == ACCEPTED
        csms.expect_status("Available", connector=connector)
        csms.expect_none("StatusNotification", within=0.2)


@pytest.mark.smoke
@pytest.mark.needs("inputs")
def test_meter_values_in_a_charge_and_outside(device: Device, driver: EvDriver, csms: Csms) -> None:
    """Triggered MeterValues have context Trigger, the current reading, and in a charge its transactionId."""
    assert trigger(csms, "MeterValues", 1) == ACCEPTED
    idle = csms.expect("MeterValues", meterValue=[{"sampledValue": [{"context": "Trigger"}]}])
    assert "transactionId" not in idle.payload
    transaction_id = driver.start_charge(csms)
    before = device.status()["energy_wh"]
    driver.draw(9).wait()
    device.wait_status(energy_wh=before + 9)
    assert trigger(csms, "MeterValues", 1) == ACCEPTED
    charging = csms.expect("MeterValues", transactionId=transaction_id, connectorId=1)
    (value,) = charging.payload["meterValue"]
    assert value["sampledValue"][0]["context"] == "Trigger"
    start = csms.transactions[-1].start["meterStart"]
    assert int(value["sampledValue"][0]["value"]) - start == 9


@pytest.mark.parametrize(
    ("message", "connector"),
    [("StatusNotification", 2), ("StatusNotification", -1), ("MeterValues", 2), ("MeterValues", 0)],
)
def test_an_unknown_connector_is_rejected(device: Device, csms: Csms, message: str, connector: int) -> None:
    """Only connector 1, and 0 for the charge point itself, exist; MeterValues need connector 1."""
    assert trigger(csms, message, connector) == {"status": "Rejected"}
    csms.expect_none(message, within=0.2)


@pytest.mark.parametrize("message", ["BootNotification", "Heartbeat"])
def test_an_irrelevant_connector_is_ignored(device: Device, csms: Csms, message: str) -> None:
    """A connectorId is ignored for messages that do not concern a connector (section 5.17)."""
    assert trigger(csms, message, 7) == ACCEPTED
    csms.expect(message)


def test_meter_values_without_measurands_are_rejected(device: Device, csms: Csms, keys: ConfigurationKeys) -> None:
    """With MeterValuesSampledData empty, MeterValues would have no content, so the trigger is Rejected."""
    assert keys.change("MeterValuesSampledData", "") == "Accepted"
    assert trigger(csms, "MeterValues", 1) == {"status": "Rejected"}
    csms.expect_none("MeterValues", within=0.2)


@pytest.mark.parametrize("message", ["DiagnosticsStatusNotification", "FirmwareStatusNotification"])
def test_a_message_of_a_missing_profile(device: Device, csms: Csms, message: str) -> None:
    """The device lacks the profile FirmwareManagement, so a trigger of its messages is NotImplemented."""
    assert trigger(csms, message) == {"status": "NotImplemented"}
    csms.expect_none(message, within=0.2)


def test_a_triggered_heartbeat_sets_the_clock_and_no_second_boot(device: Device, csms: Csms) -> None:
    """A triggered Heartbeat sets the clock. A triggered BootNotification resends no StatusNotification."""
    assert trigger(csms, "BootNotification") == ACCEPTED
    csms.expect("BootNotification")
    csms.expect_none("StatusNotification", within=0.3)
    assert trigger(csms, "Heartbeat") == ACCEPTED
    csms.expect("Heartbeat")
    assert device.status()["time_quality"] == "csms"
