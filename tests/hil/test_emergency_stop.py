"""The emergency stop opens the contactor before any message. `real_time/test_emergency_stop.py` measures its delay."""

from __future__ import annotations

import pytest

from rig.bench import Bench
from rig.csms import Csms
from rig.device import Device, EvDriver
from rig.faults import SlowErase
from rig.instruments.outputs import Outputs
from rig.timeline import Mark
from rig.timeline.events import PinEdge
from tests.hil.exact import about, moment

pytestmark = pytest.mark.needs("inputs.emergency_stop", "outputs.contactor")


def expect_contactor_to_open(bench: Bench, outputs: Outputs, since: Mark) -> PinEdge:
    """Wait for the contactor to open after the emergency stop, in stepped time at the same moment."""
    opened = outputs["contactor"].expect(False, since=since)
    pressed = bench.timeline.events(PinEdge, since, lambda e: e.signal == "inputs.emergency_stop" and e.level)[0]
    assert moment(pressed) < moment(opened)
    assert bench.clock.between(pressed.t, opened.t) == about(bench, 0, 0.1)
    return opened


@pytest.mark.smoke
def test_contactor_opens_while_charging(
    device: Device, driver: EvDriver, csms: Csms, bench: Bench, outputs: Outputs
) -> None:
    """The contactor opens at once while charging; the transaction stops with reason EmergencyStop."""
    driver.start_charge(csms)
    mark = bench.mark()
    driver.press_emergency_stop()
    opened = expect_contactor_to_open(bench, outputs, mark)
    stopped = csms.expect("StopTransaction", reason="EmergencyStop")
    assert opened.t <= stopped.t
    csms.expect_status("Faulted")
    driver.release_emergency_stop()
    csms.expect_status("Finishing")
    outputs["contactor"].expect_steady(False, within=0.2)


@pytest.mark.smoke
@pytest.mark.needs("test_hooks")
def test_contactor_opens_during_a_flash_erase(
    device: Device, driver: EvDriver, csms: Csms, bench: Bench, outputs: Outputs
) -> None:
    """A 400 ms flash erase, which blocks the loop, does not delay the contactor."""
    driver.start_charge(csms)
    with bench.inject(SlowErase(ms=400)):
        with device.erasing():
            mark = bench.mark()
            driver.press_emergency_stop()
            opened = expect_contactor_to_open(bench, outputs, mark)
        stopped = csms.expect("StopTransaction", reason="EmergencyStop")
        assert opened.t <= stopped.t
