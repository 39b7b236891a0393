"""The bench's watch over the device: what goes wrong by itself interrupts the test at once and leaves no trace."""

from __future__ import annotations

import re

import pytest

from rig.bench import Bench
from rig.device import Device
from rig.instruments.console import Console
from rig.instruments.power import Power
from rig.timeline.events import Boot, Panic
from rig.util.errors import DeviceError
from tests.hil.exact import about

CRASHES = pytest.mark.needs("test_hooks")
"""For tests that let the device crash or hang on command: a build for the field does not."""


def wait_in_vain(console: Console, command: str, timeout: float) -> None:
    """Send a command and wait for a line that never comes. In stepped time what the command does may end the first."""
    console.send(command)
    console.expect("a line that never comes", timeout=timeout)


@CRASHES
@pytest.mark.parametrize("how", ["abort", "null", "assert"])
def test_a_crash_interrupts_at_once(device: Device, console: Console, bench: Bench, how: str) -> None:
    """A device that aborts, follows a null pointer or breaks an assertion: one clear error, with its cause."""
    with pytest.raises(DeviceError, match="the device panicked: "):
        wait_in_vain(console, f"crash {how}", 60)
    panic = bench.timeline.last(Panic)
    assert panic is not None
    assert bench.clock.between(panic.t, bench.clock.now()) == about(bench, 0, 5)
    bench.timeline.clear_trouble()
    device.make_idle()


@pytest.mark.smoke
def test_an_unexpected_reboot_interrupts(device: Device, console: Console, bench: Bench) -> None:
    """A reboot that nobody announced is an error, and names the reset reason."""
    with pytest.raises(DeviceError, match=r"rebooted unexpectedly \(reset=software: the firmware restarted itself\)"):
        wait_in_vain(console, "reboot", 10)
    bench.timeline.clear_trouble()
    device.make_idle()


@pytest.mark.smoke
@CRASHES
@pytest.mark.needs("stepped_time")
def test_a_hang_ends_in_the_watchdog(device: Device, console: Console, bench: Bench) -> None:
    """A loop that stands still for 5 s is a panic, and the device boots with reset reason watchdog."""
    with device.expecting_reboot() as reboot:
        console.send("hang")
        panic = bench.timeline.expect(Panic, timeout=20)
    assert panic.cause == "the loop has not come round for 5 s (task watchdog)"
    assert reboot.boot is not None
    assert reboot.boot.reset == "watchdog"
    device.wait_accepted()


@CRASHES
def test_a_hang_that_nobody_announced_interrupts(device: Device, console: Console, bench: Bench) -> None:
    """The same hang in the middle of something else fails the test, with what the watchdog has found."""
    with pytest.raises(DeviceError, match=r"the device panicked: the loop has not come round for 5 s"):
        wait_in_vain(console, "hang", 30)
    bench.timeline.clear_trouble()
    device.make_idle()


@pytest.mark.smoke
@CRASHES
@pytest.mark.needs("flash_file")
def test_the_backtrace_names_the_function_and_the_line(device: Device, console: Console, bench: Bench) -> None:
    """A crash of the host build is told by function, file and line, not by addresses."""
    with device.expecting_reboot():
        console.send("crash assert")
        panic = bench.timeline.expect(Panic)
    assert re.match(r"0x[0-9a-f]+ pb::.+ at firmware/src/.+\.cpp:\d+$", panic.backtrace[0])
    assert any(" main at firmware/src/main/posix/main.cpp:" in frame for frame in panic.backtrace)


def test_an_announced_reboot_is_none(device: Device, console: Console, bench: Bench) -> None:
    """The same reboot, announced, is waited for and told."""
    with device.expecting_reboot() as reboot:
        console.send("reboot")
    assert reboot.boot is not None
    assert reboot.boot.reset == "software"
    assert bench.timeline.trouble is None


@CRASHES
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
