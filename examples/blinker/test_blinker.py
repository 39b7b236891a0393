"""Tests of the blinker on its bench, with the same fixtures as for the charge point but without OCPP."""

from __future__ import annotations

import pytest

from rig.bench import Bench
from rig.device import Device
from rig.faults import PowerCut, SlowErase
from rig.instruments.console import Console
from rig.instruments.inputs import Inputs
from rig.instruments.leds import Leds
from rig.instruments.telemetry import Telemetry
from rig.timeline.events import PinEdge
from rig.util.errors import BenchError, DeviceError


def test_boots_and_blinks_slowly(device: Device, leds: Leds) -> None:
    """After flashing by esptool and a power-on the LED blinks once a second."""
    boot = device.boot()
    assert (boot.version, boot.reset) == ("1.0", "power_on")
    leds["beacon"].expect("blink", rate_hz=1, duty=0.5)


def test_blinks_fast_while_the_button_is_held(device: Device, inputs: Inputs, leds: Leds, bench: Bench) -> None:
    """The LED blinks five times as fast from the press to the release, without waiting for the slow blink's edge."""
    mark = bench.mark()
    inputs["button"].on()
    pressed = bench.timeline.expect(PinEdge, lambda edge: edge.signal == "inputs.button", since=mark)
    answered = bench.timeline.expect(PinEdge, lambda edge: edge.signal == "leds.beacon", since=mark)
    assert answered.t == pressed.t
    assert leds["beacon"].expect("blink", rate_hz=5, duty=0.5).rate_hz == pytest.approx(5)
    inputs["button"].off()
    assert leds["beacon"].expect("blink", rate_hz=1, duty=0.5).rate_hz == pytest.approx(1)


def test_telemetry_counts_the_blinks(device: Device, bench: Bench, telemetry: Telemetry) -> None:
    """The blinker sends two records a second; its count of blinks agrees with rate and time."""
    first, *_, last = telemetry.expect(11)
    seconds = last.values["uptime_s"] - first.values["uptime_s"]
    blinks = last.values["blinks"] - first.values["blinks"]
    assert seconds == 5
    assert blinks == seconds * first.values["rate_hz"]


def test_a_setting_takes_effect_at_once(device: Device, bench: Bench) -> None:
    """The firmware answers the board's `sync`; without an answer each change of a setting would take ten seconds."""
    began = bench.clock.now()
    for _ in range(4):
        with bench.inject(SlowErase(ms=10)):
            pass
    assert bench.clock.now() == began  # eight changes of a setting


def test_a_command_changes_the_rate(device: Device, console: Console, leds: Leds) -> None:
    """`rate 2` changes the rate; `rate 11` is rejected."""
    assert console.command("rate 2") == "ok"
    leds["beacon"].expect("blink", rate_hz=2, duty=0.5)
    assert console.command("rate 11").startswith("error: ")


def test_make_idle_restores_the_idle_state(device: Device, console: Console) -> None:
    """`make_idle` restores the slow rate by a reboot."""
    console.send("rate 7")
    device.wait_status(rate_hz="7")
    device.make_idle()
    assert device.status() == {"rate_hz": "1", "held": "no"}


def test_a_power_cut_is_a_cold_boot(device: Device, bench: Bench, leds: Leds) -> None:
    """Faults work on any device: a power cut leads to a boot with the reason `power_on`."""
    with device.expecting_reboot() as reboot, bench.inject(PowerCut()):
        leds["beacon"].expect("off")
    assert reboot.boot is not None
    assert reboot.boot.reset == "power_on"


def test_a_crash_fails_the_test_at_once(device: Device, console: Console, bench: Bench) -> None:
    """A `FATAL` log line counts as a panic and interrupts the waiting test with its cause."""
    with pytest.raises(DeviceError, match="the device panicked: crashed on command"):
        console.command("crash")
    bench.timeline.clear_trouble()
    device.make_idle()


def test_a_setting_is_an_error(device: Device) -> None:
    """The blinker's profile knows no settings, so each is an error that names it."""
    with pytest.raises(BenchError, match="Blinker has no setting heartbeat_interval_s"):
        device.configure(heartbeat_interval_s=1)
