"""The blinker on its bench: the same fixtures as for the charge point, without a word of OCPP."""

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


def test_it_boots_and_blinks_slowly(device: Device, leds: Leds) -> None:
    """Flashed by esptool, powered: the LED blinks once a second."""
    boot = device.boot()
    assert (boot.version, boot.reset) == ("1.0", "power_on")
    leds["beacon"].expect("blink", rate_hz=1, duty=0.5)


def test_it_blinks_fast_while_the_button_is_held(device: Device, inputs: Inputs, leds: Leds, bench: Bench) -> None:
    """Five times as fast as long as it is held, from the press on, and not from the slow blink's next edge."""
    mark = bench.mark()
    inputs["button"].on()
    pressed = bench.timeline.expect(PinEdge, lambda edge: edge.signal == "inputs.button", since=mark)
    answered = bench.timeline.expect(PinEdge, lambda edge: edge.signal == "leds.beacon", since=mark)
    assert answered.t == pressed.t
    assert leds["beacon"].expect("blink", rate_hz=5, duty=0.5).rate_hz == pytest.approx(5)
    inputs["button"].off()
    assert leds["beacon"].expect("blink", rate_hz=1, duty=0.5).rate_hz == pytest.approx(1)


def test_its_telemetry_counts_the_blinks(device: Device, bench: Bench, telemetry: Telemetry) -> None:
    """Two records a second, as `key=value`; as many blinks as the rate and the time between them say."""
    first, *_, last = telemetry.expect(11)
    seconds = last.values["uptime_s"] - first.values["uptime_s"]
    blinks = last.values["blinks"] - first.values["blinks"]
    assert seconds == 5
    assert blinks == seconds * first.values["rate_hz"]


def test_a_setting_has_taken_effect_at_once(device: Device, bench: Bench) -> None:
    """The board asks for a `sync` at each change of a setting, and goes on after ten seconds where nobody answers."""
    began = bench.clock.now()
    for _ in range(4):
        with bench.inject(SlowErase(ms=10)):
            pass
    assert bench.clock.now() == began  # eight settings


def test_a_command_changes_the_rate(device: Device, console: Console, leds: Leds) -> None:
    """`rate 2` is answered and obeyed; a rate of 11 is refused."""
    assert console.command("rate 2") == "ok"
    leds["beacon"].expect("blink", rate_hz=2, duty=0.5)
    assert console.command("rate 11").startswith("error: ")


def test_the_next_test_gets_it_idle_again(device: Device, console: Console) -> None:
    """Whatever a test leaves behind, `device` puts right: here by a reboot."""
    console.send("rate 7")
    device.wait_status(rate_hz="7")
    device.make_idle()
    assert device.status() == {"rate_hz": "1", "held": "no"}


def test_a_power_cut_is_a_cold_boot(device: Device, bench: Bench, leds: Leds) -> None:
    """Faults work on any device: here the supply fails."""
    with device.expecting_reboot() as reboot, bench.inject(PowerCut()):
        leds["beacon"].expect("off")
    assert reboot.boot is not None
    assert reboot.boot.reset == "power_on"


def test_a_crash_fails_the_test_at_once(device: Device, console: Console, bench: Bench) -> None:
    """`FATAL` in the log is a panic: whoever waits is told, with the cause."""
    with pytest.raises(DeviceError, match="the device panicked: crashed on command"):
        console.command("crash")
    bench.timeline.clear_trouble()
    device.make_idle()


def test_it_has_no_settings(device: Device) -> None:
    """What the profile does not know is refused, and the error names it."""
    with pytest.raises(BenchError, match="Blinker has no setting heartbeat_interval_s"):
        device.configure(heartbeat_interval_s=1)
