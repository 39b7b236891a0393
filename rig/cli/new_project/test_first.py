"""First tests of the device: it boots, it runs without a crash, its button is wired."""

from __future__ import annotations

import pytest

from rig.bench import Bench
from rig.device import Device
from rig.instruments.inputs import Inputs
from rig.timeline.events import PinEdge


def test_it_boots_when_power_is_switched_on(device: Device) -> None:
    """The device is flashed and switched on: the boot banner reports a power-on reset."""
    assert device.boot().reset == "power_on"


def test_it_runs_for_a_minute(device: Device) -> None:
    """The device runs for a minute of bench time without a panic or an unexpected reboot."""
    device.let_time_pass(60)


@pytest.mark.needs("inputs.button")
def test_the_button_can_be_pressed(device: Device, inputs: Inputs, bench: Bench) -> None:
    """The bench presses the button for 0.1 s. Replace the last line by the reaction of your device."""
    mark = bench.mark()
    inputs["button"].press(0.1)
    bench.timeline.expect(PinEdge, lambda edge: edge.signal == "inputs.button" and not edge.level, since=mark)
