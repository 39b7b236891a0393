"""Whole charges, started and stopped by the driver and by the CSMS."""

from __future__ import annotations

import pytest

from rig.bench import Bench
from rig.csms import Csms
from rig.device import Device, EvDriver
from rig.instruments.outputs import Outputs
from tests.hil.samples import check_no_sample_lost

pytestmark = pytest.mark.needs("inputs", "outputs")

TAG = "BENCH-TAG"


@pytest.mark.smoke
def test_charge_from_plug_to_stop_adds_up(device: Device, driver: EvDriver, csms: Csms, outputs: Outputs) -> None:
    """A driver plugs in, presents a tag, draws 120 Wh and stops: the reported energy adds up."""
    driver.plug_in()
    csms.expect_status("Preparing")
    driver.present_tag()
    csms.expect("Authorize", idTag=TAG)
    csms.expect("StartTransaction", connectorId=1, idTag=TAG)
    outputs["contactor"].expect(True)
    csms.expect_status("Charging")
    driver.draw(120).wait()
    driver.present_tag()
    csms.expect("StopTransaction", reason="Local", idTag=TAG)
    outputs["contactor"].expect(False)
    csms.expect_status("Finishing")
    driver.unplug()
    csms.expect_status("Available")
    (transaction,) = csms.transactions
    transaction.check()
    assert transaction.energy_wh == 120


@pytest.mark.needs("stepped_time")
def test_meter_values_come_at_the_interval_and_add_up(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms
) -> None:
    """Five minutes of charging: one sample a minute, none missing, and a register that rises to the stop value."""
    driver.start_charge(csms)
    energy = driver.draw(150, hz=0.5)
    for _ in range(5):
        csms.expect("MeterValues", connectorId=1, timeout=90)
    drawn = energy.wait()
    driver.present_tag()
    csms.expect("StopTransaction")
    (transaction,) = csms.transactions
    transaction.check()
    check_no_sample_lost(transaction, 60)
    assert transaction.energy_wh == drawn


def test_unplugging_stops_the_transaction(device: Device, driver: EvDriver, csms: Csms, outputs: Outputs) -> None:
    """Unplugging opens the contactor and stops the transaction with reason EVDisconnected."""
    driver.start_charge(csms)
    driver.unplug()
    outputs["contactor"].expect(False)
    csms.expect("StopTransaction", reason="EVDisconnected")
    csms.expect_status("Available")


@pytest.mark.smoke
def test_remote_start_and_stop(device: Device, driver: EvDriver, csms: Csms, outputs: Outputs) -> None:
    """The CSMS starts a charge on a plugged-in vehicle and stops it."""
    driver.plug_in()
    csms.expect_status("Preparing")
    assert csms.call("RemoteStartTransaction", {"idTag": "REMOTE-TAG", "connectorId": 1}) == {"status": "Accepted"}
    csms.expect("StartTransaction", idTag="REMOTE-TAG", connectorId=1)
    outputs["contactor"].expect(True)
    csms.expect_status("Charging")
    (transaction,) = csms.transactions
    stop = {"transactionId": transaction.transaction_id}
    assert csms.call("RemoteStopTransaction", stop) == {"status": "Accepted"}
    csms.expect("StopTransaction", reason="Remote", transactionId=transaction.transaction_id)
    outputs["contactor"].expect(False)


def test_remote_stop_of_an_unknown_transaction_is_rejected(device: Device, driver: EvDriver, csms: Csms) -> None:
    """RemoteStopTransaction with an unknown transactionId is rejected, and the charge goes on."""
    transaction_id = driver.start_charge(csms)
    assert csms.call("RemoteStopTransaction", {"transactionId": transaction_id + 1}) == {"status": "Rejected"}
    csms.expect_none("StopTransaction", within=0.5)


@pytest.mark.smoke
def test_a_rejected_tag_does_not_charge(device: Device, driver: EvDriver, csms: Csms, outputs: Outputs) -> None:
    """An Authorize that is answered Blocked starts no transaction, and the contactor stays open."""
    with csms.answer("Authorize", {"idTagInfo": {"status": "Blocked"}}):
        driver.plug_in()
        csms.expect_status("Preparing")
        driver.present_tag()
        csms.expect("Authorize")
        csms.expect_none("StartTransaction", within=0.5)
    outputs["contactor"].expect_steady(False, within=0.1)
