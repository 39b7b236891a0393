"""Transaction messages that are rejected, unanswered or queued (OCPP 1.6 sections 3.7 and 4.8)."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

import pytest

from rig.bench import Bench
from rig.csms import CallError, Csms, answers
from rig.csms.bad_answer import BadAnswer
from rig.device import Device, EvDriver
from rig.faults import BadAnswers, CsmsGone, FrameDelay, PowerCut, TornWrite
from rig.instruments.outputs import Outputs
from rig.instruments.telemetry import Telemetry
from rig.timeline.events import OcppFrame, PowerChange
from tests.hil.samples import check_no_sample_lost

pytestmark = pytest.mark.needs("inputs", "stepped_time")

ATTEMPTS = 3
"""The device's default of `TransactionMessageAttempts` (OCPP 1.6 section 9.1)."""


def charge_offline(device: Device, driver: EvDriver, wh: int) -> None:
    """Plug in, start, draw, stop and unplug, with status waits on the device because the CSMS is unreachable."""
    driver.plug_in()
    driver.present_tag()
    device.wait_status(state="Charging", timeout=60)
    driver.draw(wh, hz=20).wait()
    driver.present_tag()
    device.wait_status(state="Finishing", timeout=60)
    driver.unplug()
    device.wait_status(state="Available", timeout=60)


@pytest.mark.smoke
def test_three_charges_offline_are_reported_in_order(
    hasty_device: Device, bench: Bench, driver: EvDriver, csms: Csms
) -> None:
    """Three offline charges are reported from start to stop, in order, under different ids."""
    with bench.inject(CsmsGone()):
        csms.expect_disconnected()
        for _ in range(3):
            charge_offline(hasty_device, driver, 5)
    for _ in range(3):
        csms.expect("StopTransaction", timeout=30)
    hasty_device.wait_status(queue=0)
    transactions = csms.transactions
    assert len({transaction.transaction_id for transaction in transactions}) == 3
    for transaction in transactions:
        transaction.check()
        assert transaction.energy_wh == 5
    for sooner, later in pairwise(transactions):  # in order of arrival
        assert sooner.stops[-1].id < later.starts[0].id
        assert sooner.stop["meterStop"] == later.start["meterStart"]
        assert datetime.fromisoformat(sooner.stop["timestamp"]) <= datetime.fromisoformat(later.start["timestamp"])


@pytest.mark.smoke
@pytest.mark.needs("power")
def test_a_charge_offline_survives_a_power_cut(
    hasty_device: Device, bench: Bench, driver: EvDriver, csms: Csms
) -> None:
    """Start and stop of an offline charge, then a power cut: both are sent after the boot, once and in order."""
    with hasty_device.expecting_reboot(), bench.inject(CsmsGone()):
        csms.expect_disconnected()
        charge_offline(hasty_device, driver, 5)
        with bench.inject(PowerCut()):
            pass
    csms.expect("StartTransaction", timeout=30)
    csms.expect("StopTransaction", timeout=30)
    hasty_device.wait_status(queue=0)
    (transaction,) = csms.transactions
    transaction.check()
    assert transaction.energy_wh == 5
    assert len(transaction.stops) == 1


@pytest.mark.needs("power")
def test_samples_made_offline_survive_a_power_cut(device: Device, bench: Bench, driver: EvDriver, csms: Csms) -> None:
    """Offline samples that fill more than two files, then a cut: start, stop and every sample arrive."""
    device.configure(meter_value_sample_interval_s=1, backoff_initial_ms=100, backoff_max_ms=100)
    driver.start_charge(csms)
    with device.expecting_reboot(), bench.inject(CsmsGone()):
        csms.expect_disconnected()
        energy = driver.draw(70, hz=20)
        device.let_time_pass(70)
        energy.wait()
        driver.present_tag()
        device.wait_status(state="Finishing")
        with bench.inject(PowerCut()):
            pass
    csms.expect("StopTransaction", timeout=30)
    device.wait_status(queue=0)
    (transaction,) = csms.transactions
    transaction.check()
    assert transaction.energy_wh == 70
    check_no_sample_lost(transaction, 1)


def test_a_tag_rejected_after_an_offline_start_is_stopped(
    hasty_device: Device, bench: Bench, driver: EvDriver, csms: Csms, outputs: Outputs
) -> None:
    """A charge that began offline is stopped with DeAuthorized when the CSMS answers its start with Blocked."""
    csms.behaviour.tags["BENCH-TAG"] = "Blocked"
    with bench.inject(CsmsGone()):
        csms.expect_disconnected()
        driver.plug_in()
        driver.present_tag()
        hasty_device.wait_status(state="Charging")
    csms.expect("StartTransaction", timeout=30)
    csms.expect("StopTransaction", reason="DeAuthorized", timeout=30)
    outputs["contactor"].expect(False)
    (transaction,) = csms.transactions
    transaction.check()


def test_a_stop_rejected_once_is_sent_again(device: Device, bench: Bench, driver: EvDriver, csms: Csms) -> None:
    """A StopTransaction that is answered with an InternalError is resent once, with the same payload."""
    driver.start_charge(csms)
    csms.answer("StopTransaction", CallError("InternalError", "busy"), times=1)
    driver.present_tag()
    first = csms.expect("StopTransaction")
    second = csms.expect("StopTransaction", timeout=90)
    device.wait_status(queue=0, timeout=30)
    assert second.payload == first.payload
    assert second.unique_id != first.unique_id


def test_a_dropped_status_is_not_counted_as_a_transaction_message(
    device: Device, driver: EvDriver, csms: Csms, telemetry: Telemetry
) -> None:
    """Status notifications dropped from a full queue are counted separately from transaction messages."""
    (before,) = telemetry.expect(1)
    with csms.hold("StatusNotification") as held:
        for _ in range(8):
            driver.plug_in()
            device.wait_status(state="Preparing")
            driver.unplug()
            device.wait_status(state="Available")
        (after,) = telemetry.expect(1)
        held.release()
    assert after.values["calls_dropped"] > before.values["calls_dropped"]
    assert after.values["tx_dropped"] == before.values["tx_dropped"]
    device.wait_status(queue=0)


@pytest.mark.parametrize("action", ["StartTransaction", "StopTransaction"])
def test_a_message_that_is_rejected_for_ever_does_not_block_the_queue(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms, telemetry: Telemetry, action: str
) -> None:
    """A message that only gets errors is dropped after TransactionMessageAttempts and counted; the next one is sent."""
    device.configure(transaction_message_retry_interval_s=5)
    with csms.answer(action, CallError("InternalError", "never")):
        driver.plug_in()
        driver.present_tag()
        device.wait_status(state="Charging", timeout=30)
        driver.present_tag()
        device.wait_status(state="Finishing", timeout=30)
        for _ in range(ATTEMPTS):
            csms.expect(action, timeout=200)
        device.wait_status(queue=0, timeout=60)
        csms.expect_none(action, within=5)
        (sample,) = telemetry.expect(1)
    assert sample.values["tx_dropped"] >= 1
    assert sample.values["calls_dropped"] == 0
    driver.unplug()
    device.wait_status(state="Available")
    mark = bench.mark()
    driver.plug_in()
    driver.present_tag()
    csms.expect("StartTransaction", since=mark)
    driver.present_tag()
    csms.expect("StopTransaction", since=mark)
    device.wait_status(queue=0)


@pytest.mark.needs("power")
def test_a_charge_whose_stop_was_given_up_is_over(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms, outputs: Outputs
) -> None:
    """A rejected stop was dropped, then the power fails: the boot sends no other stop, and nothing charges."""
    device.configure(
        power_fail_action="resume", transaction_message_attempts=1, backoff_initial_ms=100, backoff_max_ms=100
    )
    driver.start_charge(csms)
    with csms.answer("StopTransaction", CallError("InternalError", "never")):
        driver.present_tag()
        csms.expect("StopTransaction")
        device.wait_status(queue=0, state="Finishing")
    mark = bench.mark()
    with device.expecting_reboot(), bench.inject(PowerCut()):
        pass
    device.wait_accepted(since=mark)
    csms.expect_none("StopTransaction", within=0.5, since=mark)
    outputs["contactor"].expect_steady(False, within=0.1)
    assert device.status()["transaction"] is None


def test_a_start_that_is_never_answered_blocks_the_queue_for_ten_minutes(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms
) -> None:
    """A StartTransaction without answers is held for a late one, then dropped. A transaction that opens later ends."""
    device.configure(transaction_message_retry_interval_s=5)
    with csms.hold("StartTransaction") as held:
        driver.plug_in()
        driver.present_tag()
        for _ in range(ATTEMPTS):
            held.wait(timeout=200)
        driver.unplug()
        device.wait_status(queue=0, state="Available", timeout=700)
        csms.expect_none("StopTransaction", within=0.2)
    csms.expect("StopTransaction", reason="Other", meterStop=0)


def test_a_charge_that_the_csms_starts_twice_is_billed_once(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms
) -> None:
    """Both attempts of a StartTransaction are answered late, with two ids: the second transaction ends at 0 Wh."""
    device.configure(transaction_message_retry_interval_s=5)
    with bench.inject(FrameDelay(seconds=40, action="StartTransaction", message="answer")):
        with csms.answer("StartTransaction", answers.start_transaction(901)):
            driver.plug_in()
            driver.present_tag()
            csms.expect("StartTransaction")
        with csms.answer("StartTransaction", answers.start_transaction(902)):
            csms.expect("StartTransaction", timeout=60)
            device.wait_status(transaction=901, timeout=20)
    surplus = csms.expect("StopTransaction", transactionId=902, reason="Other")
    driver.draw(5).wait()
    driver.present_tag()
    csms.expect("StopTransaction", transactionId=901, reason="Local")
    device.wait_status(queue=0)
    billed = {each.transaction_id: each for each in csms.transactions}
    assert surplus.payload["timestamp"] == billed[901].start["timestamp"]
    assert {number: each.energy_wh for number, each in billed.items()} == {901: 5, 902: 0}
    for each in billed.values():
        each.check()


def test_a_late_rejection_does_not_count_as_an_attempt(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms
) -> None:
    """Rejections of StopTransaction that arrive after the timeout do not count as attempts."""
    device.configure(transaction_message_retry_interval_s=20)
    driver.start_charge(csms)
    with csms.hold("StopTransaction") as held:
        driver.present_tag()
        for _ in range(ATTEMPTS):
            held.wait(timeout=300)
            device.let_time_pass(35)  # it waits for an answer for 30 s
            held.release(CallError("InternalError", "late"))
    device.wait_status(queue=0)


def check_next_charge_is_reported(driver: EvDriver, csms: Csms) -> None:
    """Charge once more after a charge whose StartTransaction was rejected for good."""
    driver.unplug()
    csms.expect_status("Available")
    driver.start_charge(csms)
    driver.present_tag()
    csms.expect("StopTransaction")
    rejected, reported = csms.transactions
    assert rejected.stops == ()
    reported.check()


def test_a_charge_whose_start_was_given_up_ends(device: Device, driver: EvDriver, csms: Csms, outputs: Outputs) -> None:
    """After the start was rejected for good the charge ends, so that no energy is unreported; the next one is sent."""
    device.configure(transaction_message_attempts=1)
    with csms.answer("StartTransaction", CallError("InternalError", "never")):
        driver.plug_in()
        driver.present_tag()
        csms.expect("StartTransaction")
        csms.expect_status("Finishing")
        outputs["contactor"].expect_steady(False, within=0.2)
        device.wait_status(queue=0, transaction=None)
    check_next_charge_is_reported(driver, csms)


def test_a_charge_whose_start_was_given_up_goes_on(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms, outputs: Outputs
) -> None:
    """With the setting of section 3.7.1 the charge goes on after its start was dropped; the next charge is reported."""
    device.configure(transaction_message_attempts=1, stop_transaction_on_start_given_up=False)
    with csms.answer("StartTransaction", CallError("InternalError", "never")):
        driver.plug_in()
        driver.present_tag()
        csms.expect("StartTransaction")
        device.wait_status(queue=0, state="Charging")
    driver.draw(5).wait()
    outputs["contactor"].expect_steady(True, within=0.2)
    driver.present_tag()
    device.wait_status(queue=0, state="Finishing")
    check_next_charge_is_reported(driver, csms)


@pytest.mark.parametrize("kind", ["half", "garbage", "wrong-id", "no-payload"])
def test_a_stop_with_an_invalid_answer_is_resent(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms, kind: BadAnswer
) -> None:
    """An invalid response acknowledges nothing: the same StopTransaction is resent until a valid one."""
    device.configure(transaction_message_retry_interval_s=5)
    driver.start_charge(csms)
    with bench.inject(BadAnswers(kind=kind)):
        driver.present_tag()
        first = csms.expect("StopTransaction", timeout=60)
        device.wait_status(state="Finishing")
    second = csms.expect("StopTransaction", timeout=120)
    device.wait_status(queue=0, timeout=60)
    assert second.payload == first.payload


@pytest.mark.needs("power", "test_hooks")
@pytest.mark.parametrize("operation", [1, 2])
def test_a_cut_while_the_stop_is_removed_sends_no_other_stop(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms, operation: int
) -> None:
    """The record of an answered StopTransaction is torn during its removal: at most the same message is resent."""
    driver.start_charge(csms)
    driver.draw(10).wait()
    with csms.hold("StopTransaction") as held:
        driver.present_tag()
        held.wait()
        with device.expecting_reboot(), bench.inject(TornWrite(operation=operation, effect="half")):
            held.release()
            bench.timeline.expect(PowerChange, lambda change: change.rail and not change.on)
            driver.unplug()
    device.wait_status(accepted=True, queue=0, state="Available")
    (transaction,) = csms.transactions
    transaction.check()
    assert transaction.energy_wh == 10
    ids = {stop.unique_id.split("-")[0] for stop in transaction.stops}
    assert len(ids) == 1


@pytest.mark.needs("power")
def test_a_cut_before_the_start_is_answered_resends_it(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms
) -> None:
    """A power cut before StartTransaction is answered: the same start is resent, then one stop, with one id."""
    with device.expecting_reboot():
        with csms.hold("StartTransaction") as held:
            driver.plug_in()
            driver.present_tag()
            held.wait()
            with bench.inject(PowerCut()):
                driver.unplug()
        csms.expect("StopTransaction", reason="PowerLoss")
    device.wait_status(queue=0, state="Available")
    starts = bench.timeline.events(
        OcppFrame,
        bench.timeline.default_mark,
        lambda frame: frame.direction == "received" and frame.action == "StartTransaction",
    )
    assert len(starts) == 2
    assert starts[0].payload == starts[1].payload
    (transaction,) = csms.transactions
    transaction.check()
