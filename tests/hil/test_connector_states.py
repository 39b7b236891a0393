"""Connector states: each transition of the table in OCPP 1.6 section 4.9 that this hardware can make.

Docstrings name a transition by its row and column in that table: B6 leads from Preparing to Finishing.
"""

from __future__ import annotations

import pytest

from rig.bench import Bench
from rig.csms import Csms
from rig.device import Device, EvDriver
from rig.instruments.inputs import Inputs
from rig.instruments.outputs import Outputs
from rig.timeline.events import PinEdge
from tests.hil.exact import moment

pytestmark = [pytest.mark.needs("inputs", "outputs"), pytest.mark.usefixtures("table_of_states")]


def test_available_to_preparing_and_back_by_the_cable(device: Device, driver: EvDriver, csms: Csms) -> None:
    """A2, B1: plug in and unplug without an idTag."""
    driver.plug_in()
    csms.expect_status("Preparing")
    driver.unplug()
    csms.expect_status("Available")


@pytest.mark.needs("stepped_time")
def test_available_to_preparing_and_back_by_the_connection_time_out(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms
) -> None:
    """A2, B1: present an idTag and plug nothing in within ConnectionTimeOut."""
    device.configure(connection_timeout_s=20)
    mark = bench.mark()
    driver.present_tag()
    began = csms.expect_status("Preparing")
    ended = csms.expect_status("Available", since=mark, timeout=60)
    assert bench.clock.between(began.t, ended.t) == 20
    driver.plug_in()
    csms.expect_status("Preparing")
    csms.expect_none("StartTransaction", within=0.3)


@pytest.mark.needs("stepped_time")
def test_preparing_to_finishing_without_a_tag(device: Device, bench: Bench, driver: EvDriver, csms: Csms) -> None:
    """B6, F2: plug in without an idTag within ConnectionTimeOut; an idTag after that still starts a charge."""
    device.configure(connection_timeout_s=20)
    driver.plug_in()
    began = csms.expect_status("Preparing")
    ended = csms.expect_status("Finishing", timeout=60)
    assert bench.clock.between(began.t, ended.t) == 20
    driver.present_tag()
    csms.expect_status("Preparing")
    csms.expect_status("Charging")


@pytest.mark.smoke
def test_suspended_by_the_vehicle_and_charging_again(
    device: Device, driver: EvDriver, inputs: Inputs, outputs: Outputs, csms: Csms
) -> None:
    """B4, D3, C4, D6: the vehicle does not draw, draws and stops drawing; the driver ends the charge."""
    driver.start_charge(csms, draws=False)
    outputs["contactor"].expect(False)
    inputs["vehicle_ready"].on()
    csms.expect_status("Charging")
    driver.rest()
    csms.expect_status("SuspendedEV")
    outputs["contactor"].expect(False)
    driver.present_tag()
    csms.expect("StopTransaction", reason="Local")
    csms.expect_status("Finishing")
    driver.unplug()
    csms.expect_status("Available")


def test_finishing_to_preparing_by_a_second_tag(device: Device, driver: EvDriver, csms: Csms) -> None:
    """F2, B3: the cable stays plugged in after a charge, and the driver starts another one."""
    driver.start_charge(csms)
    driver.present_tag()
    csms.expect_status("Finishing")
    driver.present_tag()
    csms.expect_status("Preparing")
    csms.expect_status("Charging")
    assert len(csms.transactions) == 2


@pytest.mark.parametrize("before", ["Available", "Preparing", "Finishing"])
def test_faulted_and_back_to_the_state_before(device: Device, driver: EvDriver, csms: Csms, before: str) -> None:
    """A9, B9, F9 and I1, I2, I6: the emergency stop makes each state Faulted; the release restores it."""
    if before == "Finishing":
        driver.start_charge(csms)
        driver.present_tag()
    elif before == "Preparing":
        driver.plug_in()
    if before != "Available":
        csms.expect_status(before)
    driver.press_emergency_stop()
    csms.expect_status("Faulted", errorCode="OtherError")
    driver.release_emergency_stop()
    csms.expect_status(before, errorCode="NoError")


@pytest.mark.smoke
@pytest.mark.parametrize("draws", [True, False])
def test_faulted_over_a_transaction_ends_it(device: Device, driver: EvDriver, csms: Csms, draws: bool) -> None:
    """C9, D9, I6: the emergency stop ends the transaction; after its release the connector is Finishing."""
    driver.start_charge(csms, draws=draws)
    driver.press_emergency_stop()
    csms.expect("StopTransaction", reason="EmergencyStop")
    csms.expect_status("Faulted")
    driver.release_emergency_stop()
    csms.expect_status("Finishing")


@pytest.mark.needs("stepped_time")
def test_finishing_to_unavailable_without_a_tag(device: Device, bench: Bench, driver: EvDriver, csms: Csms) -> None:
    """B6, F8, H1: make the connector inoperative in Preparing, let ConnectionTimeOut pass, and unplug."""
    device.configure(connection_timeout_s=20)
    driver.plug_in()
    csms.expect_status("Preparing")
    assert csms.call("ChangeAvailability", {"connectorId": 1, "type": "Inoperative"}) == {"status": "Scheduled"}
    csms.expect_status("Finishing", timeout=60)
    driver.unplug()
    csms.expect_status("Unavailable")
    assert csms.call("ChangeAvailability", {"connectorId": 1, "type": "Operative"}) == {"status": "Accepted"}
    csms.expect_status("Available")


def test_finishing_to_preparing_by_a_remote_start(device: Device, driver: EvDriver, csms: Csms) -> None:
    """F2, B3: Preparing comes first even where no Authorize is needed."""
    driver.start_charge(csms)
    driver.present_tag()
    csms.expect_status("Finishing")
    assert csms.call("RemoteStartTransaction", {"idTag": "REMOTE", "connectorId": 1}) == {"status": "Accepted"}
    csms.expect_status("Preparing")
    csms.expect_status("Charging")


def test_faulted_over_unavailable_and_back(device: Device, driver: EvDriver, csms: Csms) -> None:
    """H9, I8: the emergency stop makes an inoperative connector Faulted; the release makes it Unavailable."""
    assert csms.call("ChangeAvailability", {"connectorId": 1, "type": "Inoperative"}) == {"status": "Accepted"}
    csms.expect_status("Unavailable")
    driver.press_emergency_stop()
    csms.expect_status("Faulted")
    driver.release_emergency_stop()
    csms.expect_status("Unavailable")
    assert csms.call("ChangeAvailability", {"connectorId": 1, "type": "Operative"}) == {"status": "Accepted"}
    csms.expect_status("Available")


@pytest.mark.parametrize("draws", [True, False])
def test_the_end_of_a_transaction_leads_to_unavailable_when_scheduled(
    device: Device, driver: EvDriver, inputs: Inputs, csms: Csms, draws: bool
) -> None:
    """C8, D8: inoperative is scheduled during a transaction; unplugging leads to Unavailable, never to Available."""
    driver.start_charge(csms, draws=draws)
    assert csms.call("ChangeAvailability", {"connectorId": 1, "type": "Inoperative"}) == {"status": "Scheduled"}
    csms.expect_none("StopTransaction", within=0.2)
    inputs["cable"].off()
    csms.expect("StopTransaction", reason="EVDisconnected")
    csms.expect_status("Unavailable")
    csms.expect_none("StatusNotification", within=0.1, status="Available")
    assert csms.call("ChangeAvailability", {"connectorId": 1, "type": "Operative"}) == {"status": "Accepted"}
    csms.expect_status("Available")


@pytest.mark.needs("stepped_time")
def test_a_status_shorter_than_the_minimum_duration_is_not_reported(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms
) -> None:
    """MinimumStatusDuration: a state is reported after it has lasted that long, and a shorter state never."""
    device.configure(minimum_status_duration_s=10)
    mark = bench.mark()
    driver.plug_in()
    device.wait_status(state="Preparing")
    driver.unplug()
    device.wait_status(state="Available")
    csms.expect_none("StatusNotification", within=15, since=mark, connectorId=1)
    driver.plug_in()
    device.wait_status(state="Preparing")
    reported = csms.expect_status("Preparing", since=mark, timeout=60)
    plugged_in = bench.timeline.last(PinEdge, lambda edge: edge.signal == "inputs.cable")
    assert plugged_in is not None
    assert bench.clock.between(plugged_in.t, reported.t) == 10


# ---- the lock


def test_the_lock_closes_before_the_contactor_and_opens_after_it(
    device: Device, driver: EvDriver, outputs: Outputs, csms: Csms
) -> None:
    """The lock holds the cable for as long as current may flow through it."""
    driver.start_charge(csms)
    locked = outputs["lock"].expect(True)
    closed = outputs["contactor"].expect(True)
    assert moment(locked) < moment(closed)
    driver.present_tag()
    csms.expect("StopTransaction")
    opened = outputs["contactor"].expect(False)
    released = outputs["lock"].expect(False)
    assert moment(opened) < moment(released)


def test_a_transaction_waits_for_the_lock(
    device: Device, driver: EvDriver, inputs: Inputs, outputs: Outputs, csms: Csms
) -> None:
    """With a feedback contact the transaction begins when the bolt is closed, not when the lock is driven."""
    device.configure(lock_timeout_ms=30_000)
    driver.plug_in()
    csms.expect_status("Preparing")
    driver.present_tag()
    outputs["lock"].expect(True)
    csms.expect_none("StartTransaction", within=0.3)
    outputs["contactor"].expect(False)
    inputs["lock_feedback"].on()
    csms.expect("StartTransaction")
    csms.expect_status("Charging")


@pytest.mark.needs("stepped_time")
def test_a_lock_that_does_not_close_is_reported_and_starts_nothing(
    device: Device, bench: Bench, driver: EvDriver, inputs: Inputs, outputs: Outputs, csms: Csms
) -> None:
    """TC_024: Faulted with ConnectorLockFailure and no transaction; unplugging clears the fault."""
    device.configure(lock_timeout_ms=5_000)
    since = bench.mark()
    driver.plug_in()
    csms.expect_status("Preparing")
    driver.present_tag()
    driven = outputs["lock"].expect(True, since=since)
    reported = csms.expect_status("Faulted", errorCode="ConnectorLockFailure", timeout=30)
    assert bench.clock.between(driven.t, reported.t) == 5
    csms.expect_none("StartTransaction", within=0.2)
    outputs["contactor"].expect(False)
    outputs["lock"].expect(False)
    mark = bench.mark()
    driver.unplug()
    csms.expect_status("Available", since=mark, errorCode="NoError")
    inputs["lock_feedback"].on()
    driver.start_charge(csms)


@pytest.mark.smoke
def test_a_lock_that_opens_under_current_opens_the_contactor(
    device: Device, driver: EvDriver, inputs: Inputs, outputs: Outputs, csms: Csms
) -> None:
    """D5, E3: the contactor opens with the bolt under current; the charge goes on when the bolt closes."""
    device.configure(lock_timeout_ms=30_000)
    inputs["lock_feedback"].on()
    transaction_id = driver.start_charge(csms)
    outputs["contactor"].expect(True)
    inputs["lock_feedback"].off()
    outputs["contactor"].expect(False)
    csms.expect_status("SuspendedEVSE", errorCode="ConnectorLockFailure")
    inputs["lock_feedback"].on()
    csms.expect_status("Charging", errorCode="NoError")
    outputs["contactor"].expect(True)
    assert device.status()["transaction"] == transaction_id


def test_a_lock_that_opens_for_a_moment_opens_the_contactor(
    device: Device, bench: Bench, driver: EvDriver, inputs: Inputs, outputs: Outputs, csms: Csms
) -> None:
    """D5, E3: an open bolt counts even when it has closed again before the device polls, every time."""
    device.configure(lock_timeout_ms=30_000)
    inputs["lock_feedback"].on()
    transaction_id = driver.start_charge(csms)
    outputs["contactor"].expect(True)
    for _ in range(5):
        mark = bench.mark()
        inputs["lock_feedback"].off()
        inputs["lock_feedback"].on()
        outputs["contactor"].expect(False, since=mark)
        csms.expect_status("SuspendedEVSE", errorCode="ConnectorLockFailure")
        csms.expect_status("Charging", errorCode="NoError")
        outputs["contactor"].expect(True)
    assert device.status()["transaction"] == transaction_id


def test_a_lock_that_opens_in_a_pause_must_close_to_go_on(
    device: Device, driver: EvDriver, inputs: Inputs, outputs: Outputs, csms: Csms
) -> None:
    """E: the bolt opens while the vehicle pauses: SuspendedEVSE with ConnectorLockFailure until it closes."""
    device.configure(lock_timeout_ms=30_000)
    inputs["lock_feedback"].on()
    driver.start_charge(csms)
    driver.rest()
    csms.expect_status("SuspendedEV")
    inputs["lock_feedback"].off()
    inputs["vehicle_ready"].on()
    csms.expect_status("SuspendedEVSE", errorCode="ConnectorLockFailure")
    outputs["contactor"].expect(False)
    inputs["lock_feedback"].on()
    csms.expect_status("Charging", errorCode="NoError")
