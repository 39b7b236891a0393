"""ChangeAvailability (OCPP 1.6 section 5.2): connector, whole charge point, during a charge, over a reboot."""

from __future__ import annotations

import pytest

from rig.bench import Bench
from rig.csms import Csms
from rig.device import Device, EvDriver
from rig.instruments.outputs import Outputs

pytestmark = pytest.mark.usefixtures("operative", "table_of_states")

ACCEPTED = {"status": "Accepted"}
SCHEDULED = {"status": "Scheduled"}
REJECTED = {"status": "Rejected"}


def change(csms: Csms, connector: int, kind: str) -> dict[str, object]:
    """Send ChangeAvailability and return the answer."""
    return csms.call("ChangeAvailability", {"connectorId": connector, "type": kind})


@pytest.mark.smoke
def test_a_connector_goes_out_of_service_and_back(device: Device, csms: Csms) -> None:
    """ChangeAvailability of connector 1 is accepted and reported; connector 0 keeps its status."""
    assert change(csms, 1, "Inoperative") == ACCEPTED
    csms.expect_status("Unavailable", connector=1)
    assert change(csms, 1, "Operative") == ACCEPTED
    csms.expect_status("Available", connector=1)
    csms.expect_none("StatusNotification", within=0.2, connectorId=0)


def test_the_whole_charge_point_goes_out_of_service_and_back(device: Device, csms: Csms) -> None:
    """ChangeAvailability with connectorId 0 changes and reports the charge point and its connector, both ways."""
    assert change(csms, 0, "Inoperative") == ACCEPTED
    csms.expect_status("Unavailable", connector=0)
    csms.expect_status("Unavailable", connector=1)
    assert change(csms, 0, "Operative") == ACCEPTED
    csms.expect_status("Available", connector=0)
    csms.expect_status("Available", connector=1)


def test_a_repeated_change_is_accepted_without_a_status(device: Device, csms: Csms) -> None:
    """A repeated change is accepted without a second StatusNotification (OCPP 1.6 section 5.2)."""
    assert change(csms, 1, "Operative") == ACCEPTED
    csms.expect_none("StatusNotification", within=0.2)
    assert change(csms, 1, "Inoperative") == ACCEPTED
    csms.expect_status("Unavailable", connector=1)
    assert change(csms, 1, "Inoperative") == ACCEPTED
    csms.expect_none("StatusNotification", within=0.2)


def test_a_connector_of_an_inoperative_charge_point_stays_inoperative(device: Device, csms: Csms) -> None:
    """Operative for connector 1 is rejected while the whole charge point is inoperative."""
    assert change(csms, 0, "Inoperative") == ACCEPTED
    csms.expect_status("Unavailable", connector=1)
    assert change(csms, 1, "Operative") == REJECTED
    csms.expect_none("StatusNotification", within=0.2, connectorId=1, status="Available")


@pytest.mark.parametrize("connector", [2, -1])
def test_an_unknown_connector_is_rejected(device: Device, csms: Csms, connector: int) -> None:
    """Only connector 1 exists."""
    assert change(csms, connector, "Inoperative") == REJECTED
    csms.expect_none("StatusNotification", within=0.2)


@pytest.mark.needs("inputs", "outputs")
def test_an_inoperative_connector_does_not_charge(
    device: Device, driver: EvDriver, csms: Csms, outputs: Outputs
) -> None:
    """A8, H2: a cable, an idTag or a remote start begins no charge; Operative detects a cable that is plugged in."""
    assert change(csms, 1, "Inoperative") == ACCEPTED
    csms.expect_status("Unavailable", connector=1)
    driver.plug_in()
    driver.present_tag()
    assert csms.call("RemoteStartTransaction", {"idTag": "REMOTE", "connectorId": 1}) == REJECTED
    csms.expect_none("Authorize", within=0.3)
    csms.expect_none("StartTransaction", within=0.1)
    outputs["contactor"].expect_steady(False, within=0.1)
    assert change(csms, 1, "Operative") == ACCEPTED
    csms.expect_status("Preparing", connector=1)
    csms.expect_none("StartTransaction", within=0.2)


@pytest.mark.smoke
@pytest.mark.needs("inputs")
@pytest.mark.parametrize("connector", [0, 1])
def test_a_change_in_a_charge_is_scheduled(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms, connector: int
) -> None:
    """Scheduled: the transaction ends normally; the connector becomes Unavailable when the cable is unplugged."""
    transaction_id = driver.start_charge(csms)
    assert change(csms, connector, "Inoperative") == SCHEDULED
    csms.expect_none("StatusNotification", within=0.2)
    assert device.status()["transaction"] == transaction_id
    driver.present_tag()
    csms.expect("StopTransaction", transactionId=transaction_id, reason="Local")
    csms.expect_status("Finishing", connector=1)
    csms.expect_none("StatusNotification", within=0.1, status="Unavailable")
    mark = bench.mark()
    driver.unplug()
    csms.expect_status("Unavailable", connector=1)
    csms.expect_none("StatusNotification", within=0.1, since=mark, connectorId=1, status="Available")
    if connector == 0:
        csms.expect_status("Unavailable", connector=0)


@pytest.mark.needs("inputs")
def test_a_change_with_a_cable_is_scheduled_and_nothing_starts(device: Device, driver: EvDriver, csms: Csms) -> None:
    """Preparing cannot become Unavailable (section 4.9): no idTag starts a charge, and unplugging ends the wait."""
    driver.plug_in()
    csms.expect_status("Preparing")
    assert change(csms, 1, "Inoperative") == SCHEDULED
    driver.present_tag()
    csms.expect_none("Authorize", within=0.3)
    csms.expect_none("StatusNotification", within=0.1)
    driver.unplug()
    csms.expect_status("Available", connector=1)
    csms.expect_status("Unavailable", connector=1)


def test_a_remote_start_that_waits_for_its_cable_is_cancelled(device: Device, csms: Csms) -> None:
    """B1, A8: Accepted at once, because no cable is plugged in; the pending remote start is cancelled."""
    assert csms.call("RemoteStartTransaction", {"idTag": "REMOTE", "connectorId": 1}) == ACCEPTED
    csms.expect_status("Preparing")
    assert change(csms, 1, "Inoperative") == ACCEPTED
    csms.expect_status("Available", connector=1)
    csms.expect_status("Unavailable", connector=1)


@pytest.mark.needs("inputs")
def test_a_scheduled_change_can_be_cancelled(device: Device, driver: EvDriver, csms: Csms) -> None:
    """Operative during the charge cancels the scheduled change: the end of the charge does not lead to Unavailable."""
    driver.start_charge(csms)
    assert change(csms, 1, "Inoperative") == SCHEDULED
    assert change(csms, 1, "Operative") == ACCEPTED
    driver.present_tag()
    csms.expect("StopTransaction")
    csms.expect_status("Finishing", connector=1)
    csms.expect_none("StatusNotification", within=0.1, status="Unavailable")


@pytest.mark.needs("power")
@pytest.mark.parametrize(("connector", "whole"), [(0, "Unavailable"), (1, "Available")])
def test_out_of_service_outlives_a_power_cut(
    device: Device, bench: Bench, csms: Csms, connector: int, whole: str
) -> None:
    """Accepted means stored: after a power cut at the answer the connector is still out of service."""
    with device.expecting_reboot():
        assert change(csms, connector, "Inoperative") == ACCEPTED
        bench.power.cycle()
        csms.expect("BootNotification")
        csms.expect_status(whole, connector=0)
        csms.expect_status("Unavailable", connector=1)
