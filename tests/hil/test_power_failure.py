"""Mains failures with and without a warning: the transaction stops or goes on, by configuration."""

from __future__ import annotations

from datetime import datetime

import pytest

from rig.bench import Bench
from rig.csms import Csms
from rig.device import Device, EvDriver
from rig.faults import BrownOut, ClockJump, CsmsGone, PowerCut, TornWrite
from rig.instruments.inputs import Inputs
from rig.instruments.outputs import Outputs
from rig.timeline.events import PowerChange
from tests.hil.exact import about

pytestmark = pytest.mark.needs("inputs", "power")

SAVED_EVERY_WH = 100
"""The largest loss of the register in Wh after a cut without warning (features/transactions)."""


# ---- power_fail_action = stop, the default


@pytest.mark.smoke
def test_a_warning_stops_the_transaction_in_the_hold_up_time(
    device: Device, driver: EvDriver, inputs: Inputs, outputs: Outputs, csms: Csms
) -> None:
    """The hold-up time suffices: the contactor opens, and StopTransaction with PowerLoss is sent at once."""
    transaction_id = driver.start_charge(csms)
    driver.draw(25).wait()
    inputs["power_fail"].on()
    outputs["contactor"].expect(False)
    csms.expect("StopTransaction", transactionId=transaction_id, reason="PowerLoss")
    csms.expect_status("Finishing")
    assert csms.transactions[-1].energy_wh == 25


def test_a_stop_sent_before_the_cut_is_at_most_resent(
    device: Device, bench: Bench, driver: EvDriver, inputs: Inputs, csms: Csms
) -> None:
    """A stop that was sent between warning and cut is resent at most unchanged, under the same id."""
    driver.start_charge(csms)
    inputs["power_fail"].on()
    csms.expect("StopTransaction", reason="PowerLoss")
    with device.expecting_reboot(), bench.inject(PowerCut()):
        inputs["power_fail"].off()
        driver.unplug()
    csms.expect("BootNotification")
    csms.expect_status("Available")
    device.wait_status(queue=0)
    (transaction,) = csms.transactions
    transaction.check()
    assert len({frame.unique_id for frame in transaction.stops}) == 1


def test_a_stop_made_offline_is_sent_after_the_boot(
    device: Device, bench: Bench, driver: EvDriver, inputs: Inputs, outputs: Outputs, csms: Csms
) -> None:
    """A warning without CSMS, then a cut: one StopTransaction after the boot, with the energy at the warning."""
    transaction_id = driver.start_charge(csms)
    driver.draw(25).wait()
    with device.expecting_reboot():
        with bench.inject(CsmsGone()):
            csms.expect_disconnected()
            inputs["power_fail"].on()
            outputs["contactor"].expect(False)
            device.wait_status(state="Finishing")
            with bench.inject(PowerCut()):
                inputs["power_fail"].off()
                driver.unplug()
        csms.expect("StopTransaction", transactionId=transaction_id, reason="PowerLoss", timeout=30)
    device.wait_status(queue=0)
    (transaction,) = csms.transactions
    transaction.check()
    assert len(transaction.stops) == 1
    assert transaction.energy_wh == 25


@pytest.mark.needs("test_hooks")
def test_a_brown_out_ends_the_transaction_as_a_power_cut_does(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms
) -> None:
    """A brown-out reset without a warning: StopTransaction with PowerLoss after the boot."""
    transaction_id = driver.start_charge(csms)
    with device.expecting_reboot() as reboot, bench.inject(BrownOut()):
        pass
    assert reboot.boot is not None
    assert reboot.boot.reset == "brownout"
    csms.expect("StopTransaction", transactionId=transaction_id, reason="PowerLoss")
    csms.transactions[-1].check()


@pytest.mark.needs("test_hooks")
@pytest.mark.parametrize("operation", [1, 2, 3, 4])
def test_a_cut_while_the_stop_is_stored_sends_it_once(
    device: Device, bench: Bench, driver: EvDriver, inputs: Inputs, csms: Csms, operation: int
) -> None:
    """The hold-up time ends inside a flash operation after the warning: exactly one StopTransaction, one content."""
    transaction_id = driver.start_charge(csms)
    driver.draw(10).wait()
    with device.expecting_reboot(), bench.inject(TornWrite(operation=operation, effect="half", seed=3)):
        inputs["power_fail"].on()
        bench.timeline.expect(PowerChange, lambda change: change.rail and not change.on)
        inputs["power_fail"].off()
        driver.unplug()
        bench.power.off()
        bench.power.on()
        csms.expect("BootNotification")
        csms.expect("StopTransaction", transactionId=transaction_id, reason="PowerLoss")
        device.wait_status(queue=0)
    (transaction,) = csms.transactions
    transaction.check()
    assert 0 <= transaction.energy_wh <= 10


def test_nothing_starts_while_the_mains_power_is_gone(
    device: Device, driver: EvDriver, inputs: Inputs, csms: Csms
) -> None:
    """An idTag and a remote start during the hold-up time start nothing; after it they do."""
    inputs["power_fail"].on()
    driver.plug_in()
    csms.expect_status("Preparing")
    driver.present_tag()
    assert csms.call("RemoteStartTransaction", {"idTag": "REMOTE-TAG"}) == {"status": "Rejected"}
    csms.expect_none("StartTransaction", within=0.3)
    inputs["power_fail"].off()
    driver.present_tag()
    csms.expect("StartTransaction")


# ---- power_fail_action = resume


def test_a_short_failure_interrupts_the_charge(
    device: Device, driver: EvDriver, inputs: Inputs, outputs: Outputs, csms: Csms
) -> None:
    """The hold-up time outlasts the failure: SuspendedEVSE without current, then Charging, with a sample at each."""
    device.configure(power_fail_action="resume")
    transaction_id = driver.start_charge(csms)
    inputs["power_fail"].on()
    outputs["contactor"].expect(False)
    csms.expect_status("SuspendedEVSE")
    inputs["power_fail"].off()
    csms.expect_status("Charging")
    for context in ("Interruption.Begin", "Interruption.End"):
        csms.expect("MeterValues", transactionId=transaction_id, meterValue=[{"sampledValue": [{"context": context}]}])
    csms.expect_none("StopTransaction", within=0.2)


@pytest.mark.smoke
@pytest.mark.parametrize("warned", [True, False])
def test_the_charge_goes_on_after_the_boot(
    device: Device, bench: Bench, driver: EvDriver, inputs: Inputs, outputs: Outputs, csms: Csms, warned: bool
) -> None:
    """A cut while charging, with and without warning: the same transaction goes on, and its idTag stops it."""
    device.configure(power_fail_action="resume")
    transaction_id = driver.start_charge(csms)
    before = int(device.status()["energy_wh"])
    driver.draw(120).wait()
    device.wait_status(energy_wh=before + 120)
    with device.expecting_reboot():
        if warned:
            inputs["power_fail"].on()
            outputs["contactor"].expect(False)
            csms.expect("MeterValues", meterValue=[{"sampledValue": [{"context": "Interruption.Begin"}]}])
        mark = bench.mark()
        with bench.inject(PowerCut()):
            inputs["power_fail"].off()
        csms.expect("BootNotification", since=mark)
        csms.expect_status("Charging", since=mark)
    csms.expect(
        "MeterValues",
        transactionId=transaction_id,
        meterValue=[{"sampledValue": [{"context": "Interruption.End"}]}],
        since=mark,
    )
    driver.draw(30).wait()
    driver.present_tag()
    csms.expect("StopTransaction", transactionId=transaction_id, reason="Local")
    (transaction,) = csms.transactions
    transaction.check()
    assert len(transaction.starts) == 1
    lost = 0 if warned else SAVED_EVERY_WH
    assert 150 - lost <= transaction.energy_wh <= 150


def test_the_charge_does_not_go_on_without_the_cable(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms
) -> None:
    """Unplugged while the power is off: StopTransaction with PowerLoss after the boot."""
    device.configure(power_fail_action="resume")
    transaction_id = driver.start_charge(csms)
    mark = bench.mark()
    with device.expecting_reboot():
        with bench.inject(PowerCut()):
            driver.unplug()
        csms.expect("StopTransaction", transactionId=transaction_id, reason="PowerLoss", timeout=30)
    csms.expect_status("Available", since=mark)


def test_the_charge_does_not_go_on_after_too_long(
    device: Device, bench: Bench, driver: EvDriver, outputs: Outputs, csms: Csms
) -> None:
    """Without power for longer than power_resume_limit_s: stopped with PowerLoss although the cable is plugged in."""
    device.configure(power_fail_action="resume", power_resume_limit_s=0)
    transaction_id = driver.start_charge(csms)
    with device.expecting_reboot():
        with bench.inject(PowerCut()):
            pass
        csms.expect("StopTransaction", transactionId=transaction_id, reason="PowerLoss", timeout=30)
    csms.expect_status("Finishing")
    outputs["contactor"].expect_steady(False, within=0.1)


@pytest.mark.needs("stepped_time")
def test_a_charge_resumed_too_late_ends_when_the_time_is_known(
    device: Device, bench: Bench, driver: EvDriver, outputs: Outputs, csms: Csms
) -> None:
    """A charge that resumed offline stops when the time of the CSMS shows that the power was off for too long."""
    device.configure(power_fail_action="resume", power_resume_limit_s=0, backoff_initial_ms=100, backoff_max_ms=100)
    transaction_id = driver.start_charge(csms)
    with device.expecting_reboot():
        with bench.inject(CsmsGone()):
            with bench.inject(PowerCut()):
                pass
            outputs["contactor"].expect(True, since=bench.mark(), timeout=120)
            csms.expect_none("StopTransaction", within=0.1)
        csms.expect("StopTransaction", transactionId=transaction_id, reason="PowerLoss", timeout=30)
    outputs["contactor"].expect(False)
    csms.expect_status("Finishing")


@pytest.mark.needs("stepped_time")
def test_a_clock_correction_does_not_end_a_resumed_charge(
    device: Device, bench: Bench, driver: EvDriver, outputs: Outputs, csms: Csms
) -> None:
    """An offline charge by a clock two days behind goes on after a short cut, also when the CSMS corrects the clock."""
    device.configure(power_fail_action="resume", backoff_initial_ms=100, backoff_max_ms=100)
    with device.expecting_reboot(), bench.inject(ClockJump(seconds=2 * 86_400)):
        with bench.inject(CsmsGone()):
            mark = bench.mark()
            with bench.inject(PowerCut()):
                pass
            device.wait_ready(mark)
            assert device.status()["time_quality"] == "last_known"
            driver.plug_in()
            driver.present_tag()
            device.wait_status(state="Charging")
            mark = bench.mark()
            with bench.inject(PowerCut()):
                pass
            device.wait_ready(mark)
        csms.expect("MeterValues", meterValue=[{"sampledValue": [{"context": "Interruption.End"}]}], timeout=120)
        device.wait_status(state="Charging", time_quality="csms")
        outputs["contactor"].expect_steady(True, within=0.1)
        csms.expect_none("StopTransaction", within=0.2)
        driver.present_tag()
        csms.expect("StopTransaction", reason="Local")
    csms.transactions[-1].check()


# ---- invariants over cuts


@pytest.mark.parametrize("action", ["stop", "resume"])
def test_the_register_never_goes_back_over_cuts(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms, action: str
) -> None:
    """Three cuts without warning: each boot continues from the reported register, and loses less than 100 Wh."""
    device.configure(power_fail_action=action)
    driver.start_charge(csms)
    reported = 0
    for _ in range(3):
        driver.draw(150, hz=200).wait()
        counted = int(device.wait_status(energy_wh=reported + 150)["energy_wh"])
        # The pulses of the last second may be lost as well.
        device.let_time_pass(1)
        mark = bench.mark()
        with device.expecting_reboot():
            with bench.inject(PowerCut()):
                pass
            csms.expect("BootNotification", since=mark)
            device.wait_accepted(since=mark)
        reported = int(device.status()["energy_wh"])
        assert counted - SAVED_EVERY_WH < reported <= counted
    for transaction in csms.transactions:
        transaction.check()


def test_a_charge_before_the_first_time_gets_right_timestamps(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms
) -> None:
    """A charge on a new flash, before the first time of the CSMS, is reported later with the right times."""
    mark = bench.mark()
    with device.expecting_reboot(), bench.inject(CsmsGone()):
        device.flash(fresh=True)
        device.wait_ready(mark)
        assert device.status()["time_quality"] == "none"
        driver.plug_in()
        began = datetime.fromisoformat(csms.behaviour.current_time())
        driver.present_tag()
        device.wait_status(state="Charging")
        driver.present_tag()
        device.wait_status(state="Finishing")
    csms.expect("StopTransaction", timeout=60)
    (transaction,) = csms.transactions
    transaction.check()
    started = datetime.fromisoformat(transaction.start["timestamp"])
    assert (started - began).total_seconds() == about(bench, 0, 60)
