"""Resent messages are identical to the first, and no time goes back within a transaction."""

from __future__ import annotations

from itertools import pairwise

import pytest

from rig.bench import Bench
from rig.csms import Csms
from rig.device import Device, EvDriver
from rig.faults import CsmsGone, PowerCut
from rig.timeline.events import OcppFrame

pytestmark = pytest.mark.needs("inputs", "power", "stepped_time")

HOUR_S = 3600


@pytest.mark.parametrize("action", ["StartTransaction", "MeterValues", "StopTransaction"])
def test_a_message_of_an_offline_charge_is_resent_unchanged(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms, action: str
) -> None:
    """A message of an offline charge, by a clock an hour behind, is resent unchanged after a power cut."""
    device.configure(
        meter_value_sample_interval_s=2,
        stop_txn_sampled_data="Energy.Active.Import.Register",
        backoff_initial_ms=100,
        backoff_max_ms=100,
    )
    with csms.hold(action) as held:
        with bench.inject(CsmsGone()):
            csms.expect_disconnected()
            with device.expecting_reboot():
                bench.power.cycle()
            charge_for(device, driver, 5)
            csms.behaviour.clock_offset_s = HOUR_S
        first = held.wait(timeout=30)
        with device.expecting_reboot(), bench.inject(PowerCut()):
            pass
        second = held.wait(timeout=30)
    assert (second.unique_id, second.payload) == (first.unique_id, first.payload)
    device.wait_status(queue=0, timeout=30)
    (transaction,) = csms.transactions
    transaction.check()


def test_a_message_is_resent_unchanged_on_the_next_connection(
    hasty_device: Device, bench: Bench, driver: EvDriver, csms: Csms
) -> None:
    """The CSMS loses the connection before its answer and returns with another time: the same stop is resent."""
    driver.start_charge(csms)
    with csms.hold("StopTransaction") as held:
        driver.present_tag()
        first = held.wait()
        csms.behaviour.clock_offset_s = -2 * HOUR_S
        csms.close()
        csms.expect_connected()
        assert csms.call("TriggerMessage", {"requestedMessage": "Heartbeat"}) == {"status": "Accepted"}
        second = held.wait(timeout=60)
    assert (second.unique_id, second.payload) == (first.unique_id, first.payload)


@pytest.mark.parametrize("action", ["MeterValues", "StopTransaction"])
def test_measurands_in_any_order_are_resent_unchanged(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms, action: str
) -> None:
    """A message sent from memory equals the one resent from flash after a cut, for any order of measurands."""
    measurands = "Voltage,Power.Active.Import,Energy.Active.Import.Register"
    device.configure(
        meter_value_sample_interval_s=2, meter_values_sampled_data=measurands, stop_txn_sampled_data=measurands
    )
    with csms.hold(action) as held:
        driver.start_charge(csms)
        if action == "StopTransaction":
            driver.draw(5, hz=2).wait()
            driver.present_tag()
        first = held.wait(timeout=30)
        with device.expecting_reboot(), bench.inject(PowerCut()):
            pass
        second = held.wait(timeout=30)
    assert (second.unique_id, second.payload) == (first.unique_id, first.payload)


@pytest.mark.parametrize("cut", [False, True])
def test_a_clock_set_back_keeps_samples_within_the_charge(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms, cut: bool
) -> None:
    """After the clock is set back, transactionData stays between the timestamps of start and stop."""
    device.configure(meter_value_sample_interval_s=2, stop_txn_sampled_data="Energy.Active.Import.Register")
    driver.start_charge(csms)
    csms.behaviour.clock_offset_s = -2 * HOUR_S
    assert csms.call("TriggerMessage", {"requestedMessage": "Heartbeat"}) == {"status": "Accepted"}
    driver.draw(5, hz=2).wait()
    if cut:
        with device.expecting_reboot(), bench.inject(PowerCut()):
            pass
    else:
        driver.present_tag()
    stop = csms.expect("StopTransaction", timeout=30).payload
    (transaction,) = csms.transactions
    times = [value["timestamp"] for value in stop["transactionData"]]
    assert times == sorted(times)
    assert time_of(transaction.starts[0]) <= times[0]
    assert times[-1] <= stop["timestamp"]


@pytest.mark.parametrize("power_fail_action", ["stop", "resume"])
def test_a_clock_set_back_keeps_the_stop_after_the_start(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms, power_fail_action: str
) -> None:
    """The clock is set back two hours, then the power fails: start, samples and stop keep their order."""
    device.configure(power_fail_action=power_fail_action, meter_value_sample_interval_s=2)
    driver.start_charge(csms)
    csms.behaviour.clock_offset_s = -2 * HOUR_S
    assert csms.call("TriggerMessage", {"requestedMessage": "Heartbeat"}) == {"status": "Accepted"}
    driver.draw(10, hz=2).wait()
    with device.expecting_reboot(), bench.inject(PowerCut()):
        pass
    if power_fail_action == "resume":
        device.wait_status(state="Charging", queue=0, timeout=30)
        driver.present_tag()
    csms.expect("StopTransaction", timeout=30)
    (transaction,) = csms.transactions
    transaction.check()
    frames = (*transaction.starts, *transaction.meters, *transaction.stops)
    times = [time_of(frame) for frame in frames]
    assert all(sooner <= later for sooner, later in pairwise(times))


def charge_for(device: Device, driver: EvDriver, seconds: float) -> None:
    """Make a whole charge of that many seconds, with status waits on the device."""
    driver.plug_in()
    driver.present_tag()
    device.wait_status(state="Charging", timeout=60)
    device.let_time_pass(seconds)
    driver.present_tag()
    device.wait_status(state="Finishing", timeout=60)
    driver.unplug()
    device.wait_status(state="Available", timeout=60)


def time_of(frame: OcppFrame) -> str:
    """Return the timestamp of a transaction message; the format is fixed, so text order is time order."""
    values = frame.payload.get("meterValue", [frame.payload])
    return str(values[0]["timestamp"])
