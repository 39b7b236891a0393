"""Power cuts in a transaction, also during flash operations: no transaction is lost or reported twice."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from rig.bench import Bench
from rig.csms import Csms
from rig.device import Device, EvDriver
from rig.faults import CsmsGone, FlashFull, PowerCut, TornWrite
from rig.instruments.outputs import Outputs
from rig.timeline.events import Boot, Event, LogLine, PinEdge, PowerChange
from rig.util.errors import ExpectationError
from tests.hil.samples import check_no_sample_lost

pytestmark = pytest.mark.needs("inputs", "power")


@pytest.mark.smoke
def test_power_cut_in_a_transaction(device: Device, bench: Bench, driver: EvDriver, csms: Csms) -> None:
    """After a cut while charging the boot stops the transaction with PowerLoss and at least its start energy."""
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
    device: Device, bench: Bench, driver: EvDriver, csms: Csms, operation: int, effect: str
) -> None:
    """A cut during a flash operation at the end of a charge: the transaction is stopped exactly once."""
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


@pytest.mark.needs("test_hooks")
@pytest.mark.parametrize("effect", ["none", "half", "random"])
@pytest.mark.parametrize("operation", [1, 2, 3])
def test_no_energy_before_the_start_is_stored(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms, operation: int, effect: str
) -> None:
    """A cut while StartTransaction is stored: the contactor was open, or the charge is reported."""
    driver.plug_in()
    csms.expect_status("Preparing")
    mark = bench.mark()
    with device.expecting_reboot(), bench.inject(TornWrite(operation=operation, effect=effect, seed=7)):
        driver.present_tag()
        bench.timeline.expect(PowerChange, _rail_fell, since=mark)
        closed = bench.timeline.events(PinEdge, mark, lambda edge: edge.signal == "outputs.contactor" and edge.level)
        driver.unplug()
        bench.power.off()
        bench.power.on()
        device.wait_status(accepted=True, queue=0, state="Available")
    if operation == 1:
        assert not closed
    if closed:
        (transaction,) = csms.transactions
        transaction.check()


_JOINING = ("wifi: joining", "ethernet: waiting for a link")


@pytest.mark.parametrize(
    "moment",
    [(), _JOINING, ("ws: connecting to",), ("ws: connected",)],
    ids=["banner", "joining", "connecting", "connected"],
)
def test_power_cut_during_boot(device: Device, bench: Bench, csms: Csms, moment: tuple[str, ...]) -> None:
    """A cut at each of four moments of the boot: the next boot is complete."""
    since = bench.mark()
    bench.power.cycle()
    if moment:
        bench.timeline.expect(LogLine, lambda line: any(text in line.text for text in moment), since=since)
    else:
        bench.timeline.expect(Boot, since=since)
    bench.power.off()
    since = bench.mark()
    bench.power.on()
    device.wait_ready(since)
    csms.expect("BootNotification", since=since)
    device.wait_status(accepted=True, state="Available", queue=0)


def test_power_cut_while_authorizing(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms, outputs: Outputs
) -> None:
    """A cut between the idTag and the answer to Authorize: nothing charges after the boot."""
    with device.expecting_reboot(), csms.hold("Authorize") as held:
        driver.plug_in()
        driver.present_tag()
        held.wait()
        with bench.inject(PowerCut()):
            pass
    device.wait_status(accepted=True, state="Preparing")
    csms.expect_none("StartTransaction", within=0.3)
    outputs["contactor"].expect_steady(False, within=0.1)


def test_power_cut_right_after_the_stop_is_answered(device: Device, bench: Bench, driver: EvDriver, csms: Csms) -> None:
    """A cut just after the CSMS received the stop: no second, different stop follows."""
    driver.start_charge(csms)
    driver.draw(5).wait()
    driver.present_tag()
    csms.expect("StopTransaction")
    with device.expecting_reboot(), bench.inject(PowerCut()):
        driver.unplug()
    device.wait_status(accepted=True, queue=0, state="Available")
    (transaction,) = csms.transactions
    transaction.check()
    assert transaction.energy_wh == 5


def test_a_cut_keeps_the_energy_of_a_triggered_reading(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms
) -> None:
    """A triggered MeterValues has reported a reading: the stop after the cut reports no lower one."""
    transaction_id = driver.start_charge(csms)
    driver.draw(40).wait()
    assert csms.call("TriggerMessage", {"requestedMessage": "MeterValues"}) == {"status": "Accepted"}
    reported = csms.expect("MeterValues", transactionId=transaction_id).payload["meterValue"][0]["sampledValue"][0]
    with device.expecting_reboot(), bench.inject(PowerCut()):
        driver.unplug()
    stop = csms.expect("StopTransaction", transactionId=transaction_id, reason="PowerLoss")
    assert stop.payload["meterStop"] >= int(reported["value"])


@pytest.mark.needs("test_hooks")
def test_a_remote_stop_that_a_cut_undoes_was_not_accepted(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms
) -> None:
    """A cut before the remote stop is stored: no Accepted was sent, and the charge goes on after the boot."""
    device.configure(power_fail_action="resume")
    stop = {"transactionId": driver.start_charge(csms)}
    with device.expecting_reboot():
        with bench.inject(TornWrite(operation=1, effect="none", seed=7)), pytest.raises(ExpectationError):
            csms.call("RemoteStopTransaction", stop, timeout=3)
        device.wait_status(accepted=True, state="Charging", queue=0)
    assert csms.call("RemoteStopTransaction", stop) == {"status": "Accepted"}
    csms.expect("StopTransaction", reason="Remote", **stop)
    (transaction,) = csms.transactions
    transaction.check()


@pytest.mark.smoke
def test_brown_out_like_flicker(device: Device, bench: Bench, driver: EvDriver, csms: Csms) -> None:
    """Five quick power cycles during a charge, faster than a boot: one transaction, stopped once, with PowerLoss."""
    transaction_id = driver.start_charge(csms)
    driver.draw(5).wait()
    for _ in range(4):
        bench.power.cycle()
    with device.expecting_reboot():
        bench.power.off()
        driver.unplug()
        bench.power.on()
    csms.expect("StopTransaction", transactionId=transaction_id, reason="PowerLoss")
    device.wait_status(accepted=True, queue=0, state="Available")
    (transaction,) = csms.transactions
    transaction.check()


def test_a_cut_in_each_of_ten_charges(device: Device, bench: Bench, driver: EvDriver, csms: Csms) -> None:
    """Ten charges, each with a cut: ten transactions with different ids, and a register that never goes back."""
    for _ in range(10):
        since = bench.mark()
        driver.plug_in()
        csms.expect_status("Preparing", since=since)
        driver.present_tag()
        csms.expect_status("Charging", since=since)
        driver.draw(3).wait()
        with device.expecting_reboot(), bench.inject(PowerCut()):
            driver.unplug()
        csms.expect("StopTransaction", since=since)
        device.wait_status(accepted=True, queue=0, state="Available")
    transactions = csms.transactions
    assert len({transaction.transaction_id for transaction in transactions}) == 10
    registers = [
        value
        for transaction in transactions
        for value in (transaction.start["meterStart"], transaction.stop["meterStop"])
    ]
    assert registers == sorted(registers)


@pytest.mark.needs("test_hooks")
@pytest.mark.parametrize("operation", [1, 2, 4, 8])
def test_torn_write_on_a_fresh_file_system(
    fresh_device: Device, bench: Bench, driver: EvDriver, csms: Csms, operation: int
) -> None:
    """The first charge on an empty flash is torn at an operation: the device sends one stop at most, and charges."""
    with fresh_device.expecting_reboot(), bench.inject(TornWrite(operation=operation, effect="random", seed=operation)):
        driver.plug_in()
        csms.expect_status("Preparing")
        _charge_until_torn(bench, driver)
        driver.unplug()
        bench.power.off()
        bench.power.on()
        fresh_device.wait_status(accepted=True, queue=0, state="Available")
    for transaction in csms.transactions:
        transaction.check()
    mark = bench.mark()
    driver.plug_in()
    csms.expect_status("Preparing", since=mark)
    driver.present_tag()
    csms.expect("StartTransaction", since=mark)


def _charge_until_torn(bench: Bench, driver: EvDriver) -> None:
    """Start and stop charges, which write to flash, until the power is off."""
    mark = bench.mark()  # one mark for all: the power may fail as soon as a status was sent
    for status in itertools.cycle(("Charging", "Finishing")):
        driver.present_tag()
        news = bench.timeline.expect(Event, _rail_fell_or(f"connector is {status}"), since=mark, timeout=10)
        if isinstance(news, PowerChange):
            return


def _rail_fell_or(line: str) -> Callable[[Event], bool]:
    return lambda event: _rail_fell(event) or (isinstance(event, LogLine) and line in event.text)


def _rail_fell(event: Event) -> bool:
    return isinstance(event, PowerChange) and event.rail and not event.on


@pytest.mark.smoke
@pytest.mark.needs("test_hooks", "stepped_time")
def test_a_full_flash_does_not_prevent_charging(device: Device, bench: Bench, driver: EvDriver, csms: Csms) -> None:
    """With the storage full a charge is reported from start to stop, from memory."""
    with bench.inject(FlashFull()):
        driver.start_charge(csms)
        drawn = driver.draw(20).wait()
        driver.present_tag()
        csms.expect("StopTransaction", reason="Local")
        device.wait_status(queue=0)
    (transaction,) = csms.transactions
    transaction.check()
    assert transaction.energy_wh == drawn


@pytest.mark.needs("test_hooks", "stepped_time")
def test_a_flash_that_stays_full_for_many_charges(device: Device, bench: Bench, driver: EvDriver, csms: Csms) -> None:
    """With the storage full for many charges, with a sample every 10 s, answered messages make room, and all charge."""
    device.configure(meter_value_sample_interval_s=10)
    charges = 4
    with bench.inject(FlashFull()):
        for _ in range(charges):
            driver.start_charge(csms)
            device.let_time_pass(50)
            driver.present_tag()
            csms.expect("StopTransaction", reason="Local", timeout=30)
            driver.unplug()
            device.wait_status(state="Available", queue=0, timeout=60)
    assert len(csms.transactions) == charges
    for transaction in csms.transactions:
        transaction.check()
        check_no_sample_lost(transaction, 10)
        assert len(transaction.samples()) == 5


@pytest.mark.needs("test_hooks", "stepped_time")
def test_a_charge_begun_on_a_full_flash_is_stored_later(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms
) -> None:
    """An offline charge that begins while the flash is full is stored later, and reported after a cut."""
    device.configure(backoff_initial_ms=100, backoff_max_ms=100)
    with device.expecting_reboot():
        with bench.inject(CsmsGone()):
            csms.expect_disconnected()
            with bench.inject(FlashFull()):
                driver.plug_in()
                driver.present_tag()
                device.wait_status(state="Charging", timeout=60)
                bench.timeline.expect(LogLine, lambda line: "no space left" in line.text, timeout=30)
                device.let_time_pass(10)
            device.let_time_pass(10)
            with bench.inject(PowerCut()):
                driver.unplug()
        csms.expect("StartTransaction", timeout=30)
        csms.expect("StopTransaction", reason="PowerLoss", timeout=30)
    device.wait_status(queue=0)
    (transaction,) = csms.transactions
    transaction.check()


@pytest.mark.needs("test_hooks", "stepped_time")
def test_the_samples_of_a_stop_on_a_full_flash_are_stored_later(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms
) -> None:
    """The flash is full when an offline charge ends: transactionData is stored later, and complete after a cut."""
    device.configure(
        stop_txn_sampled_data="Energy.Active.Import.Register",
        backoff_initial_ms=100,
        backoff_max_ms=100,
    )
    driver.start_charge(csms)
    device.wait_status(queue=0)
    with device.expecting_reboot():
        with bench.inject(CsmsGone()):
            csms.expect_disconnected()
            with bench.inject(FlashFull()):
                driver.present_tag()
                device.wait_status(state="Finishing", timeout=60)
                bench.timeline.expect(LogLine, lambda line: "no space left" in line.text, timeout=30)
                device.let_time_pass(10)
            device.let_time_pass(20)
            with bench.inject(PowerCut()):
                driver.unplug()
        stop = csms.expect("StopTransaction", reason="Local", timeout=30).payload
    contexts = [value["sampledValue"][0]["context"] for value in stop["transactionData"]]
    assert (contexts[0], contexts[-1]) == ("Transaction.Begin", "Transaction.End")


@pytest.mark.needs("test_hooks", "stepped_time")
def test_a_flash_that_fills_up_in_a_charge(device: Device, bench: Bench, driver: EvDriver, csms: Csms) -> None:
    """The storage becomes full during a charge: the charge goes on, and the next one is stored again."""
    driver.start_charge(csms)
    with bench.inject(FlashFull()):
        drawn = driver.draw(20).wait()
        driver.present_tag()
        csms.expect("StopTransaction", reason="Local")
        device.wait_status(queue=0)
    driver.unplug()
    device.wait_status(state="Available")
    (transaction,) = csms.transactions
    transaction.check()
    assert transaction.energy_wh == drawn
    second = driver.start_charge(csms)
    with device.expecting_reboot(), bench.inject(PowerCut()):
        driver.unplug()
    csms.expect("StopTransaction", transactionId=second, reason="PowerLoss")
