"""The energy of the device itself: current when idle and busy, the settings that save it, and brown-outs."""

from __future__ import annotations

import pytest

from rig.adapters.stored_log import read_log
from rig.bench import Bench
from rig.csms import Csms
from rig.device import Device, EvDriver
from rig.faults import LowSupply
from rig.instruments.inputs import Inputs
from rig.instruments.power import Power
from rig.timeline.events import Boot

pytestmark = pytest.mark.needs("power.current", "inputs")

BECOMES_IDLE_S = 15.0
"""The device is idle 5 s after its last work; the rest is for the work itself."""
MEAN_OF_S = 10.0
HOLD_UP_S = 0.1
"""A capacitor of 1 mF at 12 V holds a device of 0.3 W up for that long."""


def idle_current(power: Power) -> float:
    """Return the mean current in mA, as soon as the device has nothing to do."""
    power.current.expect_below(60, for_s=2, timeout=BECOMES_IDLE_S)
    return power.current.average_over(MEAN_OF_S)


@pytest.mark.smoke
def test_an_idle_device_draws_less_than_a_busy_one_and_that_less_than_a_charging_one(
    device: Device, power: Power, driver: EvDriver, inputs: Inputs, csms: Csms
) -> None:
    """The radio sleeps and the clock falls when nothing happens; a charge adds the contactor's coil."""
    device.wait_status(accepted=True)
    idle = idle_current(power)
    inputs["cable"].on()
    power.current.expect_above(2 * idle)
    busy = power.current.average_over(MEAN_OF_S)
    driver.start_charge(csms)
    power.current.expect_above(busy + 50)
    charging = power.current.average_over(MEAN_OF_S)
    assert 2 * idle < busy < charging - 50


@pytest.mark.parametrize(
    ("settings", "least", "most"),
    [
        ({}, 25, 31),
        ({"cpu_scaling": False}, 35, 41),
        ({"modem_sleep": False}, 85, 95),
        ({"light_sleep": True}, 5, 8),
    ],
    ids=["defaults", "full clock", "radio awake", "light sleep"],
)
@pytest.mark.needs("test_hooks", "settings")  # the limits are those of the virtual board's model
def test_each_setting_changes_the_idle_current(
    device: Device, power: Power, settings: dict[str, bool], least: float, most: float
) -> None:
    """Each way to save energy is applied while the device is idle, and only if its setting allows it."""
    device.configure(**settings)
    device.let_time_pass(BECOMES_IDLE_S)
    assert least < power.current.average_over(MEAN_OF_S) < most


def test_a_request_of_the_csms_does_not_wait_for_the_idle_state_to_end(
    device: Device, power: Power, csms: Csms
) -> None:
    """An idle device answers, and stays idle after it: an answer is no reason for full speed."""
    device.wait_status(accepted=True)
    before = idle_current(power)
    csms.call("GetConfiguration", {"key": ["HeartbeatInterval"]})
    assert power.current.average_over(MEAN_OF_S) == pytest.approx(before, rel=0.5)


@pytest.mark.needs("test_hooks")
@pytest.mark.parametrize("millivolts", [2_600, 2_300], ids=["below the setting", "below every level"])
def test_a_supply_below_the_level_of_the_detector_resets_the_device(
    device: Device, bench: Bench, csms: Csms, millivolts: int
) -> None:
    """A supply below the level, 2.7 V by default, resets the chip, which boots when the voltage returns."""
    mark = bench.mark()
    with device.expecting_reboot() as reboot, bench.inject(LowSupply(millivolts=millivolts)):
        pass
    assert reboot.boot is not None
    assert reboot.boot.reset == "brownout"
    csms.expect_connected(since=mark)


@pytest.mark.needs("test_hooks", "stepped_time", "settings")
def test_a_device_that_browns_out_at_each_boot_works_when_the_supply_returns(device: Device, bench: Bench) -> None:
    """The firmware sets the level again at each boot. The bench expects these reboots."""
    mark = bench.mark()
    with bench.inject(LowSupply(millivolts=2_600)):
        device.let_time_pass(2)
    device.wait_idle(60)
    assert len(bench.timeline.events(Boot, mark)) > 2


@pytest.mark.needs("test_hooks")
def test_the_level_of_the_detector_is_a_setting(device: Device, bench: Bench) -> None:
    """With a level of 2.58 V the device survives a supply of 2.6 V."""
    device.configure(brownout_mv=2_580)
    mark = bench.mark()
    with bench.inject(LowSupply(millivolts=2_600)):
        assert device.wait_status(accepted=True)["power"]["brownout_mv"] == 2_580
    assert not bench.timeline.events(Boot, mark)


@pytest.mark.needs("power", "flash_file", "stepped_time")
def test_a_failing_mains_brings_energy_and_log_to_flash_in_the_hold_up_time(
    borrowed_device: Device, bench: Bench, driver: EvDriver, inputs: Inputs, csms: Csms
) -> None:
    """100 ms after the warning the power is gone, and the flash has the log with the line about the failure."""
    borrowed_device.boot()
    borrowed_device.wait_accepted()
    driver.start_charge(csms)
    driver.draw(25).wait()
    inputs["power_fail"].on()
    borrowed_device.let_time_pass(HOLD_UP_S)
    assert borrowed_device.telemetry()["power_fail_ms"] < HOLD_UP_S * 1000
    bench.power.off()
    log = read_log(borrowed_device.read_storage())
    assert any("mains power has failed" in line for line in log.lines)
