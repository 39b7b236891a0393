"""The bench's watch over the device: panics and unexpected reboots interrupt the test and leave a usable bench."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest

from rig.bench import Bench
from rig.csms import Csms
from rig.device import Device
from rig.instruments.console import Console
from rig.instruments.power import Power
from rig.timeline.events import Boot, Panic
from rig.util.errors import DeviceError
from tests.hil.exact import about

CRASHES = pytest.mark.needs("test_hooks")
"""Needed by tests that make the device crash or hang on command; a release build has no such commands."""


def wait_for_missing_line(console: Console, command: str, timeout: float) -> None:
    """Send a command and wait for a line that never comes. In stepped time its effect may interrupt the command."""
    console.send(command)
    console.expect("a line that never comes", timeout=timeout)


@CRASHES
@pytest.mark.parametrize("how", ["abort", "null", "assert", "stack"])
def test_a_crash_interrupts_at_once(device: Device, console: Console, bench: Bench, how: str) -> None:
    """A crash of the device interrupts the test with one error and its cause."""
    with pytest.raises(DeviceError, match="the device panicked: "):
        wait_for_missing_line(console, f"crash {how}", 60)
    panic = bench.timeline.last(Panic)
    assert panic is not None
    assert bench.clock.between(panic.t, bench.clock.now()) == about(bench, 0, 5)
    bench.timeline.clear_trouble()
    device.make_idle()


@pytest.mark.smoke
def test_an_unexpected_reboot_interrupts(device: Device, console: Console, bench: Bench) -> None:
    """A reboot that was not announced interrupts the test, with the reset reason."""
    with pytest.raises(DeviceError, match=r"rebooted unexpectedly \(reset=software: the firmware restarted itself\)"):
        wait_for_missing_line(console, "reboot", 10)
    bench.timeline.clear_trouble()
    device.make_idle()


@pytest.mark.smoke
@CRASHES
@pytest.mark.needs("stepped_time")
def test_a_hang_ends_in_the_watchdog(device: Device, console: Console, bench: Bench) -> None:
    """A loop that hangs for 5 s is a panic, and the device boots with reset reason watchdog."""
    with device.expecting_reboot() as reboot:
        console.send("hang")
        panic = bench.timeline.expect(Panic, timeout=20)
    assert panic.cause == "the loop has not run for 5 s (task watchdog)"
    assert reboot.boot is not None
    assert reboot.boot.reset == "watchdog"
    device.wait_accepted()


@CRASHES
def test_an_unexpected_hang_interrupts(device: Device, console: Console, bench: Bench) -> None:
    """The same hang, not announced, interrupts the test with the watchdog's cause."""
    with pytest.raises(DeviceError, match=r"the device panicked: the loop has not run for 5 s"):
        wait_for_missing_line(console, "hang", 30)
    bench.timeline.clear_trouble()
    device.make_idle()


@pytest.mark.smoke
@CRASHES
@pytest.mark.needs("flash_file")
def test_the_backtrace_names_the_function_and_the_line(device: Device, console: Console, bench: Bench) -> None:
    """The backtrace of a crash of the host build has functions, files and lines."""
    with device.expecting_reboot():
        console.send("crash assert")
        panic = bench.timeline.expect(Panic)
    assert re.match(r"0x[0-9a-f]+ pb::.+ at firmware/src/.+\.cpp:\d+$", panic.backtrace[0])
    assert any(" main at firmware/src/main/posix/main.cpp:" in frame for frame in panic.backtrace)


def test_an_announced_reboot_does_not_interrupt(device: Device, console: Console, bench: Bench) -> None:
    """An announced reboot interrupts nothing; its boot event is returned."""
    with device.expecting_reboot() as reboot:
        console.send("reboot")
    assert reboot.boot is not None
    assert reboot.boot.reset == "software"
    assert bench.timeline.trouble is None


@CRASHES
def test_the_device_recovers_from_a_crash(device: Device, console: Console) -> None:
    """After a crash the device boots with reset reason panic, and is accepted again."""
    with device.expecting_reboot() as reboot:
        console.send("crash abort")
    assert reboot.boot is not None
    assert reboot.boot.reset == "panic"
    device.wait_accepted()


def test_a_power_cycle_needs_no_announcement(device: Device, power: Power, bench: Bench) -> None:
    """A power cycle by the bench covers one boot, but no second one."""
    mark = bench.mark()
    power.cycle()
    device.wait_ready(mark)
    assert [boot.reset for boot in bench.timeline.events(Boot, mark)] == ["power_on"]


def test_make_idle_recovers_from_any_state(device: Device, power: Power) -> None:
    """`make_idle` recovers a device that was switched off or erased."""
    power.off()
    device.make_idle()
    device.verify_idle()
    device.bench.flasher.erase(device.firmware.manifest.chip)
    device.make_idle()
    device.verify_idle()


def test_make_idle_restores_the_time(device: Device, csms: Csms) -> None:
    """A time that a test has set ends with the test. Later a Heartbeat would correct it at any moment."""
    with csms.answer("Heartbeat", {"currentTime": "2030-01-01T00:00:00Z"}):
        csms.call("TriggerMessage", {"requestedMessage": "Heartbeat"})
        csms.expect("Heartbeat")
    assert status_time(csms).year == 2030
    device.make_idle()
    assert abs(status_time(csms) - device.bench.clock.utc()) < timedelta(seconds=1)


def test_make_idle_restores_the_heartbeat_interval(device: Device, power: Power, csms: Csms) -> None:
    """An interval that a test has sent in BootNotification.conf ends with the test."""
    csms.behaviour.heartbeat_interval_s = 10
    power.cycle()
    device.wait_accepted()
    device.make_idle()
    csms.expect_none("Heartbeat", within=30)


def status_time(csms: Csms) -> datetime:
    """Return the device's time, from a StatusNotification that is triggered for it."""
    csms.call("TriggerMessage", {"requestedMessage": "StatusNotification", "connectorId": 1})
    return datetime.fromisoformat(csms.expect("StatusNotification", connectorId=1).payload["timestamp"])
