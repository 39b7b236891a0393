"""The power fails in a transaction, also in the middle of a flash operation: no transaction is lost or told twice."""

from __future__ import annotations

import pytest

from rig.bench import Bench
from rig.csms import Csms
from rig.device import Device
from rig.driver import Driver
from rig.events import PowerChange
from rig.faults import PowerCut, TornWrite

pytestmark = pytest.mark.needs("inputs", "power")


def test_power_cut_in_a_transaction(device: Device, bench: Bench, driver: Driver, csms: Csms) -> None:
    """Cut while charging: after the boot the transaction is stopped with reason PowerLoss, not below its start."""
    transaction_id = driver.start_charge(csms)
    driver.draw(30).wait()
    with device.expecting_reboot():
        with bench.inject(PowerCut()):
            driver.unplug()
        csms.expect("BootNotification")
        stop = csms.expect("StopTransaction", transactionId=transaction_id, reason="PowerLoss")
    (transaction,) = csms.transactions
    transaction.check()
    assert 0 <= stop.payload["meterStop"] - transaction.start["meterStart"] <= 30
    csms.expect_status("Available")


@pytest.mark.needs("test_hooks")
@pytest.mark.parametrize("effect", ["none", "half", "random"])
@pytest.mark.parametrize("operation", [1, 2, 3])
def test_torn_write_in_a_transaction(
    device: Device, bench: Bench, driver: Driver, csms: Csms, operation: int, effect: str
) -> None:
    """The power fails inside a flash operation at a charge's end: it is stopped exactly once, whatever was torn."""
    transaction_id = driver.start_charge(csms)
    driver.draw(10).wait()
    with device.expecting_reboot(), bench.inject(TornWrite(operation=operation, effect=effect, seed=7)):
        driver.present_tag()
        bench.timeline.expect(PowerChange, lambda change: change.rail and not change.on)
        driver.unplug()
        bench.power.off()
        bench.power.on()
        csms.expect("BootNotification")
        csms.expect("StopTransaction", transactionId=transaction_id)
        device.wait_status(queue=0)
    (transaction,) = csms.transactions
    transaction.check()
    assert 0 <= transaction.energy_wh <= 10
