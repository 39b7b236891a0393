"""TriggerMessage (OCPP 1.6 section 5.17): what the CSMS asks for comes, behind the answer."""

from __future__ import annotations

from typing import Any

import pytest

from rig.bench import Bench
from rig.csms import Csms
from rig.device import Device, EvDriver
from rig.timeline.events import OcppFrame
from tests.hil.configuration_keys import ConfigurationKeys

ACCEPTED = {"status": "Accepted"}


def trigger(csms: Csms, message: str, connector: int | None = None) -> dict[str, Any]:
    """The answer to TriggerMessage."""
    which = {} if connector is None else {"connectorId": connector}
    return csms.call("TriggerMessage", {"requestedMessage": message, **which})


@pytest.mark.parametrize("message", ["BootNotification", "Heartbeat", "MeterValues", "StatusNotification"])
def test_a_triggered_message_comes_behind_the_answer(device: Device, bench: Bench, csms: Csms, message: str) -> None:
    """First Accepted, then the message."""
    mark = bench.mark()
    assert trigger(csms, message) == ACCEPTED
    sent = csms.expect(message)
    (answer,) = bench.timeline.events(
        OcppFrame, mark, lambda f: f.action == "TriggerMessage" and f.message_type == "CALLRESULT"
    )
    assert answer.id < sent.id


@pytest.mark.smoke
def test_status_of_every_connector_or_of_one(device: Device, csms: Csms) -> None:
    """Without connectorId both are told, with it that one only; 0 is the charge point itself."""
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
    """Context Trigger and the present reading; the transactionId is there in a charge only."""
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
def test_a_connector_that_is_not_there_is_rejected(device: Device, csms: Csms, message: str, connector: int) -> None:
    """There is connector 1, and the charge point itself, which has no meter of its own."""
    assert trigger(csms, message, connector) == {"status": "Rejected"}
    csms.expect_none(message, within=0.2)


@pytest.mark.parametrize("message", ["BootNotification", "Heartbeat"])
def test_a_connector_that_does_not_matter_is_ignored(device: Device, csms: Csms, message: str) -> None:
    """The message is leading (section 5.17): it comes, whatever connector the request names."""
    assert trigger(csms, message, 7) == ACCEPTED
    csms.expect(message)


def test_meter_values_without_measurands_are_rejected(device: Device, csms: Csms, keys: ConfigurationKeys) -> None:
    """MeterValuesSampledData empty: there is nothing to send, and Accepted would promise something."""
    assert keys.change("MeterValuesSampledData", "") == "Accepted"
    assert trigger(csms, "MeterValues", 1) == {"status": "Rejected"}
    csms.expect_none("MeterValues", within=0.2)


@pytest.mark.parametrize("message", ["DiagnosticsStatusNotification", "FirmwareStatusNotification"])
def test_a_message_of_a_profile_that_it_does_not_have(device: Device, csms: Csms, message: str) -> None:
    """NotImplemented: the messages of firmware management."""
    assert trigger(csms, message) == {"status": "NotImplemented"}
    csms.expect_none(message, within=0.2)


def test_a_triggered_heartbeat_sets_the_clock_and_no_second_boot(device: Device, csms: Csms) -> None:
    """A triggered BootNotification is no reboot: no connector is told anew."""
    assert trigger(csms, "BootNotification") == ACCEPTED
    csms.expect("BootNotification")
    csms.expect_none("StatusNotification", within=0.3)
    assert trigger(csms, "Heartbeat") == ACCEPTED
    csms.expect("Heartbeat")
    assert device.status()["time_quality"] == "csms"
