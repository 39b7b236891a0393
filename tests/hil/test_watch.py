"""The bench's watch over the device: what goes wrong by itself interrupts the test at once and leaves no trace."""

from __future__ import annotations

import time

import pytest

from rig.bench import Bench
from rig.device import Device
from rig.errors import DeviceError
from rig.events import Boot, Panic
from rig.instruments.console import Console
from rig.instruments.power import Power


@pytest.mark.parametrize("how", ["abort", "null", "assert"])
def test_a_crash_interrupts_within_a_second(device: Device, console: Console, bench: Bench, how: str) -> None:
    """A device that aborts, follows a null pointer or breaks an assertion: one clear error, with its cause."""
    began = time.monotonic()
    console.send(f"crash {how}")
    with pytest.raises(DeviceError, match="the device panicked: "):
        console.expect("a line that never comes", timeout=10)
    assert time.monotonic() - began < 1
    assert bench.timeline.last(Panic) is not None
    bench.timeline.clear_trouble()
    device.make_idle()


def test_an_unexpected_reboot_interrupts(device: Device, console: Console, bench: Bench) -> None:
    """A reboot that nobody announced is an error, and names the reset reason."""
    console.send("reboot")
    with pytest.raises(DeviceError, match=r"rebooted unexpectedly \(reset=software"):
        console.expect("a line that never comes", timeout=10)
    bench.timeline.clear_trouble()
    device.make_idle()


def test_an_announced_reboot_is_none(device: Device, console: Console, bench: Bench) -> None:
    """The same reboot, announced, is waited for and told."""
    with device.expecting_reboot() as reboot:
        console.send("reboot")
    assert reboot.boot is not None
    assert reboot.boot.reset == "software"
    assert bench.timeline.trouble is None


def test_a_crash_comes_back_by_itself(device: Device, console: Console) -> None:
    """After a crash the device boots with reset reason panic, and is accepted again."""
    with device.expecting_reboot() as reboot:
        console.send("crash abort")
    assert reboot.boot is not None
    assert reboot.boot.reset == "panic"
    device.wait_accepted()


def test_a_power_cycle_needs_no_announcement(device: Device, power: Power, bench: Bench) -> None:
    """Whoever switches the board off and on expects one boot, and no second one."""
    mark = bench.mark()
    power.cycle()
    device.wait_ready(mark)
    assert [boot.reset for boot in bench.timeline.events(Boot, mark)] == ["power_on"]


def test_the_device_is_put_right_whatever_its_state(device: Device, power: Power) -> None:
    """Switched off, or erased: the next test gets an idle device."""
    power.off()
    device.make_idle()
    device.verify_idle()
    device.bench.flasher.erase()
    device.make_idle()
    device.verify_idle()
